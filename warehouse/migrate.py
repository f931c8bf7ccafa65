"""Alembic, driven from code: one command brings any warehouse to the newest schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.database import Connection, database_url, url_with
from warehouse.settings import PROJECT_DIR, Settings

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade(settings: Settings) -> None:
    """Run every migration that has not run. Idempotent."""
    from alembic import command

    config = _config()
    config.attributes["url"] = url_with(database_url(settings), scheme="postgresql+psycopg")
    command.upgrade(config, "head")


def revision_of_code() -> str | None:
    """The newest migration that this code knows."""
    return next(iter(known_revisions()), None)


def known_revisions() -> list[str]:
    """Every schema revision that this code knows, the newest first."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def revision_of_database(conn: Connection) -> str | None:
    """The migration that the database stands at; None before the first `warehouse init`."""
    found = conn.execute("select to_regclass('public.alembic_version') is not null").fetchone()
    if not found or not found[0]:
        return None
    row = conn.execute("select version_num from public.alembic_version").fetchone()
    return None if row is None else str(row[0])


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(PROJECT_DIR / "warehouse" / "migrations"))
    return config
