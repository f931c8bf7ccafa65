"""One file into the database: its registration, its rows, what was found and the event, in one transaction.

A file cut off anywhere leaves nothing behind and is read again the next night, from the inbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from psycopg import sql

from ingestion.reader.cover import Cover
from ingestion.reader.reading import Reading
from ingestion.reader.table import TableReading
from warehouse.database import Connection, copy_rows
from warehouse.events import Event, append_events
from warehouse.runs import Run

NAMESPACE = UUID("6f5a4a52-54b3-4c1e-9a0e-1d1f6a3b7c80")
PENDING_OR_IN_FORCE = ("received", "validated", "held", "accepted")

Communes = dict[str, list[tuple[date, date | None, date]]]
"""Commune code -> its (valid_from, valid_to, footprint_from)."""

State = Literal["read", "unreadable", "returned", "duplicate"]


@dataclass(frozen=True)
class FileItem:
    """A file to take in: where it lay, its archived bytes, and when it came."""

    path: str
    name: str
    size: int
    received_at: datetime
    sha256: str


@dataclass(frozen=True)
class Outcome:
    state: State
    rows: int
    submission_id: UUID | None = None


def is_known(conn: Connection, sha256: str) -> bool:
    """Are these bytes in force or pending, or are they a file that cannot be read? Then there is nothing new in them."""
    row = conn.execute(
        """
        select exists (select 1 from audit.submission where sha256 = %(sha)s and state = any(%(states)s))
            or exists (select 1 from audit.received_file where sha256 = %(sha)s and state = 'unreadable')
        """,
        {"sha": sha256, "states": list(PENDING_OR_IN_FORCE)},
    ).fetchone()
    return bool(row and row[0])


def communes(conn: Connection) -> Communes:
    """Commune code -> its (valid_from, valid_to, footprint_from) in the reference data in force."""
    known: Communes = {}
    for code, *dates in conn.execute(
        "select code, valid_from, valid_to, footprint_from from reference.unit where unit_level = 'commune' "
        "and load_id = (select max(load_id) from reference.load where table_name = 'unit')"
    ):
        known.setdefault(code, []).append((dates[0], dates[1], dates[2]))
    return known


def record_duplicate(conn: Connection, run: Run, item: FileItem, seconds: float) -> Outcome:
    """The bytes are known: the arrival is noted and nothing else changes."""
    _arrival(conn, run, item)
    _file_outcome(conn, run, item, "duplicate", 0, 0, None, seconds)
    append_events(
        conn, run.run_id, run.now, [Event("duplicate", item.received_at, "inbox", sha256=item.sha256, payload={"file_name": item.name})]
    )
    return Outcome("duplicate", 0)


def record_failure(conn: Connection, run: Run, path: str, name: str, code: str, seconds: float, sha256: str | None = None) -> None:
    """The file could not be taken in tonight (permission, still changing, our own fault): no arrival, so it is tried again."""
    state = {"STILL-CHANGING": "waiting"}.get(code, "failed")
    item = FileItem(path, name, 0, run.now, sha256 or "")
    _file_outcome(conn, run, item, state, 0, 0, code, seconds)


def load_file(
    conn: Connection, run: Run, item: FileItem, reading: Reading, known_communes: Communes, seconds: float,
    *, is_resubmission: bool = False,
) -> Outcome:  # fmt: skip
    """Register the file and load what was read of it. Call it in a transaction of its own."""
    cover = reading.cover
    _received_file(conn, run, item, reading)
    if not is_resubmission:
        _arrival(conn, run, item)
    if cover is None:
        _failing_rows(conn, run, item, reading, None)
        _file_outcome(conn, run, item, "unreadable", 0, 0, reading.reason_code, seconds)
        append_events(conn, run.run_id, run.now, [_event(conn, run, item, "unreadable", None, {"reason": reading.reason_code})])
        return Outcome("unreadable", 0)
    submission_id, identity = _register(conn, run, item, cover, known_communes)
    for table in reading.tables:
        _load_table(conn, submission_id, table)
    _load_cover(conn, submission_id, reading, cover)
    copy_rows(
        conn, "audit.cell_repair", ("submission_id", "sheet", "cell", "before_masked", "after_masked", "repair_code"),
        ((submission_id, repair.sheet, repair.cell, repair.before, repair.after, repair.code) for repair in reading.repairs),
    )  # fmt: skip
    _failing_rows(conn, run, item, reading, submission_id)
    state: State = "returned" if reading.faults else "read"
    _file_outcome(conn, run, item, state, reading.rows_read, reading.rows_refused, reading.reason_code, seconds)
    events = [_event(conn, run, item, "received", submission_id, identity)]
    if reading.faults:
        codes = sorted({finding.code for finding in reading.faults})
        events.append(
            Event("returned", run.now, "reader", submission_id=submission_id, sha256=item.sha256, payload={"reason": " ".join(codes)})
        )
    append_events(conn, run.run_id, run.now, events)
    return Outcome(state, reading.rows_read, submission_id)


def _register(conn: Connection, run: Run, item: FileItem, cover: Cover, known: Communes) -> tuple[UUID, dict[str, Any]]:
    period, form = cover.period, cover.form
    in_force = next(
        (dates for dates in known.get(cover.commune_code, []) if dates[0] <= period.end and (dates[1] is None or period.end <= dates[1])),
        None,
    )
    row = conn.execute(
        "select coalesce(max(version), 0) + 1 from intake.submission where form_code = %s and commune_code = %s and period_key = %s",
        (form.code, cover.commune_code, period.key),
    ).fetchone()
    assert row is not None
    version = int(row[0])
    submission_id = uuid5(NAMESPACE, f"{item.sha256}|{form.code}|{cover.commune_code}|{period.key}|{version}")
    form_version = cover.form_version or ""
    conn.execute(
        """
        insert into intake.submission (
            submission_id, sha256, form_code, form_version, commune_code, commune_valid_from, commune_footprint_from, period_key,
            period_type, period_start_date, period_end_date, result_stage, version, file_name, received_at, recorded_at
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            submission_id, item.sha256, form.code, form_version, cover.commune_code, in_force[0] if in_force else None,
            in_force[2] if in_force else None, period.key, period.type, period.start, period.end, cover.result_stage, version, item.name,
            item.received_at, run.now,
        ),
    )  # fmt: skip
    identity = {
        "form_code": form.code, "form_version": form_version, "commune_code": cover.commune_code, "period_key": period.key,
        "result_stage": cover.result_stage, "version": version, "file_name": item.name,
    }  # fmt: skip
    return submission_id, identity


