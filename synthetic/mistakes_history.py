"""Mistakes that show beside the return of the year before."""

from __future__ import annotations

from synthetic.forms import with_rates
from synthetic.mistake import Context, Spot, file, first, form, household, is_listed, members_of, plants, recount, where
from synthetic.records import ESCAPED, LISTED
from synthetic.returns import HouseholdReview

Found = list[Spot] | None
MANY = 7
"""More households than rule HHR-38E lets the opening be off (five, and 2 per cent)."""


@plants("HHR-25", history=True)
def relapse_of_one_never_poor(sent: HouseholdReview, context: Context) -> Found:
    """A relapse under the code of a household that was only near-poor in every list on file."""
    fresh = {row["household_code"] for row in sent.household_list}
    seen: dict[str, set[str]] = {}
    for earlier in context.earlier:
        for row in earlier.household_list:
            seen.setdefault(row["household_code"], set()).update((row["opening_class"], row["closing_class"]))
    index = first(where(sent, lambda row: row["movement"] == "relapsed_poor" and row["household_code"] not in seen))
    assert context.last is not None
    codes = [row["household_code"] for row in context.last.household_list if row["movement"] == "escaped_near_poor"]
    code = next((code for code in codes if code not in fresh and "poor" not in seen[code]), None)
    if index is None or code is None:
        return None
    row = sent.household_list[index]
    for number in members_of(sent, row):
        sent.member_list[number]["household_code"] = code
    row["household_code"] = code
    return household(index, "HHR-25")


@plants("HHR-26")
def members_halved(sent: HouseholdReview, context: Context) -> Found:
    """Needs no list of last year: the row itself says how many there were."""
    index = context.rng.choice(where(sent, lambda row: row["movement"] == "unchanged" and is_listed(row)))
    row = sent.household_list[index]
    row["opening_member_count"] = 2 * row["member_count"] + 1
    recount(sent)
    return household(index, "HHR-26")


@plants("HHR-26B", history=True)
def another_head(sent: HouseholdReview, context: Context) -> Found:
    """The head has another citizen ID than last year, of the same sex and year."""
    index = first(where(sent, lambda row: row["movement"] == "unchanged" and is_listed(row) and len(row["head_citizen_id"] or "") == 12))
    if index is None:
        return None
    row = sent.household_list[index]
    row["head_citizen_id"] = f"{row['head_citizen_id'][:6]}{context.rng.randrange(999_000, 999_999)}"
    sent.member_list[members_of(sent, row)[0]]["citizen_id"] = row["head_citizen_id"]
    return household(index, "HHR-26B")


@plants("HHR-38", history=True)
def opening_short_by_one(sent: HouseholdReview, _: Context) -> Found:
    """A household that left is not on the list: it is missed by its code as well."""
    return _leave_out(sent, 1, "HHR-38", "HHR-39")


@plants("HHR-38E", history=True)
def opening_short_by_many(sent: HouseholdReview, _: Context) -> Found:
    return _leave_out(sent, MANY, "HHR-38E", "HHR-39")


def _leave_out(sent: HouseholdReview, number: int, *rules: str) -> Found:
    gone = where(sent, lambda row: row["opening_class"] == "near_poor" and row["closing_class"] not in LISTED)[-number:]
    opening = sum(row["opening_class"] == "near_poor" for row in sent.household_list)
    if len(gone) < number or (number == MANY and 2 * opening >= 100 * MANY):
        return None
    sent.household_list = [row for index, row in enumerate(sent.household_list) if index not in gone]
    recount(sent)
    return file(*rules)


@plants("HHR-39", history=True)
def code_miswritten(sent: HouseholdReview, _: Context) -> Found:
    index = first(where(sent, lambda row: row["movement"] in ESCAPED))
    if index is None:
        return None
    sent.household_list[index]["household_code"] += "/B"
    return file("HHR-39")


@plants("HHR-39B", history=True)
def openings_exchanged(sent: HouseholdReview, _: Context) -> Found:
    """Two that left their lists, each written as the other's class: the sums do not tell."""
    left_poor = first(where(sent, lambda row: row["movement"] == "escaped_poor"))
    left_near = first(where(sent, lambda row: row["movement"] == "escaped_near_poor"))
    if left_poor is None or left_near is None:
        return None
    one, two = sent.household_list[left_poor], sent.household_list[left_near]
    for name in ("opening_class", "movement", "opening_member_count"):
        one[name], two[name] = two[name], one[name]
    return household(left_poor, "HHR-39B") + household(left_near, "HHR-39B")


@plants("HHR-40", history=True)
def a_tenth_more(sent: HouseholdReview, _: Context) -> Found:
    row = sent.summary_7_1[0]
    for name in ("total_households", "total_persons"):
        row[name] = round(1.12 * row[name])
    with_rates(row)
    return file("HHR-40")


@plants("HHR-41")
def nobody_on_the_list(sent: HouseholdReview, context: Context) -> Found:
    """A commune that says it has no poor households at all. Where last year's list is on file, it contradicts."""
    poor = sum(row["closing_class"] == "poor" for row in context.last.household_list) if context.last else 0
    if poor > 5 or (context.last and not poor):
        return None
    sent.household_list, sent.member_list = [], []
    recount(sent)
    row = sent.summary_7_1[0]
    for name in LISTED:
        row[f"{name}_households"] = row[f"{name}_persons"] = 0
    with_rates(row)
    empty = form("summary_7_1", 0, "HHR-41")
    return empty + file("HHR-38", "HHR-38E", "HHR-39") if context.last else empty
