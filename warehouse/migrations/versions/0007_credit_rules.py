"""What the rules on credit read: caps by class, the earlier returns in force on the same ground, and how codes and money are shown."""

from warehouse.migrations.run_sql import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql("0007_credit_rules.sql")
