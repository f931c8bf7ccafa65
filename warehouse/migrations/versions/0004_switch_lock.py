"""The door that every mart goes through, so that switches and busy readers never block each other for long."""

from warehouse.migrations.run_sql import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql("0004_switch_lock.sql")
