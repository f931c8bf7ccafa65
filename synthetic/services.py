"""The quarterly returns of credit and training: every commune's for a year, made of the reviews that it sent before.

A random stream of their own a commune and year: the reviews stay the same whether or not these are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from synthetic.clients import Client, clients
from synthetic.credit import Request, capital_rows, credit_rows, plan_credit
from synthetic.ground import MERGER_YEARS, Merger
from synthetic.register import Register, histories
from synthetic.returns import CreditReturn, HouseholdReview, Quarter, QuarterReturn, TrainingReturn
from synthetic.signatures import Signatories, quarter_cover, signatories_of
from synthetic.targets import FIRST_YEAR, Commune
from synthetic.training import Trainee, plan_training, training_rows

QUARTERS = (1, 2, 3, 4)
COLLECTED_FROM = 2023
"""The first year for which credit and training are collected (reference/calendar.csv)."""
INCOMPLETE_SHARE = 0.08
"""Of the communes: those that ask only some of their households whether they need a loan."""


@dataclass
class _Plan:
    """A commune's year: what has happened by a quarter's end is what its return says."""

    commune: Commune
    officers: Signatories
    rng: Random
    requests: list[Request]
    trainees: list[Trainee]


def last_review(year: int) -> int:
    """The year of the newest review that the returns of a year are made from: where communes merge, that of the year itself, since the
    return of the last quarter is signed after it and names households as it does."""
    return year if year in MERGER_YEARS else year - 1


def service_returns(
    province: Sequence[Sequence[HouseholdReview]],
    year: int,
    seed: int,
    before: Iterable[QuarterReturn] = (),
    mergers: Mapping[int, Merger] | None = None,
) -> list[QuarterReturn]:
    """The returns of ``year``: quarter by quarter, commune by commune, credit before training.

    ``province`` holds the reviews from 2021 on, ``before`` the returns of the year before where they are sent too, ``mergers`` those of
    the province. A return covers 1 January to the end of its quarter, on the ground that the commune has by then. Raises ValueError
    where a review that the returns are made from is not there.
    """
    if year <= FIRST_YEAR or last_review(year) >= FIRST_YEAR + len(province):
        raise ValueError(f"credit and training of {year} need the review of {last_review(year)}, and every one since {FIRST_YEAR}")
    debts = _debts(before)
    history = histories(province[: year - FIRST_YEAR], mergers or {})
    plans = [_plan(reviews, year, seed, debts.get(code, {})) for code, reviews in history.items()]
    merger = (mergers or {}).get(year)
    found = [sent for plan in plans for sent in _returns(plan, _quarters(plan.commune, year, merger))]
    if merger is not None:
        found += _after(merger, plans, history, province[year - FIRST_YEAR], year, seed)
    return sorted(found, key=lambda sent: (sent.quarter.number, sent.commune.code))


def _debts(returns: Iterable[QuarterReturn]) -> dict[str, dict[str, int | None]]:
    """Commune -> household that was lent to -> what it owes by the last of these returns; None: unknown."""
    found: dict[str, dict[str, int | None]] = {}
    for sent in returns:
        if isinstance(sent, CreditReturn):
            owed = {row["household_code"]: row["outstanding_vnd"] for row in sent.credit_need if row.get("disbursed_vnd")}
            found.setdefault(sent.commune.code, {}).update(owed)
    return found


def _plan(earlier: Sequence[HouseholdReview], year: int, seed: int, debts: Mapping[str, int | None]) -> _Plan:
    last = earlier[-1]
    rng = Random(f"services {seed} {year} {last.commune.code}")
    people = clients(earlier)
    requests = plan_credit(rng, people, year, debts=debts, is_complete=rng.random() >= INCOMPLETE_SHARE)
    return _Plan(last.commune, signatories_of(last.cover), rng, requests, plan_training(rng, people, year))


def _quarters(commune: Commune, year: int, merger: Merger | None) -> list[Quarter]:
    """Those that end before the commune's ground changes."""
    quarters = [Quarter(year, number) for number in QUARTERS]
    if merger is None or not merger.successors(commune.code):
        return quarters
    return [quarter for quarter in quarters if quarter.last_day.isoformat() < merger.day]


def _returns(plan: _Plan, quarters: Sequence[Quarter]) -> Iterator[QuarterReturn]:
    for quarter, capital in zip(quarters, capital_rows(plan.rng, plan.requests, quarters), strict=True):
        credit, training = (quarter_cover(plan.rng, plan.commune, form, quarter, plan.officers) for form in ("credit", "training"))
        year = quarter.year
        yield CreditReturn(plan.commune, year, credit, quarter, credit_rows(plan.requests, quarter), capital)
        yield TrainingReturn(plan.commune, year, training, quarter, training_rows(plan.trainees, quarter))


def _after(
    merger: Merger,
    plans: Iterable[_Plan],
    history: Mapping[str, Sequence[HouseholdReview]],
    reviews: Sequence[HouseholdReview],
    year: int,
    seed: int,
) -> Iterator[QuarterReturn]:
    """The returns on the ground after a merger: the plans of the communes before go on under the new ones, by hamlet."""
    successors = {code for code, _ in merger.moves.values()}
    moving = [plan for plan in plans if merger.successors(plan.commune.code)]
    for number in QUARTERS:
        quarter = Quarter(year, number)
        if quarter.last_day.isoformat() < merger.day:
            continue
        # The last quarter is signed in January: by then the first list of the new commune has given its households new codes.
        register = Register(merger, history, reviews if number == QUARTERS[-1] else ())
        merged = {
            review.commune.code: _Plan(
                review.commune, signatories_of(review.cover), Random(f"services {seed} {quarter.key} {review.commune.code}"), [], []
            )
            for review in reviews
            if review.commune.code in successors
        }
        for plan in moving:
            places = {client.code: _moved(register, plan.commune.code, client) for client in _clients(plan)}
            for request in plan.requests:
                code, client = places[request.client.code]
                merged[code].requests.append(replace(request, client=client))
            for trainee in plan.trainees:
                code, client = places[trainee.client.code]
                merged[code].trainees.append(replace(trainee, client=client))
        for plan in merged.values():
            plan.requests.sort(key=lambda request: request.client.hamlet)
            plan.trainees.sort(key=lambda trainee: trainee.client.hamlet)
            yield from _returns(plan, [quarter])


def _clients(plan: _Plan) -> Iterator[Client]:
    yield from (request.client for request in plan.requests)
    yield from (trainee.client for trainee in plan.trainees)


def _moved(register: Register, commune: str, client: Client) -> tuple[str, Client]:
    """The commune that a client of a commune before has now, and the client as that one knows it."""
    successor, code, hamlet = register.place(commune, client.code, client.hamlet)
    return successor, replace(client, code=code, hamlet=hamlet)


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
