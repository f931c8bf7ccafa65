"""Retirement date and working age, for the rules on training and the marts that count trainees."""

from warehouse.migrations.run_sql import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql("0008_working_age.sql")
