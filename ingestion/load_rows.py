"""What was read of some files, by COPY: the rows of their sheets, repairs, findings. One COPY a table for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from ingestion.reader.table import copy_text
from ingestion.taken import Registered, Taken
from warehouse.database import Connection, copy_rows
from warehouse.runs import Run


def load_sheets(conn: Connection, registered: Sequence[Registered]) -> None:
    """The rows of every sheet, what each sheet was, and where its columns stood."""
    lines: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    sheets: list[tuple[Any, ...]] = []
    places: list[str] = []
    for one in registered:
        key = str(one.submission_id)
        cover_columns = tuple(name for name, _ in one.cover.form.cover.db_columns)
        refused = min(sum(finding.sheet == "cover" for finding in one.reading.findings), 1)
        lines["cover", cover_columns].append(f"{one.submission_id}\t{one.reading.cover_line}\n")
        sheets.append((one.submission_id, "cover", one.cover.title, None, 1, refused, Jsonb({})))
        places += [f"{key}\tcover\t{field}\t{place}\n" for field, place in one.cover.places.items()]
        for table in one.reading.tables:
            name = table.sheet.name
            lines[name, tuple(table.db_columns)] += [f"{key}\t{line}\n" for line in table.copy_lines]
            sheets.append((
                one.submission_id, name, table.title, table.header_row, len(table.row_numbers), table.rows_refused, Jsonb(table.skipped),
            ))  # fmt: skip
            places += [f"{key}\t{name}\t{field}\t{letters}\n" for field, letters in table.column_map.items()]
    for (name, columns), text in lines.items():
        _copy_lines(conn, f"intake.{name}", ("submission_id", "row_number", "refused_fields", *columns), text)
    copy_rows(conn, "intake.sheet", ("submission_id", "sheet", "title", "header_row", "rows_read", "rows_refused", "rows_skipped"), sheets)
    _copy_lines(conn, "audit.column_map", ("submission_id", "sheet", "field", "column_letter"), places)


def load_repairs(conn: Connection, registered: Sequence[Registered]) -> None:
    _copy_lines(
        conn, "audit.cell_repair", ("submission_id", "sheet", "cell", "before_masked", "after_masked", "repair_code"),
        (
            f"{key}\t{sheet}\t{cell}\t{copy_text(before)}\t{copy_text(after)}\t{code}\n"
            for key, repairs in ((str(one.submission_id), one.reading.repairs) for one in registered)
            for sheet, cell, before, after, code in repairs
        ),
    )  # fmt: skip


def _copy_lines(conn: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY lines that are COPY text already."""
    text = "".join(lines)
    if not text:
        return
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)


def load_findings(conn: Connection, run: Run, read: Sequence[Taken], registered: dict[int, Registered]) -> None:
    copy_rows(
        conn, "audit.failing_row",
        (
            "run_id", "sha256", "submission_id", "origin", "rule_code", "severity", "sheet", "row_number", "column_label", "cell",
            "value_masked", "reason_vi", "reason_en",
        ),
        (
            (run.run_id, file.item.sha256, one.submission_id if (one := registered.get(id(file.reading))) else None, "reader", f.code,
             f.severity, f.sheet, f.row_number, f.column_label, f.cell, f.value_masked, f.reason_vi, f.reason_en)
            for file in read if file.reading is not None
            for f in (*file.reading.faults, *file.reading.findings)
        ),
    )  # fmt: skip
