"""A part of the returns, by form, period and commune: what a recheck judges again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warehouse.database import Connection
from warehouse.runs import Run

ACCEPTED = """
    select a.submission_id
    from audit.submission as a
    where
        a.state = 'accepted'
        and (cardinality(%(of_forms)s::text[]) = 0 or a.form_code = any(%(of_forms)s))
        and (cardinality(%(of_periods)s::text[]) = 0 or a.period_key = any(%(of_periods)s))
        and (cardinality(%(of_communes)s::text[]) = 0 or a.commune_code = any(%(of_communes)s))
        and not exists (
            select 1
            from audit.validation_batch as b
            inner join audit.validation_run as v using (run_id, round)
            where b.run_id = %(this_run)s and b.submission_id = a.submission_id
        )
"""
"""What is accepted, of some forms, periods and communes, and not judged in this run already."""


@dataclass(frozen=True)
class Part:
    """Some of the returns: of these forms, periods and communes; where none is named, of all."""

    forms: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()

    def values(self, run: Run) -> dict[str, Any]:
        """What ACCEPTED asks for."""
        return {
            "of_forms": list(self.forms), "of_periods": list(self.periods), "of_communes": list(self.communes), "this_run": run.run_id,
        }  # fmt: skip


def count_accepted(conn: Connection, run: Run, part: Part) -> int:
    """How many accepted submissions of the part ``recheck`` would judge."""
    row = conn.execute(f"select count(*) from ({ACCEPTED}) as a", part.values(run)).fetchone()
    return int(row[0]) if row else 0
