"""Restatements: what each publication changed."""

from warehouse.migrations.run_sql import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql("0014_restatement.sql")
