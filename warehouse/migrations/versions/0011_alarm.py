"""What `warehouse watch` saw, and which mails told of it."""

from warehouse.migrations.run_sql import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql("0011_alarm.sql")
