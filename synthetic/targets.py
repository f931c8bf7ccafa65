"""The province's totals shared out to its communes, to the household: published ones to 2023, the generator's own after it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import ceil, floor
from random import Random

from warehouse.settings import PROJECT_DIR

REFERENCE = PROJECT_DIR / "warehouse" / "reference"
FIRST_YEAR, LAST_PUBLISHED, LAST_YEAR = 2021, 2023, 2025
# Published for 2023 only. For 2021 and 2022 the printed rates leave 479,089-481,081 and 481,438-483,545: we take the middle.
TOTAL_WHERE_UNPUBLISHED = {2021: 480_100, 2022: 482_500}
# Nothing is published of the opening of 2021 under the new standard; a fall like that of the years after is plausible.
OPENING = {"poor": 7_590, "near_poor": 12_040}
# Press reports name the districts of the eight communes without poor households at the end of 2023, not the communes.
DISTRICTS_WITHOUT_POOR = ("803", "806", "807", "808")
COMMUNES_WITHOUT_POOR = 2
"""In each of those districts."""


@dataclass(frozen=True)
class Commune:
    code: str
    name: str
    unit_type: str
    area_type: str
    district_code: str
    district_name: str
    """Empty from 1 July 2025: no districts are left."""
    footprint_from: str
    """The day since which it has this ground."""

    @property
    def province_name(self) -> str:
        return "Long An" if self.district_code else "Tây Ninh"


@dataclass(frozen=True)
class Target:
    """What one commune's list and form 7.1 come to at the end of a year."""

    total_households: int
    poor: int
    near_poor: int


UNPUBLISHED = {2024: Target(487_000, 2_900, 7_600), 2025: Target(489_000, 2_450, 6_300)}
"""The generator's own, made up: nothing is published of Long An at the end of these years but that it went on falling."""


def reference_rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def communes(year: int = FIRST_YEAR) -> tuple[Commune, ...]:
    """The communes of Long An in force at the end of a year, by code: 188 to 2023, 186 in 2024, 60 in 2025."""
    units = reference_rows("unit")
    districts = {row["code"]: row["name_vi"] for row in units if row["unit_level"] == "district"}
    last = date(year, 12, 31).isoformat()

    def in_force(row: dict[str, str]) -> bool:
        return row["valid_from"] <= last and (not row["valid_to"] or row["valid_to"] >= last)

    found = [
        Commune(
            row["code"], row["name_vi"], row["unit_type"], row["area_type"], row["district_code"], districts.get(row["district_code"], ""),
            row["footprint_from"],
        )
        for row in units
        if row["unit_level"] == "commune" and row["is_long_an"] == "yes" and in_force(row)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda commune: commune.code))


def published(year: int) -> Target:
    """The printed figures of Long An; the total is ours where none was printed."""
    row = next(row for row in reference_rows("published_figure") if row["area"] == "Long An" and row["period_end"] == f"{year}-12-31")
    total = int(row["total_households"] or TOTAL_WHERE_UNPUBLISHED[year])
    return Target(total, int(row["poor_households"]), int(row["near_poor_households"]))


def apportion(total: int, ideals: list[float], lower: list[int], upper: list[int]) -> list[int]:
    """Whole numbers near ``ideals``, each within its bounds, that add up to ``total``.

    Scaled first, then rounded down; what is left goes, one by one, to those whose part was cut most.
    """
    factor = total / sum(ideals)
    wanted = [ideal * factor for ideal in ideals]
    shares = [min(max(floor(value), low), high) for value, low, high in zip(wanted, lower, upper, strict=True)]
    while left := total - sum(shares):
        step = 1 if left > 0 else -1
        movable = [i for i in range(len(shares)) if lower[i] <= shares[i] + step <= upper[i]]
        if not movable:
            raise ValueError(f"{total} does not fit between {sum(lower)} and {sum(upper)}")
        movable.sort(key=lambda i: step * (shares[i] - wanted[i]))
        for i in movable[: abs(left)]:
            shares[i] += step
    return shares


