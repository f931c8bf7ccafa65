"""Who is of working age on a day, exactly as the rules and marts count (Labour Code 45/2019/QH14; Decree 135/2020/NĐ-CP)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from functools import cache

from synthetic.targets import reference_rows

WORKS_FROM = 15 * 12
"""Months of age."""


@cache
def _retirement_ages(sex: str) -> tuple[tuple[date, date, int], ...]:
    """(first day, last day, age in months) for each year of the table; its first row counts before it, its last after it."""
    rows = reference_rows("retirement_age")
    years = [int(row["year"]) for row in rows]
    firsts = [date.min, *(date(year, 1, 1) for year in years[1:])]
    lasts = [*(date(year, 12, 31) for year in years[:-1]), date.max]
    ages = [12 * int(row[f"{sex}_years"]) + int(row[f"{sex}_months"]) for row in rows]
    return tuple(zip(firsts, lasts, ages, strict=True))


def _later(day: date, months: int) -> date:
    """So many months later; the last day of a shorter month, as PostgreSQL reckons."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_working_age(born: date, sex: str, day: date) -> bool:
    """From the 15th birthday to the day before retirement; whoever has reached the age of a year stays retired."""
    if day < _later(born, WORKS_FROM):
        return False
    return not any(first <= day and _later(born, age) <= min(day, last) for first, last, age in _retirement_ages(sex))


def surely_of_working_age(born: date | int, sex: str, day: date) -> bool:
    """As above; for a birth year alone, whether born on its first day or its last."""
    if isinstance(born, int):
        return is_working_age(date(born, 1, 1), sex, day) and is_working_age(date(born, 12, 31), sex, day)
    return is_working_age(born, sex, day)
