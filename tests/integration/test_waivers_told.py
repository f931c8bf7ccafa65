"""A waiver is told wherever a person sees what it covers: the return's page, the night's page, the lists, the story, the trace."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import psycopg
import pytest

from expectations.validate import validate_pending
from ingestion.collect import collect
from operations import console, nightly, submissions
from operations.cli_waiver import app
from operations.waivers import end, find
from reporting.trace import IN_FORCE_SQL
from tests.integration.test_reports_site import Page
from tests.integration.test_waivers import FIRST, LATER, NEXT_DAY, ON_LAST_DAY, SECOND, added, at, bad
from tests.support.workbooks import COMMUNE
from warehouse.clock import parse_now
from warehouse.settings import Settings, get_settings


def told(settings: Settings, moment: str) -> dict[str, Any]:
    """A night without the marts: its story, the pages written."""
    run = at(settings, moment, "nightly")
    collect(settings, run)
    validate_pending(settings, run)
    return nightly.report(nightly.token_of(run, injected=True), settings=settings)


def text(path: Path) -> str:
    return " ".join(Page(path).text.split())


def night_page(settings: Settings, day: str, heading: str = "Đêm nhập số liệu") -> str:
    (shown,) = (page for page in map(text, settings.reports_dir.glob(f"nights/{day}-*.html")) if heading in page)
    return shown


def return_page(settings: Settings) -> Path:
    return settings.reports_dir / f"submissions/household_review/2023/{COMMUNE}-v1.html"


@pytest.fixture
def accepted(warehouse: Settings) -> int:
    """A return that was sent back on the first night and is accepted under a waiver on the second: the waiver's number."""
    bad().write(warehouse.inbox_dir)
    assert told(warehouse, FIRST)["returned"] == 1
    assert "có 1 lỗi phải sửa" in text(return_page(warehouse))
    number = added(warehouse).waiver_id
    story = told(warehouse, SECOND)
    assert (story["accepted"], story["waived"], story["lapsed"]) == (1, 1, [])
    return number


def test_the_page_of_the_return(warehouse: Settings, accepted: int) -> None:
    shown = text(return_page(warehouse))
    for said in (
        "Chấp nhận", "có 1 dòng không đạt được miễn trừ", "Được miễn trừ Waived", f"Miễn trừ số {accepted}, Phó Giám đốc Sở duyệt",
        "đến hết ngày 20/01/2024", "Đã đối chiếu hồ sơ giấy", "HHR-04",
    ):  # fmt: skip
        assert said in shown, said
    assert "Lỗi phải sửa" not in shown
    assert "Người Cho Phép" not in shown, "the approver is named by office only"
    with return_page(warehouse).with_name(f"{COMMUNE}-v1-findings.csv").open(encoding="utf-8-sig", newline="") as file:
        header, line = list(csv.reader(file))
    assert (header[-1], line[1], line[-1]) == ("Miễn trừ số / Waiver", "HHR-04", str(accepted))


def test_the_page_of_the_night(warehouse: Settings, accepted: int) -> None:
    shown = night_page(warehouse, "2024-01-11")
    assert "Chấp nhận nhờ miễn trừ Accepted under a waiver 1" in shown
    assert "Quy tắc được miễn trừ" in shown
    command = night_page(warehouse, "2024-01-11", "Lượt chạy «waiver»")
    assert f"{accepted} Ghi miễn trừ Waiver recorded HHR-04" in command
    first = night_page(warehouse, "2024-01-10")
    assert "nhờ miễn trừ" not in first


def test_the_index(warehouse: Settings, accepted: int) -> None:
    assert "Chấp nhận được miễn trừ" in text(warehouse.reports_dir / "index.html")


def test_a_lapse_stands_on_one_night_alone(warehouse: Settings, accepted: int) -> None:
    assert told(warehouse, ON_LAST_DAY)["lapsed"] == []
    (line,) = told(warehouse, LATER)["lapsed"]
    assert line.startswith(f"Miễn trừ số {accepted} (HHR-04, household_review 2023, xã {COMMUNE}) đã hết hạn ngày 20/01/2024")
    assert " · " in line
    assert told(warehouse, "2024-01-22T22:00+07:00")["lapsed"] == []
    assert "đã hết hạn ngày 20/01/2024" in night_page(warehouse, "2024-01-21")
    with pytest.raises(ValueError, match="unpack"):  # a night that did nothing and tells nothing has no page
        night_page(warehouse, "2024-01-22")