def _load_table(conn: Connection, submission_id: UUID, table: TableReading) -> None:
    columns = ["submission_id", "row_number", "refused_fields", *table.db_columns]
    _copy_lines(conn, table.sheet.name, columns, submission_id, table.copy_lines)
    _sheet(conn, submission_id, table.sheet.name, table.title, table.header_row, len(table.row_numbers), table.rows_refused, table.skipped)
    _column_map(conn, submission_id, table.sheet.name, table.column_map)


def _load_cover(conn: Connection, submission_id: UUID, reading: Reading, cover: Cover) -> None:
    columns = ["submission_id", "row_number", "refused_fields", *(name for name, _ in cover.form.cover.db_columns)]
    _copy_lines(conn, "cover", columns, submission_id, [reading.cover_line])
    refused = sum(finding.sheet == "cover" for finding in reading.findings)
    _sheet(conn, submission_id, "cover", cover.title, None, 1, min(refused, 1), {})
    _column_map(conn, submission_id, "cover", cover.places)


def _copy_lines(conn: Connection, table: str, columns: list[str], submission_id: UUID, lines: list[str]) -> None:
    if not lines:
        return
    statement = sql.SQL("copy intake.{} ({}) from stdin").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("".join(f"{submission_id}\t{line}\n" for line in lines))


def _sheet(
    conn: Connection,
    submission_id: UUID,
    sheet: str,
    title: str,
    header_row: int | None,
    rows_read: int,
    refused: int,
    skipped: dict[str, int],
) -> None:
    from psycopg.types.json import Jsonb

    conn.execute(
        "insert into intake.sheet (submission_id, sheet, title, header_row, rows_read, rows_refused, rows_skipped) "
        "values (%s, %s, %s, %s, %s, %s, %s)",
        (submission_id, sheet, title, header_row, rows_read, refused, Jsonb(skipped)),
    )


def _column_map(conn: Connection, submission_id: UUID, sheet: str, places: dict[str, str]) -> None:
    copy_rows(
        conn, "audit.column_map", ("submission_id", "sheet", "field", "column_letter"),
        ((submission_id, sheet, field, place) for field, place in places.items()),
    )  # fmt: skip


def _received_file(conn: Connection, run: Run, item: FileItem, reading: Reading) -> None:
    conn.execute(
        """
        insert into audit.received_file (sha256, file_name, size_bytes, received_at, recorded_at, state, reason_code, inspection)
        values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (sha256) do nothing
        """,
        (
            item.sha256, item.name, item.size, item.received_at, run.now, "read" if reading.cover else "unreadable",
            None if reading.cover else reading.reason_code, "inspected" if reading.inspected else "not inspected",
        ),
    )  # fmt: skip


def _arrival(conn: Connection, run: Run, item: FileItem) -> None:
    conn.execute(
        "insert into audit.arrival (path, size_bytes, mtime, sha256, run_id, recorded_at) values (%s, %s, %s, %s, %s, %s) "
        "on conflict do nothing",
        (item.path, item.size, item.received_at, item.sha256, run.run_id, run.now),
    )


def _file_outcome(
    conn: Connection, run: Run, item: FileItem, state: str, rows_read: int, rows_refused: int, code: str | None, seconds: float,
) -> None:  # fmt: skip
    conn.execute(
        """
        insert into audit.file_outcome (run_id, sha256, path, file_name, state, rows_read, rows_refused, reason_code, seconds, recorded_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (run_id, path) do update set state = excluded.state, reason_code = excluded.reason_code, sha256 = excluded.sha256
        """,
        (run.run_id, item.sha256 or None, item.path, item.name, state, rows_read, rows_refused, code, round(seconds, 3), run.now),
    )


def _failing_rows(conn: Connection, run: Run, item: FileItem, reading: Reading, submission_id: UUID | None) -> None:
    copy_rows(
        conn, "audit.failing_row",
        (
            "run_id", "sha256", "submission_id", "origin", "rule_code", "severity", "sheet", "row_number", "column_label", "cell",
            "value_masked", "reason_vi", "reason_en",
        ),
        (
            (run.run_id, item.sha256, submission_id, "reader", f.code, f.severity, f.sheet, f.row_number, f.column_label, f.cell,
             f.value_masked, f.reason_vi, f.reason_en)
            for f in (*reading.faults, *reading.findings)
        ),
    )  # fmt: skip


def _event(conn: Connection, run: Run, item: FileItem, kind: str, submission_id: UUID | None, payload: dict[str, Any]) -> Event:
    row = conn.execute("select row_count, digest from audit.findings_digest(%s, 'reader', %s, null)", (run.run_id, item.sha256)).fetchone()
    assert row is not None
    findings = {"count": row[0], "sha256": row[1]}
    return Event(
        kind, item.received_at, "reader", submission_id=submission_id, sha256=item.sha256, payload={**payload, "findings": findings}
    )
