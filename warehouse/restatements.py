"""The restatement log: what a publication changed against the one before it, cell by cell, and why.

Both builds stand until the next one takes the older's place, so the log is written right after the switch; where that was cut off, before
the next build begins. It is covered by a digest in the chain of events.
"""

from __future__ import annotations

from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from warehouse.database import Connection, connect
from warehouse.events import Event, append_events, rows_digest
from warehouse.mart_contracts import Mart
from warehouse.mart_diff import build_tables, cells_sql
from warehouse.runs import Run
from warehouse.settings import Settings

Cells = dict[tuple[str, ...], dict[str, str]]
"""Key of a row -> column -> text; what is unknown is left out."""

TOUCHED = """
create temporary table touched on commit drop as
with changed as (
    select
        coalesce(n.submission_id, o.submission_id) as submission_id,
        coalesce(n.form_code, o.form_code) as form_code,
        coalesce(n.commune_code, o.commune_code) as commune_code,
        coalesce(n.period_key, o.period_key) as period_key,
        case when n.state = 'withdrawn' then 'withdrawal' else 'submission' end as cause,
        case
            when n.is_in_force and o.state is distinct from 'accepted' then 0
            when n.state = 'withdrawn' then 1
            when n.is_in_force then 2  -- in force again, because another was withdrawn
            else 3
        end as place
    from {new}.int_submission as n
    full join {old}.int_submission as o on n.submission_id = o.submission_id
    where n.state is distinct from o.state or n.is_in_force is distinct from o.is_in_force
)

select distinct c.submission_id, c.form_code, c.period_key, c.cause, c.place, p.period_start_date, a.area_key
from changed as c
inner join {new}.int_commune_period as p on c.form_code = p.form_code and c.commune_code = p.commune_code and c.period_key = p.period_key
inner join {new}.int_area_part as a on p.form_code = a.form_code and p.period_key = a.period_key and p.area_key = a.commune_key
"""
"""Returns whose state differs between two builds, in every area of every map that they are counted in."""

ROWS = """
insert into audit.restated_row (publication_id, mart, key, old, new, cause, submission_id)
with cells as ({cells}),
changed as (
    select mart, key, jsonb_object_agg(column_name, old_value) as old, jsonb_object_agg(column_name, new_value) as new
    from cells
    group by mart, key
)

select {publication}, c.mart, c.key, c.old, c.new, coalesce(t.cause, {otherwise}), t.submission_id
from changed as c
left join lateral (
    select t.cause, t.submission_id
    from touched as t
    where {is_touched}
    order by t.place, t.period_key = {period} desc, t.period_start_date desc, t.submission_id
    limit 1
) as t on true
"""


def restate(settings: Settings, run: Run) -> int | None:
    """Write what the newest publication changed; gives the rows changed, or None where that is written already or cannot be told.

    It cannot be told of the first publication, and where the build of the one before no longer stands.
    """
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        pair = _newest_pair(conn)
        if pair is None:
            return None
        new, old = pair
        conn.execute(
            "insert into audit.restated (publication_id, previous_publication_id, row_count, recorded_at) values (%s, %s, 0, %s)",
            (new["publication_id"], old["publication_id"], run.now),
        )
        schemas = {side: sql.Identifier(f"{row['build_schema']}_intermediate") for side, row in (("new", new), ("old", old))}
        conn.execute(sql.SQL(TOUCHED).format(**schemas))
        conn.execute("create index on touched (area_key)")
        conn.execute("analyze touched")
        for mart in build_tables():
            cells = cells_sql(conn, mart, f"{old['build_schema']}_marts", f"{new['build_schema']}_marts")
            if cells is not None and not mart.is_restricted:
                conn.execute(_rows(conn, mart, cells, new, old))
        count, digest = restated_digest(conn, new["publication_id"])
        conn.execute("update audit.restated set row_count = %s where publication_id = %s", (count, new["publication_id"]))
        payload = {"publication_id": new["publication_id"], "rows": {"count": count, "sha256": digest}}
        append_events(conn, run.run_id, run.now, [Event("restated", run.now, "warehouse", payload=payload)])
    return count


