"""Failing rows into audit.failing_row, by SQL alone, and each rule's result for each submission of a round.

Every failing row is listed, whatever their number: Great Expectations caps its own lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg
from psycopg import sql

from expectations.catalogue import Rule
from expectations.queries import SESSION, failing_sql, sheets
from expectations.runner import ValidationFailed
from warehouse.database import Connection

INSERT = """
insert into audit.failing_row (
    run_id, sha256, submission_id, origin, rule_code, severity, sheet, row_number, column_label, cell, value_masked, reason_vi, reason_en,
    waiver_id
)
select
    {run_id}, s.sha256, f.submission_id, 'rule', {code}, {severity}, f.sheet, f.row_number, c.label,
    case when f.sheet = 'cover' then m.column_letter else m.column_letter || f.row_number end,
    case when c.is_personal then coalesce(nullif(audit.mask(regexp_replace(f.value, '[*]', '', 'g')), ''), f.value) else f.value end,
    f.reason_vi, f.reason_en, w.waiver_id
from ({failing}) as f
inner join intake.submission as s using (submission_id)
left join audit.column_map as m on m.submission_id = f.submission_id and m.sheet = f.sheet and m.field = f.field
left join finding_column as c on c.sheet = f.sheet and c.field = f.field
left join applied_waiver as w on w.submission_id = f.submission_id and w.rule_code = {code}
"""

WAIVERS = """
insert into applied_waiver
select submission_id, rule_code, min(waiver_id)
from intake.batch_waiver
where not is_by_preparer
group by submission_id, rule_code
"""


def use_round(conn: Connection, run_id: UUID, number: int) -> None:
    """Point the batch views of this session at a round; make the contract's labels and the waivers in force known to its queries."""
    for name, value in {"warehouse.run_id": str(run_id), "warehouse.round": str(number), **SESSION}.items():
        conn.execute("select set_config(%s, %s, false)", (name, value))
    conn.execute("create temporary table if not exists finding_column (sheet text, field text, label text, is_personal boolean)")
    conn.execute("create temporary table if not exists applied_waiver (submission_id uuid, rule_code text, waiver_id bigint)")
    conn.execute("truncate finding_column, applied_waiver")
    conn.execute(WAIVERS)
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into finding_column values (%s, %s, %s, %s)",
            [(sheet.name, column.field, column.labels[0], column.personal) for sheet in sheets().values() for column in sheet.columns],
        )
    conn.execute("analyze finding_column")


def write_findings(conn: Connection, run_id: UUID, rules: Sequence[Rule]) -> dict[str, int]:
    """Insert every failing row of the round; returns rule code -> rows. Raises ValidationFailed where a rule's query cannot run."""
    counts = {}
    for rule in rules:
        statement = sql.SQL(INSERT).format(
            run_id=sql.Literal(run_id), code=sql.Literal(rule.code), severity=sql.Literal(rule.severity), failing=sql.SQL(failing_sql(rule))
        )
        try:
            counts[rule.code] = conn.execute(statement).rowcount
        except (psycopg.ProgrammingError, psycopg.DataError) as error:  # its message may quote a row
            raise ValidationFailed(f"rule {rule.code}: {type(error).__name__}") from error
    return counts


def write_results(conn: Connection, run_id: UUID, rules: Sequence[Rule], versions: dict[str, int]) -> None:
    """One row a (submission, rule): rows tested by our own count, rows failed by the rows written."""
    tested = " union all ".join(
        f"select submission_id, '{name}' as sheet, count(*) as rows_tested from intake.batch_{name} group by submission_id"
        for name in sheets()
        if name != "cover" and any(rule.sheet == name for rule in rules)
    )
    conn.execute(
        sql.SQL(
            """
            with tested as ({tested}),
            failed as (
                select f.submission_id, f.rule_code, count(*) as rows_failed, max(f.waiver_id) as waiver_id
                from audit.failing_row as f
                inner join intake.batch_submission as s using (submission_id)
                where f.run_id = {run_id} and f.origin = 'rule'
                group by f.submission_id, f.rule_code
            ),
            rule as (
                select *
                from unnest({codes}::text[], {numbers}::integer[], {severities}::text[], {sheets}::text[])
                    as r (code, version, severity, sheet)
            )
            insert into audit.validation_result (
                run_id, submission_id, rule_code, rule_version, severity, rows_tested, rows_failed, passed, waiver_id
            )
            select
                {run_id}, s.submission_id, r.code, r.version, r.severity,
                case when r.sheet = 'cover' then 1 else coalesce(t.rows_tested, 0) end,
                coalesce(f.rows_failed, 0), coalesce(f.rows_failed, 0) = 0, f.waiver_id
            from intake.batch_submission as s
            cross join rule as r
            left join tested as t on t.submission_id = s.submission_id and t.sheet = r.sheet
            left join failed as f on f.submission_id = s.submission_id and f.rule_code = r.code
            """
        ).format(
            tested=sql.SQL(tested or "select null::uuid as submission_id, '' as sheet, 0 as rows_tested where false"),
            run_id=sql.Literal(run_id),
            codes=sql.Literal([rule.code for rule in rules]),
            numbers=sql.Literal([versions[rule.code] for rule in rules]),
            severities=sql.Literal([rule.severity for rule in rules]),
            sheets=sql.Literal([rule.sheet for rule in rules]),
        )
    )
