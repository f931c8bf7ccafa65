"""Views that compare tonight's lists with those of the years before, and the indexes that serve them."""

from warehouse.migrations.run_sql import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql("0005_history_views.sql")
