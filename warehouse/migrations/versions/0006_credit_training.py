"""Intake tables of credit and training, as their contracts give them, their batch views, and the caps that their rules read."""

from warehouse.migrations.run_sql import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql("0006_credit_training.sql")
