"""Identifiers: a zero that Excel dropped is put back only where the person on the row proves it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.reader.cells import Cell
from ingestion.reader.identity import agrees, mend_identifiers

Cells = dict[str, list[Cell]]

sexes = st.sampled_from(["male", "female"])
years = st.integers(1900, 2099)
provinces = st.integers(1, 96)
tails = st.integers(0, 999_999)


def citizen_id(province: int, sex: str, year: int, tail: int) -> str:
    century_and_sex = 2 * (year // 100 - 19) + (sex == "female")
    return f"{province:03d}{century_and_sex}{year % 100:02d}{tail:06d}"


def head(identifier: Cell, sex: str | None, born: Any, prefix: str = "head_") -> Cells:
    return {f"{prefix}citizen_id": [identifier], f"{prefix}sex": [Cell(sex)], f"{prefix}birth_date": [Cell(born)]}


def member(identifier: Cell, sex: str, year: int) -> Cells:
    return {
        "citizen_id": [identifier],
        "birth_year_male": [Cell(year if sex == "male" else None)],
        "birth_year_female": [Cell(year if sex == "female" else None)],
    }


def mended(cells: Cells) -> Cell:
    """The citizen ID of the first row after mending, which may touch nothing else."""
    name = next(name for name in cells if name.endswith("citizen_id"))
    others = {key: list(column) for key, column in cells.items() if key != name}
    mend_identifiers(cells)
    assert {key: column for key, column in cells.items() if key != name} == others
    return cells[name][0]


@pytest.mark.parametrize(
    ("identifier", "sex", "year"),
    [
        ("080060001234", "male", 1960),
        ("080160001234", "female", 1960),
        ("080205001234", "male", 2005),
        ("080305001234", "female", 2005),
        ("080410001234", "male", 2110),
        ("080510001234", "female", 2110),
        ("080000001234", "male", 1900),
        ("080399001234", "female", 2099),
    ],
)
def test_an_id_holds_sex_century_and_year(identifier: str, sex: str, year: int) -> None:
    assert agrees(identifier, sex, year)
    assert not agrees(identifier, {"male": "female", "female": "male"}[sex], year)
    assert not agrees(identifier, sex, year + 1)
    assert not agrees(identifier, sex, year + 100)


@pytest.mark.parametrize(("sex", "year"), [(None, 1960), ("male", None), (None, None), ("male", 1860), ("male", 2260)])
def test_nothing_agrees_with_a_person_who_is_not_known(sex: str | None, year: int | None) -> None:
    assert not agrees("080060001234", sex, year)


@given(provinces, sexes, years, tails)
def test_a_lost_zero_is_put_back_where_the_person_agrees(province: int, sex: str, year: int, tail: int) -> None:
    full = citizen_id(province, sex, year, tail)
    expected = Cell(full, "LEADING-ZERO")
    for born in ((None, year), (date(year, 5, 2), year)):
        assert mended(head(Cell(full[1:], "NUMBER-AS-TEXT"), sex, born)) == expected
        assert mended(head(Cell(full[1:]), sex, born, prefix="")) == expected
    assert mended(member(Cell(full[1:]), sex, year)) == expected


@given(provinces, sexes, years, sexes, years, tails)
def test_an_id_of_somebody_else_is_kept_and_remarked(
    province: int, sex: str, year: int, other_sex: str, other_year: int, tail: int
) -> None:
    received = citizen_id(province, other_sex, other_year, tail)[1:]
    expected = Cell(f"0{received}", "LEADING-ZERO") if (sex, year) == (other_sex, other_year) else Cell(received, None, "ID-11-DIGITS")
    assert mended(head(Cell(received), sex, (None, year))) == expected
    assert mended(member(Cell(received), sex, year)) == expected


def test_what_was_repaired_before_is_still_told_where_the_id_is_kept() -> None:
    assert mended(member(Cell("80060001234", "SPACES"), "female", 1960)) == Cell("80060001234", "SPACES", "ID-11-DIGITS")


@pytest.mark.parametrize(
    "value", [None, "", "080060001234", "8006000123", "301234567", "0800600012345", "8006000123x", "80 60001234", "-8006000123"]
)
def test_an_id_of_another_length_is_left_alone(value: str | None) -> None:
    cell = Cell(value, "SPACES" if value else None)
    assert mended(head(cell, "male", (None, 1960))) == cell


@pytest.mark.parametrize(("sex", "born"), [(None, (None, 1960)), ("male", None), (None, None)])
def test_an_id_of_a_person_who_is_not_known_is_kept(sex: str | None, born: Any) -> None:
    assert mended(head(Cell("80060001234"), sex, born)).refused == "ID-11-DIGITS"


@pytest.mark.parametrize("without", ["head_sex", "head_birth_date"])
def test_an_id_on_a_sheet_without_sex_or_birth_is_kept(without: str) -> None:
    cells = head(Cell("80060001234"), "male", (None, 1960))
    del cells[without]
    assert mended(cells) == Cell("80060001234", None, "ID-11-DIGITS")


def test_a_head_is_not_taken_for_somebody_else_on_the_row() -> None:
    cells = {**head(Cell("80060001234"), "female", (None, 1960)), "sex": [Cell("male")], "birth_date": [Cell((None, 1960))]}
    assert mended(cells).refused == "ID-11-DIGITS"


def test_every_row_is_mended_by_its_own_person() -> None:
    cells = {
        "citizen_id": [Cell("80060001234"), Cell("80160001234"), Cell(None), Cell("80060001234")],
        "birth_year_male": [Cell(1960), Cell(None), Cell(1960), Cell(None)],
        "birth_year_female": [Cell(None), Cell(1960), Cell(None), Cell(1960)],
    }
    mend_identifiers(cells)
    assert [cell.repair or cell.refused for cell in cells["citizen_id"]] == ["LEADING-ZERO", "LEADING-ZERO", None, "ID-11-DIGITS"]


@pytest.mark.parametrize("name", ["commune_code", "previous_commune_code"])
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (Cell("1234"), Cell("01234", "LEADING-ZERO")),
        (Cell("1234", "NUMBER-AS-TEXT"), Cell("01234", "LEADING-ZERO")),
        (Cell("27694"), Cell("27694")),
        (Cell("0123"), Cell("00123", "LEADING-ZERO")),
        (Cell("123"), Cell("123")),
        (Cell("276940"), Cell("276940")),
        (Cell("12a4"), Cell("12a4")),
        (Cell(None), Cell(None)),
    ],
)
def test_a_commune_code_of_four_digits_lost_its_zero(name: str, cell: Cell, expected: Cell) -> None:
    cells = {name: [cell], "household_code": [cell]}
    mend_identifiers(cells)
    assert cells == {name: [expected], "household_code": [cell]}


def test_no_column_of_identifiers_is_nothing_to_mend() -> None:
    cells = {"household_code": [Cell("1234")], "score_b1": [Cell(80060001234)]}
    mend_identifiers(cells)
    assert cells == {"household_code": [Cell("1234")], "score_b1": [Cell(80060001234)]}
