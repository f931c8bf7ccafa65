"""What is planted in credit returns: where, when, and what the key says becomes of the file."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from expectations.catalogue import load_rules
from synthetic.errors import KEPT, Planted, plant
from synthetic.generate import Job, plan, plan_services
from synthetic.mistake import MISTAKES
from synthetic.returns import CreditReturn, HouseholdReview, QuarterReturn
from synthetic.services import mark_loans, service_returns
from tests.support.lists import MONTHS
from tests.unit.synthetic.conftest import Made

CREDIT = {rule for rule, planting in MISTAKES.items() if planting.form == "credit"}
SEED = 11


@pytest.fixture(scope="module")
def jobs(made: Made) -> list[Job]:
    """Reviews of three years, and the credit returns of the quarters that follow."""
    province, mergers = made
    services: list[QuarterReturn] = []
    for year in (2023, 2024):
        services += service_returns(province, year, SEED, services, mergers)
    reviews = [*province[:2], deepcopy(province[2])]
    mark_loans(reviews[2], [sent for sent in services if sent.year == 2023])
    credit = [sent for sent in services if isinstance(sent, CreditReturn)]
    return plan(Path("out"), reviews, [2021, 2022, 2023], SEED) + plan_services(Path("out"), credit, SEED)


def planted_by_period(planted: Planted) -> dict[str, set[str]]:
    """Period -> rules that must fire in its credit returns."""
    found: dict[str, set[str]] = {}
    for job in planted.jobs:
        if job.sent.form == "credit":
            found.setdefault(job.sent.cover["period"], set()).update(spot.rule for spot in planted.spots.get(job.path, []))
    return {period: rules for period, rules in found.items() if rules}


def test_each_rule_is_planted_in_the_newest_quarter_where_it_shows(jobs: list[Job]) -> None:
    planted = plant(jobs, 2023, SEED)
    assert planted_by_period(planted) == {"2023-Q4": CREDIT - {"BTW-02E", "BTW-09"}, "2024-Q4": {"BTW-02E", "BTW-09"}}
    communes = [job.sent.commune.code for job in planted.jobs if job.path in planted.spots and job.sent.form == "credit"]
    assert len(communes) == len(set(communes)) == len(CREDIT)


def test_no_return_is_compared_with_a_spoilt_review(jobs: list[Job]) -> None:
    planted = plant(jobs, 2023, SEED)
    reviews = [job for job in jobs if isinstance(job.sent, HouseholdReview) and job.path in planted.spots]
    spoilt = {job.sent.commune.code for job in reviews}
    after = [job.sent.commune.code for job in planted.jobs if job.sent.form == "credit" and job.sent.year == 2024]
    assert len(set(after)) == 188 - len(spoilt) and not spoilt & set(after)
    kept = {job.sent.commune.code for job in reviews if {spot.rule for spot in planted.spots[job.path]} <= KEPT}
    beside = {job.sent.commune.code for job in planted.jobs if job.sent.cover["period"] == "2023-Q4"}
    assert len(kept) > 20 and not kept & beside
    assert spoilt & beside, "a review that is sent back is nothing to compare with"


def test_reviews_are_spoilt_as_they_are_without_these_returns(jobs: list[Job]) -> None:
    reviews = [job for job in jobs if isinstance(job.sent, HouseholdReview)]
    jobs = [job for job in jobs if job.sent.year < 2024]  # later ones keep mistakes away from the communes that a new one took
    services = {job.path for job in jobs} - {job.path for job in reviews}
    planted = plant(jobs, 2023, SEED).spots
    assert {path: spots for path, spots in planted.items() if path not in services} == plant(reviews, 2023, SEED).spots


def test_without_a_review_nothing_speaks_of_it(jobs: list[Job]) -> None:
    planted = plant([job for job in jobs if job.sent.cover["period"] in ("2023", "2023-Q4")], 2023, SEED)
    beside_lists = {rule for rule in CREDIT if rule.startswith("BTW")} | {"CRD-16", "CRD-17"}
    assert planted_by_period(planted) == {"2023-Q4": CREDIT - beside_lists | {"BTW-07"}}


def test_the_key_knows_which_rules_return_a_file() -> None:
    kept = {rule.code for rule in load_rules() if rule.severity != "error" and not rule.code.endswith(("W", "I"))}
    assert {rule for rule in kept - MONTHS if rule.startswith("HHR") or rule in MISTAKES} == KEPT
