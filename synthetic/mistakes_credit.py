"""Mistakes in one row of a credit return: the request, the loan, its day and its amount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

from synthetic.credit import CAP, MILLION, PROGRAMME
from synthetic.mistake import Context, Spot, first, form, plants
from synthetic.records import Row, decision_date
from synthetic.returns import CreditReturn

Found = list[Spot] | None
Test = Callable[[Row], object]
AMOUNTS = ("requested_vnd", "disbursed_vnd", "outstanding_vnd")


def one(sent: CreditReturn, test: Test) -> int | None:
    """The first row that lends itself, of a household that has no other row."""
    rows = Counter(row["household_code"] for row in sent.credit_need)
    return first(index for index, row in enumerate(sent.credit_need) if rows[row["household_code"]] == 1 and test(row))


def change(sent: CreditReturn, test: Test, values: Row | Callable[[Row], Row], *rules: str) -> Found:
    """That row with other values, and the rules that must fire on it."""
    index = one(sent, test)
    if index is None:
        return None
    row = sent.credit_need[index]
    row.update(values(row) if callable(values) else values)
    return need(index, *rules)


def need(index: int | None, *rules: str) -> list[Spot]:
    return form("credit_need", index, *rules)


def is_lent(row: Row) -> bool:
    return bool(row.get("disbursed_vnd"))


def waits(row: Row) -> bool:
    """Asked for, and neither lent nor refused."""
    return row.get("outcome") in ("pending", "approved", "withdrawn")


def only_asked(row: Row) -> bool:
    """The household was asked, and needs nothing."""
    return not row.get("has_need")


def counts(row: Row) -> bool:
    """Under a programme of the goal."""
    return row.get("programme_code") in PROGRAMME.values()


def is_fresh(sent: CreditReturn, row: Row) -> bool:
    """Lent in the last quarter: less than an earlier loan would be less than the quarter before said (CRD-16)."""
    return is_lent(row) and row["disbursement_date"] >= date(sent.year, 3 * sent.quarter.number - 2, 1)


# ---------------------------------------------------------------------- the request


@plants("CRD-01", form="credit")
def request_without_its_day(sent: CreditReturn, _: Context) -> Found:
    return change(sent, waits, {"request_date": None}, "CRD-01")


@plants("CRD-02", form="credit")
def escaped_without_a_day(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: row["borrower_class"] == "newly_escaped", {"left_list_date": None}, "CRD-02")


@plants("CRD-02W", form="credit")
def poor_with_a_day_of_escape(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: row["borrower_class"] == "poor", {"left_list_date": decision_date(sent.year - 1)}, "CRD-02W")


@plants("CRD-03", form="credit")
def escaped_too_long_ago(sent: CreditReturn, context: Context) -> Found:
    """Eligible, four years after the household left the list; the review, where it is there, says another day."""
    is_known = any(review.year < sent.year for review in context.reviews)
    return change(
        sent,
        lambda row: row["borrower_class"] == "newly_escaped" and row.get("is_eligible") and row.get("request_date"),
        lambda row: {"left_list_date": row["request_date"] - timedelta(days=4 * 366)},
        "CRD-03",
        *(["BTW-02B"] if is_known else []),
    )


@plants("CRD-04", form="credit")
def ineligible_without_a_reason(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: row.get("ineligible_reason"), {"ineligible_reason": None}, "CRD-04")


@plants("CRD-05", form="credit")
def eligible_without_a_need(sent: CreditReturn, _: Context) -> Found:
    return change(sent, waits, {"has_need": None}, "CRD-05")


@plants("CRD-11", form="credit")
def request_above_the_cap(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: waits(row) and counts(row), {"requested_vnd": CAP + 20 * MILLION}, "CRD-11")


@plants("CRD-18", form="credit")
def request_below_nought(sent: CreditReturn, _: Context) -> Found:
    return change(sent, waits, lambda row: {"requested_vnd": -row["requested_vnd"]}, "CRD-01", "CRD-18")


# ---------------------------------------------------------------------- the loan


@plants("CRD-06", form="credit")
def loan_without_its_day(sent: CreditReturn, _: Context) -> Found:
    return change(sent, is_lent, {"disbursement_date": None}, "CRD-06")


@plants("CRD-07", form="credit")
def lent_before_it_was_asked(sent: CreditReturn, _: Context) -> Found:
    return change(sent, is_lent, lambda row: {"request_date": row["disbursement_date"] + timedelta(days=5)}, "CRD-07")


@plants("CRD-08", form="credit")
def programme_of_another_class(sent: CreditReturn, _: Context) -> Found:
    return change(sent, lambda row: is_lent(row) and row["programme_code"] == "01", {"programme_code": "19"}, "CRD-08")


@plants("CRD-08B", form="credit")
def unknown_programme(sent: CreditReturn, _: Context) -> Found:
    return change(sent, is_lent, {"programme_code": "99"}, "CRD-08B")


@plants("CRD-09W", form="credit")
def lent_more_than_asked(sent: CreditReturn, _: Context) -> Found:
    return change(sent, is_lent, lambda row: {"requested_vnd": row["disbursed_vnd"] - 5 * MILLION}, "CRD-09W")


@plants("CRD-09I", form="credit")
def lent_less_than_asked(sent: CreditReturn, _: Context) -> Found:
    return change(
        sent,
        lambda row: is_lent(row) and row["disbursed_vnd"] < CAP,
        lambda row: {"requested_vnd": row["disbursed_vnd"] + 5 * MILLION},
        "CRD-09I",
    )


@plants("CRD-10", form="credit")
def lent_after_months(sent: CreditReturn, _: Context) -> Found:
    """The request stays within the year: before it the household may have been of another class."""
    return change(
        sent,
        lambda row: is_lent(row) and row["disbursement_date"] >= date(sent.year, 4, 15),
        lambda row: {"request_date": row["disbursement_date"] - timedelta(days=100)},
        "CRD-10",
    )


@plants("CRD-19", form="credit")
def loan_in_thousands(sent: CreditReturn, _: Context) -> Found:
    return change(
        sent, lambda row: is_fresh(sent, row), lambda row: {name: row[name] // 1000 for name in AMOUNTS if row.get(name)}, "CRD-19"
    )
