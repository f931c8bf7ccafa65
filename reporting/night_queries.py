"""What a night's page shows: all by run_id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from reporting.queries import Row, general, one, rows
from warehouse.database import Connection


def outcomes(conn: Connection, run_id: UUID) -> list[Row]:
    """Submissions whose state changed in the run, with the last thing that happened to each."""
    return rows(
        conn,
        """
        select distinct on (e.submission_id) e.submission_id, e.event_type
        from audit.submission_event as e
        where
            e.run_id = %(run)s and e.submission_id is not null
            and e.event_type in ('received', 'validated', 'returned', 'held', 'accepted', 'superseded', 'withdrawn')
        order by e.submission_id, e.event_id desc
        """,
        {"run": run_id},
    )


def unreadable(conn: Connection, run_id: UUID) -> list[Row]:
    return rows(
        conn,
        """
        select distinct on (f.sha256) f.sha256, f.file_name, f.reason_code
        from audit.file_outcome as f
        where f.run_id = %(run)s and f.state = 'unreadable'
        order by f.sha256, f.path
        """,
        {"run": run_id},
    )


def not_taken(conn: Connection, run_id: UUID) -> list[Row]:
    """Files that could not be taken in tonight: still written to, no permission, a fault of our own. They are tried again."""
    return rows(
        conn,
        """
        select f.path, f.file_name, f.state, f.reason_code
        from audit.file_outcome as f
        where f.run_id = %(run)s and f.state in ('waiting', 'failed')
        order by f.path collate "C"
        """,
        {"run": run_id},
    )


def error_rules(conn: Connection, run_id: UUID) -> dict[Any, list[str]]:
    """Submission -> codes of the rules that found an error in it during the run, and were not waived."""
    found = rows(
        conn,
        """
        select f.submission_id, array_agg(distinct f.rule_code order by f.rule_code) as codes
        from audit.failing_row as f
        where f.run_id = %(run)s and f.severity = 'error' and f.submission_id is not null and f.waiver_id is null
        group by f.submission_id
        """,
        {"run": run_id},
    )
    return {row["submission_id"]: row["codes"] for row in found}


def rule_totals(conn: Connection, run_id: UUID) -> list[Row]:
    """Rows tested and failed a rule over the run; the reader's findings have no count of rows tested."""
    found = rows(
        conn,
        """
        with counted as (
            select
                v.rule_code, v.severity, 'rule' as origin,
                sum(v.rows_tested) as tested, sum(v.rows_failed) as failed,
                coalesce(sum(v.rows_failed) filter (where v.waiver_id is not null), 0) as waived,
                count(*) filter (where v.rows_failed > 0) as returns_hit
            from audit.validation_result as v
            where v.run_id = %(run)s
            group by v.rule_code, v.severity

            union all

            select f.rule_code, f.severity, 'reader', null, count(*), 0, count(distinct f.sha256)
            from audit.failing_row as f
            where f.run_id = %(run)s and f.origin = 'reader'
            group by f.rule_code, f.severity
        )

        select c.*, r.text_vi, r.text_en
        from counted as c
        left join lateral (
            select x.text_vi, x.text_en from audit.rule as x where x.rule_code = c.rule_code order by x.rule_version desc limit 1
        ) as r on true
        order by
            (c.failed = 0), case c.severity when 'error' then 1 when 'warning' then 2 else 3 end, c.failed desc, c.rule_code collate "C"
        """,
        {"run": run_id},
    )
    return [{**row, "text_vi": general(row["text_vi"] or ""), "text_en": general(row["text_en"] or "")} for row in found]


def renewed(conn: Connection, run_id: UUID) -> list[UUID]:
    """Accepted submissions that the run judged again."""
    found = rows(
        conn,
        """
        select b.submission_id
        from audit.validation_batch as b
        inner join audit.validation_run as v using (run_id, round)
        where b.run_id = %(run)s and v.kind = 'recheck'
        """,
        {"run": run_id},
    )
    return [row["submission_id"] for row in found]


