"""Retirement dates by the set."""

from warehouse.migrations.run_sql import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql("0012_retirement_dates.sql")