def targets(seed: int) -> dict[int, dict[str, Target]]:
    """Published year -> commune code -> target. The year 2020 holds the openings of 2021 (its total households are those of 2021)."""
    rng = Random(f"targets {seed}")
    places = communes()
    empty = _without_poor(rng, places)
    weights = [_size(rng, commune) for commune in places]
    rates = [rng.lognormvariate(0, 0.45) * (0.7 if commune.area_type == "urban" else 1.0) for commune in places]
    poor_ideals = [max(12.0, 13 * weight * rate) for weight, rate in zip(weights, rates, strict=True)]
    near_ideals = [max(10.0, 24 * weight * rate**0.8) for weight, rate in zip(weights, rates, strict=True)]
    found = {}
    totals: list[int] = []
    poor: list[int] = []
    near: list[int] = []
    for year in range(FIRST_YEAR, LAST_PUBLISHED + 1):
        figures = published(year)
        totals = _next_totals(rng, figures.total_households, totals, weights)
        poor = _next_poor(rng, year, figures.poor, poor, poor_ideals, [c.code in empty for c in places])
        near = _next(rng, figures.near_poor, near, near_ideals)
        found[year] = _by_code(places, totals, poor, near)
    first = found[FIRST_YEAR]
    opening_poor = _next(rng, OPENING["poor"], [first[c.code].poor for c in places], [])
    opening_near = _next(rng, OPENING["near_poor"], [first[c.code].near_poor for c in places], [])
    found[FIRST_YEAR - 1] = _by_code(places, [first[c.code].total_households for c in places], opening_poor, opening_near)
    return found


def targets_after(seed: int, year: int, opening: Mapping[str, Target]) -> dict[str, Target]:
    """Commune code -> target of a year of which nothing is published; ``opening``: what each commune of its map begins with.

    A commune without poor households stays so.
    """
    rng = Random(f"targets {seed} {year}")
    figures = UNPUBLISHED[year]
    before = list(opening.values())
    totals = _next_totals(rng, figures.total_households, [one.total_households for one in before], [])
    found = {}
    for name in ("poor", "near_poor"):
        some = [index for index, one in enumerate(before) if getattr(one, name)]
        found[name] = [0] * len(before)
        for index, share in zip(some, _next(rng, getattr(figures, name), [getattr(before[i], name) for i in some], []), strict=True):
            found[name][index] = share
    return {code: Target(*shares) for code, *shares in zip(opening, totals, found["poor"], found["near_poor"], strict=True)}


def _by_code(places: tuple[Commune, ...], totals: list[int], poor: list[int], near: list[int]) -> dict[str, Target]:
    return {c.code: Target(*figures) for c, *figures in zip(places, totals, poor, near, strict=True)}


def _without_poor(rng: Random, places: tuple[Commune, ...]) -> set[str]:
    chosen: set[str] = set()
    for district in DISTRICTS_WITHOUT_POOR:
        chosen.update(rng.sample([commune.code for commune in places if commune.district_code == district], COMMUNES_WITHOUT_POOR))
    return chosen


def _size(rng: Random, commune: Commune) -> float:
    """A commune's size against the mean: a township or ward holds more households, a commune of the Đồng Tháp Mười fewer."""
    typical = {"xã": 0.9, "phường": 1.4, "thị trấn": 1.5}[commune.unit_type]
    return min(max(typical * rng.lognormvariate(0, 0.3), 0.35), 3.0)


def _next_totals(rng: Random, total: int, before: list[int], weights: list[float]) -> list[int]:
    if not before:
        return apportion(total, weights, [500] * len(weights), [20_000] * len(weights))
    growth = [value * rng.uniform(1.0, 1.008) for value in before]
    return apportion(total, growth, [ceil(v * 0.992) for v in before], [floor(v * 1.0095) for v in before])


def _bounds(value: int) -> tuple[int, int]:
    """A year's change stays within 29% or nine households, so that no reviewer need ask."""
    return max(1, min(ceil(value * 0.71), value - 9)), max(floor(value * 1.29), value + 9)


def _next(rng: Random, total: int, before: list[int], ideals: list[float]) -> list[int]:
    if not before:
        return apportion(total, ideals, [4] * len(ideals), [1_000] * len(ideals))
    bounds = [_bounds(value) for value in before]
    wanted = [value * rng.uniform(0.94, 1.06) for value in before]
    return apportion(total, wanted, [low for low, _ in bounds], [high for _, high in bounds])


def _next_poor(rng: Random, year: int, total: int, before: list[int], ideals: list[float], empty: list[bool]) -> list[int]:
    """As ``_next``, with the eight communes going to nought in steps: at most 7, at most 3, 0."""
    ceiling = {2021: 7, 2022: 3, 2023: 0}[year]
    fixed = [ceiling - rng.randint(0, 1) if ceiling else 0 for _ in empty]
    others = [i for i, is_empty in enumerate(empty) if not is_empty]
    rest = total - sum(value for value, is_empty in zip(fixed, empty, strict=True) if is_empty)
    shares = _next(rng, rest, [before[i] for i in others] if before else [], [ideals[i] for i in others])
    for i, share in zip(others, shares, strict=True):
        fixed[i] = share
    return fixed
