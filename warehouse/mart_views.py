"""The SQL of the published views: over a colour, or empty before the first build.

Each mart is an outer view, which readers name, over an inner one, which a switch replaces (migration 0004 says why).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from warehouse.database import Connection
from warehouse.mart_contracts import Mart, MartColumn
from warehouse.roles import existing_roles, role_name
from warehouse.settings import Settings

INNER_SCHEMA = "publication"
READERS = {"marts": ("bi_reader", "auditor"), "marts_restricted": ("case_officer",)}


class BreakingChange(Exception):
    """A mart lost a column or changed a type: readers rely on it, so this must be a new version of the mart."""


@dataclass(frozen=True)
class Column:
    name: str
    data_type: str
    comment: str | None = None


def table_columns(conn: Connection, schema: str, name: str) -> list[Column]:
    """Columns of a table or view in their order; none where it does not exist."""
    rows = conn.execute(
        """
        select a.attname::text, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
        from pg_attribute as a
        where a.attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and a.attnum > 0 and not a.attisdropped
        order by a.attnum
        """,
        (schema, name),
    ).fetchall()
    return [Column(*row) for row in rows]


@dataclass(frozen=True)
class Switch:
    """Statements of one switch, in the fixed order of the marts: inner views, outer views that must change, comments and rights."""

    inner: list[sql.Composable]
    outer: list[sql.Composable]
    notes: list[sql.Composable]


def switch_statements(
    conn: Connection, settings: Settings, marts: Iterable[Mart], colour: str, constants: Mapping[str, sql.Composable], *, may_miss: bool
) -> Switch:
    """Statements that put every mart over a colour.

    ``may_miss``: a column or mart that the colour lacks is shown as null or empty (going back to an older build);
    otherwise it raises BreakingChange.
    """
    roles = existing_roles(conn, settings)
    switch = Switch([], [], [])
    for mart in marts:
        stored = table_columns(conn, f"{colour}_marts", mart.table)
        existing = table_columns(conn, mart.schema, mart.name)
        if not stored and not may_miss:
            raise BreakingChange(f"{mart.name}: the build has no table {colour}_marts.{mart.table}")
        columns = _ordered(mart, stored, existing, may_miss=may_miss)
        values = [_value(column, stored, constants) for column in columns]
        switch.inner.append(_inner(mart, colour if stored else None, values, conn))
        if len(columns) != len(existing) or not _stands_on_inner(conn, mart):
            switch.outer.append(_outer(mart, columns))
        comment = _table_comment(conn, colour, mart) if mart.name == mart.table else None
        switch.notes.extend(_notes(mart, columns, roles, settings, comment))
    return switch


def empty_view_statements(conn: Connection, settings: Settings, marts: Iterable[Mart]) -> list[sql.Composable]:
    """Statements that create each missing mart empty; none where all exist."""
    roles = existing_roles(conn, settings)
    statements: list[sql.Composable] = []
    for mart in marts:
        if table_columns(conn, mart.schema, mart.name):
            continue
        columns = [Column(c.name, c.data_type, c.description) for c in mart.columns]
        statements += [_inner(mart, None, [_null(column) for column in columns], conn), _outer(mart, columns)]
        statements += _notes(mart, columns, roles, settings, None)
    return statements


def _stands_on_inner(conn: Connection, mart: Mart) -> bool:
    row = conn.execute(
        """
        select exists (
            select 1
            from pg_depend as d
            inner join pg_rewrite as r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
            where r.ev_class = to_regclass(format('%%I.%%I', %s::text, %s::text))
                and d.refobjid = to_regclass(format('%%I.%%I', %s::text, %s::text))
        )
        """,
        (mart.schema, mart.name, INNER_SCHEMA, mart.name),
    ).fetchone()
    return bool(row and row[0])


def _ordered(mart: Mart, stored: Sequence[Column], existing: Sequence[Column], *, may_miss: bool) -> list[Column]:
    """The view's columns: existing order first, new ones after. Types of existing columns may not change."""
    texts = {column.name: column for column in mart.columns}
    made = {column.name: column for column in stored}
    made |= {c.name: Column(c.name, _type_name(c), c.description) for c in mart.columns if c.is_of_publication}
    for column in existing:
        if column.name not in made and not may_miss:
            raise BreakingChange(f"{mart.name}.{column.name} is no longer made")
        if column.name in made and made[column.name].data_type != column.data_type:
            raise BreakingChange(f"{mart.name}.{column.name} was {column.data_type} and would become {made[column.name].data_type}")
    names = [column.name for column in existing]
    wanted = [c.name for c in mart.columns if c.name in made] + [name for name in made if name not in texts]
    known = {column.name: column for column in existing}
    return [made.get(name) or known[name] for name in [*names, *[name for name in wanted if name not in names]]]


