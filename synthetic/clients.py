"""Whom credit and training are for in a year: the households of the lists before it, as those lists name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from synthetic.records import ESCAPED, LISTED, Row
from synthetic.returns import HouseholdReview

YEARS_AFTER_ESCAPE = 3
"""Decision 28/2015/QĐ-TTg: a household that has left the list may borrow for so long."""


@dataclass(frozen=True)
class Member:
    name: str
    citizen_id: str | None
    sex: str
    born: date | int
    """A birth year where the papers give no more."""
    can_work: bool

    @property
    def birth_year(self) -> int:
        return self.born if isinstance(self.born, int) else self.born.year


@dataclass(frozen=True)
class Client:
    """A household that a year's credit and training are offered to."""

    code: str
    hamlet: str
    client_class: str
    """poor, near_poor or newly_escaped, on 1 January."""
    left_list_date: date | None
    can_work: bool
    head: Member
    members: tuple[Member, ...]
    """Empty where no member list on file names them."""

    def unmistakable(self) -> list[Member]:
        """Members whose name nobody else in the household has."""
        names = [member.name for member in self.members]
        return [member for member in self.members if names.count(member.name) == 1]


def clients(earlier: Sequence[HouseholdReview]) -> list[Client]:
    """The clients of the year after ``earlier`` (one commune's reviews, oldest first): the closing list of the last one, then those
    who left a list in the three years before and have not come back."""
    last = earlier[-1]
    people = {}
    left: dict[str, Row] = {}
    for review in earlier[-YEARS_AFTER_ESCAPE:]:
        people.update(_members(review.member_list))
        for row in review.household_list:
            if row["movement"] in ESCAPED:
                left[row["household_code"]] = row
            else:
                left.pop(row["household_code"], None)
    listed = [(row, row["closing_class"]) for row in last.household_list if row["closing_class"] in LISTED]
    escaped = [(row, "newly_escaped") for row in left.values()]
    return [_client(row, name, people.get(row["household_code"], ())) for row, name in listed + escaped]


def surveyed(rng: Random, all_clients: Iterable[Client], *, is_complete: bool) -> list[Client]:
    """Those that the commune asked. Of the listed a complete survey leaves out a few in a hundred, an incomplete one many;
    of the newly escaped it hears of some."""
    by_class: dict[str, list[Client]] = {name: [] for name in (*LISTED, "newly_escaped")}
    for client in all_clients:
        by_class[client.client_class].append(client)
    found = []
    for name, group in by_class.items():
        left_out = rng.uniform(0, 0.03) if is_complete else rng.uniform(0.15, 0.4)
        if name == "newly_escaped":
            left_out = rng.uniform(0.3, 0.6)
        missed = set(rng.sample([client.code for client in group], int(left_out * len(group))))
        found += [client for client in group if client.code not in missed]
    return found


def _members(rows: Iterable[Row]) -> dict[str, tuple[Member, ...]]:
    found: dict[str, tuple[Member, ...]] = {}
    for row in rows:
        sex = "male" if row.get("birth_year_male") else "female"
        can_work = row["activity_status"] != "unable_to_work"
        member = Member(row["member_name"], row["citizen_id"], sex, row["birth_date"], can_work)
        found[row["household_code"]] = (*found.get(row["household_code"], ()), member)
    return found


def _client(row: Row, name: str, members: tuple[Member, ...]) -> Client:
    can_work = not row["has_no_labour_capacity"]
    head = Member(row["head_name"], row["head_citizen_id"], row["head_sex"], row["head_birth_date"], can_work)
    left = row["left_list_date"] if name == "newly_escaped" else None
    return Client(row["household_code"], row["hamlet"], name, left, can_work, head, members)
