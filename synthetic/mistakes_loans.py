"""Mistakes in a credit return that show beside its other rows, the capital, the quarter before and the reviews."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from synthetic.credit import CAP, MILLION
from synthetic.mistake import Context, file, form, plants
from synthetic.mistakes_credit import Found, change, counts, is_fresh, is_lent, need, one, only_asked, waits
from synthetic.records import LISTED, Row, decision_date
from synthetic.returns import CreditReturn

LAST_LIST = (-1,)
OWN_LIST = (0,)
THREE_LISTS = (-3, -2, -1)
LOAN = ("disbursed_vnd", "disbursement_date", "capital_source", "outstanding_vnd")
ENOUGH = 20
"""Rows of a list on which one household more or less does not matter to rule CRD-17."""


def lent(sent: CreditReturn) -> Counter[tuple[str, str]]:
    """(class, source) -> what was lent under the programmes of the goal."""
    found: Counter[tuple[str, str]] = Counter()
    for row in sent.credit_need:
        if is_lent(row) and counts(row):
            found[row["borrower_class"], row["capital_source"]] += row["disbursed_vnd"]
    return found


def enough_capital(sent: CreditReturn) -> None:
    """What was lent is assigned, after a mistake that lends more or to another class."""
    paid = lent(sent)
    for line in sent.credit_capital:
        line["capital_available_vnd"] = max(line["capital_available_vnd"], paid[line["borrower_class"], line["capital_source"]])


# ---------------------------------------------------------------------- the household, over its rows


@plants("CRD-12", form="credit")
def lent_above_the_cap(sent: CreditReturn, _: Context) -> Found:
    amount = CAP + 20 * MILLION
    found = change(
        sent,
        lambda row: is_lent(row) and counts(row),
        {"requested_vnd": amount, "disbursed_vnd": amount, "outstanding_vnd": None},
        "CRD-11",
        "CRD-12",
    )
    enough_capital(sent)
    return found


@plants("CRD-12W", form="credit")
def owes_more_than_the_cap(sent: CreditReturn, _: Context) -> Found:
    return change(sent, only_asked, {"outstanding_vnd": CAP + 20 * MILLION}, "CRD-12W")


@plants("CRD-13", form="credit")
def debt_below_nought(sent: CreditReturn, _: Context) -> Found:
    return change(sent, only_asked, {"outstanding_vnd": -10 * MILLION}, "CRD-13")


@plants("CRD-13W", form="credit")
def lent_and_nothing_owed(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: is_lent(row) and counts(row), {"outstanding_vnd": 0}, "CRD-13W")


@plants("CRD-13B", form="credit")
def two_debts_of_one_household(sent: CreditReturn, _: Context) -> Found:
    rows: dict[str, list[int]] = {}
    for index, row in enumerate(sent.credit_need):
        if row["outstanding_vnd"]:
            rows.setdefault(row["household_code"], []).append(index)
    pair = next((indexes for indexes in rows.values() if len(indexes) == 2), None)
    if pair is None:
        return None
    sent.credit_need[pair[1]]["outstanding_vnd"] -= MILLION
    return need(pair[0], "CRD-13B") + need(pair[1], "CRD-13B")


@plants("CRD-14", form="credit")
def request_twice(sent: CreditReturn, _: Context) -> Found:
    return _again(sent, one(sent, waits), {}, "CRD-14")


@plants("CRD-14W", form="credit")
def lent_twice(sent: CreditReturn, _: Context) -> Found:
    index = one(sent, lambda row: is_lent(row) and counts(row) and row["disbursed_vnd"] <= CAP // 2)
    found = _again(sent, index, {"requested_vnd": 10 * MILLION, "disbursed_vnd": 10 * MILLION}, "CRD-14W")
    enough_capital(sent)
    return found


def _again(sent: CreditReturn, index: int | None, values: Row, rule: str) -> Found:
    """The row once more, at the end, with these values."""
    if index is None:
        return None
    last = len(sent.credit_need)
    sent.credit_need.append({**sent.credit_need[index], "row_label": last + 1, **values})
    return need(index, rule) + need(last, rule)


# ---------------------------------------------------------------------- the capital assigned


@plants("CRD-15", form="credit")
def no_row_for_a_source(sent: CreditReturn, _: Context) -> Found:
    sent.credit_capital.pop()
    return form("credit_capital", None, "CRD-15")


@plants("CRD-15W", form="credit")
def less_assigned_than_lent(sent: CreditReturn, _: Context) -> Found:
    return _capital(sent, True, lambda _, paid: paid - 5 * MILLION, "CRD-15W")


@plants("CRD-18B", form="credit")
def capital_below_nought(sent: CreditReturn, _: Context) -> Found:
    return _capital(sent, False, lambda _, __: -10 * MILLION, "CRD-18B")


@plants("CRD-19B", form="credit")
def capital_in_millions(sent: CreditReturn, _: Context) -> Found:
    """It is then less than was lent, too."""
    return _capital(sent, True, lambda assigned, _: assigned // MILLION, "CRD-15W", "CRD-19B")


def _capital(sent: CreditReturn, has_loans: bool, amount: Callable[[int, int], int], *rules: str) -> Found:
    """The first row with or without loans, with another amount: of (assigned, lent)."""
    paid = lent(sent)
    for index, line in enumerate(sent.credit_capital):
        of_line = paid[line["borrower_class"], line["capital_source"]]
        if bool(of_line) == has_loans:
            line["capital_available_vnd"] = amount(line["capital_available_vnd"], of_line)
            return form("credit_capital", index, *rules)
    return None


# ---------------------------------------------------------------------- the quarter before, and the list


@plants("CRD-16", form="credit", history=True)
def lent_less_than_the_quarter_before(sent: CreditReturn, _: Context) -> Found:
    return change(
        sent,
        lambda row: is_lent(row) and not is_fresh(sent, row),
        lambda row: dict.fromkeys(("requested_vnd", "disbursed_vnd"), row["disbursed_vnd"] // 2),
        "CRD-16",
    )


@plants("CRD-17", form="credit", reviews=LAST_LIST)
def only_those_who_were_lent_to(sent: CreditReturn, context: Context) -> Found:
    """Every need is met, for whoever got no loan is not on the list."""
    rows = [row for row in sent.credit_need if is_lent(row)]
    listed = {row["household_code"] for row in rows if row["borrower_class"] in LISTED}
    last = next(review for review in context.reviews if review.year == sent.year - 1)
    households = sum(row["closing_class"] in LISTED for row in last.household_list)
    if not rows or len(listed) * 100 >= 80 * households:
        return None
    sent.credit_need = rows
    return file("CRD-17")


@plants("CRD-20", form="credit")
def an_empty_list(sent: CreditReturn, context: Context) -> Found:
    """The loans that the quarter before told of are gone, and those that the year's review marks."""
    sent.credit_need = []
    found = file("CRD-20")
    if context.last is not None and context.last.year == sent.year and any(is_lent(row) for row in context.last.credit_need):
        found += file("CRD-16")
    if any(member.get("support_credit") for review in context.reviews if review.year == sent.year for member in review.member_list):
        found += need(None, "BTW-07")
    return found


