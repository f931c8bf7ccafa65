"""The chain of events: append-only, each hash over the one before it and the canonical JSON of the row.

Appending takes one advisory lock, last, in a short transaction, so that the chain is one line whoever writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from warehouse.database import Connection

GENESIS = "0" * 64
CHAIN_LOCK = 7_310_002
EVENT_FIELDS = ("event_id", "submission_id", "sha256", "run_id", "event_type", "event_at", "recorded_at", "actor", "payload")


@dataclass(frozen=True)
class Event:
    """One thing that happened to a submission or a file. Payload values are strings, integers, booleans, lists, dicts or null."""

    event_type: str
    event_at: datetime
    actor: str
    submission_id: UUID | None = None
    sha256: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, (date, UUID)):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"not canonical: {type(value).__name__}")


def canonical_json(value: object) -> str:
    """Sorted keys, no spaces, UTF-8, moments in UTC to the microsecond: the same text for the same fact."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def chain_hash(prev_hash: str, row: dict[str, Any]) -> str:
    return hashlib.sha256((prev_hash + canonical_json(row)).encode()).hexdigest()


def rows_digest(rows: Iterable[Sequence[Any]]) -> tuple[int, str]:
    """(count, SHA-256) over rows in the order given; the ordered digest that an event keeps of a run's failing rows."""
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(canonical_json(list(row)).encode())
        digest.update(b"\n")
        count += 1
    return count, digest.hexdigest()


def append_events(conn: Connection, run_id: UUID, recorded_at: datetime, events: Sequence[Event]) -> list[int]:
    """Append events to the chain in the caller's transaction and return their ids.

    Call it last in a short transaction: the chain's lock is held until commit.
    """
    if not events:
        return []
    conn.execute("select pg_advisory_xact_lock(%s)", (CHAIN_LOCK,))
    head = conn.execute("select event_id, hash from audit.submission_event order by event_id desc limit 1").fetchone()
    last_id, last_hash = head if head else (0, GENESIS)
    rows = []
    for event in events:
        last_id += 1
        row = {
            "event_id": last_id,
            "submission_id": event.submission_id,
            "sha256": event.sha256,
            "run_id": run_id,
            "event_type": event.event_type,
            "event_at": event.event_at,
            "recorded_at": recorded_at,
            "actor": event.actor,
            "payload": event.payload,
        }
        this_hash = chain_hash(last_hash, row)
        rows.append((*[row[name] for name in EVENT_FIELDS[:-1]], Jsonb(event.payload), last_hash, this_hash))
        last_hash = this_hash
    with conn.cursor() as cursor:
        cursor.executemany(
            f"insert into audit.submission_event ({', '.join(EVENT_FIELDS)}, prev_hash, hash) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    return [row[0] for row in rows]
