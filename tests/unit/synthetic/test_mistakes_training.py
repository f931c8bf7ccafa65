"""Planted mistakes of training: every one in a commune of its own, whatever the seed, and nothing else is touched."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from synthetic.errors import plant
from synthetic.generate import Job, generate, plan, plan_services
from synthetic.mistake import MISTAKES
from synthetic.returns import HouseholdReview, TrainingReturn
from synthetic.services import service_returns


@pytest.fixture(scope="module")
def jobs(province: list[list[HouseholdReview]]) -> list[Job]:
    trainings = [sent for sent in service_returns(province, 2023, 11) if sent.form == "training" and sent.quarter.number > 2]
    return plan(Path("out"), province, [2021, 2022, 2023], 11) + plan_services(Path("out"), trainings, 11)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_mistake_is_planted_in_a_commune_of_its_own(jobs: list[Job], seed: int) -> None:
    before = deepcopy([job.sent for job in jobs if isinstance(job.sent, TrainingReturn)])
    planted = plant(jobs, 2023, seed)
    of_training = [job for job in jobs if job.sent.form == "training" and job.path in planted.spots]
    assert len(of_training) == sum(planting.form == "training" and not planting.needs_merger for planting in MISTAKES.values())
    made = {job.path: job for job in planted.jobs}
    changed = [made[job.path] for job in jobs if job.sent.form == "training" and made.get(job.path, job) is not job]
    assert {job.path for job in changed} == {job.path for job in of_training}
    assert {(job.sent.form, job.sent.cover["period"]) for job in changed} == {("training", "2023-Q4")}
    assert [job.sent for job in jobs if isinstance(job.sent, TrainingReturn)] == before


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_spot_is_a_row_that_was_changed(jobs: list[Job], seed: int) -> None:
    planted = plant(jobs, 2023, seed)
    was = {job.path: job.sent for job in jobs}
    for job in (job for job in planted.jobs if job.sent.form == "training"):
        now, before = job.sent, was[job.path]
        for spot in planted.spots.get(job.path, []):
            assert isinstance(now, TrainingReturn) and isinstance(before, TrainingReturn)
            if spot.index is None:
                assert (spot.sheet, now.training_need) == ("cover", [])
            elif spot.rule == "BTW-08":
                codes = [row["household_code"] for row in now.training_need]
                assert codes.index(codes[spot.index]) == spot.index
            elif spot.rule not in ("TRN-08", "TRN-08W"):
                # Those name both rows: the first is right by itself.
                assert now.training_need[spot.index] != before.training_need[spot.index], spot.rule


@pytest.mark.parametrize(("years", "services_years"), [([2022, 2023], [2023]), ([2021, 2022, 2023], [2022])])
def test_errors_in_services_need_every_list_before_them(tmp_path: Path, years: list[int], services_years: list[int]) -> None:
    with pytest.raises(ValueError, match="reviews from 2021 on"):
        generate(tmp_path, years=years, services_years=services_years, seed=1, errors=True)
