"""The quarterly returns of credit and training: every commune's for a year, made of the reviews that it sent before.

A random stream of their own a commune and year: the reviews stay the same whether or not these are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from synthetic.clients import clients
from synthetic.credit import capital_rows, credit_rows, plan_credit
from synthetic.returns import CreditReturn, HouseholdReview, Quarter, QuarterReturn, TrainingReturn
from synthetic.signatures import quarter_cover, signatories_of
from synthetic.targets import FIRST_YEAR, LAST_YEAR
from synthetic.training import plan_training, training_rows

QUARTERS = (1, 2, 3, 4)
LAST_QUARTER = Quarter(LAST_YEAR + 1, 3)
"""Two months later the first communes merge (reference/succession.csv, 1 December 2024)."""
INCOMPLETE_SHARE = 0.08
"""Of the communes: those that ask only some of their households whether they need a loan."""


def service_returns(
    province: Sequence[Sequence[HouseholdReview]], year: int, seed: int, before: Iterable[QuarterReturn] = ()
) -> list[QuarterReturn]:
    """The returns of ``year``: quarter by quarter, commune by commune, credit before training.

    ``province`` holds the reviews from 2021 on, ``before`` the returns of the year before where they are sent too. Raises ValueError
    where the review of the year before is not among the reviews.
    """
    if not FIRST_YEAR < year <= FIRST_YEAR + len(province):
        raise ValueError(f"credit and training of {year} need the review of {year - 1}; reviews are of {FIRST_YEAR} to {LAST_YEAR}")
    debts = _debts(before)
    communes = [
        _of_commune(reviews, year, seed, debts.get(reviews[-1].commune.code, {}))
        for reviews in zip(*province[: year - FIRST_YEAR], strict=True)
    ]
    return [sent for number in QUARTERS for returns in communes for sent in returns if sent.quarter.number == number]


def _debts(returns: Iterable[QuarterReturn]) -> dict[str, dict[str, int | None]]:
    """Commune -> household that was lent to -> what it owes by the last of these returns; None: unknown."""
    found: dict[str, dict[str, int | None]] = {}
    for sent in returns:
        if isinstance(sent, CreditReturn):
            owed = {row["household_code"]: row["outstanding_vnd"] for row in sent.credit_need if row.get("disbursed_vnd")}
            found.setdefault(sent.commune.code, {}).update(owed)
    return found


def _of_commune(earlier: Sequence[HouseholdReview], year: int, seed: int, debts: Mapping[str, int | None]) -> list[QuarterReturn]:
    last = earlier[-1]
    commune, officers = last.commune, signatories_of(last.cover)
    rng = Random(f"services {seed} {year} {commune.code}")
    quarters = [Quarter(year, number) for number in QUARTERS if (year, number) <= (LAST_QUARTER.year, LAST_QUARTER.number)]
    people = clients(earlier)
    requests = plan_credit(rng, people, year, debts=debts, is_complete=rng.random() >= INCOMPLETE_SHARE)
    trainees = plan_training(rng, people, year)
    found: list[QuarterReturn] = []
    for quarter, capital in zip(quarters, capital_rows(rng, requests, quarters), strict=True):
        credit, training = (quarter_cover(rng, commune, form, quarter, officers) for form in ("credit", "training"))
        found.append(CreditReturn(commune, year, credit, quarter, credit_rows(requests, quarter), capital))
        found.append(TrainingReturn(commune, year, training, quarter, training_rows(trainees, quarter)))
    return found


def mark_loans(reviews: Sequence[HouseholdReview], returns: Sequence[QuarterReturn]) -> None:
    """Tick "Hỗ trợ vay vốn tín dụng" in the reviews at the end of a year for the members of exactly those households that its
    credit returns say were lent to, under whatever programme."""
    lent: dict[str, set[str]] = {}
    for sent in returns:
        if isinstance(sent, CreditReturn):
            lent.setdefault(sent.commune.code, set()).update(row["household_code"] for row in sent.credit_need if row.get("disbursed_vnd"))
    for review in reviews:
        for member in review.member_list:
            member["support_credit"] = member["household_code"] in lent.get(review.commune.code, set())
