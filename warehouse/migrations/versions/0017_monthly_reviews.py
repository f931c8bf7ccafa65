"""Monthly reviews, and the class of a household on a day across a merger."""

from warehouse.migrations.run_sql import run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    for name in ("class_span", "compared", "monthly"):
        run_sql(f"0017_{name}.sql")
