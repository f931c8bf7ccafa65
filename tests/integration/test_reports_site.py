"""The validation reports over invented nights: complete, masked by their sources, rewritten only where something changed."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reporting.pages import SHOWN_ROWS
from reporting.site import write_site
from tests.support.audit_builder import AuditBuilder, Built
from warehouse.clock import LOCAL
from warehouse.settings import Settings

NIGHT = datetime(2023, 12, 28, 22, 0, tzinfo=LOCAL)


class Page(HTMLParser):
    """Text and links of a page, and whether its tags are closed."""

    VOID = frozenset({"meta", "input", "br", "link"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tables: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.links.append(values["href"] or "")
        if tag == "th":
            assert values.get("scope") in ("row", "col")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "p" and self.open[-1] != "p":
            raise AssertionError("a paragraph holds a block")
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += f" {data}"


def page(settings: Settings, path: str) -> Page:
    return Page(settings.reports_dir / path)


def all_pages(settings: Settings) -> list[Path]:
    return sorted(settings.reports_dir.rglob("*.html"))


@pytest.fixture
def night(warehouse: Settings) -> AuditBuilder:
    return AuditBuilder.night(warehouse, NIGHT)


@pytest.fixture
def returned(night: AuditBuilder) -> Built:
    built = night.submission("27694", findings=[("CELL-NUMBER", "household_list", 14, "Số nhân khẩu", "J14", "bốn")])
    rows = [
        ("HHR-01", "household_list", 9, "Mã hộ", "B9", "=H012"),
        ("HHR-13", "member_list", 31, "Số CCCD", "U31", "0***"),
        ("HHR-27", "summary_7_1", 8, "Hộ nghèo - Số hộ", "E8", "<41>"),
    ]
    night.validate([built], {built.submission_id: rows})
    return built


def test_a_returned_file_says_what_to_do_and_shows_each_row(warehouse: Settings, night: AuditBuilder, returned: Built) -> None:
    write_site(warehouse, night.run.run_id)
    shown = page(warehouse, "submissions/household_review/2023/27694-v1.html")
    text = " ".join(shown.text.split())
    for said in (
        "Phường 1", "Thành phố Tân An", "năm 2023", "có 3 lỗi phải sửa", "Errors to correct: 3", "Mở chính tệp đã gửi",
        returned.sha256, returned.file_name, "Danh sách hộ 9 B9 Mã hộ =H012", "Mẫu 7.1 8 E8", "<41>",
        "Ô phải là số.", "The cell must hold a number.",
        "Cách xử lý: Sửa ô này. Correct the cell.", "Nhận và lưu tệp", "Trả lại", "đánh số cột: 1",
    ):  # fmt: skip
        assert said in text, said
    assert "27694-v1-findings.csv" in shown.links


@pytest.mark.usefixtures("returned")
def test_the_csv_beside_it_lists_everything_as_text(warehouse: Settings, night: AuditBuilder) -> None:
    write_site(warehouse, night.run.run_id)
    path = warehouse.reports_dir / "submissions/household_review/2023/27694-v1-findings.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))[1:]
    assert [line[1:5] for line in lines] == [
        ["HHR-01", "Danh sách hộ", "9", "B9"],
        ["CELL-NUMBER", "Danh sách hộ", "14", "J14"],
        ["HHR-13", "Thành viên", "31", "U31"],
        ["HHR-27", "Mẫu 7.1", "8", "E8"],
    ]
    assert lines[0][6] == "'=H012"


@pytest.mark.usefixtures("returned")
def test_index_and_night_tell_of_every_file(warehouse: Settings, night: AuditBuilder) -> None:
    unreadable = night.unreadable("mật khẩu.xlsx")
    clean = night.submission("27697")
    night.validate([clean])
    night.end()
    index = write_site(warehouse, night.run.run_id)
    links = Page(index).links
    assert f"files/{unreadable[:20]}.html" in links
    assert "submissions/household_review/2023/27697-v1.html" in links
    night_page = next(link for link in links if link.startswith("nights/"))
    text = " ".join(page(warehouse, night_page).text.split())
    for said in (
        "Tệp nhận Files received 3",
        "Báo cáo chấp nhận Returns accepted 1",
        "Báo cáo trả lại Returns sent back 1",
        "CELL-NUMBER, HHR-01, HHR-27",
    ):
        assert said in text, said
    assert "FILE-PASSWORD" in page(warehouse, f"files/{unreadable[:20]}.html").text
    text = " ".join(Page(index).text.split())
    assert "năm 2023 Rà soát hộ nghèo, hộ cận nghèo 0,5% 188 1 0 1 0 186" in text
    for found in all_pages(warehouse):
        for link in Page(found).links:
            target = link.partition("#")[0]
            assert not target or (found.parent / target).exists(), (found, link)


@pytest.mark.usefixtures("returned")
def test_only_what_changed_is_written_again(warehouse: Settings, night: AuditBuilder) -> None:
    other = night.submission("27697")
    night.validate([other])
    night.end()
    write_site(warehouse, night.run.run_id)
    before = {path: path.stat().st_mtime_ns for path in all_pages(warehouse)}
    second = night.next_night(NIGHT + timedelta(days=14))
    second.validate([second.submission("27694")])
    second.end()
    write_site(warehouse, second.run.run_id)
    changed = {path.name for path in all_pages(warehouse) if before.get(path) != path.stat().st_mtime_ns}
    nights = {name for name in changed if name.startswith("2024-")}
    assert len(nights) == 1
    assert changed - nights == {
        "index.html",
        "27694-v1.html",
        "27694-v2.html",
        "27694-v2-changes.html",
    }
    old = " ".join(page(warehouse, "submissions/household_review/2023/27694-v1.html").text.split())
    assert "Không phải làm gì với bản này. Bản 2 gửi sau đã được chấp nhận" in old


@pytest.mark.usefixtures("returned")
def test_a_night_cut_off_before_its_reports_is_made_good(warehouse: Settings, night: AuditBuilder) -> None:
    night.end("abandoned")
    second = night.next_night(NIGHT + timedelta(days=1))
    second.end("nothing_new")
    write_site(warehouse, second.run.run_id)
    assert page(warehouse, "submissions/household_review/2023/27694-v1.html").links
    assert len(list((warehouse.reports_dir / "nights").iterdir())) == 1


def test_the_same_history_gives_the_same_bytes(warehouse: Settings, night: AuditBuilder, returned: Built) -> None:
    night.repair(returned, "household_list", "F12", "1***", "1***", "TEXT-DATE")
    night.end()
    write_site(warehouse)
    first = {path: path.read_bytes() for path in warehouse.reports_dir.rglob("*") if path.is_file()}
    write_site(warehouse)
    assert {path: path.read_bytes() for path in warehouse.reports_dir.rglob("*") if path.is_file()} == first


def test_a_hundred_thousand_rows_are_all_listed_and_the_page_stays_small(warehouse: Settings, night: AuditBuilder) -> None:
    built = night.submission("27694")
    many = [("HHR-03", "household_list", row, "Phân loại cuối kỳ", f"Z{row}", "Hộ nghèo") for row in range(7, 100_007)]
    night.validate([built], {built.submission_id: [*many, ("HHR-01", "household_list", 9, "Mã hộ", "B9", "H1")]})
    write_site(warehouse, night.run.run_id)
    folder = warehouse.reports_dir / "submissions/household_review/2023"
    with (folder / "27694-v1-findings.csv").open(encoding="utf-8-sig", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == 100_002
    html = (folder / "27694-v1.html").read_text(encoding="utf-8")
    assert html.count('<td class="cell">') == SHOWN_ROWS
    assert 'id="r-hhr-01-error"' in html
    assert "1.000 trong 100.001 dòng" in html
    assert len(html) < 700_000


def test_states_tell_the_officer_what_comes_next(warehouse: Settings, night: AuditBuilder) -> None:
    waiting, early, late, gone = (night.submission(code) for code in ("27685", "27688", "27691", "27692"))
    first, again = night.submission("27697", stage="provisional"), night.submission("27698")
    night.validate([early, late, gone, first, again], {early.submission_id: [("HHR-13", "member_list", 9, "Số CCCD", "U9", "0***")]})
    night.event("withdrawn", gone, reason="nhập nhầm kỳ")
    newer = night.submission("27698")
    night.validate([newer])
    night.event("superseded", again)
    write_site(warehouse, night.run.run_id)
    told = {
        waiting: "sẽ được kiểm tra trong đêm nhập số liệu kế tiếp",
        early: "Hãy đọc 1 cảnh báo",
        late: "Không phải làm gì. Báo cáo được chấp nhận",
        gone: "Báo cáo đã được rút",
        first: "Đây là kết quả Sơ bộ",
        again: "Bản 2 đã thay bản này",
    }
    for built, said in told.items():
        path = f"submissions/household_review/2023/{built.commune_code}-v{built.version}.html"
        assert said in " ".join(page(warehouse, path).text.split()), built
    assert "nhập nhầm kỳ" in page(warehouse, "submissions/household_review/2023/27692-v1.html").text


@pytest.mark.usefixtures("returned")
def test_pages_of_a_database_made_anew_are_removed(warehouse: Settings, night: AuditBuilder) -> None:
    night.end()
    write_site(warehouse, night.run.run_id)
    manifest = warehouse.reports_dir / "pages.json"
    manifest.write_text(manifest.read_text().replace("27694-v1", "99999-v1"))
    stray = warehouse.reports_dir / "submissions/household_review/2023/99999-v1.html"
    stray.write_text("old")
    write_site(warehouse, night.run.run_id)
    assert not stray.exists()


def test_an_empty_warehouse_has_an_index(warehouse: Settings) -> None:
    assert "Chưa có tệp nào được nhận." in Page(write_site(warehouse)).text
    assert not re.search(r"\bNone\b", (warehouse.reports_dir / "index.html").read_text(encoding="utf-8"))
