"""Publications: one transaction switches every mart to a build, or back, and says so in a chained row.

Readers see the old publication or the new one, never a mix: every mart goes through one lock (publication.switch_lock) that
a reading transaction holds until it ends. The switch waits for that lock half a second at most (less than deadlock_timeout,
or readers would be the victims), holding nothing meanwhile; then it gives up and tries again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from warehouse.database import Connection, connect
from warehouse.events import GENESIS, Event, append_events, chain_hash
from warehouse.mart_contracts import load_marts
from warehouse.mart_views import BreakingChange, empty_view_statements, switch_statements
from warehouse.restatements import restate
from warehouse.runs import Run
from warehouse.settings import Settings, get_settings

LOCK_TIMEOUT = "500ms"
INNER_LOCK_TIMEOUT = "100ms"
TRIES = 60
PUBLICATION_FIELDS = (
    "publication_id", "run_id", "published_at", "knowledge_at", "today", "build_schema", "build_id", "input_fingerprint",
    "code_version", "rule_set_version", "reference_version", "mart_hashes", "is_rollback", "accept_reason",
)  # fmt: skip
BUILD_FIELDS = (
    "knowledge_at", "today", "build_schema", "input_fingerprint", "code_version", "rule_set_version", "reference_version", "mart_hashes",
)  # fmt: skip


class PublishRefused(Exception):
    """The switch was not made; the message says why. The marts show what they showed."""


def publication_hash(prev_hash: str, row: dict[str, Any]) -> str:
    """Hash of a publication's row over the one before it; ``row`` holds PUBLICATION_FIELDS."""
    return chain_hash(prev_hash, {name: row[name] for name in PUBLICATION_FIELDS})


def publish(settings: Settings, run: Run, build_id: UUID, accept_reason: str | None = None) -> int | None:
    """Switch every mart to a checked build and return the publication's id; None while a rollback pins the marts.

    Publishing again what is in force changes nothing. Raises PublishRefused.
    """
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        newest = _newest(conn)
        if newest and newest["is_rollback"]:
            return None
        if newest and newest["build_id"] == build_id:
            return int(newest["publication_id"])
        _require_checked(conn, build_id)
    return _switch(settings, run, build_id, is_rollback=False, accept_reason=accept_reason)


def rollback(settings: Settings, run: Run) -> int:
    """Show the publication before the newest again, and pin it: nights build but do not switch until `resume`."""
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        newest = _newest(conn)
        if newest is None:
            raise PublishRefused("nothing is published yet")
        if newest["is_rollback"]:
            raise PublishRefused("the marts are rolled back already; 'warehouse publish --resume' ends it")
        row = conn.execute(
            """
            select p.build_id
            from audit.publication as p
            inner join audit.build as b on b.build_id = p.build_id
            where p.publication_id < %s and p.build_id <> %s and p.build_schema <> %s and b.state = 'published'
            order by p.publication_id desc
            limit 1
            """,
            (newest["publication_id"], newest["build_id"], newest["build_schema"]),
        ).fetchone()
    if row is None:
        raise PublishRefused("the publication before this one no longer stands: its colour was built anew, or there was none")
    return _switch(settings, run, row[0], is_rollback=True)


def resume(settings: Settings, run: Run) -> int:
    """End a rollback: switch to the newest checked build, which stands in the other colour."""
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        newest = _newest(conn)
        if newest is None or not newest["is_rollback"]:
            raise PublishRefused("the marts are not rolled back: there is nothing to resume")
        row = conn.execute(
            "select build_id from audit.build where build_schema = %s and state in ('checked', 'published')",
            ("green" if newest["build_schema"] == "blue" else "blue",),
        ).fetchone()
    if row is None:
        raise PublishRefused("no checked build waits: run 'warehouse build' first")
    return _switch(settings, run, row[0], is_rollback=False)


def create_empty_views(conn: Connection, settings: Settings | None = None) -> None:
    """Create each mart that does not exist yet as an empty view, in the caller's transaction. Idempotent."""
    if statements := empty_view_statements(conn, settings or get_settings(), load_marts()):
        conn.execute(sql.SQL(";\n").join(statements))


def restate_views(conn: Connection, settings: Settings) -> None:
    """State every mart again as it stands, in the caller's transaction: a restored database has another owner and no rights yet."""
    newest = _newest(conn)
    colour, constants = (newest["build_schema"], _constants(newest)) if newest else ("no", {})  # a colour without tables: empty marts
    switch = switch_statements(conn, settings, load_marts(), colour, constants, may_miss=True)
    conn.execute(sql.SQL(";\n").join([*switch.inner, *switch.outer, *switch.notes]))


