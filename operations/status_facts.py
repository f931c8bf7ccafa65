"""What `warehouse status` knows of a warehouse, as plain values: no judgement and no wording.

A field is None where the fact could not be learnt (the database is down) or where there is nothing yet (no night, no publication).
Moments carry a zone; sizes are bytes; shares are fractions of 1. Nothing here names a person, a household or a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

DatabaseState = Literal["ready", "down", "not_migrated", "failed", "unknown"]
Clock = Literal["database", "given", "system"]


@dataclass(frozen=True)
class Database:
    """``reason`` is a key of `reasons` in status.yaml where the server is down, else the SQLSTATE or the kind of what failed."""

    state: DatabaseState
    reason: str | None = None
    kind: str | None = None
    revision: str | None = None
    revision_of_code: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class Night:
    """One nightly run. ``outcome`` is None while it runs, or where it was killed and nobody has closed it yet."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    files: int
    unreadable: int
    accepted: int
    returned: int
    publication_id: int | None
    error: str | None


@dataclass(frozen=True)
class Nights:
    """``last`` began last; ``last_ended`` is the newest that said how it ended (mostly the same).

    ``last_due`` is the newest moment at which a night was due and whose grace has passed; ``missed`` are the days, newest first,
    on which none began. ``waited_from``: the beginning of the last night, or of the warehouse where there was none.
    """

    last: Night | None
    last_ended: Night | None
    last_due: datetime
    missed: tuple[date, ...]
    waited_from: datetime | None


@dataclass(frozen=True)
class Build:
    build_id: str
    state: str
    knowledge_at: datetime


@dataclass(frozen=True)
class Publication:
    """What the marts show. ``is_pinned``: a rollback holds it. ``waiting``: a newer build that is not shown."""

    publication_id: int
    published_at: datetime
    knowledge_at: datetime
    is_pinned: bool
    waiting: Build | None


@dataclass(frozen=True)
class Period:
    """Returns of one form and period whose due date has passed, as published.

    expected = accepted + provisional + returned + missing. ``late`` of the accepted came after the due date.
    """

    form_code: str
    period_key: str
    due_date: date
    expected: int
    accepted: int
    provisional: int
    returned: int
    missing: int
    late: int

    @property
    def outstanding(self) -> int:
        """Returns whose official result is still not in force."""
        return self.expected - self.accepted

    @property
    def outstanding_share(self) -> float:
        return self.outstanding / self.expected if self.expected else 0.0


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be read and has had no successor under its name. It is named by its hash, never by its name."""

    sha256: str
    reason_code: str | None
    came_at: datetime


@dataclass(frozen=True)
class Arrivals:
    """``last_at``: when the newest file was taken in; None where none ever was. ``silent_from``: that, or the warehouse's beginning."""

    last_at: datetime | None
    silent_from: datetime | None


@dataclass(frozen=True)
class Chain:
    """Newest event of the hash chain. ``is_missing``: the head is gone or altered, so things recorded have no event."""

    event_id: int | None
    hash: str | None
    is_missing: bool


@dataclass(frozen=True)
class Disk:
    """Disk of WAREHOUSE_HOME; ``archive_bytes`` is the archive's own size."""

    free_bytes: int
    total_bytes: int
    archive_bytes: int

    @property
    def free_share(self) -> float:
        return self.free_bytes / self.total_bytes if self.total_bytes else 0.0


@dataclass(frozen=True)
class Versions:
    """``code`` is warehouse.runs.code_version; a package that is not installed is None."""

    product: str | None
    code: str
    postgresql: str | None
    airflow: str | None
    dbt: str | None
    great_expectations: str | None
    python: str


@dataclass(frozen=True)
class Facts:
    """``returns`` is empty where something is published and nothing is due, None where nothing is published or nothing is known."""

    checked_at: datetime
    clock: Clock
    versions: Versions
    database: Database = field(default_factory=lambda: Database("unknown"))
    nights: Nights | None = None
    publication: Publication | None = None
    returns: tuple[Period, ...] | None = None
    unreadable: tuple[Unreadable, ...] | None = None
    arrivals: Arrivals | None = None
    chain: Chain | None = None
    disk: Disk | None = None

    @property
    def is_read(self) -> bool:
        """True where the database answered everything that was asked."""
        return self.database.state == "ready"
