"""One clock. Dates taken from a timestamp are Asia/Ho_Chi_Minh's.

A warehouse marked synthetic takes ``--now`` (never backwards), and what it records carries that time; a real one records
the database's own clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from warehouse.database import Connection

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


class ClockError(Exception):
    """--now was given where it may not be, or runs backwards."""


def local_date(moment: datetime) -> date:
    """The calendar day of a moment in Viet Nam."""
    return moment.astimezone(LOCAL).date()


def is_synthetic(conn: Connection) -> bool:
    row = conn.execute("select value from audit.setting where name = 'kind'").fetchone()
    return row is not None and row[0] == "synthetic"


def parse_now(text: str, option: str = "--now") -> datetime:
    """Read an ISO timestamp with its zone (``2024-01-10T22:00+07:00``), given by this option. Raises ClockError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ClockError(f"{option}: '{text}' is not a timestamp like 2024-01-10T22:00+07:00") from None
    if moment.tzinfo is None:
        raise ClockError(f"{option}: '{text}' has no zone; write 2024-01-10T22:00+07:00 (Asia/Ho_Chi_Minh)")
    return moment


def now(conn: Connection, injected: datetime | None = None) -> datetime:
    """The moment to record, never before what is recorded already.

    Real warehouse: clock_timestamp() of the database. Synthetic: ``injected`` if given, else the database's clock.
    """
    newest_row = conn.execute(
        "select greatest((select max(recorded_at) from audit.submission_event), (select max(recorded_at) from reference.load))"
    ).fetchone()
    newest: datetime | None = newest_row[0] if newest_row else None
    if injected is not None:
        if not is_synthetic(conn):
            raise ClockError("--now is only taken in a warehouse made with 'warehouse init --synthetic'")
        if newest is not None and injected < newest:
            raise ClockError(f"--now {injected.isoformat()} is before what is already recorded ({newest.isoformat()})")
        return injected.astimezone(UTC)
    row = conn.execute("select clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment if newest is None else max(moment, newest)