def _type_name(column: MartColumn) -> str:
    return "timestamp with time zone" if column.data_type == "timestamptz" else column.data_type


def _value(column: Column, stored: Sequence[Column], constants: Mapping[str, sql.Composable]) -> sql.Composable:
    if column.name in constants:
        return sql.SQL("{} as {}").format(constants[column.name], sql.Identifier(column.name))
    if any(column.name == other.name for other in stored):
        return sql.SQL("t.{}").format(sql.Identifier(column.name))
    return _null(column)


def _null(column: Column) -> sql.Composable:
    return sql.SQL("null::{} as {}").format(sql.SQL(column.data_type), sql.Identifier(column.name))


def _inner(mart: Mart, colour: str | None, values: Sequence[sql.Composable], conn: Connection) -> sql.Composable:
    """The view that a switch replaces: over a colour, or empty. It names its columns and holds the publication's constants."""
    conditions: list[sql.Composable] = []
    source: sql.Composable = sql.SQL("")
    if colour is None:
        conditions.append(sql.SQL("false"))
    else:
        source = sql.SQL(" from {}.{} as t").format(sql.Identifier(f"{colour}_marts"), sql.Identifier(mart.table))
        if mart.condition:
            conditions.append(sql.SQL("({})").format(sql.SQL(mart.condition)))
        if mart.is_restricted:
            conditions.append(_own_area(colour, conn))
    where = sql.SQL(" where ") + sql.SQL(" and ").join(conditions) if conditions else sql.SQL("")
    return sql.SQL("{} as select {}{}{}").format(_create(mart, INNER_SCHEMA), sql.SQL(", ").join(values), source, where)


def _outer(mart: Mart, columns: Sequence[Column]) -> sql.Composable:
    """The view that readers name. It goes through switch_lock first: the order in FROM is the order of its locks."""
    names = sql.SQL(", ").join(sql.SQL("i.{}").format(sql.Identifier(column.name)) for column in columns)
    return sql.SQL(
        "{} as select {} from (select is_open from publication.switch_lock limit 1) as door cross join {}.{} as i"
    ).format(_create(mart, mart.schema), names, sql.Identifier(INNER_SCHEMA), sql.Identifier(mart.name))  # fmt: skip


def _create(mart: Mart, schema: str) -> sql.Composable:
    """A restricted view restates security_barrier: a replace without it would lose it."""
    barrier = sql.SQL(" with (security_barrier = true)" if mart.is_restricted else "")
    return sql.SQL("create or replace view {}.{}{}").format(sql.Identifier(schema), sql.Identifier(mart.name), barrier)


def _own_area(colour: str, conn: Connection) -> sql.Composable:
    """Rows of the session's own officer_area, by the real clock: a right that ended today shows nothing tomorrow.

    The owner of the marts sees all rows (trace and reports run as the owner).
    """
    owner = conn.execute("select current_user::text").fetchone()
    assert owner is not None
    return sql.SQL(
        """(
            pg_has_role(session_user, {owner}, 'usage')
            or exists (
                select 1
                from {schema}.dim_area as d
                inner join reference.officer_area as o on o.area_code in (d.area_code, d.district_code)
                where d.area_key = t.area_key and o.login = session_user
                    and o.load_id = (select max(l.load_id) from reference.load as l where l.table_name = 'officer_area')
                    and (clock_timestamp() at time zone 'Asia/Ho_Chi_Minh')::date
                        between o.valid_from and coalesce(o.valid_to, 'infinity'::date)
            )
        )"""
    ).format(owner=sql.Literal(owner[0]), schema=sql.Identifier(f"{colour}_marts"))


def _notes(mart: Mart, columns: Sequence[Column], roles: set[str], settings: Settings, table_comment: str | None) -> list[sql.Composable]:
    """Comments of the view and its columns, and who may read it."""
    view = sql.SQL("{}.{}").format(sql.Identifier(mart.schema), sql.Identifier(mart.name))
    notes = [sql.SQL("comment on view {} is {}").format(view, sql.Literal(table_comment or mart.description))]
    for column in columns:
        notes.append(sql.SQL("comment on column {}.{} is {}").format(view, sql.Identifier(column.name), sql.Literal(column.comment)))
    for role in READERS[mart.schema]:
        if role in roles:
            notes.append(sql.SQL("grant select on {} to {}").format(view, sql.Identifier(role_name(settings, role))))
    return list(notes)


def _table_comment(conn: Connection, colour: str, mart: Mart) -> str | None:
    row = conn.execute(
        "select obj_description(to_regclass(format('%%I.%%I', %s::text, %s::text)))", (f"{colour}_marts", mart.table)
    ).fetchone()
    return row[0] if row else None
