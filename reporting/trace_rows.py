"""The rows of a return that make a figure, each with what it adds and the cells that decide.

Rows are picked by their own cells, or, where a household or a person counts once whatever its rows, by what the build counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql

from ingestion.contracts import load_form
from reporting.lineage import Mart, Source
from reporting.queries import Row, rows
from warehouse.database import Connection

NAMES = {"household_list": "head_name", "credit_need": "borrower_name", "training_need": "person_name"}
"""Sheets with a household code on every row -> the field of the name, which is shown masked."""


@dataclass(frozen=True)
class TracedCell:
    cell: str
    label: str
    value: str


@dataclass(frozen=True)
class TracedRow:
    row_number: int
    household_code: str | None
    name_masked: str | None
    amount: Decimal | None
    """What the row adds: 1 where rows are counted, and on the first row of what counts once; None where the field summed is empty."""
    cells: tuple[TracedCell, ...]


@dataclass(frozen=True)
class Wanted:
    """The rows of this submission that make a figure of this class, in the build of this colour."""

    mart: Mart
    source: Source
    submission_id: UUID
    counted_class: str | None
    build_schema: str


def traced_rows(conn: Connection, wanted: Wanted) -> tuple[TracedRow, ...]:
    """The intake rows, in the order of the sheet."""
    source = wanted.source
    table = wanted.mart.sheet_of(source)
    sheet = load_form(wanted.mart.form).sheet(table)
    shown = [sheet.column(name) for name in source.shown]
    picked, values = _counted(wanted) if source.sheet is None else _by_cells(wanted)
    name = sql.Identifier(NAMES[table]) if table in NAMES else None
    statement = sql.SQL(
        "select t.row_number, p.amount, {code} as code, {name} as name, {fields} from intake.{table} as t"
        " inner join ({picked}) as p on t.row_number = p.row_number where t.submission_id = %(id)s order by t.row_number"
    ).format(
        code=sql.SQL("t.household_code") if name else sql.SQL("null::text"),
        name=sql.SQL("audit.mask(t.{})").format(name) if name else sql.SQL("null::text"),
        fields=sql.SQL(", ").join(sql.SQL("t.{} as {}").format(sql.Identifier(c.field), sql.Identifier(f"field_{c.field}")) for c in shown),
        table=sql.Identifier(table),
        picked=picked,
    )  # fmt: skip
    labels = {column.field: {code: label for label, code in (column.codes or {}).items()} for column in shown}
    letters = _letters(conn, wanted.submission_id, table)

    def cell(row: Row, field: str) -> TracedCell:
        stored = row[f"field_{field}"]
        text = "" if stored is None or stored is False else "x" if stored is True else labels[field].get(str(stored), str(stored))
        return TracedCell(f"{letters.get(field, '?')}{row['row_number']}", sheet.column(field).labels[0], text)

    return tuple(
        TracedRow(row["row_number"], row["code"], row["name"], row["amount"], tuple(cell(row, column.field) for column in shown))
        for row in rows(conn, statement, {"id": wanted.submission_id, **values})  # type: ignore[arg-type]
    )


def _letters(conn: Connection, submission_id: UUID, sheet: str) -> dict[str, str]:
    place = {"id": submission_id, "sheet": sheet}
    found = rows(conn, "select field, column_letter from audit.column_map where submission_id = %(id)s and sheet = %(sheet)s", place)
    return {row["field"]: row["column_letter"] for row in found}


def _by_cells(wanted: Wanted) -> tuple[sql.Composed, dict[str, Any]]:
    """Rows whose own cells say that they count: (row_number, amount)."""
    source = wanted.source
    assert source.sheet is not None
    conditions: list[sql.Composable] = [sql.SQL("submission_id = %(id)s")]
    values: dict[str, Any] = {}
    for name, allowed in source.where.items():
        conditions.append(sql.SQL("{}::text = any(%({})s)").format(sql.Identifier(name), sql.SQL(name)))
        values[name] = [str(item).lower() if isinstance(item, bool) else item for item in allowed]
    if source.of_class and wanted.counted_class != "all":
        conditions.append(sql.SQL("{} = %(class)s").format(sql.Identifier(source.of_class)))
        values["class"] = wanted.counted_class
    amount = source.sum or source.cell
    picked = sql.SQL("select row_number, {amount} as amount from intake.{table} where {conditions}").format(
        amount=sql.SQL("{}::numeric").format(sql.Identifier(amount)) if amount else sql.SQL("1::numeric"),
        table=sql.Identifier(source.sheet),
        conditions=sql.SQL(" and ").join(conditions),
    )
    return picked, values


def _counted(wanted: Wanted) -> tuple[sql.Composed, dict[str, Any]]:
    """Every row of what the build counted; its amount stands on its first row, nought on the others."""
    counting, source = wanted.mart.counting, wanted.source
    assert wanted.mart.class_column is not None
    flag = sql.SQL("c.{}").format(sql.Identifier(source.counted)) if source.counted else sql.SQL("true")
    picked = sql.SQL(
        """
        select r.row_number, case when row_number() over (partition by r.{key} order by r.row_number) = 1 then {amount} else 0 end as amount
        from {staging}.{rows} as r
        inner join {intermediate}.{model} as c on r.submission_id = c.submission_id and r.{key} = c.{key}
        where r.submission_id = %(id)s and {flag} and (%(class)s = 'all' or c.{class_column} = %(class)s)
        """
    ).format(
        key=sql.Identifier(counting.key),
        amount=sql.SQL("c.{}::numeric").format(sql.Identifier(source.amount)) if source.amount else sql.SQL("1::numeric"),
        staging=sql.Identifier(f"{wanted.build_schema}_staging"), rows=sql.Identifier(counting.rows),
        intermediate=sql.Identifier(f"{wanted.build_schema}_intermediate"), model=sql.Identifier(counting.model),
        flag=flag, class_column=sql.Identifier(wanted.mart.class_column),
    )  # fmt: skip
    return picked, {"class": wanted.counted_class}