def test_an_ended_one_is_told_as_ended(warehouse: Settings, accepted: int) -> None:
    end(warehouse, at(warehouse, ON_LAST_DAY, "waiver"), accepted, reason="Xã đã gửi bản sửa", actor="operator")
    (line,) = told(warehouse, ON_LAST_DAY)["lapsed"]
    assert "đã kết thúc trước hạn 20/01/2024" in line
    command = night_page(warehouse, "2024-01-20", "Lượt chạy «waiver»")
    assert "Kết thúc miễn trừ" in command
    assert "Xã đã gửi bản sửa" in command


def test_submission_show_names_the_waiver(warehouse: Settings, conn: psycopg.Connection, accepted: int) -> None:
    (submission,) = conn.execute("select submission_id::text from intake.submission").fetchone() or ("",)
    details = submissions.show(warehouse, submission)
    assert details.findings == [("HHR-04", "error", "1", "1", str(accepted))]
    assert [event[0] for event in details.events] == ["received", "validated", "returned", "validated", "accepted"]


def test_the_trace_names_the_rule_and_the_waiver(conn: psycopg.Connection, accepted: int) -> None:
    values = {"form": "household_review", "commune": COMMUNE, "period": "2023", "known_at": parse_now(LATER)}
    row = conn.execute(IN_FORCE_SQL, values).fetchone()
    assert row is not None
    assert row[-1] == [f"HHR-04 ({accepted})"]


@pytest.fixture
def command(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line over this warehouse: arguments -> (exit code, what it printed or raised)."""
    from typer.testing import CliRunner

    from operations.airflow_environment import warehouse_variables

    for name, value in warehouse_variables(warehouse).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(console.out, "_width", 300)
    get_settings.cache_clear()

    def call(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, str(result.exception or "") + result.output

    yield call
    get_settings.cache_clear()


ASKED = (
    "add", "HHR-04", "--form", "household_review", "--commune", COMMUNE, "--period", "2023", "--approver", "Người Cho Phép",
    "--title", "Phó Giám đốc Sở", "--reason", "Đã đối chiếu", "--expires", "2024-01-20",
)  # fmt: skip


def test_the_commands(warehouse: Settings, command: Any) -> None:
    bad().write(warehouse.inbox_dir)
    told(warehouse, FIRST)
    code, said = command(*ASKED, "--now", NEXT_DAY)
    assert code == 0
    (waiver,) = find(warehouse, parse_now(NEXT_DAY))
    assert (waiver.reason, waiver.recorded_by) == ("Đã đối chiếu", "operator")
    assert "is judged again at the next night" in said
    assert "Người Cho Phép" not in said
    code, said = command("list", "--state", "in_force", "--now", NEXT_DAY)
    assert (code, "HHR-04" in said, "Phó Giám đốc Sở" in said) == (0, True, True)
    assert command("end", str(waiver.waiver_id), "--reason", "nhầm", "--now", SECOND)[0] == 0
    code, said = command("end", str(waiver.waiver_id), "--reason", "nhầm", "--now", SECOND)
    assert (code, "đã kết thúc" in said) == (1, True)
    assert command("list", "--state", "in_force", "--now", SECOND)[1].count("HHR-04") == 0
    assert command(*ASKED[:-2])[0] == 2


def test_a_refused_command_writes_no_name(warehouse: Settings, conn: psycopg.Connection, command: Any) -> None:
    code, _ = command(*ASKED[:-1], "2020-01-01", "--now", NEXT_DAY)
    assert code == 1
    (error,) = conn.execute("select error from audit.run where kind = 'waiver'").fetchone() or ("",)
    assert error.startswith("WaiverRefused: ")
    assert "Cho Phép" not in error
