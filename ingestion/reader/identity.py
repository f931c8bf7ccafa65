"""Identifiers that Excel shortened: a commune code of 4 digits, a programme of the policy bank of 1, a citizen ID of 11.

A citizen ID is padded only where the padded value agrees with the person's sex and birth year (PPP G YY NNNNNN: G is sex and
century); otherwise it is kept as received and remarked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from ingestion.reader.cells import Cell

SHORT_ID, FULL_ID = 11, 12
SHORT_COMMUNE, FULL_COMMUNE = 4, 5
SHORT_PROGRAMME, FULL_PROGRAMME = 1, 2


class Cells(Protocol):
    """A column's cells by the index of their row."""

    def __getitem__(self, index: int, /) -> Cell: ...
    def __setitem__(self, index: int, cell: Cell, /) -> None: ...
    def __iter__(self) -> Iterator[Cell]: ...


def mend_identifiers(cells: Mapping[str, Cells]) -> None:
    """Mend in place, row by row, the identifier columns of a sheet."""
    for name, column in cells.items():
        if name.endswith("commune_code"):
            for index in _short(column, SHORT_COMMUNE):
                column[index] = Cell(column[index].value.zfill(FULL_COMMUNE), "LEADING-ZERO")
        elif name.endswith("programme_code"):
            for index in _short(column, SHORT_PROGRAMME):
                column[index] = Cell(column[index].value.zfill(FULL_PROGRAMME), "LEADING-ZERO")
        elif name.endswith("citizen_id"):
            prefix = name.removesuffix("citizen_id")
            for index in _short(column, SHORT_ID):
                cell = column[index]
                padded = cell.value.zfill(FULL_ID)
                if agrees(padded, *_person(cells, prefix, index)):
                    column[index] = Cell(padded, "LEADING-ZERO")
                else:
                    column[index] = Cell(cell.value, cell.repair, "ID-11-DIGITS")


def _short(column: Cells, digits: int) -> list[int]:
    """Indexes of the cells with exactly so many digits."""
    return [
        index
        for index, cell in enumerate(column)
        if isinstance(cell.value, str) and len(cell.value) == digits and cell.value.isascii() and cell.value.isdigit()
    ]


def agrees(citizen_id: str, sex: str | None, birth_year: int | None) -> bool:
    """Does a 12-digit ID agree with sex (male, female) and birth year?"""
    if sex is None or birth_year is None:
        return False
    century = {19: 0, 20: 2, 21: 4}.get(birth_year // 100)
    if century is None:
        return False
    return citizen_id[3] == str(century + (sex == "female")) and citizen_id[4:6] == f"{birth_year % 100:02d}"


def _person(cells: Mapping[str, Cells], prefix: str, index: int) -> tuple[str | None, int | None]:
    """(sex, birth year) of the row, from a sex column and birth date, or from the two birth-year columns."""
    male, female = (cells[name][index].value if name in cells else None for name in ("birth_year_male", "birth_year_female"))
    if male is not None or female is not None:
        return ("male", male) if male is not None else ("female", female)
    sex = cells.get(f"{prefix}sex")
    born = cells.get(f"{prefix}birth_date")
    value = born[index].value if born else None
    return (sex[index].value if sex else None), (value[1] if value else None)
