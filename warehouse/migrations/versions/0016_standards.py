"""Standards: the household review's second version, and the class that a household's facts give under a standard."""

from warehouse.migrations.run_sql import run_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_sql("0016_standards.sql")
