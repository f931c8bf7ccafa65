"""Layout: sheets and columns are found by their names, wherever they stand; what is missing, double or unknown is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import Column, Sheet
from ingestion.findings import ReadError
from ingestion.reader.layout import HEADER_ROWS, Header, find_header, find_sheet, normal
from ingestion.reader.workbook import Rows, Workbook

SHEET = Sheet(
    name="household_list",
    title="Danh sách hộ",
    aliases=("Phụ lục 1",),
    heading="DANH SÁCH HỘ",
    layout="table",
    grain="one row per household",
    columns=(
        Column(field="row_label", label="TT", aliases=("STT", "Số thứ tự"), type="text"),
        Column(field="household_code", label="Mã hộ", type="text"),
        Column(field="head_name", label="Họ và tên chủ hộ", aliases=("Chủ hộ",), type="text"),
        Column(field="poor_count", label="Số hộ", group="Hộ nghèo", type="integer"),
        Column(field="poor_rate", label="Tỷ lệ", group="Hộ nghèo", type="number"),
        Column(field="near_poor_count", label="Số hộ", group="Hộ cận nghèo", type="integer"),
        Column(field="near_poor_rate", label="Tỷ lệ", group="Hộ cận nghèo", type="number"),
        Column(field="email", label="Thư điện tử", type="text", since="2"),
    ),
)
COLUMNS = SHEET.columns_of("1")
FIELDS = [column.field for column in COLUMNS]
LABELS = [column.labels[0] for column in COLUMNS]
UPPER = ["TT", "Mã hộ", "Họ và tên chủ hộ", "Hộ nghèo", "", "Hộ cận nghèo", ""]
LOWER = ["", "", "", "Số hộ", "Tỷ lệ", "Số hộ", "Tỷ lệ"]
DATA: list[Any] = [1, "HN-001", "Nguyễn Thử Nghiệm", 4, 0.5, 2, 0.25]
TITLES: Rows = [["ỦY BAN NHÂN DÂN XÃ THỬ", "", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"], [], ["DANH SÁCH HỘ"], ["Năm 2023"]]


def found(rows: Rows, version: str = "1") -> Header:
    header = find_header(rows, SHEET, version)
    assert header is not None
    return header


def names(columns: tuple[Column, ...]) -> list[str]:
    return [column.field for column in columns]


IN_ORDER = {field: number for number, field in enumerate(FIELDS, start=1)}


@pytest.mark.parametrize("titles", [[], TITLES, [[""]] * 20])
@pytest.mark.parametrize("lines", [[LABELS], [UPPER, LOWER]])
def test_a_header_of_one_or_two_lines_below_any_titles(titles: Rows, lines: Rows) -> None:
    assert found([*titles, *lines, DATA, DATA]) == Header(len(titles) + len(lines), IN_ORDER, (), (), ())


def test_a_group_holds_for_its_parts_only() -> None:
    upper = ["Hộ nghèo", "", "Hộ cận nghèo", "", "TT", "Mã hộ", "Chủ hộ"]
    lower = ["Tỷ lệ", "Số hộ", "Số hộ", "Tỷ lệ", "", "", ""]
    assert found([upper, lower]).columns == {
        "poor_rate": 1,
        "poor_count": 2,
        "near_poor_count": 3,
        "near_poor_rate": 4,
        "row_label": 5,
        "household_code": 6,
        "head_name": 7,
    }


@given(st.permutations(range(len(FIELDS))))
def test_columns_of_one_line_stand_in_any_order(order: list[int]) -> None:
    header = found([["DANH SÁCH HỘ"], [LABELS[at] for at in order], [DATA[at] for at in order]])
    assert header == Header(2, {FIELDS[at]: number for number, at in enumerate(order, start=1)}, (), (), ())


@given(st.permutations(range(5)))
def test_groups_of_two_lines_stand_in_any_order(order: list[int]) -> None:
    blocks = [[0], [1], [2], [3, 4], [5, 6]]
    places = [at for block in order for at in blocks[block]]
    header = found([[UPPER[at] for at in places], [LOWER[at] for at in places]])
    assert header == Header(2, {FIELDS[at]: number for number, at in enumerate(places, start=1)}, (), (), ())


def test_an_unknown_label_is_extra() -> None:
    header = found([["Ảnh ", *LABELS[:3], "Ghi chú của xã", *LABELS[3:]]])
    assert (header.missing, header.twice) == ((), ())
    assert header.extra == (("Ảnh", 1), ("Ghi chú của xã", 5))
    assert header.columns["poor_count"] == 6


def test_an_extra_label_merged_over_two_lines_is_told_and_gaps_are_not() -> None:
    upper, lower = [*UPPER, "Ghi chú", " "], [*LOWER, "", "\u00a0"]
    assert found([upper, lower]).extra == (("Ghi chú", len(upper) - 1),)


@given(st.sets(st.sampled_from(range(len(FIELDS))), min_size=1, max_size=2))
def test_up_to_two_fifths_of_the_columns_may_be_missing(gone: set[int]) -> None:
    header = found([[label for at, label in enumerate(LABELS) if at not in gone]])
    assert names(header.missing) == [field for at, field in enumerate(FIELDS) if at in gone]
    assert [*header.columns] == [field for at, field in enumerate(FIELDS) if at not in gone]


def test_too_few_labels_are_no_header() -> None:
    assert find_header([LABELS[:5]], SHEET, "1") is not None
    assert find_header([LABELS[:4]], SHEET, "1") is None


@pytest.mark.parametrize("rows", [[], [[]], [[""], [None]], [DATA, DATA], TITLES])
def test_a_sheet_without_labels_has_no_header(rows: Rows) -> None:
    assert find_header(rows, SHEET, "1") is None


def test_a_column_that_stands_twice_is_told_and_its_first_place_taken() -> None:
    header = found([["Mã hộ", *LABELS, "Mã hộ"]])
    assert header.columns == {"household_code": 1, "row_label": 2, **{field: at + 1 for field, at in IN_ORDER.items() if at > 2}}
    assert names(header.twice) == ["household_code", "household_code"]


@pytest.mark.parametrize("alias", ["STT", "Số thứ tự", "stt"])
def test_a_column_stands_under_an_alias(alias: str) -> None:
    assert found([[alias, *LABELS[1:]]]).columns == IN_ORDER


def test_an_alias_beside_its_label_is_the_column_twice() -> None:
    assert names(found([["STT", *LABELS]]).twice) == ["row_label"]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "line breaks": lambda label: label.replace(" ", "\n"),
    "windows line breaks": lambda label: label.replace(" ", " \r\n"),
    "hard spaces": lambda label: f"\u00a0{label.replace(' ', chr(0xA0))} ",
    "double spaces": lambda label: label.replace(" ", "  "),
    "capitals": str.upper,
    "small letters": str.lower,
    "decomposed letters": lambda label: unicodedata.normalize("NFD", label),
    "marks": "{} *:".format,
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("lines", [[LABELS], [UPPER, LOWER]])
def test_the_spelling_of_a_label_does_not_matter(spell: Callable[[str], str], lines: list[list[str]]) -> None:
    assert found([[spell(label) if label else "" for label in line] for line in lines]).columns == IN_ORDER


def test_the_header_is_looked_for_near_the_top_only() -> None:
    above: Rows = [[""]] * HEADER_ROWS
    assert find_header([*above[1:], LABELS], SHEET, "1") is not None
    assert find_header([*above, LABELS], SHEET, "1") is None


def test_the_line_with_most_labels_is_the_header() -> None:
    assert found([LABELS[:5], DATA, LABELS]).row == 3


def test_a_header_of_a_later_page_is_not_taken_for_the_first() -> None:
    assert found([LABELS, DATA, LABELS]).row == 1


@pytest.mark.parametrize(("version", "missing", "extra"), [("1", [], [("Thư điện tử", 8)]), ("2", [], []), ("3", [], [])])
def test_a_column_of_a_later_version_is_extra_before_it(version: str, missing: list[str], extra: list[tuple[str, int]]) -> None:
    header = found([[*LABELS, "Thư điện tử"]], version)
    assert (names(header.missing), list(header.extra)) == (missing, extra)


def test_a_column_of_a_version_is_missing_from_it_on() -> None:
    assert names(found([LABELS], "2").missing) == ["email"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("", ""),
        (" Mã\u00a0hộ : ", "mã hộ"),
        ("MÃ HỘ*", "mã hộ"),
        (unicodedata.normalize("NFD", "Mã hộ"), "mã hộ"),
        (2023.0, "2023"),
        (2023, "2023"),
        (1.5, "1.5"),
    ],
)
def test_normal(value: Any, expected: str) -> None:
    assert normal(value) == expected


@given(st.text(" \t\n\u00a0:*.aĐ1", max_size=12))
def test_a_normal_label_has_no_loose_spaces_or_marks(label: str) -> None:
    once = normal(label)
    assert once == once.strip(" :*.") == normal(once)
    assert not {"  ", "\t", "\n", "\u00a0"} & {once[at : at + size] for size in (1, 2) for at in range(len(once))}


@dataclass
class FakeWorkbook:
    sheets: dict[str, Rows]

    @property
    def titles(self) -> list[str]:
        return list(self.sheets)

    def rows(self, title: str) -> Rows:
        return self.sheets[title]


def sheet_of(sheets: dict[str, Rows], taken: dict[str, Rows] | None = None, version: str = "1") -> str:
    return find_sheet(cast(Workbook, FakeWorkbook(sheets)), SHEET, version, taken or {})


@pytest.mark.parametrize("title", ["household_list", "Danh sách hộ", "DANH SÁCH HỘ", " danh  sách hộ.", "Phụ lục 1"])
def test_a_sheet_is_found_by_a_name_whatever_is_on_it(title: str) -> None:
    assert sheet_of({"Bìa": [], title: [], "Khác": [LABELS]}) == title


@pytest.mark.parametrize("lines", [[LABELS], [UPPER, LOWER], [*TITLES, UPPER, LOWER, DATA]])
def test_a_sheet_of_another_name_is_found_by_its_labels(lines: Rows) -> None:
    assert sheet_of({"Bìa": [["Xã", "Thử"]], "Sheet1": lines, "Sheet2": []}) == "Sheet1"


def test_a_sheet_that_is_taken_is_not_found_by_labels_again() -> None:
    assert sheet_of({"Sheet1": [LABELS], "Sheet2": [LABELS]}, taken={"Sheet1": [LABELS]}) == "Sheet2"


@pytest.mark.parametrize(
    "sheets",
    [
        {"Danh sách hộ": [], "household_list": []},
        {"Danh sách hộ": [], "Phụ lục 1": [LABELS]},
        {"Danh sách hộ": [], "DANH SÁCH HỘ ": []},
        {"Sheet1": [LABELS], "Sheet2": [LABELS]},
    ],
)
def test_two_sheets_that_fit_are_refused(sheets: dict[str, Rows]) -> None:
    with pytest.raises(ReadError) as caught:
        sheet_of(sheets)
    assert caught.value.code == "TWO-SHEETS"
    assert caught.value.values == {"sheet": "Danh sách hộ", "found": ", ".join(sheets)}


@pytest.mark.parametrize("sheets", [{}, {"Bìa": []}, {"Sheet1": TITLES}, {"Sheet1": [LABELS[:-1]]}, {"Danh sách hộ cũ": [DATA]}])
def test_a_sheet_that_is_not_there_is_told(sheets: dict[str, Rows]) -> None:
    with pytest.raises(ReadError) as caught:
        sheet_of(sheets)
    assert caught.value.code == "MISSING-SHEET"
    assert caught.value.values == {"sheet": "Danh sách hộ"}


def test_a_sheet_that_lacks_a_column_of_the_version_is_not_found_by_labels() -> None:
    assert sheet_of({"Sheet1": [LABELS]}, version="1") == "Sheet1"
    with pytest.raises(ReadError, match="MISSING-SHEET"):
        sheet_of({"Sheet1": [LABELS]}, version="2")
