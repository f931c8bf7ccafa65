"""What the rules between forms compare with: the class of a household on a day, and the versions that a round was compared with."""

from warehouse.migrations.run_sql import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_sql("0009_between_forms.sql")
