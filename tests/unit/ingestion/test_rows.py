"""Rows: data is told from numbering, repeated headers, totals, headings and signatures, and every other row is counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import Column, Sheet
from ingestion.reader.layout import find_header
from ingestion.reader.rows import RowKinds, classify

Row = list[Any]

SHEET = Sheet(
    name="household_list",
    title="Hộ",
    heading="DANH SÁCH HỘ",
    layout="table",
    grain="one row per household",
    columns=(
        Column(field="row_label", label="TT", type="text"),
        Column(field="household_code", label="Mã hộ", type="text"),
        Column(field="head_name", label="Họ và tên chủ hộ", type="text"),
        Column(field="hamlet", label="Thôn, ấp", type="text"),
        Column(field="member_count", label="Số nhân khẩu", type="integer"),
        Column(field="score_b1", label="B1", group="Điểm", type="integer"),
        Column(field="score_b2", label="B2", group="Điểm", type="integer"),
    ),
)
UPPER: Row = ["TT", "Mã hộ", "Họ và tên chủ hộ", "Thôn, ấp", "Số nhân khẩu", "Điểm", ""]
LOWER: Row = ["", "", "", "", "", "B1", "B2"]
ONE_LINE: Row = [*UPPER[:5], "Điểm - B1", "Điểm - B2"]
HOUSEHOLD: Row = [1, "HN-001", "Nguyễn Thử Nghiệm", "Ấp Thử", 3, 120, 30]
NUMBERING: Row = [f"({place})" for place in range(1, 8)]
BLANK: Row = [""] * 7


def at(**cells: Any) -> Row:
    """A row with the given cells, the others empty."""
    return [cells.get(column.field, "") for column in SHEET.columns]


def kinds_of(*below: Row, header: tuple[Row, ...] = (ONE_LINE,)) -> RowKinds:
    rows = [*header, *below]
    found = find_header(rows, SHEET, "1")
    assert found is not None
    assert (found.row, found.missing) == (len(header), ())
    return classify(rows, found, SHEET)


def kind_of(row: Row) -> str:
    """The kind of a row that stands between two households."""
    kinds = kinds_of(HOUSEHOLD, row, HOUSEHOLD)
    if kinds.data == [2, 3, 4]:
        return "data"
    assert kinds.data == [2, 4]
    (kind,) = kinds.skipped.elements()
    assert kinds.odd == ([3] if kind == "other" else [])
    return kind


@pytest.mark.parametrize("header", [(ONE_LINE,), (UPPER, LOWER), (["DANH SÁCH HỘ"], BLANK, UPPER, LOWER)])
def test_rows_are_numbered_as_excel_shows_them(header: tuple[Row, ...]) -> None:
    kinds = kinds_of(HOUSEHOLD, HOUSEHOLD, header=header)
    assert kinds == RowKinds(data=[len(header) + 1, len(header) + 2])


@pytest.mark.parametrize(
    "row",
    [
        HOUSEHOLD,
        at(household_code="HN-002", head_name="Trần Thị Mẫu"),
        at(household_code="HN-002", member_count=0),
        at(household_code=7, head_name="Trần Thị Mẫu", member_count=2),
        at(head_name="Trần Thị Mẫu", hamlet="Ấp Thử", member_count=2, score_b1=90),
        at(row_label=2, member_count=2, score_b1=90, score_b2=10),
        at(household_code="HN-002", head_name="Cộng Văn Hòa", hamlet="Tổng Thử", member_count=4),
        at(row_label=2, household_code="HN-002", head_name="Tổng Văn Mẫu"),
        at(row_label=2, household_code="00123", head_name="Cộng Thị Thử", hamlet="Ấp Thử", member_count=4),
        at(household_code="HN-002", head_name="Trần Thị Mẫu", hamlet="Chủ tịch xã", member_count=2),
        [*HOUSEHOLD, "ghi chú bên lề"],
        ["", "HN-002", "Trần Thị Mẫu"],
    ],
)
def test_a_household_is_data(row: Row) -> None:
    assert kind_of(row) == "data"


@pytest.mark.parametrize("row", [[], BLANK, [None] * 7, [" ", "\t", "\u00a0", "\n"]])
def test_a_row_of_nothing_is_blank(row: Row) -> None:
    assert kind_of(row) == "blank"


@pytest.mark.parametrize(
    "row",
    [
        NUMBERING,
        [1, 2, 3, 4, 5, 6, 7],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
        ["A", "B", "C", 1, 2, 3, 4],
        ["(a)", "(b)", 1, 2, 3, 4, "5=3+4"],
        ["", 1, 2, 3],
        ["A", "B", "1"],
        ["(a)", "(b)", 1.0],
    ],
)
@pytest.mark.parametrize("header", [(ONE_LINE,), (UPPER, LOWER)])
def test_the_numbers_of_the_columns_stand_right_below_the_header(row: Row, header: tuple[Row, ...]) -> None:
    kinds = kinds_of(row, HOUSEHOLD, header=header)
    assert kinds == RowKinds(data=[len(header) + 2], skipped=Counter(numbering=1))


def test_numbers_among_the_households_are_no_numbering() -> None:
    assert kind_of([2, 3, 4, 5, 6, 7, 8]) == "data"


@pytest.mark.parametrize("row", [[7, 6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6, 120]])
def test_numbers_that_do_not_count_up_or_are_large_are_no_numbering(row: Row) -> None:
    assert kinds_of(row).data == [2]


@pytest.mark.parametrize("lines", [[ONE_LINE], [UPPER, LOWER], [[label.upper() + ":" if label else "" for label in UPPER], LOWER]])
def test_a_header_of_a_later_page_is_counted_line_by_line(lines: list[Row]) -> None:
    kinds = kinds_of(HOUSEHOLD, *lines, HOUSEHOLD)
    assert kinds.data == [2, 3 + len(lines)]
    assert kinds.skipped == Counter(header=len(lines))


@pytest.mark.parametrize(
    "row",
    [
        at(row_label="Tổng cộng", member_count=3, score_b1=120, score_b2=30),
        at(row_label="TỔNG CỘNG:", household_code=2, member_count=7),
        at(head_name="Cộng", member_count=3),
        at(household_code="Tổng số", member_count=3),
        at(row_label=9, head_name="Cộng toàn xã", hamlet="x", member_count=3, score_b1=1),
        at(hamlet="Tổng cộng"),
    ],
)
def test_a_row_that_sums_up_is_a_total(row: Row) -> None:
    assert kind_of(row) == "total"


@pytest.mark.parametrize("row", [["Ấp Bình Thử"], at(household_code="Ấp Bình Thử"), at(head_name="II. Hộ cận nghèo"), at(row_label=1)])
def test_a_cell_alone_is_a_heading(row: Row) -> None:
    assert kind_of(row) == "heading"


@pytest.mark.parametrize(
    "row",
    [
        at(head_name="Người lập biểu"),
        at(household_code="NGƯỜI LẬP BIỂU", member_count="CHỦ TỊCH"),
        at(hamlet="TM. UBND xã Thử"),
        at(hamlet="KT. CHỦ TỊCH"),
        at(hamlet="T/M Ban chỉ đạo"),
        at(household_code="Người lập", hamlet="TM. UBND xã Thử"),
        at(hamlet="Ngày 14 tháng 12 năm 2023"),
        at(member_count="(Ký, ghi rõ họ tên)"),
        at(head_name="Xác nhận của xã", member_count="Thủ trưởng đơn vị"),
        [*BLANK, "Chủ tịch"],
    ],
)
def test_the_words_of_a_signature(row: Row) -> None:
    assert kind_of(row) == "signature"


def test_names_under_a_signature_belong_to_it() -> None:
    kinds = kinds_of(
        HOUSEHOLD,
        BLANK,
        at(household_code="Người lập biểu", hamlet="TM. UBND xã Thử"),
        at(household_code="(Ký tên)", hamlet="CHỦ TỊCH"),
        BLANK,
        at(household_code="Lê Thị Lập", hamlet="Phạm Văn Duyệt"),
        at(hamlet="Phạm Văn Duyệt"),
    )
    assert kinds == RowKinds(data=[2], skipped=Counter(signature=4, blank=2))


def test_a_full_row_after_a_signature_is_data_and_ends_it() -> None:
    short = at(household_code="HN-003", head_name="Trần Thị Mẫu")
    kinds = kinds_of(HOUSEHOLD, at(hamlet="Chủ tịch"), short, HOUSEHOLD, short)
    assert kinds == RowKinds(data=[2, 5, 6], skipped=Counter(signature=2))


@pytest.mark.parametrize(
    "row",
    [
        at(head_name="Trần Thị Mẫu", hamlet="Ấp Thử"),
        at(row_label=3, head_name="Trần Thị Mẫu", hamlet="Ấp Thử"),
        at(row_label="Ghi chú", hamlet="đã rà soát"),
    ],
)
def test_a_row_of_two_or_three_cells_without_its_key_is_odd(row: Row) -> None:
    assert kind_of(row) == "other"


words = ["Tổng cộng", "Cộng", "Ấp Thử", "Người lập biểu", "TM. UBND xã Thử", "Ngày 14/12", "HN-001", "(1)", "x", " ", None, "", "", ""]
cells = st.sampled_from([*words, *(label for label in UPPER if label), "B1"]) | st.integers(0, 200)
lines = st.lists(cells, max_size=9) | st.sampled_from([HOUSEHOLD, NUMBERING, UPPER, LOWER, BLANK])


@given(st.lists(lines, max_size=15))
def test_every_row_below_the_header_is_data_or_counted_once(below: list[Row]) -> None:
    # With its own header on top, a line further down cannot match better.
    kinds = kinds_of(*below)
    assert len(kinds.data) + kinds.skipped.total() == len(below)
    assert kinds.data == sorted({number for number in kinds.data if 2 <= number <= len(below) + 1})
    assert len(kinds.odd) == kinds.skipped["other"]
    assert not set(kinds.odd) & set(kinds.data)


@pytest.mark.parametrize(
    "row",
    [at(row_label="..., ngày 14 tháng 12 năm 2023"), at(hamlet="Tân An, ngày 14 tháng 12 năm 2023"), at(head_name="TM."), at(hamlet="KT.")],
)
def test_a_line_of_place_and_date_or_for_whom_is_a_signature(row: Row) -> None:
    assert kind_of(row) == "signature"


def test_a_numeral_before_a_name_is_a_heading() -> None:
    assert kind_of(at(row_label="II", household_code="Ấp Bình Thử")) == "heading"


@pytest.mark.parametrize(("text", "kind"), [("Cộng Hòa", "data"), ("Cộng", "total"), ("Cộng: 12", "total"), ("Cộng toàn xã", "total")])
def test_a_place_called_like_a_total_is_data(text: str, kind: str) -> None:
    assert kind_of(at(household_code=text, member_count=1, score_b1=2, score_b2=3)) == kind


def test_a_row_of_gaps_without_width_is_blank() -> None:
    assert kind_of(at(row_label="\u200b", hamlet="\ufeff")) == "blank"
