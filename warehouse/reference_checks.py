"""What must hold across the rows of a reference table, and across tables. Each check yields (line, what is wrong)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from warehouse.reference_faults import say
from warehouse.reference_models import LoanCap, Standard, Target, TrainingCap, Unit
from warehouse.reference_ways import check_hamlets, check_hamlets_of_edges, check_succession, check_ways_of_units

Faults = Iterator[tuple[int, str]]
Spans = dict[tuple[str, str], list[tuple[date, date, int]]]


def check_units(rows: Iterable[tuple[int, Unit]]) -> Faults:
    """No two rows of one unit may be in force on the same day, and a commune has an area type."""
    spans: Spans = defaultdict(list)
    for line, unit in rows:
        if unit.unit_level == "commune" and unit.area_type is None:
            yield line, say("no_area_type", commune=unit.code)
        spans[unit.unit_level, unit.code].append((unit.valid_from, unit.valid_to or date.max, line))
    yield from _overlaps(spans)


def check_targets(rows: Iterable[tuple[int, Target]]) -> Faults:
    """A target version's dates in force may not overlap its own other rows. Versions of one goal may stand side by side."""
    spans: Spans = defaultdict(list)
    for line, target in rows:
        spans[target.goal_code, target.target_version].append((target.valid_from, target.valid_to or date.max, line))
    yield from _overlaps(spans)


def check_loan_caps(rows: Iterable[tuple[int, LoanCap]]) -> Faults:
    """One cap a programme and day."""
    spans: Spans = defaultdict(list)
    for line, cap in rows:
        spans["programme", cap.programme_code].append((cap.valid_from, cap.valid_to or date.max, line))
    yield from _overlaps(spans)


def check_training_caps(rows: Iterable[tuple[int, TrainingCap]]) -> Faults:
    """One cap a class and day."""
    spans: Spans = defaultdict(list)
    for line, cap in rows:
        spans["class", cap.household_class].append((cap.valid_from, cap.valid_to or date.max, line))
    yield from _overlaps(spans)


def check_standards_of_targets(targets: Iterable[tuple[int, Target]], standards: Iterable[tuple[int, Standard]]) -> Faults:
    """A target is measured under a standard that there is."""
    known = sorted({standard.standard_version for _, standard in standards})
    for line, target in targets:
        if target.standard_version is not None and target.standard_version not in known:
            yield line, say("unknown_standard", standard=target.standard_version, known=", ".join(known))


def _overlaps(spans: Spans) -> Faults:
    for key, periods in spans.items():
        ordered = sorted(periods)
        for (_, end, line), (start, _, other) in pairwise(ordered):
            if start <= end:
                yield other, say("overlap", key=" ".join(key), other=line)


TABLE_CHECKS: dict[str, Callable[[Iterable[tuple[int, Any]]], Faults]] = {
    "unit": check_units,
    "succession": check_succession,
    "hamlet_succession": check_hamlets,
    "target": check_targets,
    "loan_cap": check_loan_caps,
    "training_cap": check_training_caps,
}

# (table whose lines are named, table that it is compared with, check)
CROSS_CHECKS: tuple[tuple[str, str, Callable[[Iterable[tuple[int, Any]], Iterable[tuple[int, Any]]], Faults]], ...] = (
    ("target", "standard", check_standards_of_targets),
    ("succession", "unit", check_ways_of_units),
    ("hamlet_succession", "succession", check_hamlets_of_edges),
)
