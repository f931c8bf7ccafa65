"""Waivers as events, and findings and results that name the waiver they were found under."""

from warehouse.migrations.run_sql import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_sql("0010_waiver.sql")
