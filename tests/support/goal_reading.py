"""The readings of the province's goals in plain Python, written from section 8 of the design: exact fractions, year by year.

The SQL of `goal_progress` is held against it. Values are compared and judged with the 6 decimals that the mart publishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

ALL_YEARS = ("simple_mean", "every_year")
"""Readings that need every year up to t; the others need years 0 and t."""
LARGEST = 10**12
"""A projection from here on is not published."""


@dataclass(frozen=True)
class Year:
    """One area in one year: what was owed and came, and the figures. ``poor`` and ``near_poor`` None: unknown in one return.

    ``reclassified`` holds poor and near-poor under the other standard, where the year was classified by that one too.
    """

    expected: int
    accepted: int
    has_begun: bool
    is_past_due: bool
    is_final: bool
    is_collected: bool = True
    standard: str = ""
    poor: int | None = None
    near_poor: int | None = None
    reclassified: tuple[int, int] | None = None

    @property
    def why_not(self) -> str | None:
        """Why the year is not whole; None where it is."""
        if not self.is_collected:
            return "not collected"
        if self.accepted == self.expected:
            return None
        if not self.has_begun or not self.is_past_due:
            return "not yet due"
        return f"incomplete ({self.accepted} of {self.expected})"


@dataclass(frozen=True)
class Service:
    """The return that stands for a year of a coverage goal: who was promised, who got it, how far the need survey went."""

    year: Year
    whole: int = 0
    part: int = 0
    listed: int | None = None
    in_class: int | None = None


@dataclass(frozen=True)
class Target:
    """A target version. ``value`` is in percent a year, or of the baseline over the whole span (``pct_of_baseline``)."""

    goal: str
    version: str
    readings: tuple[str, ...]
    value: Decimal
    unit: str
    end_year: int
    version_year: int = 2021
    baseline_year: int | None = None
    standard: str | None = None

    @property
    def g(self) -> Fraction:
        """The yearly target as a fraction of 1."""
        yearly = Fraction(self.value) / 100
        assert self.baseline_year is not None
        return yearly / (self.end_year - self.baseline_year) if self.unit == "pct_of_baseline" else yearly


def read_reduction(target: Target, reading: str, years: Mapping[int, Year]) -> Iterator[dict[str, Any]]:
    """The rows of one area, one for each year from baseline to end in which it stands. ``years``: by calendar year."""
    assert target.baseline_year is not None
    for year in range(target.baseline_year, target.end_year + 1):
        if year in years:
            yield _reduction(target, reading, years, year)


def _reduction(target: Target, reading: str, years: Mapping[int, Year], year: int) -> dict[str, Any]:
    base, end, g = target.baseline_year, target.end_year, target.g
    assert base is not None
    t, span = year - base, end - base
    gaps = {y: _gap(target, years.get(y)) for y in range(base, year + 1)}
    n = [None if gaps[y] else _count(target, years[y]) for y in range(base, year + 1)]
    n0, nt = n[0], n[t]
    used = range(base, year + 1) if reading in ALL_YEARS else (base, year)
    row = dict.fromkeys(("path", "end", "gap", "pace", "required", "required_compound", "projection", "reason"))
    row |= {"year": year, "baseline": n0, "actual": nt, "is_final": False}

    end_value = None if n0 is None else _line(reading, n0, g, span)
    path = _path(reading, n, gaps[year], g, t)
    row |= {"end": round6(end_value), "path": round6(path)}
    if path is not None and nt is not None:
        row["gap"] = round6(nt - path)

    missing = gaps[year] or next((f"{gaps[y]} in {y}" for y in used if gaps[y]), None)
    if missing:
        return row | {"status": "not_available", "reason": missing}
    counts = [count for count in n if count is not None]
    row["is_final"] = all(years[y].is_final for y in used)
    assert n0 is not None
    assert nt is not None
    if t == 0:
        return row | {"status": "baseline"}
    left = span - t
    if left:
        if n0 and (projection := nt * root(Fraction(nt, n0), left, t)) < LARGEST:
            row["projection"] = round6(projection)
        if end_value is not None:
            row["required_compound"] = _percent(_needed(nt, end_value, left))

    empty = next((base + k for k in range(t) if n[k] == 0), None) if reading in ALL_YEARS else None
    if empty is not None:  # a fall from nothing is undefined; the goal is not, where nothing is left
        if nt:
            return row | {"status": "not_available", "reason": f"no households in {empty}", "is_final": False}
        return row | {"status": "achieved", "required": _percent(0) if left else None}

    falls = [Fraction(a - b, a) for a, b in pairwise(counts)] if reading in ALL_YEARS else []
    pace = _pace(reading, n0, nt, t, falls)
    row["pace"] = _percent(pace)
    if left:
        row["required"] = _percent(_required(reading, n0, nt, end_value, g, span, left, falls))
    kept = pace is not None and _percent(pace) >= _percent(g)  # type: ignore[operator]
    assert path is not None
    if (end_value is not None and nt <= round6(end_value)) or (end_value is None and not left and kept):  # type: ignore[operator]
        status = "achieved"
    elif not left:
        status = "missed"
    elif nt > n0:
        status = "worsening"
    else:
        status = "on_track" if (kept if reading == "every_year" else nt <= round6(path)) else "off_track"  # type: ignore[operator]
    return row | {"status": status}


def _gap(target: Target, year: Year | None) -> str | None:
    if year is None:
        return "not in force on this ground"
    if year.why_not:
        return year.why_not
    if _count(target, year) is not None:
        return None
    return "unknown in one return" if year.standard == target.standard else f"not under the standard {target.standard}"


def _count(target: Target, year: Year) -> int | None:
    """The figure under the target's own standard."""
    poor, near_poor = (year.poor, year.near_poor) if year.standard == target.standard else year.reclassified or (None, None)
    if poor is None or target.goal == "poverty_reduction":
        return poor
    return None if near_poor is None else poor + near_poor


