"""Two versions of a return row by row: added, removed, changed cells. Names and IDs are compared as they are and shown masked.

Rows of a household are compared with rows of the same household; where a sheet has no household code, all its rows are. Equal rows find
each other first, whatever their place; what is left is compared in the order of the sheet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from uuid import UUID

from psycopg import sql

from ingestion.contracts import Column, Sheet, load_form
from reporting.queries import rows
from warehouse.database import Connection
from warehouse.masking import mask

ROW_FIELDS = ("row_label",)
"""Numbers that a commune gives its rows: a row that moved has not changed."""


class NotVersions(Exception):
    """The two submissions are not versions of one return; the message says in what they differ."""


@dataclass(frozen=True)
class CellChange:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class RowChange:
    """``kind``: added, removed, changed. An added or removed row has its filled cells."""

    sheet: str
    kind: str
    old_row: int | None
    new_row: int | None
    household: str | None
    cells: tuple[CellChange, ...]


def compare(conn: Connection, old_id: UUID, new_id: UUID) -> list[RowChange]:
    """What the second submission says otherwise than the first, in the order of the form's sheets. Raises NotVersions."""
    found = {
        row["submission_id"]: row
        for row in rows(
            conn,
            "select submission_id, form_code, commune_code, period_key from intake.submission where submission_id = any(%(ids)s)",
            {"ids": [old_id, new_id]},
        )
    }
    old, new = found[old_id], found[new_id]
    for field in ("form_code", "commune_code", "period_key"):
        if old[field] != new[field]:
            raise NotVersions(f"{field}: {old[field]}, {new[field]}")
    changes: list[RowChange] = []
    for sheet in load_form(old["form_code"]).sheets:
        changes += _sheet(conn, sheet, old_id, new_id)
    return changes


def _sheet(conn: Connection, sheet: Sheet, old_id: UUID, new_id: UUID) -> Iterator[RowChange]:
    columns = [column for column in sheet.columns if column.field not in ROW_FIELDS]
    sides = [_rows(conn, sheet, columns, one) for one in (old_id, new_id)]
    groups = list(dict.fromkeys([*sides[0], *sides[1]]))
    for group in groups:
        before, after = _without_equals(sides[0].get(group, []), sides[1].get(group, []))
        for old, new in zip_longest(before, after):
            yield _change(sheet, columns, group, old, new)


Line = tuple[int, tuple[Any, ...]]
"""(row number, values)"""


def _rows(conn: Connection, sheet: Sheet, columns: list[Column], submission_id: UUID) -> dict[str | None, list[Line]]:
    """Rows of a sheet by household, in their order."""
    has_code = any(column.field == "household_code" for column in columns)
    statement = sql.SQL("select {} as grouped, {} as row_number, {} from intake.{} where submission_id = %(id)s order by 2").format(
        sql.SQL("household_code" if has_code else "null::text"),
        sql.SQL("1" if sheet.name == "cover" else "row_number"),
        sql.SQL(", ").join(_text(column) for column in columns),
        sql.Identifier(sheet.name),
    )
    found: dict[str | None, list[Line]] = defaultdict(list)
    for row in rows(conn, statement, {"id": submission_id}):  # type: ignore[arg-type]
        found[row["grouped"]].append((row["row_number"], tuple(row[column.field] for column in columns)))
    return found


def _text(column: Column) -> sql.Composable:
    """The value as text; of a date known by its year alone, the year."""
    if column.type == "date_or_year":
        return sql.SQL("coalesce({}::text, {}::text) as {}").format(
            sql.Identifier(column.field), sql.Identifier(f"{column.field}_year"), sql.Identifier(column.field)
        )
    return sql.SQL("{}::text").format(sql.Identifier(column.field))


def _without_equals(before: list[Line], after: list[Line]) -> tuple[list[Line], list[Line]]:
    """Both sides without the rows that have the same values on the other one, each of them once."""
    waiting: dict[tuple[Any, ...], list[Line]] = defaultdict(list)
    for line in after:
        waiting[line[1]].append(line)
    left = []
    for line in before:
        if waiting[line[1]]:
            waiting[line[1]].pop(0)
        else:
            left.append(line)
    return left, sorted((line for lines in waiting.values() for line in lines), key=lambda line: line[0])


def _change(sheet: Sheet, columns: list[Column], household: str | None, old: Line | None, new: Line | None) -> RowChange:
    values = [(None,) * len(columns) if line is None else line[1] for line in (old, new)]
    cells = tuple(
        CellChange(column.labels[0], _shown(column, before), _shown(column, after))
        for column, before, after in zip(columns, *values, strict=True)
        if before != after
    )
    kind = "added" if old is None else "removed" if new is None else "changed"
    return RowChange(sheet.name, kind, old and old[0], new and new[0], household, cells)


def _shown(column: Column, value: str | None) -> str:
    """The value as the workbook has it: labels for codes, x for a cross, personal values masked."""
    if value is None:
        return ""
    if column.personal:
        return mask(value)
    labels = {code: label for label, code in (column.codes or {}).items()}
    return {"true": "x", "false": ""}.get(value, value) if column.type == "flag" else labels.get(value, value)
