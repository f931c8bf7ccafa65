"""Views that the rules read: tonight's batch, and what the lists say of forms 7.2 and 7.3."""

from warehouse.migrations.run_sql import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql("0003_batch_views.sql")
