"""Migrations are plain SQL files; they run as they stand, statement after statement, in the migration's transaction."""

from pathlib import Path

from alembic import op

SQL_DIR = Path(__file__).parent / "sql"


def run_sql(name: str) -> None:
    # The driver's own cursor: SQLAlchemy would read ':' and '%' in the text.
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute((SQL_DIR / name).read_text(encoding="utf-8"))