def _constants(row: dict[str, Any]) -> dict[str, sql.Composable]:
    """What the views tell of their publication."""
    return {
        "publication_id": sql.SQL("{}::bigint").format(row["publication_id"]),
        "published_at": sql.SQL("{}::timestamptz").format(sql.Literal(row["published_at"].isoformat())),
    }


def _newest(conn: Connection) -> dict[str, Any] | None:
    cursor = conn.execute(
        sql.SQL("select {}, hash from audit.publication order by publication_id desc limit 1").format(
            sql.SQL(", ").join(map(sql.Identifier, PUBLICATION_FIELDS))
        )
    )
    row = cursor.fetchone()
    return None if row is None else dict(zip((*PUBLICATION_FIELDS, "hash"), row, strict=True))


def _require_checked(conn: Connection, build_id: UUID) -> None:
    row = conn.execute("select state from audit.build where build_id = %s", (build_id,)).fetchone()
    if row is None:
        raise PublishRefused(f"there is no build {build_id}")
    if row[0] != "checked":
        why = {
            "built": "the publish gate has not passed it",
            "building": "it was not finished",
            "failed": "it failed",
            "published": "it was published before; 'publish --previous' goes back",
        }
        raise PublishRefused(f"build {build_id} is not published: {why.get(row[0], 'another build took its place')}")


def _switch(settings: Settings, run: Run, build_id: UUID, *, is_rollback: bool, accept_reason: str | None = None) -> int:
    """Try the switch until its locks are free, each time in a transaction of its own; then write what it changed."""
    attempts = Retrying(
        retry=retry_if_exception_type((psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)),
        stop=stop_after_attempt(TRIES),
        wait=wait_random(0.05, 0.4),
    )
    try:
        publication_id = int(attempts(_switch_once, settings, run, build_id, is_rollback=is_rollback, accept_reason=accept_reason))
    except RetryError as error:
        raise PublishRefused(f"readers held the marts through {TRIES} tries; the next night tries again") from error
    except BreakingChange as error:
        raise PublishRefused(f"{error}; a breaking change is a new version of the mart") from error
    restate(settings, run)
    return publication_id


def _switch_once(settings: Settings, run: Run, build_id: UUID, *, is_rollback: bool, accept_reason: str | None) -> int:
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        newest = _newest(conn)
        row = _row(conn, run, build_id, newest, is_rollback=is_rollback, accept_reason=accept_reason)
        prev_hash = newest["hash"] if newest else GENESIS
        this_hash = publication_hash(prev_hash, row)
        switch = switch_statements(conn, settings, load_marts(), row["build_schema"], _constants(row), may_miss=is_rollback)
        conn.execute(sql.SQL("set local lock_timeout = {}").format(LOCK_TIMEOUT))
        conn.execute("lock table publication.switch_lock in access exclusive mode")
        conn.execute(sql.SQL("set local lock_timeout = {}").format(INNER_LOCK_TIMEOUT))
        conn.execute(sql.SQL(";\n").join([*switch.inner, *switch.outer, *switch.notes]))
        _record(conn, run, row, prev_hash, this_hash)
        return int(row["publication_id"])


def _record(conn: Connection, run: Run, row: dict[str, Any], prev_hash: str, this_hash: str) -> None:
    """The publication's row and, last because it takes the chain's lock, its event."""
    stored = [Jsonb(row[name]) if name == "mart_hashes" else row[name] for name in PUBLICATION_FIELDS]
    conn.execute(
        sql.SQL("insert into audit.publication ({}, prev_hash, hash) values ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, PUBLICATION_FIELDS)),
            sql.SQL(", ").join([sql.Placeholder()] * (len(PUBLICATION_FIELDS) + 2)),
        ),
        [*stored, prev_hash, this_hash],
    )
    conn.execute("update audit.build set state = 'published' where build_id = %s", (row["build_id"],))
    event = Event("published", row["published_at"], "warehouse", payload={"publication_id": row["publication_id"], "hash": this_hash})
    append_events(conn, run.run_id, row["published_at"], [event])


def _row(
    conn: Connection, run: Run, build_id: UUID, newest: dict[str, Any] | None, *, is_rollback: bool, accept_reason: str | None
) -> dict[str, Any]:
    """The publication's row: what was built, from what, and when it was switched to."""
    build = conn.execute(
        sql.SQL("select {} from audit.build where build_id = %s").format(sql.SQL(", ").join(map(sql.Identifier, BUILD_FIELDS))), (build_id,)
    ).fetchone()
    assert build is not None
    row: dict[str, Any] = dict(zip(BUILD_FIELDS, build, strict=True))
    published_at: datetime = max(run.now, row["knowledge_at"])
    return row | {
        "publication_id": int(newest["publication_id"]) + 1 if newest else 1,
        "run_id": run.run_id,
        "published_at": published_at,
        "build_id": build_id,
        "is_rollback": is_rollback,
        "accept_reason": accept_reason,
    }