def restated_digest(conn: Connection, publication_id: int) -> tuple[int, str]:
    """(count, SHA-256) over the changed rows of a publication, in the order of their marts and keys."""
    with conn.cursor(name="restated") as cursor:
        cursor.execute(
            'select mart, key, old, new, cause, submission_id from audit.restated_row where publication_id = %s order by mart collate "C", '
            'key collate "C"',
            (publication_id,),
        )
        return rows_digest(cursor)


def _newest_pair(conn: Connection) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The newest publication and the one before it, where both builds stand and they were not compared yet."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            select p.*, b.state = 'published' as stands, exists (
                select 1 from audit.restated as r where r.publication_id = p.publication_id
            ) as is_told
            from audit.publication as p
            left join audit.build as b on p.build_id = b.build_id
            order by p.publication_id desc
            limit 2
            """
        ).fetchall()
    if len(rows) < 2:
        return None
    new, old = rows
    return (new, old) if old["stands"] and new["stands"] and not new["is_told"] and new["build_id"] != old["build_id"] else None


def _rows(conn: Connection, mart: Mart, cells: sql.Composed, new: dict[str, Any], old: dict[str, Any]) -> sql.Composed:
    """The statement that writes the changed rows of a mart, each with its cause."""

    def part(name: str) -> sql.Composable:
        return sql.SQL("c.key[{}]").format(sql.Literal(mart.key.index(name) + 1))

    is_touched: sql.Composable = sql.SQL("false")
    is_return = new["is_rollback"] or old["is_rollback"]
    if "period_key" in mart.key and not mart.name.startswith("dim_") and not is_return:
        area = part("area_key") if "area_key" in mart.key else sql.Literal("long_an")
        of_form = part("form_code") if "form_code" in mart.key else sql.SQL("t.form_code")
        is_touched = sql.SQL(
            "t.area_key = {area} and t.form_code = {of_form} and left(t.period_key, 4)::integer <= left({period}, 4)::integer"
        ).format(area=area, of_form=of_form, period=part("period_key"))
    period = part("period_key") if "period_key" in mart.key else sql.SQL("null")
    return sql.SQL(ROWS).format(
        cells=cells, publication=sql.Literal(new["publication_id"]), otherwise=sql.Literal(_otherwise(conn, mart, new, old)),
        is_touched=is_touched, period=period,
    )  # fmt: skip


def _otherwise(conn: Connection, mart: Mart, new: dict[str, Any], old: dict[str, Any]) -> str:
    """The cause of what no return explains."""
    if new["is_rollback"] or old["is_rollback"]:
        return "rollback"
    if mart.name in ("goal_progress", "dim_target"):
        loaded = conn.execute(
            "select 1 from reference.load where table_name = 'target' and recorded_at > %s and recorded_at <= %s",
            (old["knowledge_at"], new["knowledge_at"]),
        ).fetchone()
        if loaded:
            return "target"
    for column, cause in (("reference_version", "reference"), ("code_version", "code"), ("rule_set_version", "rule")):
        if new[column] != old[column]:
            return cause
    return "calendar"


def replay(conn: Connection, mart: Mart, cells: Cells, after: int, until: int) -> Cells:
    """The cells of a mart at publication ``until``, from those at ``after``."""
    told: Cells = {key: dict(row) for key, row in cells.items()}
    rows = conn.execute(
        "select key, new from audit.restated_row where mart = %s and publication_id > %s and publication_id <= %s order by publication_id",
        (mart.name, after, until),
    )
    for key, new in rows:
        row = told.setdefault(tuple(key), {})
        row.update({name: value for name, value in new.items() if value is not None})
        for name in [name for name, value in new.items() if value is None]:
            row.pop(name, None)
    return {key: row for key, row in told.items() if row}
