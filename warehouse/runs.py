"""Runs and the one-writer lock.

Every command that writes is a run (`audit.run`) and holds one PostgreSQL advisory lock while it does. Readers of chunks,
which only add files of their own, hold it shared. Who is refused is told the holder's run and its age.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from warehouse import clock
from warehouse.database import Connection, connect
from warehouse.settings import PROJECT_DIR, Settings, get_settings

WRITER_LOCK = 7_310_001
CODE_FOLDERS = ("warehouse", "ingestion", "expectations", "dbt_project/models", "dbt_project/macros", "dbt_project/tests")
CODE_SUFFIXES = (".py", ".sql", ".yaml", ".yml")


_held: ContextVar[Connection | None] = ContextVar("writer_lock_held", default=None)


class WriterBusy(Exception):
    """Another command writes. The message names its run and how long it has been at it."""


@dataclass(frozen=True)
class Run:
    """One execution of a command. ``now`` is the moment that everything recorded by this step carries."""

    run_id: UUID
    kind: str
    now: datetime


@cache
def code_version() -> str:
    """SHA-256 over package, SQL, contract and rule files: a container has no git. First 16 hex digits."""
    digest = hashlib.sha256()
    for folder in CODE_FOLDERS:
        for path in sorted((PROJECT_DIR / folder).rglob("*")):
            if path.suffix in CODE_SUFFIXES and path.is_file():
                digest.update(str(path.relative_to(PROJECT_DIR)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def start_run(
    settings: Settings, kind: str, *, injected_now: datetime | None = None, airflow_run_id: str | None = None,
    parameters: dict[str, Any] | None = None,
) -> Run:  # fmt: skip
    """Write the run's row, commit, and return it. Call it under the writer's lock."""
    run_id = uuid4()
    with connect(settings, run_id=run_id, kind=kind) as conn:
        moment = clock.now(conn, injected_now)
        conn.execute(
            "insert into audit.run (run_id, kind, started_at, code_version, airflow_run_id, parameters) values (%s, %s, %s, %s, %s, %s)",
            (run_id, kind, moment, code_version(), airflow_run_id, Jsonb(parameters or {})),
        )
    return Run(run_id, kind, moment)


def finish_run(settings: Settings, run: Run, outcome: str, error: str | None = None) -> None:
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        conn.execute(
            "update audit.run set ended_at = greatest(started_at, %s), outcome = %s, error = %s where run_id = %s",
            (clock.now(conn, run.now if clock.is_synthetic(conn) else None), outcome, error, run.run_id),
        )


def close_abandoned_runs(settings: Settings) -> int:
    """Mark runs that were killed before they could say how they ended. Call it under the writer's lock."""
    with connect(settings) as conn:
        return conn.execute(
            "update audit.run set outcome = 'abandoned', ended_at = started_at, error = 'killed before it ended' where ended_at is null"
        ).rowcount


def holder(conn: Connection) -> str | None:
    """Who holds the writer's lock: 'nightly run <id>, for 42 s', or None."""
    row = conn.execute(
        """
        select a.application_name, extract(epoch from clock_timestamp() - a.backend_start)::int
        from pg_locks as l
        inner join pg_stat_activity as a on a.pid = l.pid
        where l.locktype = 'advisory' and l.granted and l.classid = 0 and l.objid = %s and l.pid <> pg_backend_pid()
            and l.database = (select oid from pg_database where datname = current_database())
        order by a.backend_start
        limit 1
        """,
        (WRITER_LOCK,),
    ).fetchone()
    if row is None:
        return None
    return f"{row[0].removeprefix('warehouse ')}, for {row[1]} s"


@contextmanager
def writer_lock(
    settings: Settings | None = None, *, kind: str, run_id: object = None, shared: bool = False, wait_seconds: int | None = None
) -> Iterator[Connection]:
    """Hold the writer's lock on a session of its own. Raises WriterBusy after ``wait_seconds`` (default: the setting).

    The lock ends with the session, so a killed command leaves none behind. A step inside a command that already holds it
    goes on under that hold.
    """
    held = _held.get()
    if held is not None:
        yield held
        return
    settings = settings or get_settings()
    limit = settings.lock_wait_seconds if wait_seconds is None else wait_seconds
    function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
    with connect(settings, kind=kind, run_id=run_id, autocommit=True) as conn:
        deadline = time.monotonic() + limit
        while True:
            row = conn.execute(f"select {function}(%s)", (WRITER_LOCK,)).fetchone()
            if row and row[0]:
                break
            if time.monotonic() >= deadline:
                raise WriterBusy(f"Another command is writing: {holder(conn) or 'unknown'}. Try again later, or give --wait SECONDS.")
            time.sleep(0.25)
        mark = None if shared else _held.set(conn)
        try:
            yield conn
        finally:
            if mark is not None:
                _held.reset(mark)