def again(conn: Connection, run_id: UUID) -> Row | None:
    """The part that the run was to do again (forms, periods, communes) and ``n``, the accepted returns of it that were judged; None
    where nothing was asked."""
    return one(
        conn,
        """
        with asked as (
            select r.run_id, p.*
            from audit.run as r
            cross join lateral jsonb_to_record(r.parameters -> 'again') as p (forms text[], periods text[], communes text[])
            where r.run_id = %(run)s and r.parameters ? 'again'
        )

        select
            a.forms, a.periods, a.communes,
            count(s.submission_id) filter (
                where (cardinality(a.forms) = 0 or s.form_code = any(a.forms))
                    and (cardinality(a.periods) = 0 or s.period_key = any(a.periods))
                    and (cardinality(a.communes) = 0 or s.commune_code = any(a.communes))
            ) as n
        from asked as a
        left join audit.validation_run as v on v.run_id = a.run_id and v.kind = 'recheck'
        left join audit.validation_batch as b on b.run_id = v.run_id and b.round = v.round
        left join intake.submission as s on s.submission_id = b.submission_id
        group by a.forms, a.periods, a.communes
        """,
        {"run": run_id},
    )


def waived(conn: Connection, run_id: UUID) -> list[Row]:
    """(submission, rule, waiver) of the errors that did not return a return accepted in the run."""
    return rows(
        conn,
        """
        select v.submission_id, v.rule_code, v.waiver_id
        from audit.validation_result as v
        inner join audit.submission_event as e on e.run_id = v.run_id and e.submission_id = v.submission_id and e.event_type = 'accepted'
        where v.run_id = %(run)s and v.severity = 'error' and v.waiver_id is not null
        order by v.submission_id, v.rule_code collate "C"
        """,
        {"run": run_id},
    )


def waivers(conn: Connection, run_id: UUID) -> list[Row]:
    """Waivers of which the run tells: recorded, ended, or said to have lapsed (``how``: expired, ended)."""
    return rows(
        conn,
        """
        select
            e.event_type, e.payload ->> 'how' as how, w.waiver_id, w.rule_code, w.form_code, w.commune_code, w.period_key,
            w.approver_title, case when e.event_type = 'waiver_added' then w.reason else w.end_reason end as reason, w.expires_on
        from audit.submission_event as e
        inner join audit.waiver as w on w.waiver_id = coalesce((e.payload ->> 'waiver_id')::bigint, e.event_id)
        where e.run_id = %(run)s and e.event_type in ('waiver_added', 'waiver_ended', 'waiver_lapsed')
        order by e.event_id
        """,
        {"run": run_id},
    )


def publication(conn: Connection, run_id: UUID) -> Row | None:
    return one(
        conn,
        """
        select publication_id, published_at, knowledge_at, today, code_version, rule_set_version, reference_version, is_rollback,
            accept_reason, hash
        from audit.publication where run_id = %(run)s order by publication_id desc limit 1
        """,
        {"run": run_id},
    )


def gate(conn: Connection, run_id: UUID) -> list[Row]:
    return rows(
        conn,
        """
        select check_code, passed, rows_failed, detail_vi, detail_en, accepted_reason
        from audit.gate_result where run_id = %(run)s order by passed, check_code collate "C"
        """,
        {"run": run_id},
    )


def build_nodes(conn: Connection, run_id: UUID) -> Row | None:
    found = one(
        conn,
        """
        select count(*) as n, count(*) filter (where status in ('error', 'fail', 'runtime error')) as bad, sum(seconds) as seconds
        from audit.node_result where run_id = %(run)s
        """,
        {"run": run_id},
    )
    return found if found and found["n"] else None


def failing_nodes(conn: Connection, run_id: UUID) -> list[Row]:
    return rows(
        conn,
        """
        select node, status, rows from audit.node_result
        where run_id = %(run)s and status in ('error', 'fail', 'runtime error') order by node collate "C"
        """,
        {"run": run_id},
    )
