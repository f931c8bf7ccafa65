"""Mistakes in the member list, and of the list against its members."""

from __future__ import annotations

from collections.abc import Callable

from synthetic.mistake import (
    Context,
    Spot,
    birth_year,
    dependants,
    fits,
    household,
    is_applicant,
    is_listed,
    member,
    members_of,
    others,
    plants,
    row_of,
    sex,
    where,
)
from synthetic.mistakes_list import swap_indicator
from synthetic.people import CHILD
from synthetic.records import Row
from synthetic.returns import HouseholdReview

Found = list[Spot] | None


def _people(sent: HouseholdReview, row: Row) -> list[Row]:
    return [sent.member_list[index] for index in members_of(sent, row)]


@plants("HHR-08")
def member_left_out(sent: HouseholdReview, _: Context) -> Found:
    for number in others(sent):
        person = sent.member_list[number]
        row = row_of(sent, person)
        rest = [one for one in _people(sent, row) if one is not person]
        if fits(row, rest, sent.year):
            del sent.member_list[number]
            return household(sent.household_list.index(row), "HHR-08")
    return None


@plants("HHR-08W")
def one_member_of_an_applicant(sent: HouseholdReview, _: Context) -> Found:
    for index in where(sent, lambda row: is_applicant(row) and row["member_count"] > 1 and len(row["head_citizen_id"] or "") == 12):
        row = sent.household_list[index]
        born = row["head_birth_date"] if isinstance(row["head_birth_date"], int) else row["head_birth_date"].year
        person: Row = {
            "household_no": row["row_label"],
            "hamlet": row["hamlet"],
            "member_no": 1,
            "member_name": row["head_name"],
            f"birth_year_{row['head_sex']}": born,
            "ethnicity": row["ethnicity"],
            "relation_to_head": "Chủ hộ",
            "household_code": row["household_code"],
            "citizen_id": row["head_citizen_id"],
            "activity_status": "employed" if not row["has_no_labour_capacity"] else "unable_to_work",
        }
        if fits(row, [person], sent.year):
            sent.member_list.append(person)
            return household(index, "HHR-08W")
    return None


@plants("HHR-09")
def member_of_nobody(sent: HouseholdReview, _: Context) -> Found:
    stranger: Row = {
        "member_no": 2,
        "member_name": "Nguyễn Văn Không",
        "birth_year_male": 1980,
        "relation_to_head": "Con",
        "household_code": "KHÔNG CÓ",
    }
    sent.member_list.append(stranger)
    return member(len(sent.member_list) - 1, "HHR-09")


@plants("HHR-10")
def two_heads(sent: HouseholdReview, context: Context) -> Found:
    person = sent.member_list[context.rng.choice(others(sent))]
    person["relation_to_head"] = "Chủ hộ"
    return household(sent.household_list.index(row_of(sent, person)), "HHR-10")


@plants("HHR-10W")
def head_named_otherwise(sent: HouseholdReview, _: Context) -> Found:
    index = where(sent, lambda row: is_listed(row) and row["head_citizen_id"] is not None)[0]
    sent.household_list[index]["head_name"] += " Em"
    return household(index, "HHR-10W")


@plants("HHR-11")
def both_years(sent: HouseholdReview, context: Context) -> Found:
    """Of a man: read as one, so that his citizen ID still agrees."""
    index = context.rng.choice(others(sent, lambda person: person.get("birth_year_male")))
    sent.member_list[index]["birth_year_female"] = sent.member_list[index]["birth_year_male"]
    return member(index, "HHR-11")


@plants("HHR-11W")
def too_old(sent: HouseholdReview, _: Context) -> Found:
    for index in others(sent, lambda person: sent.year - birth_year(person) >= 70):
        person = sent.member_list[index]
        person.update({f"birth_year_{sex(person)}": 1905, "citizen_id": None, "birth_date": None})
        return member(index, "HHR-11W")
    return None


@plants("HHR-12")
def other_year_of_birth(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(others(sent))
    person = sent.member_list[index]
    person["birth_date"] = birth_year(person) + 1
    return member(index, "HHR-12")


@plants("HHR-13")
def unknown_province(sent: HouseholdReview, context: Context) -> Found:
    index = context.rng.choice(others(sent, lambda person: len(person["citizen_id"] or "") == 12))
    person = sent.member_list[index]
    person["citizen_id"] = "999" + person["citizen_id"][3:]
    return member(index, "HHR-13")


@plants("HHR-14")
def one_id_for_two(sent: HouseholdReview, _: Context) -> Found:
    """The second was born in another year: the ID cannot be theirs either."""
    holders = others(sent, lambda person: len(person["citizen_id"] or "") == 12)
    one = sent.member_list[holders[0]]
    for index in holders[1:]:
        if birth_year(sent.member_list[index]) % 100 != birth_year(one) % 100:
            sent.member_list[index]["citizen_id"] = one["citizen_id"]
            return member(holders[0], "HHR-14") + member(index, "HHR-14", "HHR-13")
    return None


def _indicator(rule: str, wanted: str, wrong: Callable[[list[Row], int], bool]) -> None:
    """Mark an indicator that the household's people cannot bear out."""

    def spoil(sent: HouseholdReview, _: Context) -> Found:
        for index in where(sent, lambda row: is_listed(row) and not row[wanted]):
            row = sent.household_list[index]
            if wrong(_people(sent, row), sent.year) and swap_indicator(row, wanted):
                return household(index, rule)
        return None

    plants(rule)(spoil)


def _few_dependants(people: list[Row], year: int) -> bool:
    return 2 * dependants(people, year)[1] <= len(people)


def _no_child(people: list[Row], year: int) -> bool:
    return all(year - birth_year(person) >= CHILD for person in people)


_indicator("HHR-23", "dep_dependency", _few_dependants)
_indicator("HHR-23B", "dep_nutrition", _no_child)


@plants("HHR-24")
def no_labour_yet_employed(sent: HouseholdReview, _: Context) -> Found:
    for index in where(sent, is_listed):
        row = sent.household_list[index]
        if any(person["activity_status"] == "employed" for person in _people(sent, row)):
            row["has_no_labour_capacity"] = True
            return household(index, "HHR-24")
    return None
