"""Cells: what is clean stays, what is plain to see is mended and named, what can be read in two ways is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import Column, ColumnType
from ingestion.reader.cells import Cell, Converter, clean_text

TYPES: tuple[ColumnType, ...] = ("text", "code", "integer", "number", "flag", "date", "date_or_year")
SEX = {"Nam": "male", "Nữ": "female"}
SPACES = [" ", "\t", "\r\n", "\u00a0", "\u2007", "\u202f", "\u200b", "\ufeff", "\u3000", " \u00a0\n"]
MAX_BIGINT = 2**63 - 1


def converter(kind: ColumnType, *, codes: dict[str, str] | None = None, is_1904: bool = False) -> Converter:
    return Converter(Column(field="value", label="Giá trị", type=kind, codes=codes), is_1904)


def convert(kind: ColumnType, raw: Any, *, codes: dict[str, str] | None = None, is_1904: bool = False) -> Cell:
    return converter(kind, codes=codes, is_1904=is_1904).cells([raw])[0]


def refused(code: str) -> Cell:
    return Cell(None, refused=code)


def with_points(number: int) -> str:
    return f"{number:,}".replace(",", ".")


# Without NUL and the digits that int() does not read (², ①).
texts = st.text(st.characters(exclude_categories=["Cs", "No"], exclude_characters="\x00"), max_size=30)
likely_texts = st.text("0123456789.,-/ :xXTNamữ%()\u00a0\n", max_size=16)
numbers = st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12, allow_nan=False).map(lambda value: round(value, 3) + 0.0)
moments = st.dates() | st.datetimes() | st.times() | st.timedeltas()
raws = st.none() | st.booleans() | numbers | moments | likely_texts | texts
days = st.dates(date(1920, 1, 1), date(2099, 12, 31))
kinds = st.sampled_from(TYPES)


@pytest.mark.parametrize("raw", ["", None, *SPACES])
@pytest.mark.parametrize("kind", TYPES)
def test_an_empty_cell_is_none_and_an_empty_flag_is_false(kind: ColumnType, raw: str | None) -> None:
    assert convert(kind, raw) == Cell(False if kind == "flag" else None)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Ấp Bình Hòa 1", Cell("Ấp Bình Hòa 1")),
        ("  Trần  Thị\nBa ", Cell("Trần Thị Ba", "SPACES")),
        ("Trần\u00a0Thị\u202fBa\u200b", Cell("Trần Thị Ba", "SPACES")),
        (unicodedata.normalize("NFD", "Nguyễn Văn Tám"), Cell("Nguyễn Văn Tám", "UNICODE-NFC")),
        (unicodedata.normalize("NFD", " Nguyễn  Văn Tám"), Cell("Nguyễn Văn Tám", "UNICODE-NFC")),
        (12, Cell("12", "NUMBER-AS-TEXT")),
        (80123456789.0, Cell("80123456789", "NUMBER-AS-TEXT")),
        (1.5, Cell("1.5", "NUMBER-AS-TEXT")),
        (date(2024, 3, 5), Cell("05/03/2024", "DATE-AS-TEXT")),
        (datetime(2024, 3, 5, 7, 30), Cell("05/03/2024", "DATE-AS-TEXT")),
    ],
)
def test_text(raw: Any, expected: Cell) -> None:
    assert convert("text", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("27694", Cell("27694")),
        (" 27694", Cell("27694", "SPACES")),
        (27694, Cell("27694")),
        (27694.0, Cell("27694")),
        (unicodedata.normalize("NFD", "HỘ-1"), Cell("HỘ-1", "UNICODE-NFC")),
    ],
)
def test_a_code_of_no_list_is_kept_as_written(raw: Any, expected: Cell) -> None:
    assert convert("code", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Nam", Cell("male")),
        ("Nữ", Cell("female")),
        ("NAM", Cell("male", "CODE-SPELLING")),
        ("nữ", Cell("female", "CODE-SPELLING")),
        (" Nam ", Cell("male", "SPACES")),
        (unicodedata.normalize("NFD", "Nữ"), Cell("female", "UNICODE-NFC")),
        ("Nu", refused("NOT-ALLOWED")),
        ("male", refused("NOT-ALLOWED")),
        ("Nam/Nữ", refused("NOT-ALLOWED")),
        (1, refused("NOT-ALLOWED")),
        (True, refused("NOT-ALLOWED")),
    ],
)
def test_a_code_of_a_list(raw: Any, expected: Cell) -> None:
    assert convert("code", raw, codes=SEX) == expected


@pytest.mark.parametrize("raw", [1, 1.0, "1", "1 "])
def test_a_list_of_digits_takes_numbers(raw: Any) -> None:
    assert convert("code", raw, codes={"1": "poor", "2": "near_poor"}).value == "poor"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (0, Cell(0)),
        (12.0, Cell(12)),
        (-3, Cell(-3)),
        (MAX_BIGINT, Cell(MAX_BIGINT)),
        ("12", Cell(12, "NUMBER-TEXT")),
        ("-12", Cell(-12, "NUMBER-TEXT")),
        ("007", Cell(7, "NUMBER-TEXT")),
        ("1.234", Cell(1234, "NUMBER-TEXT")),
        ("-1.234.567", Cell(-1234567, "NUMBER-TEXT")),
        ("1 234 567", Cell(1234567, "NUMBER-TEXT")),
        ("1\u00a0234", Cell(1234, "NUMBER-TEXT")),
        (" 12\n", Cell(12, "NUMBER-TEXT")),
        (str(MAX_BIGINT), Cell(MAX_BIGINT, "NUMBER-TEXT")),
        (1.5, refused("NOT-A-WHOLE-NUMBER")),
        (MAX_BIGINT + 1, refused("NOT-A-WHOLE-NUMBER")),
        (2.0**63, refused("NOT-A-WHOLE-NUMBER")),
        (str(MAX_BIGINT + 1), refused("NOT-A-WHOLE-NUMBER")),
        ("1,5", refused("NOT-A-WHOLE-NUMBER")),
        ("1.5", refused("NOT-A-WHOLE-NUMBER")),
        ("12.0", refused("NOT-A-WHOLE-NUMBER")),
        ("1.234,5", refused("NOT-A-WHOLE-NUMBER")),
        ("1.234,567", refused("NOT-A-WHOLE-NUMBER")),
        ("1,234", refused("AMBIGUOUS-NUMBER")),
        ("-123,456", refused("AMBIGUOUS-NUMBER")),
        ("1,234,567", refused("NOT-A-NUMBER")),
        ("12 người", refused("NOT-A-NUMBER")),
        ("1.23.456", refused("NOT-A-NUMBER")),
        ("--1", refused("NOT-A-NUMBER")),
        ("-", refused("NOT-A-NUMBER")),
        ("x", refused("NOT-A-NUMBER")),
        (True, refused("NOT-A-NUMBER")),
        (date(2024, 1, 1), refused("NOT-A-NUMBER")),
        (datetime(2024, 1, 1), refused("NOT-A-NUMBER")),
        (time(7, 30), refused("NOT-A-NUMBER")),
        (timedelta(hours=1), refused("NOT-A-NUMBER")),
    ],
)
def test_integer(raw: Any, expected: Cell) -> None:
    assert convert("integer", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (12, Cell("12")),
        (1.5, Cell("1.5")),
        (12.0, Cell("12")),
        (0.1 + 0.2, Cell("0.3")),
        ("12", Cell("12", "NUMBER-TEXT")),
        ("1,5", Cell("1.5", "NUMBER-TEXT")),
        ("-1,5", Cell("-1.5", "NUMBER-TEXT")),
        ("1.5", Cell("1.5", "NUMBER-TEXT")),
        ("1,234", Cell("1.234", "NUMBER-TEXT")),
        ("1.234,5", Cell("1234.5", "NUMBER-TEXT")),
        ("1.234.567", Cell("1234567", "NUMBER-TEXT")),
        ("1 234,5", Cell("1234.5", "NUMBER-TEXT")),
        ("12,5 %", Cell("12.5", "NUMBER-TEXT")),
        ("\u00a07,25\u00a0", Cell("7.25", "NUMBER-TEXT")),
        ("1.234", refused("AMBIGUOUS-NUMBER")),
        ("-123.456", refused("AMBIGUOUS-NUMBER")),
        ("1,234,567", refused("AMBIGUOUS-NUMBER")),
        ("1,2,3", refused("NOT-A-NUMBER")),
        ("12 m2", refused("NOT-A-NUMBER")),
        ("%", refused("NOT-A-NUMBER")),
        ("-", refused("NOT-A-NUMBER")),
        (False, refused("NOT-A-NUMBER")),
        (date(2024, 1, 1), refused("NOT-A-NUMBER")),
        (time(7, 30), refused("NOT-A-NUMBER")),
    ],
)
def test_number(raw: Any, expected: Cell) -> None:
    assert convert("number", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("x", Cell(True)),
        *((mark, Cell(True, "FLAG-MARK")) for mark in ("X", " x ", "1", "có", "Có", "CÓ", "✓", "✔", "√", "☑", "☒", 1, 1.0, True)),
        (unicodedata.normalize("NFD", "có"), Cell(True, "FLAG-MARK")),
        *((mark, Cell(False, "FLAG-MARK")) for mark in ("0", 0, False, "không", "Không")),
        *((mark, refused("NOT-A-FLAG")) for mark in (2, "xx", "-", "True", date(2024, 1, 1))),
    ],
)
def test_flag(raw: Any, expected: Cell) -> None:
    assert convert("flag", raw) == expected


DATES: list[tuple[Any, Cell]] = [
    (date(2024, 2, 29), Cell(date(2024, 2, 29))),
    (datetime(2024, 2, 29), Cell(date(2024, 2, 29))),
    ("22/12/2023", Cell(date(2023, 12, 22), "TEXT-DATE")),
    ("1/2/2023", Cell(date(2023, 2, 1), "TEXT-DATE")),
    ("01-02-2023", Cell(date(2023, 2, 1), "TEXT-DATE")),
    ("01.02.2023", Cell(date(2023, 2, 1), "TEXT-DATE")),
    (" 22/12/2023\u00a0", Cell(date(2023, 12, 22), "TEXT-DATE")),
    ("2023-12-22", Cell(date(2023, 12, 22), "TEXT-DATE")),
    ("2023-12-22 00:00", Cell(date(2023, 12, 22), "TEXT-DATE")),
    ("2023-12-22T00:00:00", Cell(date(2023, 12, 22), "TEXT-DATE")),
    (45282, Cell(date(2023, 12, 22), "EXCEL-SERIAL")),
    (45282.0, Cell(date(2023, 12, 22), "EXCEL-SERIAL")),
    ("03/04/25", refused("AMBIGUOUS-DATE")),
    ("31/02/2023", refused("NO-SUCH-DATE")),
    ("29/02/2023", refused("NO-SUCH-DATE")),
    ("12/22/2023", refused("NO-SUCH-DATE")),
    ("2023-13-01", refused("NO-SUCH-DATE")),
    ("00/01/2023", refused("NO-SUCH-DATE")),
    ("01/01/0000", refused("NO-SUCH-DATE")),
    ("22/12", refused("NOT-A-DATE")),
    ("22/12/023", refused("NOT-A-DATE")),
    ("tháng 12 năm 2023", refused("NOT-A-DATE")),
    ("2023-12-22 07:30", refused("NOT-A-DATE")),
    ("45282", refused("NOT-A-DATE")),
    (45282.5, refused("NOT-A-DATE")),
    (7305, refused("NOT-A-DATE")),
    (73051, refused("NOT-A-DATE")),
    (-1, refused("NOT-A-DATE")),
    (True, refused("NOT-A-DATE")),
    (time(7, 30), refused("NOT-A-DATE")),
]


@pytest.mark.parametrize(("raw", "expected"), [*DATES, (1985, refused("NOT-A-DATE")), ("1985", refused("NOT-A-DATE"))])
def test_date(raw: Any, expected: Cell) -> None:
    assert convert("date", raw) == expected


@pytest.mark.parametrize(("raw", "expected"), DATES)
def test_a_date_in_a_column_of_dates_or_years_gives_its_year_as_well(raw: Any, expected: Cell) -> None:
    day = expected.value
    assert convert("date_or_year", raw) == expected._replace(value=day and (day, day.year))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (1985, Cell((None, 1985))),
        (1985.0, Cell((None, 1985))),
        (1900, Cell((None, 1900))),
        (2100, Cell((None, 2100))),
        ("1985", Cell((None, 1985))),
        (" 1985 ", Cell((None, 1985), "SPACES")),
        (1899, refused("NOT-A-DATE")),
        (2101, refused("NOT-A-DATE")),
        (1985.5, refused("NOT-A-DATE")),
        ("1899", refused("NOT-A-DATE")),
        ("85", refused("NOT-A-DATE")),
        ("năm 1985", refused("NOT-A-DATE")),
    ],
)
def test_a_year_alone(raw: Any, expected: Cell) -> None:
    assert convert("date_or_year", raw) == expected


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        (43820, Cell(date(2023, 12, 22), "EXCEL-SERIAL")),
        (7306 - 1462, Cell(date(1920, 1, 1), "EXCEL-SERIAL")),
        (73050 - 1462, Cell(date(2099, 12, 31), "EXCEL-SERIAL")),
        (7305 - 1462, refused("NOT-A-DATE")),
        (73051 - 1462, refused("NOT-A-DATE")),
    ],
)
def test_a_serial_of_the_1904_system(serial: int, expected: Cell) -> None:
    assert convert("date", serial, is_1904=True) == expected


@pytest.mark.parametrize(
    ("kind", "of_true", "of_one"),
    [
        ("text", "True", "1"),
        ("integer", None, 1),
        ("number", None, "1"),
        ("code", "True", "1"),
    ],
)
@pytest.mark.parametrize("one", [1, 1.0])
def test_true_is_not_the_number_one(kind: ColumnType, of_true: Any, of_one: Any, one: float) -> None:
    values = [cell.value for cell in converter(kind).cells([True, one, True])]
    assert values == [of_true, of_one, of_true]
    assert [cell.value for cell in converter(kind).cells([one, True])] == [of_one, of_true]


@given(st.integers(-MAX_BIGINT, MAX_BIGINT))
def test_an_integer_survives_its_thousands_points(number: int) -> None:
    assert convert("integer", with_points(number)) == Cell(number, "NUMBER-TEXT")


@given(st.integers(1_000_000, MAX_BIGINT), st.integers(0, 99))
def test_a_number_survives_its_thousands_points_and_comma(whole: int, hundredths: int) -> None:
    assert convert("number", f"{with_points(whole)},{hundredths:02d}") == Cell(f"{whole}.{hundredths:02d}", "NUMBER-TEXT")


@given(days)
def test_a_date_survives_every_spelling_and_both_date_systems(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    wanted: dict[ColumnType, Any] = {"date": day, "date_or_year": (day, day.year)}
    for kind, value in wanted.items():
        assert convert(kind, f"{day:%d/%m/%Y}") == Cell(value, "TEXT-DATE")
        assert convert(kind, day.isoformat()) == Cell(value, "TEXT-DATE")
        assert convert(kind, serial) == Cell(value, "EXCEL-SERIAL")
        assert convert(kind, serial - 1462, is_1904=True) == Cell(value, "EXCEL-SERIAL")
        assert convert(kind, datetime(day.year, day.month, day.day)) == Cell(value)


@given(kinds, st.lists(raws, max_size=12), st.data())
def test_a_list_is_converted_as_its_elements_in_any_order_and_number(kind: ColumnType, values: list[Any], data: st.DataObject) -> None:
    one_by_one = [convert(kind, value) for value in values]
    order: Sequence[int] = data.draw(st.lists(st.sampled_from(range(len(values))), max_size=20)) if values else []
    column = converter(kind)
    assert column.cells(values) == one_by_one
    assert column.cells([values[at] for at in order]) == [one_by_one[at] for at in order]
    assert converter(kind).cells([values[at] for at in order]) == [one_by_one[at] for at in order]


@given(kinds, raws, st.booleans())
def test_whatever_comes_in_is_kept_mended_or_refused(kind: ColumnType, raw: Any, is_1904: bool) -> None:
    cell = convert(kind, raw, codes=SEX if kind == "code" else None, is_1904=is_1904)
    assert cell.refused is None or (cell.value is None and cell.repair is None)


@given(texts)
def test_cleaning_clean_text_changes_nothing(text: str) -> None:
    once = clean_text(text).value
    assert once is None or clean_text(once) == Cell(once)


@given(texts)
def test_decomposed_text_comes_out_composed(text: str) -> None:
    cleaned = clean_text(unicodedata.normalize("NFD", text)).value or ""
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == (clean_text(text).value or "")


@given(st.lists(st.text("abcđêừ1", min_size=1), min_size=1), st.data())
def test_spaces_of_every_kind_are_one_space(words: list[str], data: st.DataObject) -> None:
    gaps = st.lists(st.sampled_from(SPACES), min_size=1, max_size=3).map("".join)
    text = "".join(data.draw(gaps) + word for word in words) + data.draw(gaps)
    assert clean_text(text).value == " ".join(words)


NOT_FINITE = (float("inf"), float("-inf"), float("nan"))


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        *(("integer", number, "NOT-A-NUMBER") for number in NOT_FINITE),
        *(("number", number, "NOT-A-NUMBER") for number in NOT_FINITE),
        *(("date", number, "NOT-A-DATE") for number in NOT_FINITE),
        *(("date_or_year", number, "NOT-A-DATE") for number in NOT_FINITE),
        ("integer", "9" * 5000, "NOT-A-WHOLE-NUMBER"),
        ("integer", "0.125", "NOT-A-WHOLE-NUMBER"),
        ("integer", "0,125", "NOT-A-WHOLE-NUMBER"),
        ("integer", "١٢", "NOT-A-NUMBER"),
        ("number", "١٢", "NOT-A-NUMBER"),
        ("date_or_year", "²²²²", "NOT-A-DATE"),
    ],
)  # fmt: skip
def test_values_that_only_look_like_a_number_or_a_date(kind: Any, raw: Any, code: str) -> None:
    assert convert(kind, raw) == refused(code)


def test_a_decimal_with_a_leading_zero_has_one_reading() -> None:
    assert convert("number", "0.125") == Cell("0.125", "NUMBER-TEXT")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("a \x00", "a"), ("a \x00 b", "a b"), ("e\x00\u0301", "é"), ("\x00", None), ("\u2003a\u2009b\v", "a b")],
)
def test_nul_and_rare_spaces_leave_clean_text(raw: str, expected: str | None) -> None:
    assert clean_text(raw).value == expected
