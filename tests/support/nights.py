"""What can happen between two nights, as named actions: corrections, withdrawals, reference data, a target, the rules.

Each may come at any time, in any order, as often as one likes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.mart_builder import Household, Return, happen, people, send
from warehouse.database import connect
from warehouse.reference_data import REFERENCE_DIR, load_reference
from warehouse.runs import Run
from warehouse.settings import Settings

TARGET = (
    "poverty_reduction,resolution_7_2024,compound,12.5,pct_per_year,2021,2025,2022-2026,Sở Nông nghiệp và Môi trường,"
    '7/NQ-HĐND,2024-01-05,no,"Nghị quyết 7",2024-01-05,2025-12-31\n'
)


@dataclass
class Province:
    """A published warehouse and the versions of its returns that are in force, the newest last."""

    settings: Settings
    folder: Path
    in_force: dict[tuple[str, int], list[Return]]
    versions: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(lambda: 1))

    def correct(self, run: Run, commune: str, year: int, households: list[Household]) -> Return:
        """The next version of a return, accepted."""
        self.versions[commune, year] += 1
        item = Return(commune, year, households, version=self.versions[commune, year])
        with connect(self.settings) as conn:
            send(conn, run, [item])
        self.in_force[commune, year].append(item)
        return item

    def withdraw(self, run: Run, commune: str, year: int) -> None:
        """Take back the version in force, where there is one; the one before it, if any, is in force again."""
        if self.in_force[commune, year]:
            with connect(self.settings) as conn:
                happen(conn, run, "withdrawn", self.in_force[commune, year].pop())

    def rest(self, run: Run) -> None:
        """Nothing comes; due dates pass."""

    def load(self, run: Run, table: str, change: Callable[[str], str]) -> None:
        """Load a reference table again, changed."""
        path = self.folder / f"{table}.csv"
        given = path if path.exists() else REFERENCE_DIR / path.name
        path.write_text(change(given.read_text(encoding="utf-8")), encoding="utf-8")
        load_reference(self.settings, run, path)

    def judge_by_other_rules(self, run: Run) -> None:
        """A round under another set of rules, in which everything accepted stays accepted."""
        with connect(self.settings) as conn:
            conn.execute(
                "insert into audit.validation_run (run_id, round, kind, rule_set_version, reference_version, gx_version, submissions, "
                "seconds, recorded_at) values (%s, 1, 'recheck', %s, 'none', 'none', 0, 0, %s)",
                (run.run_id, f"rules of {run.run_id}", run.now),
            )


Action = Callable[[Province, Run], object]
ACTIONS: dict[str, Action] = {
    "a correction": lambda p, run: p.correct(run, "27694", 2023, people(9, 9)),
    "another correction of it": lambda p, run: p.correct(run, "27694", 2023, people(2, 7, members=3)),
    "its withdrawal": lambda p, run: p.withdraw(run, "27694", 2023),
    "a correction of an older year": lambda p, run: p.correct(run, "27697", 2022, people(5, 5)),
    "a correction of the first year": lambda p, run: p.correct(run, "28003", 2021, people(1, 0)),
    "a commune whose only return goes": lambda p, run: p.withdraw(run, "27700", 2022),
    "and comes back": lambda p, run: p.correct(run, "27700", 2022, people(4, 4)),
    "a list without households": lambda p, run: p.correct(run, "27703", 2023, []),
    "a late name": lambda p, run: p.load(run, "unit", lambda text: text.replace("Phường 5", "Phường Năm")),
    "a late due date": lambda p, run: p.load(run, "calendar", lambda text: text.replace(",12-20,", ",12-27,")),
    "another target": lambda p, run: p.load(run, "target", lambda text: text if TARGET in text else text + TARGET),
    "other rules": lambda p, run: p.judge_by_other_rules(run),
    "nothing but days": Province.rest,
}
