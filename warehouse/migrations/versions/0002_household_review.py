"""Intake tables of the household review, as its contract gives them."""

from warehouse.migrations.run_sql import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql("0002_household_review.sql")
