"""What the pages show, read from audit, intake.submission and reference. No query touches a household's row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from warehouse.database import Connection

Row = dict[str, Any]

# Findings of a submission: the reader's, and the rules' of the newest run that validated it.
FINDINGS_OF_SUBMISSION = "f.submission_id = %(id)s and (f.origin = 'reader' or f.run_id = %(run)s)"
FINDINGS_OF_FILE = "f.sha256 = %(id)s and f.origin = 'reader' and f.submission_id is null"

FINDING_COUNTS = """
    select f.rule_code, f.severity, f.origin, f.waiver_id, count(*) as failed
    from audit.failing_row as f
    where {where}
    group by f.rule_code, f.severity, f.origin, f.waiver_id
    order by case f.severity when 'error' then 1 when 'warning' then 2 else 3 end, f.origin, f.rule_code collate "C"
"""

FINDINGS = """
    select
        f.rule_code, f.severity, f.origin, f.sheet, f.row_number, f.cell, f.column_label, f.value_masked, f.reason_vi, f.reason_en,
        f.waiver_id
    from audit.failing_row as f
    where {where} {only}
    order by
        {rule_first}
        array_position(%(sheets)s::text[], f.sheet) nulls first, f.row_number nulls first, length(f.cell) nulls first,
        f.cell collate "C", f.rule_code collate "C", f.reason_vi collate "C"
    limit %(limit)s
"""


def rows(conn: Connection, statement: str, values: Row | None = None) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, values).fetchall()


def one(conn: Connection, statement: str, values: Row | None = None) -> Row | None:
    found = rows(conn, statement, values)
    return found[0] if found else None


def last_validation(conn: Connection, submission_id: UUID) -> Row | None:
    return one(
        conn,
        """
        select v.run_id, v.kind, v.recorded_at, v.rule_set_version, v.reference_version
        from audit.validation_batch as b
        inner join audit.validation_run as v on v.run_id = b.run_id and v.round = b.round
        where b.submission_id = %(id)s
        order by v.recorded_at desc, v.run_id
        limit 1
        """,
        {"id": submission_id},
    )


def results(conn: Connection, submission_id: UUID, run_id: UUID) -> list[Row]:
    return rows(
        conn,
        """
        select v.rule_code, v.severity, v.rows_tested, v.rows_failed, v.waiver_id, r.text_vi, r.text_en
        from audit.validation_result as v
        left join audit.rule as r on r.rule_code = v.rule_code and r.rule_version = v.rule_version
        where v.submission_id = %(id)s and v.run_id = %(run)s
        order by (v.rows_failed = 0), case v.severity when 'error' then 1 when 'warning' then 2 else 3 end, v.rule_code collate "C"
        """,
        {"id": submission_id, "run": run_id},
    )


def waivers(conn: Connection, numbers: list[int]) -> dict[int, Row]:
    """Waivers by number, as a page may show them: the approver by title, never by name."""
    found = rows(
        conn,
        "select waiver_id, approver_title, reason, expires_on from audit.waiver where waiver_id = any(%(numbers)s)",
        {"numbers": numbers},
    )
    return {row["waiver_id"]: row for row in found}


def rule_texts(conn: Connection, codes: list[str], as_of: datetime) -> dict[str, Row]:
    """Text of each rule as it stood when it judged (the newest version recorded by then, else the oldest)."""
    found = rows(
        conn,
        """
        select distinct on (r.rule_code)
            r.rule_code, r.text_vi, r.text_en, r.resolve_vi, r.resolve_en, r.basis
        from audit.rule as r
        where r.rule_code = any(%(codes)s)
        order by r.rule_code, (r.recorded_at <= %(as_of)s) desc, r.rule_version desc
        """,
        {"codes": codes, "as_of": as_of},
    )
    return {row["rule_code"]: {name: general(value) for name, value in row.items()} for row in found}


def general(text: str) -> str:
    """A reader's sentence as a heading, without the values that each failing row has filled in.

    ``Ô {cell}, cột «{column}»: «{value}» không phải là ngày.`` -> ``Không phải là ngày.``; ``Tệp lớn {size} MB`` -> ``Tệp lớn … MB``.
    """
    text = re.sub(r"^(?:Ô|Cell) \{cell\}[^:]*: (?:\W?\{value\}\W? )?", "", text)
    return re.sub(r"\{\w+\}", "…", text[:1].upper() + text[1:])


def finding_counts(conn: Connection, where: str, values: Row) -> list[Row]:
    return rows(conn, FINDING_COUNTS.format(where=where), values)


def findings(conn: Connection, where: str, values: Row, sheets: list[str], *, rule_code: str, limit: int) -> list[Row]:
    """First rows of one rule in the order of the workbook."""
    statement = FINDINGS.format(where=where, only="and f.rule_code = %(rule)s", rule_first="")
    return rows(conn, statement, {**values, "sheets": sheets, "rule": rule_code, "limit": limit})


def all_findings(conn: Connection, where: str, values: Row, sheets: list[str]) -> Iterator[Row]:
    """Every finding, sheet by sheet and row by row, streamed: there may be a hundred thousand."""
    statement = FINDINGS.format(where=where, only="", rule_first="")
    with conn.cursor(name="findings", row_factory=dict_row) as cursor:
        cursor.itersize = 5000
        yield from cursor.execute(statement, {**values, "sheets": sheets, "limit": None})


def history(conn: Connection, submission_ids: list[UUID]) -> list[Row]:
    return rows(
        conn,
        """
        select e.submission_id, s.version, e.event_type, e.recorded_at, e.actor, e.payload ->> 'reason' as reason, e.hash
        from audit.submission_event as e
        inner join intake.submission as s using (submission_id)
        where e.submission_id = any(%(ids)s)
        order by e.event_id
        """,
        {"ids": submission_ids},
    )


def received_file(conn: Connection, sha256: str) -> Row | None:
    return one(conn, "select * from audit.received_file where sha256 = %(id)s", {"id": sha256})


def sheets_read(conn: Connection, submission_id: UUID) -> list[Row]:
    return rows(
        conn,
        "select sheet, title, header_row, rows_read, rows_refused, rows_skipped from intake.sheet where submission_id = %(id)s",
        {"id": submission_id},
    )


def repairs(conn: Connection, submission_id: UUID, sheets: list[str]) -> list[Row]:
    """Every repair, in the order of the workbook."""
    return rows(
        conn,
        """
        select sheet, cell, before_masked, after_masked, repair_code
        from audit.cell_repair
        where submission_id = %(id)s
        order by
            array_position(%(sheets)s::text[], sheet) nulls first, (substring(cell from '[0-9]+$'))::bigint nulls first, length(cell),
            cell collate "C", repair_code collate "C"
        """,
        {"id": submission_id, "sheets": sheets},
    )