def _line(reading: str, n0: int, g: Fraction, t: int) -> Fraction | None:
    """Where the path of a reading with an end value stands after t years."""
    if reading == "compound":
        return n0 * (1 - g) ** t
    return n0 * (1 - g * t) if reading == "share_of_baseline" else None


def _path(reading: str, n: list[int | None], own_gap: str | None, g: Fraction, t: int) -> Fraction | None:
    if t == 0:
        return None if n[0] is None else Fraction(n[0])
    if reading not in ALL_YEARS:
        return None if n[0] is None else _line(reading, n[0], g, t)
    before = [count for count in n[:-1] if count is not None]
    if own_gap == "not yet due" or len(before) < t:
        return None
    if reading == "every_year":
        return before[-1] * (1 - g)
    if 0 in before[:-1]:
        return None
    return before[-1] * (1 - (g * t - sum(Fraction(a - b, a) for a, b in pairwise(before))))


def _pace(reading: str, n0: int, nt: int, t: int, falls: list[Fraction]) -> Fraction | None:
    if reading == "simple_mean":
        return sum(falls, Fraction(0)) / t
    if reading == "every_year":
        return min(falls)
    if n0 == 0:
        return None
    return 1 - root(Fraction(nt, n0), 1, t) if reading == "compound" else Fraction(n0 - nt, n0 * t)


def _required(
    reading: str, n0: int, nt: int, end_value: Fraction | None, g: Fraction, span: int, left: int, falls: list[Fraction]
) -> Fraction | None:
    if nt == 0:
        return Fraction(0)
    if reading == "every_year":
        return g
    if reading == "simple_mean":
        return max((g * span - sum(falls)) / left, Fraction(0))
    assert end_value is not None
    if reading == "compound":
        return _needed(nt, end_value, left)
    return max((nt - end_value) / (n0 * left), Fraction(0)) if n0 else None


def _needed(nt: int, end_value: Fraction, left: int) -> Fraction:
    """Compound pace from now to the end value."""
    return Fraction(0) if nt == 0 else max(1 - root(end_value / nt, 1, left), Fraction(0))


def read_coverage(target: Target, services: Mapping[int, Service]) -> Iterator[dict[str, Any]]:
    """The rows of a coverage goal: from the first year after the version's date to its end. A duty of 100 in every year."""
    for year in range(target.version_year + 1, target.end_year + 1):
        if year not in services:
            continue
        one = services[year]
        row: dict[str, Any] = {"year": year, "path": Decimal(100), "end": Decimal(100), "is_final": False, "reason": None}
        row |= dict.fromkeys(("baseline", "actual", "gap", "pace", "required", "required_compound", "projection"))
        reason = one.year.why_not or ("no need recorded" if one.whole == 0 else None)
        if reason:
            yield row | {"status": "not_available", "reason": reason}
            continue
        row["actual"] = round6(Fraction(100 * one.part, one.whole))
        row["gap"] = 100 - row["actual"]
        row["is_final"] = one.year.is_final
        is_end = year == target.end_year
        if one.part == one.whole:
            row["status"] = "achieved" if is_end else "on_track"
        else:
            row["status"] = "missed" if is_end else "off_track"
        if target.goal == "loan_coverage":
            if one.listed is None or not one.in_class:
                row["reason"] = "need_survey_unknown"
            elif Fraction(one.listed, one.in_class) < Fraction(9, 10):
                row["reason"] = "need_survey_incomplete"
        yield row


def root(base: Fraction, power: int, of: int) -> Fraction:
    """base ** (power / of), to 60 digits where it is no whole power."""
    if power % of == 0:
        return base ** (power // of)
    if base == 0:
        return Fraction(0)
    with localcontext() as context:
        context.prec = 60
        return Fraction((Decimal(base.numerator) / Decimal(base.denominator)) ** (Decimal(power) / Decimal(of)))


def round6(value: Fraction | int | None) -> Decimal | None:
    """As PostgreSQL rounds: half away from zero."""
    if value is None:
        return None
    value = Fraction(value)
    with localcontext() as context:
        context.prec = 60
        return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _percent(value: Fraction | int | None) -> Decimal | None:
    return None if value is None else round6(100 * Fraction(value))
