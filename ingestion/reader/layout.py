"""Which sheet is which, and where its columns stand: known by names, else by labels; never by position."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ingestion.contracts import Column, Sheet
from ingestion.findings import ReadError
from ingestion.reader.cells import SPACES
from ingestion.reader.workbook import Rows, Workbook

HEADER_ROWS = 40
"""The header is looked for in this many rows from the top."""
ENOUGH = 0.6
"""Share of a sheet's labels that must stand in one row to call it the header."""


@dataclass(frozen=True)
class Header:
    row: int
    """Row number (from 1) of the last line of the header."""
    columns: dict[str, int]
    """Field -> column number (from 1)."""
    missing: tuple[Column, ...]
    twice: tuple[Column, ...]
    extra: tuple[tuple[str, int], ...]
    """Labels that the contract does not know, with their column number."""


@lru_cache(maxsize=1 << 16)
def normal(value: Any) -> str:
    """A label or title as it is compared: NFC, case folded, single spaces, no trailing marks."""
    if value is None or value == "":
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFC", str(value)).casefold()
    return re.sub(r"\s+", " ", text).strip(" :*.")


def find_sheet(workbook: Workbook, sheet: Sheet, version: str, taken: dict[str, Rows]) -> str:
    """The title of the sheet: by contract name or Vietnamese name, else by its labels. Raises ReadError."""
    names = {normal(name) for name in (sheet.name, sheet.title, *sheet.aliases)}
    found = [title for title in workbook.titles if normal(title) in names]
    if not found:
        found = [title for title in workbook.titles if title not in taken and _has_labels(workbook.rows(title), sheet, version)]
    if not found:
        raise ReadError("MISSING-SHEET", sheet=sheet.title)
    if len(found) > 1:
        raise ReadError("TWO-SHEETS", sheet=sheet.title, found=", ".join(found))
    return found[0]


def _has_labels(rows: Rows, sheet: Sheet, version: str) -> bool:
    header = find_header(rows, sheet, version)
    return header is not None and not header.missing


def find_header(rows: Rows, sheet: Sheet, version: str) -> Header | None:
    """The header by its labels, on one line or two (a merged group over its parts); None where there is none."""
    columns = sheet.columns_of(version)
    wanted = _wanted(sheet, version)
    best: dict[int, Column] = {}
    best_row = 0
    for index in range(min(len(rows), HEADER_ROWS)):
        matched = _match(rows, index, wanted)
        if len(matched) > len(best):
            best, best_row = matched, index
        if len(best) >= len(columns) or (len(best) >= ENOUGH * len(columns) and index > best_row + 1):
            break  # a header has two lines at the most
    fields: dict[str, int] = {}
    twice: list[Column] = []
    for number, column in best.items():
        if column.field in fields:
            twice.append(column)
        fields.setdefault(column.field, number)
    if len(fields) < ENOUGH * len(columns):
        return None
    extra = tuple(
        (str(value).strip(SPACES), number) for number, value in _labels(rows, best_row, best) if number not in best and not _is_blank(value)
    )
    missing = tuple(column for column in columns if column.field not in fields)
    return Header(best_row + 1, fields, missing, tuple(twice), extra)


def _labels(rows: Rows, index: int, matched: dict[int, Column]) -> Iterator[tuple[int, Any]]:
    """(column number, label) of the header whose last line is ``index``; a label merged over two lines stands in the upper one."""
    lower, upper = rows[index], rows[index - 1] if index else []
    has_two_lines = any(_is_blank(lower[number - 1]) for number in matched)
    for number, value in enumerate(lower, start=1):
        above = upper[number - 1] if number <= len(upper) else ""
        yield number, above if has_two_lines and _is_blank(value) else value


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(SPACES))


@lru_cache(maxsize=256)
def _wanted(sheet: Sheet, version: str) -> dict[str, Column]:
    return {normal(label): column for column in sheet.columns_of(version) for label in column.labels}


def known_elsewhere(sheet: Sheet, version: str, label: str) -> Column | None:
    """The column of this label that the sheet has in another version only."""
    column = _all_labels(sheet).get(normal(label))
    return None if column in sheet.columns_of(version) else column


@lru_cache(maxsize=64)
def _all_labels(sheet: Sheet) -> dict[str, Column]:
    return {normal(label): column for column in sheet.columns for label in column.labels}


def _match(rows: Rows, index: int, wanted: dict[str, Column]) -> dict[int, Column]:
    """Column number -> contract column for the line ``index``, read with the line above it as the groups."""
    lower = rows[index]
    upper = rows[index - 1] if index else []
    matched: dict[int, Column] = {}
    group = ""
    for number, value in enumerate(lower, start=1):
        above = normal(upper[number - 1]) if number <= len(upper) else ""
        group = above or group
        label = normal(value)
        column = wanted.get(f"{group} - {label}") if label and group else None
        column = column or wanted.get(label if label else above)
        if column is not None:
            matched[number] = column
    return matched
