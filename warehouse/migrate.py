"""Alembic, driven from code: one command brings any warehouse to the newest schema."""

from __future__ import annotations

from warehouse.database import database_url, url_with
from warehouse.settings import PROJECT_DIR, Settings


def upgrade(settings: Settings) -> None:
    """Run every migration that has not run. Idempotent."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(PROJECT_DIR / "warehouse" / "migrations"))
    config.attributes["url"] = url_with(database_url(settings), scheme="postgresql+psycopg")
    command.upgrade(config, "head")
