"""Forms 7.1, 7.2 and 7.3 counted from the list, so that list and forms agree to the household and the person."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from synthetic.records import Row
from synthetic.targets import Commune

OTHER = {"poor": "near_poor", "near_poor": "poor"}
OTHER_DECREASE = ("moved_out", "merged", "single_died", "other_decrease")
OTHER_INCREASE = ("moved_in", "split_off", "other_increase")
COLUMNS = {
    "poor": {
        "poor_to_near_poor": "left_to_near_poor",
        "escaped_poor": "left_above_near_poor",
        "near_poor_to_poor": "joined_from_near_poor",
        "relapsed_poor": "relapsed",
        "newly_poor": "newly_poor",
    },
    "near_poor": {
        "escaped_near_poor": "left_above_near_poor",
        "near_poor_to_poor": "left_to_poor",
        "poor_to_near_poor": "joined_from_poor",
        "relapsed_near_poor": "relapsed",
        "newly_near_poor": "newly_near_poor",
    },
}
"""Class -> movement -> column of its form (7.2 poor, 7.3 near-poor)."""
ORDER = {
    "poor": (
        "left_to_near_poor",
        "left_above_near_poor",
        "other_decrease",
        "joined_from_near_poor",
        "relapsed",
        "newly_poor",
        "other_increase",
    ),
    "near_poor": (
        "left_above_near_poor",
        "left_to_poor",
        "other_decrease",
        "joined_from_poor",
        "relapsed",
        "newly_near_poor",
        "other_increase",
    ),
}


def rate(part: int, whole: int) -> float:
    """As printed: per cent with two decimals."""
    return round(100 * part / whole, 2) if whole else 0.0


def summary(rng: Random, commune: Commune, listed: Iterable[Row], total_households: int) -> Row:
    """The one row of form 7.1. Households of average living standard are counted wider than the list marks them."""
    listed = list(listed)
    total_persons = round(total_households * rng.uniform(3.1, 3.8))
    ticks = sum(bool(row.get("is_average_living_standard")) for row in listed)
    average = ticks + round(total_households * rng.uniform(0.004, 0.02))
    figures: Row = {"row_label": 1, "commune_name": commune.name, "total_households": total_households, "total_persons": total_persons}
    for name in ("poor", "near_poor"):
        closing = [row["member_count"] for row in listed if row["closing_class"] == name]
        figures[f"{name}_households"] = len(closing)
        figures[f"{name}_persons"] = sum(closing)
    figures["average_households"] = average
    figures["average_persons"] = round(average * rng.uniform(3.0, 4.0))
    return with_rates(figures)


def with_rates(figures: Row) -> Row:
    for name in ("poor", "near_poor", "average"):
        figures[f"{name}_rate_pct"] = rate(figures[f"{name}_households"], figures["total_households"])
        figures[f"{name}_persons_pct"] = rate(figures[f"{name}_persons"], figures["total_persons"])
    return figures


def movements(commune: Commune, listed: Iterable[Row], name: str) -> list[Row]:
    """The Hộ and the Nhân khẩu row of form 7.2 (``name`` poor) or 7.3 (near_poor).

    Persons: who leaves the class counts with the members at opening, who enters it with those at closing; a household that
    stays adds its change of members to "other decrease" or "other increase". So 9 = 1-2-3-4+5+6+7+8 on both rows.
    """
    households = dict.fromkeys(("opening_count", *ORDER[name], "closing_count"), 0)
    persons = dict(households)

    def count(column: str, people: int, one: int = 1) -> None:
        households[column] += one
        persons[column] += people

    for row in listed:
        opens, closes = row["opening_class"] == name, row["closing_class"] == name
        before, after, movement = row["opening_member_count"], row["member_count"], row["movement"]
        if opens:
            count("opening_count", before)
        if closes:
            count("closing_count", after)
        if opens and closes:
            count("other_decrease" if after < before else "other_increase", abs(after - before), one=0)
        elif opens or closes:
            other = "other_decrease" if opens else "other_increase"
            count(COLUMNS[name].get(movement, other), before if opens else after)
    place: Row = {"row_label": 1, "commune_name": commune.name}
    return [{**place, "unit": "household", **households}, {**place, "unit": "person", **persons}]