@plants("BTW-01", form="credit", reviews=LAST_LIST)
def another_class_than_the_list(sent: CreditReturn, _: Context) -> Found:
    return change(
        sent,
        lambda row: only_asked(row) and row["borrower_class"] == "poor",
        {"borrower_class": "near_poor"},
        "BTW-01",
    )


@plants("BTW-02", form="credit", reviews=LAST_LIST)
def household_on_no_list(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: only_asked(row) and row["borrower_class"] in LISTED, _stranger, "BTW-02")


@plants("BTW-02E", form="credit", reviews=THREE_LISTS)
def escaped_from_no_list(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: only_asked(row) and row["borrower_class"] == "newly_escaped", _stranger, "BTW-02E")


def _stranger(row: Row) -> Row:
    """A code as this commune gives them, of nobody's."""
    return {"household_code": re.sub(r"\d+$", "9999", row["household_code"])}


@plants("BTW-02B", form="credit", reviews=LAST_LIST)
def another_day_of_escape(sent: CreditReturn, _: Context) -> Found:
    return change(
        sent,
        lambda row: row["borrower_class"] == "newly_escaped",
        lambda row: {"left_list_date": row["left_list_date"] + timedelta(days=3)},
        "BTW-02B",
    )


@plants("BTW-04", form="credit", reviews=LAST_LIST)
def another_citizen_id(sent: CreditReturn, context: Context) -> Found:
    known = {
        (member["household_code"], member["member_name"], member["citizen_id"])
        for review in context.reviews
        for member in review.member_list
    }
    return change(
        sent,
        lambda row: row["citizen_id"] and (row["household_code"], row["borrower_name"], row["citizen_id"]) in known,
        lambda row: {"citizen_id": f"{row['citizen_id'][:9]}{(int(row['citizen_id'][9:]) + 1) % 1000:03}"},
        "BTW-04",
    )


@plants("BTW-05", form="credit", reviews=LAST_LIST)
def loan_of_the_poor_as_escaped(sent: CreditReturn, _: Context) -> Found:
    if len(sent.credit_need) < ENOUGH:
        return None
    found = change(
        sent,
        lambda row: is_lent(row) and row["programme_code"] == "01",
        {"borrower_class": "newly_escaped", "programme_code": "09", "left_list_date": decision_date(sent.year - 1)},
        "BTW-05",
    )
    enough_capital(sent)
    return found


@plants("BTW-06", form="credit", reviews=LAST_LIST)
def eligible_without_labour(sent: CreditReturn, context: Context) -> Found:
    newest = {row["household_code"]: row for review in context.reviews for row in review.household_list}
    return change(
        sent,
        lambda row: only_asked(row) and newest.get(row["household_code"], {}).get("has_no_labour_capacity"),
        {"has_need": True, "is_eligible": True},
        "BTW-06",
    )


@plants("BTW-07", form="credit", reviews=OWN_LIST)
def marked_loan_that_is_not_told(sent: CreditReturn, context: Context) -> Found:
    """Lent in the last quarter, and marked on the member list of the year: here the request was withdrawn."""
    marked = {member["household_code"] for member in context.reviews[-1].member_list if member["support_credit"]}
    found = change(
        sent,
        lambda row: is_fresh(sent, row) and row["household_code"] in marked,
        {**dict.fromkeys(LOAN), "outcome": "withdrawn"},
        "BTW-07",
    )
    return need(None, "BTW-07") if found else None
