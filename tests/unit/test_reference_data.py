"""Reference files are refused whole, by line; the repository's own are good."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.reference_checks import CROSS_CHECKS
from warehouse.reference_data import REFERENCE_DIR, ReferenceDataError, read_table
from warehouse.reference_models import ROW_MODELS

TARGET_HEAD = (REFERENCE_DIR / "target.csv").read_text(encoding="utf-8").splitlines()[0]
COVERAGE = "loan_coverage,mine,ratio,100,pct,,2025,,,,,no,,2021-10-08,"
GOOD = "poverty_reduction,mine,compound,10,pct_per_year,2021,2025,2022-2026,,,,no,,2021-10-08,"


@pytest.mark.parametrize("name", ROW_MODELS)
def test_every_file_of_the_repository_is_good(name: str) -> None:
    assert read_table(name, REFERENCE_DIR).content_hash


@pytest.mark.parametrize(
    ("line", "vi", "en"),
    [
        (GOOD.replace("poverty_reduction", "happiness"), "không có chỉ tiêu 'happiness'", "unknown goal 'happiness'"),
        (GOOD.replace("compound", "compound|guess"), "không có cách đọc 'guess'", "unknown reading 'guess'"),
        (GOOD.replace("compound", "compound|compound"), "được ghi hai lần", "stands there twice"),
        (
            GOOD.replace("2021,2025", "2025,2021"),
            "target_year phải sau baseline_year",
            "target_year must be after baseline_year (2025 to 2021)",
        ),
        (
            GOOD.replace("2021,2025", "2025,2025"),
            "target_year phải sau baseline_year",
            "target_year must be after baseline_year (2025 to 2025)",
        ),
        (
            GOOD.replace("2021,2025", "2021,20255"),
            "target_year: '20255' nằm ngoài giới hạn",
            "target_year: '20255' is out of range (≤ 2100)",
        ),
        (GOOD.replace(",10,", ",ten,"), "value: 'ten' không phải là số", "value: 'ten' is no number"),
        (GOOD.replace(",10,", ",0,"), "value: '0' nằm ngoài giới hạn (> 0)", "out of range"),
        (GOOD.replace(",10,", ",,"), "value: không được để trống", "value: must not be empty"),
        (GOOD.replace("2021-10-08", "2021-02-30"), "valid_from: '2021-02-30' không phải là ngày", "'2021-02-30' is no date"),
        (GOOD.replace("2021-10-08", "08/10/2021"), "valid_from: '08/10/2021' không phải là ngày", "'08/10/2021' is no date"),
        (GOOD.replace("2021-10-08", "86400"), "valid_from: '86400' không phải là ngày", "'86400' is no date"),
        (GOOD.replace("2021-10-08", ""), "valid_from: không được để trống", "valid_from: must not be empty"),
        (GOOD[:-1] + ",2020-01-01", "valid_to đứng trước valid_from", "valid_to is before valid_from"),
        (GOOD.replace(",no,", ",maybe,"), "is_assumed: 'maybe' phải là yes hoặc no", "must be yes or no"),
        (
            GOOD.replace("pct_per_year", "percent"),
            "unit: 'percent' phải là một trong",
            "must be one of 'pct_per_year', 'pct_of_baseline' or 'pct'",
        ),
        (GOOD.replace("mine", "My plan"), "target_version: 'My plan' sai dạng", "has the wrong form"),
        (GOOD + ",more", "nhiều ô hơn số cột", "more cells than there are columns"),
        (GOOD.replace("2022-2026", ""), "cần baseline_year, standard_version", "needs baseline_year, standard_version"),
        (GOOD.replace("compound", "ratio"), "không có cách đọc ratio", "no reading ratio"),
        (GOOD.replace("pct_per_year", "pct_of_baseline"), "chỉ đi với cách đọc share_of_baseline", "share_of_baseline alone"),
        (GOOD.replace("compound,10", "share_of_baseline,26"), "26% mỗi năm trong 4 năm vượt quá 100%", "26% a year for 4 years"),
        (COVERAGE.replace(",100,", ",90,"), "là nghĩa vụ 100%", "is a duty of 100"),
        (COVERAGE.replace("ratio", "compound"), "là nghĩa vụ 100%", "is a duty of 100"),
    ],
)
def test_a_faulty_target_is_refused_by_line_in_both_languages(tmp_path: Path, line: str, vi: str, en: str) -> None:
    (tmp_path / "target.csv").write_text(f"{TARGET_HEAD}\n{GOOD.replace('mine', 'first')}\n{line}\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError) as refused:
        read_table("target", tmp_path)
    [problem] = refused.value.problems
    assert problem.startswith("target.csv:3: ")
    told_vi, _, told_en = problem.removeprefix("target.csv:3: ").partition(" · ")
    assert vi in told_vi
    assert en in told_en


def test_every_faulty_line_is_named_at_once(tmp_path: Path) -> None:
    lines = [GOOD, GOOD.replace("mine", "b").replace("2021-10-08", "no"), "", GOOD.replace("mine", "c").replace("compound", "guess"), GOOD]
    (tmp_path / "target.csv").write_text("\n".join([TARGET_HEAD, *lines]) + "\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError) as refused:
        read_table("target", tmp_path)
    assert [problem.split(":")[1] for problem in refused.value.problems] == ["3", "5", "6", "6"]  # the last: the same key, overlapping


@pytest.mark.parametrize(
    ("since", "until", "overlaps"), [("2021-10-08", "", True), ("2020-01-01", "2021-10-08", True), ("2020-01-01", "2021-10-07", False)]
)
def test_one_version_stands_once_and_its_dates_may_not_overlap(tmp_path: Path, since: str, until: str, overlaps: bool) -> None:
    again = GOOD.replace("2021-10-08,", f"{since},{until}")
    (tmp_path / "target.csv").write_text(f"{TARGET_HEAD}\n{GOOD}\n{again}\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError) as refused:
        read_table("target", tmp_path)
    said = "\n".join(refused.value.problems)
    assert "target.csv:3: trùng khóa với dòng 2 · the same key stands in line 2" in said
    assert ("thời gian hiệu lực chồng lên" in said) is overlaps
    assert ("poverty_reduction mine overlaps line" in said) is overlaps


def test_a_file_in_another_encoding_or_with_a_wrong_header(tmp_path: Path) -> None:
    (tmp_path / "target.csv").write_bytes(f"{TARGET_HEAD}\n{GOOD}\n".encode("utf-16"))
    with pytest.raises(ReferenceDataError, match=r"target.csv:1: tệp không phải UTF-8.* · the file is not UTF-8"):
        read_table("target", tmp_path)
    (tmp_path / "target.csv").write_text(TARGET_HEAD.replace(",", ";") + "\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"target.csv:1: các cột phải là goal_code,"):
        read_table("target", tmp_path)


def test_units_in_force_twice_on_one_day_are_refused(tmp_path: Path) -> None:
    head, *lines = (REFERENCE_DIR / "unit.csv").read_text(encoding="utf-8").splitlines()
    commune = next(line for line in lines if line.startswith("27685,commune"))
    later = commune.replace("2004-08-31,2025-06-30,2004-08-31", "2020-01-01,2025-06-30,2020-01-01")
    assert later != commune
    (tmp_path / "unit.csv").write_text("\n".join([head, commune, later]) + "\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"unit.csv:3: .* · commune 27685 overlaps line 2"):
        read_table("unit", tmp_path)


def test_a_wrong_header_says_what_it_must_be(tmp_path: Path) -> None:
    (tmp_path / "ethnicity.csv").write_text("name\nKinh\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError, match="name_vi,is_minority"):
        read_table("ethnicity", tmp_path)


WAY = "28006,28009,2024-12-01,split,part,{},Xã Tân Hòa,Xã Tân Bửu,Nghị quyết 1244,"
REST = "28006,28003,2024-12-01,split,part,{},Xã Tân Hòa,Xã Lương Hòa,Nghị quyết 1244,"
MERGED = "27688,27694,2024-12-01,merge,whole,,Phường 2,Phường 1,Nghị quyết 1244,"


def faults(folder: Path, name: str, *lines: str) -> list[str]:
    """What is said of a file of these lines, in Vietnamese and English, by line."""
    head = (REFERENCE_DIR / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
    (folder / f"{name}.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    try:
        found = read_table(name, folder).numbered
    except ReferenceDataError as refused:
        return refused.problems
    said = []
    for table, other, check in CROSS_CHECKS:
        if table == name:
            said += [f"{name}.csv:{line}: {text}" for line, text in check(found, read_table(other, REFERENCE_DIR).numbered)]
    return said


@pytest.mark.parametrize(
    ("lines", "line", "vi", "en"),
    [
        ([WAY.format(1), REST.format("")], 3, "các tỷ lệ không cộng thành 1", "the shares do not add to 1"),
        ([WAY.format(0), REST.format(5)], 2, "nằm ngoài giới hạn (≥ 1)", "is out of range (≥ 1)"),
        ([WAY.format("")], 2, "chỉ có một phần", "only one part is named"),
        ([MERGED, MERGED.replace("27694", "27691")], 3, "nhưng còn một đường khác (dòng 2)", "yet it has another way (line 2)"),
        ([MERGED, MERGED.replace("27688,27694", "27694,27688")], 2, "đi vòng về chính nó", "leads back to itself"),
    ],
)
def test_ways_of_communes_that_cannot_be_are_refused(tmp_path: Path, lines: list[str], line: int, vi: str, en: str) -> None:
    said = faults(tmp_path, "succession", *lines)
    assert any(one.startswith(f"succession.csv:{line}: ") and vi in one and en in one for one in said), said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("27739,27721,2025-07-01", "27739,27721,2025-08-01"), "commune 27739 is not in force on 2025-07-31"),
        (("27739,27721,2025-07-01", "27739,27722,2025-07-01"), "commune 27722 is not in force on 2025-07-01"),
        (("27868,27868,2025-07-01", None), "commune 27868 ends and no line says where it goes on 2025-07-01"),
        (("27688,27694,2024-12-01", None), "commune 27688 ends and no line says where it goes on 2024-12-01"),
    ],
    ids=["not in force before", "not in force after", "a code that came back", "a gap"],
)
def test_ways_that_units_do_not_know_are_refused(tmp_path: Path, change: tuple[str, str | None], said: str) -> None:
    before, after = change
    _, *lines = (REFERENCE_DIR / "succession.csv").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith(before) for line in lines)
    kept = [line for line in lines if not line.startswith(before)]
    kept += [line.replace(before, after) for line in lines if after and line.startswith(before)]
    assert any(said in one for one in faults(tmp_path, "succession", *kept))


@pytest.mark.parametrize(
    ("lines", "line", "vi", "en"),
    [
        (["28006,Ấp 1,28009,2024-12-01,,", "28006,ấp  1,28003,2024-12-01,,"], 3, "đã có ở dòng 2", "stands in line 2"),
        (["28006,Ấp 1,28009,2025-07-01,,"], 2, "không có đường 28006 → 28009", "has no way 28006 → 28009 on 2025-07-01"),
        (["28006,Ấp 1,11111,2024-12-01,,"], 2, "xã 11111 không có", "commune 11111 is not in the table"),
        (["27688,Khu phố 1,27694,2024-12-01,,"], 2, "nhập trọn", "goes whole into 27694"),
        (["28006,,28009,2024-12-01,,"], 2, "hamlet: không được để trống", "hamlet: must not be empty"),
    ],
)
def test_faulty_hamlets_are_refused(tmp_path: Path, lines: list[str], line: int, vi: str, en: str) -> None:
    [said] = faults(tmp_path, "hamlet_succession", *lines)
    assert said.startswith(f"hamlet_succession.csv:{line}: ")
    assert vi in said
    assert en in said
