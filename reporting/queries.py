"""What the pages show, read from audit, intake.submission and reference. No query touches a household's row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from warehouse.database import Connection

Row = dict[str, Any]

NIGHTS = """
    with seen as (
        select
            f.run_id,
            count(*) as files,
            count(*) filter (where f.state = 'unreadable') as unreadable
        from audit.file_outcome as f
        group by f.run_id
    ),

    happened as (
        select
            e.run_id,
            max(e.event_id) as last_event,
            count(*) filter (where e.event_type = 'accepted') as accepted,
            count(*) filter (where e.event_type = 'returned') as returned,
            count(*) filter (where e.event_type = 'superseded') as superseded,
            count(*) filter (where e.event_type = 'withdrawn') as withdrawn,
            count(*) filter (where e.event_type = 'duplicate') as duplicates
        from audit.submission_event as e
        group by e.run_id
    ),

    published as (
        select
            p.run_id,
            max(p.publication_id) as publication_id
        from audit.publication as p
        group by p.run_id
    )

    select
        r.run_id,
        r.kind,
        r.started_at,
        r.ended_at,
        r.outcome,
        r.code_version,
        coalesce(s.files, 0) as files,
        coalesce(s.unreadable, 0) as unreadable,
        coalesce(h.last_event, 0) as last_event,
        coalesce(h.accepted, 0) as accepted,
        coalesce(h.returned, 0) as returned,
        coalesce(h.superseded, 0) as superseded,
        coalesce(h.withdrawn, 0) as withdrawn,
        coalesce(h.duplicates, 0) as duplicates,
        p.publication_id
    from audit.run as r
    left join seen as s using (run_id)
    left join happened as h using (run_id)
    left join published as p using (run_id)
    where
        s.run_id is not null
        or h.run_id is not null
        or p.run_id is not null
        or r.outcome = 'failed'
    order by r.started_at desc, r.run_id
"""

SUBMISSIONS = """
    with units as (
        select u.* from reference.unit as u
        where u.load_id = (select max(l.load_id) from reference.load as l where l.table_name = 'unit')
    ),

    events as (
        select
            e.submission_id,
            max(e.event_id) as last_event
        from audit.submission_event as e
        where e.submission_id is not null
        group by e.submission_id
    ),

    batches as (
        select
            b.submission_id,
            count(*) as rounds
        from audit.validation_batch as b
        group by b.submission_id
    )

    select
        s.submission_id,
        s.sha256,
        s.form_code,
        s.form_version,
        s.commune_code,
        s.period_key,
        s.result_stage,
        s.version,
        s.received_at,
        s.recorded_at,
        s.state,
        s.accepted_at,
        s.superseded_at,
        s.file_name,
        i.period_end_date,
        (f.submission_id is not null) as is_in_force,
        coalesce(e.last_event, 0) as last_event,
        coalesce(b.rounds, 0) as rounds,
        c.name_vi as commune_name,
        c.district_code,
        d.name_vi as district_name
    from audit.submission as s
    inner join intake.submission as i using (submission_id)
    left join audit.submission_in_force as f using (submission_id)
    left join events as e using (submission_id)
    left join batches as b using (submission_id)
    left join lateral (
        select u.name_vi, u.district_code
        from units as u
        where u.unit_level = 'commune' and u.code = s.commune_code
        order by (u.valid_from <= i.period_end_date and (u.valid_to is null or i.period_end_date <= u.valid_to)) desc, u.valid_from desc
        limit 1
    ) as c on true
    left join lateral (
        select u.name_vi
        from units as u
        where u.unit_level = 'district' and u.code = c.district_code
        order by u.valid_from desc
        limit 1
    ) as d on true
    order by s.period_key collate "C" desc, s.form_code collate "C", s.commune_code collate "C", s.version
