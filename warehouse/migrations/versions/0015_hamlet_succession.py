"""Where the hamlets of split communes went, and last year's closing lists compared by them."""

from warehouse.migrations.run_sql import run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql("0015_hamlet_succession.sql")
