"""As-of builds may be dropped."""

from warehouse.migrations.run_sql import run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_sql("0013_asof.sql")
