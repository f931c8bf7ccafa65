"""Run one night in a process that kills itself (SIGKILL) at a named point. Usage: python -m tests.support.kill_night POINT NOW

The points are cut into the running code from outside: nothing in the product knows of them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(module: Any, name: str) -> None:
    """Die when ``module.name`` has returned."""
    original = getattr(module, name)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        die()
        return result

    setattr(module, name, wrapped)


def before(module: Any, name: str, nth: int = 1, when: Callable[..., bool] = lambda *_a, **_k: True) -> None:
    """Die at the nth call of ``module.name`` for which ``when`` holds, before it does anything."""
    original = getattr(module, name)
    calls = 0

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        if when(*arguments, **options):
            calls += 1
            if calls >= nth:
                die()
        return original(*arguments, **options)

    setattr(module, name, wrapped)


def in_copy(nth: int) -> None:
    import psycopg

    for method in ("write", "write_row"):
        before(psycopg.Copy, method, nth)


def in_build(nth: int) -> None:
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    before(PostgresConnectionManager, "add_query", nth)


def in_switch() -> None:
    """Every view is replaced, the publication is not written: the transaction is open."""
    import psycopg

    before(psycopg.Cursor, "execute", when=lambda _self, query, *_a, **_k: "insert into audit.publication" in str(query))


def install(point: str) -> None:
    import ingestion.collect as collect
    import operations.nightly as nightly

    steps: dict[str, Callable[[], None]] = {
        "planned": lambda: after(collect, "plan_collection"),
        "copy": lambda: in_copy(7),
        "copy-late": lambda: in_copy(20),
        "collected": lambda: before(nightly, "validate"),
        "validating": _before_round,
        "validated": lambda: after(nightly, "validate"),
        "building": lambda: in_build(25),
        "building-late": lambda: in_build(90),
        "built": lambda: after(nightly, "build"),
        "checked": lambda: after(nightly, "check"),
        "switching": in_switch,
        "published": lambda: after(nightly, "publish"),
        "reporting": lambda: before(nightly, "report"),
    }
    steps[point]()


def _before_round() -> None:
    import expectations.validate as validate

    before(validate, "append_events")


POINTS = (
    "planned", "copy", "copy-late", "collected", "validating", "validated", "building", "building-late", "built", "checked",
    "switching", "published", "reporting",
)  # fmt: skip


def main() -> None:
    point, now = sys.argv[1:]
    from operations.nightly import run_night
    from warehouse.settings import get_settings

    if point != "never":
        install(point)
    run_night(get_settings(), now=now)
    print("ended")


if __name__ == "__main__":
    main()
