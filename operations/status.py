"""Collects what `warehouse status` tells. Reads only: it starts no server, takes no lock and writes nothing."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psycopg

from operations import status_queries as ask
from operations.status_facts import Database, Disk, Facts, Versions
from operations.status_findings import Limits, Status, finding, judge, load_limits
from warehouse import clock
from warehouse.database import Connection, DatabaseError, connect
from warehouse.migrate import revision_of_code, revision_of_database
from warehouse.runs import code_version
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings, SettingsError, get_settings

PRODUCT = "longan-poverty-warehouse"
QUERY_SECONDS, LOCK_SECONDS = 30, 5

# Words by which PostgreSQL's and libpq's messages are told apart. The message itself is not shown: it may quote the address, and
# with a mistyped one the password.
REASONS = (
    ("refused", ("Connection refused", "is the server running")),
    ("login", ("authentication failed", "no password supplied", 'role "', "pg_hba.conf")),
    ("no_database", ('database "',)),
    ("starting", ("starting up", "shutting down", "recovery")),
    ("full", ("too many clients", "remaining connection slots")),
    ("timeout", ("timeout", "timed out")),
    ("address", ("resolve host", "not known", "invalid ")),
)


def look(now: str | None = None) -> Status:
    """Facts and findings of the warehouse that the settings name. ``now`` is as `collect` says. Raises ClockError."""
    moment = clock.parse_now(now) if now else None
    try:
        settings = get_settings()
    except SettingsError as error:
        return Status(Facts(datetime.now(UTC), "system", versions()), (finding("SETTING-WRONG", problem=str(error)),))
    limits, problem = load_limits(settings.home)
    facts = collect(settings, limits, moment)
    own = (finding("LIMITS-WRONG", problem=problem),) if problem else ()
    return Status(facts, judge(facts, limits) + own)


def collect(settings: Settings, limits: Limits, now: datetime | None = None) -> Facts:
    """Everything that can be learnt. ``now`` is taken only in a synthetic warehouse: else ClockError.

    Nothing else is raised for what is wrong with database or disk: the facts say it. Where the database cannot be read, the
    moment is this machine's and ``now`` is not looked at.
    """
    facts = Facts(datetime.now(UTC), "system", versions(), disk=disk(settings))
    conn, problem = _connect(settings)
    if conn is None:
        return replace(facts, database=Database("down", problem))
    try:
        with conn:
            conn.execute(f"set default_transaction_read_only = on; set statement_timeout = '{QUERY_SECONDS}s'")
            conn.execute(f"set lock_timeout = '{LOCK_SECONDS}s'")
            facts = replace(facts, versions=versions(conn.info.parameter_status("server_version")))
            return _read(conn, facts, limits, now)
    except psycopg.Error as error:
        # Half an answer is none: what was read before the error might be judged as if it were whole.
        return replace(facts, database=Database("failed", error.sqlstate or type(error).__name__))


def _connect(settings: Settings) -> tuple[Connection | None, str | None]:
    """A connection in which each statement is a transaction of its own (so that no reader holds up a switch), or why there is none."""
    try:
        if settings.url is None and not EmbeddedServer(settings.home).is_running():
            return None, "stopped"
        return connect(settings, kind="status", autocommit=True), None
    except DatabaseError:
        return None, "old"
    except Exception as error:  # whatever hinders it, a monitor is told: ServerError, OSError, a mistyped address, a damaged file
        said = str(error)
        return None, next((reason for reason, words in REASONS if any(word in said for word in words)), "other")


def _read(conn: Connection, facts: Facts, limits: Limits, now: datetime | None) -> Facts:
    found, needed = revision_of_database(conn), revision_of_code()
    size = conn.execute("select pg_database_size(current_database())").fetchone()
    size_bytes = size[0] if size else None
    if found != needed:
        return replace(facts, database=Database("not_migrated", None, None, found, needed, size_bytes))
    kind = "synthetic" if clock.is_synthetic(conn) else "real"
    moment = clock.now(conn, now)
    published = ask.publication(conn)
    return replace(
        facts,
        checked_at=moment,
        clock="given" if now else "database",
        database=Database("ready", None, kind, found, needed, size_bytes),
        nights=ask.nights(conn, moment, limits),
        publication=published,
        returns=ask.returns(conn, moment) if published else None,
        unreadable=ask.unreadable(conn, moment, limits),
        arrivals=ask.arrivals(conn),
        chain=ask.chain(conn),
    )


def disk(settings: Settings) -> Disk | None:
    """The disk on which WAREHOUSE_HOME stands, or will stand; None where it does not answer."""
    try:
        place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
        usage = shutil.disk_usage(place)
    except OSError:
        return None
    return Disk(usage.free, usage.total, _size(settings.archive_dir))


def _size(folder: Path) -> int:
    """Bytes of the files under a folder; what cannot be looked at counts nothing."""
    total = 0
    try:
        for entry in os.scandir(folder):
            total += _size(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False).st_size
    except OSError:
        pass
    return total


def versions(postgresql: str | None = None) -> Versions:
    """Versions of the code and of what it stands on, without importing any of it."""
    return Versions(
        product=_installed(PRODUCT), code=code_version(), postgresql=postgresql, airflow=_installed("apache-airflow"),
        dbt=_installed("dbt-core"), great_expectations=_installed("great-expectations"), python=platform.python_version(),
    )  # fmt: skip


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
