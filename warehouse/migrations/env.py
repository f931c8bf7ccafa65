"""Alembic's environment: one online run over the URL that warehouse.migrate hands in."""

from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, version_table="alembic_version", version_table_schema="public")
    with context.begin_transaction():
        context.run_migrations()
