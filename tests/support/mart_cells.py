"""The content of a build's marts, cell by cell."""

from __future__ import annotations

from warehouse.database import Connection
from warehouse.mart_contracts import Mart
from warehouse.mart_diff import build_tables
from warehouse.mart_views import table_columns
from warehouse.restatements import Cells


def cells_of(conn: Connection, mart: Mart, build_schema: str) -> Cells:
    """Every cell of a mart that holds something, as text."""
    columns = [c.name for c in table_columns(conn, f"{build_schema}_marts", mart.table) if "time zone" not in c.data_type]
    others = [name for name in columns if name not in mart.key]
    picked = ", ".join(f'"{name}"::text' for name in [*mart.key, *others])
    rows = conn.execute(f'select {picked} from "{build_schema}_marts"."{mart.table}"').fetchall()
    width = len(mart.key)
    return {
        row[:width]: {name: value for name, value in zip(others, row[width:], strict=True) if value is not None} for row in rows
    }  # fmt: skip


def told_marts() -> list[Mart]:
    """The marts whose changes are logged: all but household rows."""
    return [mart for mart in build_tables() if not mart.is_restricted]
