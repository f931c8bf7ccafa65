"""Two builds cell by cell: which figures are there in one of them and not, or otherwise, in the other.

A moment (timestamptz) says when a figure was made and not what it is: such columns are left out, as in content hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from warehouse.database import Connection
from warehouse.mart_contracts import Mart, load_marts
from warehouse.mart_views import table_columns


@dataclass(frozen=True)
class Cell:
    """A cell of a mart that differs; None where there is no such row or the value is unknown."""

    mart: str
    key: tuple[str, ...]
    column: str
    old: str | None
    new: str | None


def build_tables() -> list[Mart]:
    """The marts that are tables of a build, without the safe views over them."""
    return [mart for mart in load_marts() if mart.name == mart.table]


def cells_sql(conn: Connection, mart: Mart, old_schema: str, new_schema: str) -> sql.Composed | None:
    """A query of the cells of a mart that differ between two builds' marts: ``mart, key (text[]), column_name, old_value, new_value``.

    A row that only one build has differs in every cell that holds something. None where one of the builds has no such table.
    """
    stored = [{c.name: c.data_type for c in table_columns(conn, schema, mart.table)} for schema in (old_schema, new_schema)]
    if not all(stored):
        return None
    names = [name for name in sorted(stored[0].keys() | stored[1].keys()) if name not in mart.key]
    names = [name for name in names if "timestamp with time zone" not in (stored[0].get(name), stored[1].get(name))]

    def value(side: int, alias: str, name: str) -> sql.Composable:
        return sql.SQL("{}::text").format(sql.Identifier(alias, name)) if name in stored[side] else sql.SQL("null::text")

    cells = sql.SQL(", ").join(
        sql.SQL("({}, {}, {})").format(sql.Literal(name), value(0, "o", name), value(1, "n", name)) for name in names
    )
    key = sql.SQL(", ").join(
        sql.SQL("coalesce({}, {})::text").format(sql.Identifier("o", name), sql.Identifier("n", name)) for name in mart.key
    )
    on = sql.SQL(" and ").join(sql.SQL("{} = {}").format(sql.Identifier("o", name), sql.Identifier("n", name)) for name in mart.key)
    # Most rows are the same in both builds: only those that differ are taken apart into cells.
    same = [name for name in names if stored[0].get(name) == stored[1].get(name)]
    sides = [sql.SQL(", ").join(sql.Identifier(alias, name) for name in same) for alias in ("o", "n")]
    differs = sql.SQL("row({}) is distinct from row({})").format(*sides) if same == names else sql.SQL("true")
    return sql.SQL(
        "select {mart} as mart, array[{key}] as key, v.column_name, v.old_value, v.new_value "
        "from {old}.{table} as o full join {new}.{table} as n on {on} "
        "cross join lateral (values {cells}) as v (column_name, old_value, new_value) "
        "where {differs} and v.old_value is distinct from v.new_value"
    ).format(
        mart=sql.Literal(mart.name), key=key, old=sql.Identifier(old_schema), new=sql.Identifier(new_schema),
        table=sql.Identifier(mart.table), on=on, cells=cells, differs=differs,
    )  # fmt: skip


def differences(conn: Connection, old_build: str, new_build: str) -> Iterator[Cell]:
    """Every cell that differs between two builds (`blue`, `asof_...`), mart by mart, in the order of keys and columns."""
    for mart in build_tables():
        query = cells_sql(conn, mart, f"{old_build}_marts", f"{new_build}_marts")
        if query is None:
            continue
        ordered = sql.SQL('select * from ({}) as d order by d.key collate "C", d.column_name').format(query)
        for name, key, column, old, new in conn.execute(ordered):
            yield Cell(name, tuple(key), column, old, new)
