"""What a planted mistake is, and the tools with which mistakes are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from synthetic.forms import movements
from synthetic.people import CHILD, ELDERLY, PUPIL
from synthetic.records import LISTED, Row
from synthetic.returns import HouseholdReview, QuarterReturn


@dataclass(frozen=True)
class Spot:
    """A finding that must come: its sheet, the index of its row in the return (None: the whole file), the rule."""

    sheet: str | None
    index: int | None
    rule: str


@dataclass
class Context:
    rng: Random
    earlier: list[Any]
    """The commune's earlier returns of the same form that are sent too, oldest first."""
    reviews: list[HouseholdReview] = field(default_factory=list)
    """Of a quarterly return: the commune's reviews up to the end of its quarter that are sent too, oldest first."""
    merged: list[QuarterReturn] = field(default_factory=list)
    """Of the first quarterly return of a new commune: the last ones, of the same year, of the communes that it took whole."""

    @property
    def last(self) -> Any:
        return self.earlier[-1] if self.earlier else None


Mistake = Callable[[Any, Context], list[Spot] | None]
"""Spoils a return of its form in place and says what must come of it; None (and nothing spoilt) where it does not lend itself."""


@dataclass(frozen=True)
class Planting:
    spoil: Mistake
    form: str
    needs_history: bool
    """It shows only beside a return of the period before: last year's review, an earlier quarter of the year."""
    needs_reviews: tuple[int, ...]
    """It shows only beside the reviews of these years, counted from the return's: -1 is the year before."""
    needs_merger: bool
    """It shows only in the first return of a new commune, and is the only one that is made in the year of a merger."""

    def shows(self, sent: Any, context: Context) -> bool:
        is_new = sent.commune.footprint_from >= f"{sent.year}-01-01"
        if self.needs_merger or is_new:
            return self.needs_merger and bool(context.merged)
        since = sent.year if isinstance(sent, QuarterReturn) else sent.year - 1
        has_history = context.last is not None and context.last.year >= since
        return (has_history or not self.needs_history) and {sent.year + n for n in self.needs_reviews} <= {r.year for r in context.reviews}


MISTAKES: dict[str, Planting] = {}
"""Rule -> the mistake that is made for it; what the reader says of any form has a name of its own in each."""


def plants(
    rule: str, *, form: str = "household_review", history: bool = False, reviews: tuple[int, ...] = (), merger: bool = False
) -> Callable[[Mistake], Mistake]:
    """Register a mistake under the rule it is made for."""

    def register(made: Mistake) -> Mistake:
        MISTAKES[rule] = Planting(made, form, history, reviews, merger)
        return made

    return register


def household(index: int, *rules: str) -> list[Spot]:
    return [Spot("household_list", index, rule) for rule in rules]


def member(index: int, *rules: str) -> list[Spot]:
    return [Spot("member_list", index, rule) for rule in rules]


def file(*rules: str) -> list[Spot]:
    return [Spot("cover", None, rule) for rule in rules]


def form(sheet: str, index: int | None, *rules: str) -> list[Spot]:
    return [Spot(sheet, index, rule) for rule in rules]


def where(sent: HouseholdReview, test: Callable[[Row], object]) -> list[int]:
    return [index for index, row in enumerate(sent.household_list) if test(row)]


def first(found: Iterable[int]) -> int | None:
    return next(iter(found), None)


def is_listed(row: Row) -> bool:
    return row["closing_class"] in LISTED


def is_applicant(row: Row) -> bool:
    """Asked to be reviewed and found not poor: on no list before or after, so that little else hangs on it."""
    return (row["opening_class"], row["closing_class"]) == ("not_poor", "not_poor")


def members_of(sent: HouseholdReview, row: Row) -> list[int]:
    return [index for index, person in enumerate(sent.member_list) if person["household_code"] == row["household_code"]]


def others(sent: HouseholdReview, test: Callable[[Row], object] = lambda _: True) -> list[int]:
    """Member rows other than the heads'."""
    return [index for index, person in enumerate(sent.member_list) if person["member_no"] != 1 and test(person)]


def birth_year(person: Row) -> int:
    return int(person.get("birth_year_male") or person["birth_year_female"])


def sex(person: Row) -> str:
    return "male" if person.get("birth_year_male") else "female"


def row_of(sent: HouseholdReview, person: Row) -> Row:
    return next(row for row in sent.household_list if row["household_code"] == person["household_code"])


def dependants(people: list[Row], year: int) -> tuple[int, int]:
    """(children, at most this many dependants) as rule HHR-23 counts them."""
    ages = [(year - birth_year(person), person) for person in people]
    children = sum(age < CHILD for age, _ in ages)
    return children, sum(age < CHILD or age >= ELDERLY or p["activity_status"] == "unable_to_work" for age, p in ages)


def fits(row: Row, people: list[Row], year: int) -> bool:
    """The indicators of the row agree with these members (HHR-23 and HHR-23B stay silent)."""
    children, possible = dependants(people, year)
    if row["dep_dependency"] and 2 * possible <= len(people):
        return False
    if not row["dep_dependency"] and 2 * children > len(people):
        return False
    ages = [year - birth_year(person) for person in people]
    needs = (
        ("dep_health_insurance", any(age >= 6 for age in ages)),
        ("dep_nutrition", any(age < CHILD for age in ages)),
        ("dep_child_schooling", any(PUPIL <= age < CHILD for age in ages)),
    )
    return all(possible or not row[name] for name, possible in needs)


def recount(sent: HouseholdReview) -> None:
    """Forms 7.2 and 7.3 counted anew from a list that was changed."""
    sent.movement_7_2 = movements(sent.commune, sent.household_list, "poor")
    sent.movement_7_3 = movements(sent.commune, sent.household_list, "near_poor")
