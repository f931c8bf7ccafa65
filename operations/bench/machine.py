"""How fast this machine is: a fixed piece of work in Python and in PostgreSQL, against the machine that limits in seconds were set on.

A limit on a ratio holds anywhere. A limit in seconds, or in rows a second, was set where one build of commit fa6f3fe took 41.1 ms a node;
the machine on which the fixed work was first timed took 93 ms for the same, and REFERENCE_SECONDS of the work for each of its parts.
"""

from __future__ import annotations

from statistics import median

from operations.bench.measure import timed
from warehouse.database import connect
from warehouse.settings import Settings

SET_ON, TIMED_ON = 41.1, 93.0
"""Milliseconds a dbt node of the same build on the two machines."""
REFERENCE_SECONDS = {"Python": 0.356, "PostgreSQL": 0.332}
"""The fixed work on the second one, quiet."""


class Machine:
    """How this machine does while the bench runs: shared machines are fast at one moment and slow at another."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seen: list[float] = []
        self.look()

    def look(self) -> None:
        """Time the fixed work now."""
        with connect(self.settings) as conn:
            seconds = {
                "Python": median(timed(_count) for _ in range(3)),
                "PostgreSQL": median(
                    timed(lambda: conn.execute("select sum(length(md5(i::text))) from generate_series(1, 500000) as i").fetchone())
                    for _ in range(3)
                ),
            }
        against_second = sum(seconds[name] / REFERENCE_SECONDS[name] for name in seconds) / len(seconds)
        self.seen.append(against_second * TIMED_ON / SET_ON)

    @property
    def slowness(self) -> float:
        """How many times longer this machine takes than the one the limits were set on, in the middle of the looks; at least 1."""
        return max(1.0, median(self.seen))


def _count() -> int:
    total = 0
    for number in range(2_000_000):
        total += number
    return total
