"""Where the households of merged communes stand, and under which code: what an office of a new commune knows of those it took over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from synthetic.ground import Merger
from synthetic.records import Row
from synthetic.returns import HouseholdReview

History = dict[str, list[HouseholdReview]]
"""Commune -> its reviews, oldest first, as its office would find them: households under today's codes and hamlets."""


class Register:
    """The households of the communes before, on the ground after a merger.

    A household goes by the code of the newest list: that of ``reviews``, the first ones on the new ground, else the one it had. An old
    code that two communes which came together both used is written with its commune before it, or two households would be one.
    """

    def __init__(self, merger: Merger, history: Mapping[str, Iterable[HouseholdReview]], reviews: Iterable[HouseholdReview] = ()) -> None:
        self._moves = merger.moves
        self._new = {
            (row["previous_commune_code"], row["previous_household_code"]): row["household_code"]
            for review in reviews
            for row in review.household_list
            if row.get("previous_household_code")
        }
        users: dict[tuple[str, str], set[str]] = {}
        for (commune, _), (successor, _) in merger.moves.items():
            for review in history[commune]:
                for row in review.household_list:
                    users.setdefault((successor, row["household_code"]), set()).add(commune)
        self._shared = {place for place, communes in users.items() if len(communes) > 1}

    def is_moved(self, commune: str, hamlet: str) -> bool:
        return (commune, hamlet) in self._moves

    def place(self, commune: str, code: str, hamlet: str) -> tuple[str, str, str]:
        """(commune, code, hamlet) now of a household that had this code in this hamlet of a commune before."""
        successor, name = self._moves[commune, hamlet]
        is_shared = (successor, code) in self._shared
        return successor, self._new.get((commune, code), f"{commune}/{code}" if is_shared else code), name


def histories(province: Iterable[Iterable[HouseholdReview]], mergers: Mapping[int, Merger]) -> History:
    """The reviews of every commune of the last one's map, those of the communes before among them."""
    found: History = {}
    for reviews in map(list, province):
        merger = mergers.get(reviews[0].year)
        if merger is not None:
            found = _taken_over(found, Register(merger, found, reviews), reviews)
        for review in reviews:
            found.setdefault(review.commune.code, []).append(review)
    return found


def _taken_over(history: History, register: Register, reviews: list[HouseholdReview]) -> History:
    """Histories of the communes before, put together for the communes that now send ``reviews``."""
    gone = {commune for commune in history if any(register.is_moved(commune, row["hamlet"]) for row in _rows(history[commune]))}
    found: History = {}
    years = range(len(next(iter(history.values()))))
    for review in reviews:
        code = review.commune.code
        if code in history and code not in gone:
            found[code] = list(history[code])
        else:
            found[code] = [replace(review, household_list=[], member_list=[]) for _ in years]
    for commune in sorted(gone):
        for year, review in enumerate(history[commune]):
            placed = {}
            for row in review.household_list:
                placed[row["household_code"]] = successor, *_ = register.place(commune, row["household_code"], row["hamlet"])
                found[successor][year].household_list.append(_renamed(row, placed))
            for row in review.member_list:
                found[placed[row["household_code"]][0]][year].member_list.append(_renamed(row, placed))
    return found


def _rows(reviews: Iterable[HouseholdReview]) -> Iterable[Row]:
    return (row for review in reviews for row in review.household_list)


def _renamed(row: Row, placed: Mapping[str, tuple[str, str, str]]) -> Row:
    _, code, hamlet = placed[row["household_code"]]
    return {**row, "household_code": code, "hamlet": hamlet}
