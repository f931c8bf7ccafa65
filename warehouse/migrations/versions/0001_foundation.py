"""Schemas, audit, reference and the common part of intake."""

from warehouse.migrations.run_sql import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql("0001_foundation.sql")
