"""The one way to the database. Sessions run in UTC and carry their run's id in application_name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from warehouse.server import EmbeddedServer
from warehouse.settings import Settings, SettingsError, get_settings, read_secret

if TYPE_CHECKING:
    from sqlalchemy import Engine

Connection = psycopg.Connection[tuple[Any, ...]]

MINIMUM_SERVER = 150000


class DatabaseError(Exception):
    """The server cannot be used; the message says why."""


def database_url(settings: Settings | None = None) -> str:
    """Connection string of the owner: WAREHOUSE_URL, else the embedded server (started if it is stopped). Raises SettingsError."""
    settings = settings or get_settings()
    if settings.url is not None:
        url = settings.url.get_secret_value().replace("postgres://", "postgresql://", 1)
        return url if settings.password_file is None else _with_password_of(settings.password_file, url)
    return EmbeddedServer(settings.home).start().url


def _with_password_of(file: Path, url: str) -> str:
    """The address with the password that a file holds, whatever signs it has."""
    password, login = read_secret(file, "WAREHOUSE_PASSWORD_FILE"), urlsplit(url).username
    if not login:
        raise SettingsError("WAREHOUSE_URL names no login for the password of WAREHOUSE_PASSWORD_FILE: postgresql://login@host/database.")
    return url_with(url, user=login, password=quote(password, safe=""))


def url_with(
    url: str, *, user: str | None = None, password: str | None = None, database: str | None = None, scheme: str | None = None
) -> str:
    """The same server under another login, database or driver scheme."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    if user is not None:
        login = user if password is None else f"{user}:{password}"
    path = parts.path if database is None else f"/{database}"
    return urlunsplit((scheme or parts.scheme, f"{login}@{host}" if login else host, path, parts.query, parts.fragment))


def connect(
    settings: Settings | None = None, *, url: str | None = None, run_id: object = None, kind: str = "", autocommit: bool = False
) -> Connection:
    """Open a connection. With ``run_id`` the session's ``warehouse.run_id`` is set and application_name says who it is."""
    settings = settings or get_settings()
    options = "-c timezone=UTC"
    if run_id is not None:
        options += f" -c warehouse.run_id={run_id}"
    name = f"warehouse {kind} {run_id or ''}".strip()
    conn: Connection = psycopg.connect(
        url or database_url(settings), autocommit=autocommit, application_name=name[:63], options=options, connect_timeout=10
    )
    if conn.info.server_version < MINIMUM_SERVER:
        version = conn.info.server_version
        conn.close()
        raise DatabaseError(f"PostgreSQL 15 or newer is needed; the server of WAREHOUSE_URL is {version // 10000}.")
    return conn


@contextmanager
def session(settings: Settings | None = None, **options: Any) -> Iterator[Connection]:
    """A connection that commits at the end, rolls back on an error, and is always closed."""
    with connect(settings, **options) as conn:
        yield conn


def make_engine(settings: Settings | None = None, *, run_id: object = None, kind: str = "") -> Engine:
    """A SQLAlchemy engine over the same database (for Great Expectations and pandas), with the same session settings."""
    from sqlalchemy import create_engine

    url = url_with(database_url(settings), scheme="postgresql+psycopg")
    options = "-c timezone=UTC" + (f" -c warehouse.run_id={run_id}" if run_id is not None else "")
    name = f"warehouse {kind} {run_id or ''}".strip()[:63]
    return create_engine(url, connect_args={"options": options, "application_name": name})


def copy_rows(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into ``schema.table``; returns how many."""
    schema, name = table.split(".")
    statement = sql.SQL("copy {}.{} ({}) from stdin").format(
        sql.Identifier(schema), sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 0
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count