"""

EXPECTED = """
    select distinct on (u.code)
        u.code as commune_code,
        u.name_vi as commune_name,
        d.name_vi as district_name
    from reference.unit as u
    left join lateral (
        select x.name_vi from reference.unit as x
        where x.load_id = u.load_id and x.unit_level = 'district' and x.code = u.district_code
        order by x.valid_from desc
        limit 1
    ) as d on true
    where
        u.load_id = (select max(l.load_id) from reference.load as l where l.table_name = 'unit')
        and u.unit_level = 'commune'
        and u.is_long_an
        and u.valid_from <= %(day)s
        and (u.valid_to is null or u.valid_to >= %(day)s)
    order by u.code, u.footprint_from desc
"""

UNREADABLE = """
    select
        r.sha256,
        r.file_name,
        r.size_bytes,
        r.received_at,
        r.recorded_at,
        r.reason_code,
        coalesce((select max(e.event_id) from audit.submission_event as e where e.sha256 = r.sha256), 0) as last_event
    from audit.received_file as r
    where r.state = 'unreadable'
    order by r.received_at desc, r.file_name collate "C", r.sha256
"""

# Findings of a submission: the reader's, and the rules' of the newest run that validated it.
FINDINGS_OF_SUBMISSION = "f.submission_id = %(id)s and (f.origin = 'reader' or f.run_id = %(run)s)"
FINDINGS_OF_FILE = "f.sha256 = %(id)s and f.origin = 'reader' and f.submission_id is null"

FINDING_COUNTS = """
    select f.rule_code, f.severity, f.origin, count(*) as failed
    from audit.failing_row as f
    where {where}
    group by f.rule_code, f.severity, f.origin
    order by case f.severity when 'error' then 1 when 'warning' then 2 else 3 end, f.origin, f.rule_code collate "C"
"""

FINDINGS = """
    select
        f.rule_code, f.severity, f.origin, f.sheet, f.row_number, f.cell, f.column_label, f.value_masked, f.reason_vi, f.reason_en
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
        return cursor.execute(statement, values).fetchall()  # type: ignore[arg-type]


def one(conn: Connection, statement: str, values: Row | None = None) -> Row | None:
    found = rows(conn, statement, values)
    return found[0] if found else None


def nights(conn: Connection) -> list[Row]:
    return rows(conn, NIGHTS)


def submissions(conn: Connection) -> list[Row]:
    return rows(conn, SUBMISSIONS)


def expected_communes(conn: Connection, day: date) -> list[Row]:
    """Communes of the Long An footprint in force on a day."""
    return rows(conn, EXPECTED, {"day": day})


def unreadable_files(conn: Connection) -> list[Row]:
    return rows(conn, UNREADABLE)


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
        select v.rule_code, v.severity, v.rows_tested, v.rows_failed, r.text_vi, r.text_en
        from audit.validation_result as v
        left join audit.rule as r on r.rule_code = v.rule_code and r.rule_version = v.rule_version
        where v.submission_id = %(id)s and v.run_id = %(run)s
        order by (v.rows_failed = 0), case v.severity when 'error' then 1 when 'warning' then 2 else 3 end, v.rule_code collate "C"
        """,
        {"id": submission_id, "run": run_id},
    )


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
    return {row["rule_code"]: row for row in found}


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
        yield from cursor.execute(statement, {**values, "sheets": sheets, "limit": None})  # type: ignore[arg-type]


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


def repairs(conn: Connection, submission_id: UUID, sheets: list[str], limit: int | None) -> list[Row]:
    return rows(
        conn,
        """
        select sheet, cell, before_masked, after_masked, repair_code
        from audit.cell_repair
        where submission_id = %(id)s
        order by
            array_position(%(sheets)s::text[], sheet) nulls first, (substring(cell from '[0-9]+$'))::bigint nulls first, length(cell),
            cell collate "C", repair_code collate "C"
        limit %(limit)s
        """,
        {"id": submission_id, "sheets": sheets, "limit": limit},
    )


def repair_counts(conn: Connection, submission_id: UUID) -> list[Row]:
    return rows(
        conn,
        """
        select repair_code, count(*) as cells from audit.cell_repair
        where submission_id = %(id)s group by repair_code order by count(*) desc, repair_code collate "C"
        """,
        {"id": submission_id},
    )
