"""The demo's story: every file has its night, what is bad is corrected, and at the end every commune has sent everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from operations.demo_tables import words
from synthetic.generate import Job
from synthetic.ground import Merger
from synthetic.mistake import MISTAKES
from synthetic.returns import HouseholdReview
from synthetic.story import DAMAGED, OMITTED, QUARTERLY, QUARTERS, RETURNED, _night_of, tell
from warehouse.clock import parse_now

Story = tuple[list[Job], dict[str, Any], dict[int, Merger]]
NIGHTS: list[datetime] = [parse_now(night["now"]) for night in words()["nights"]]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    yield tell(1)


def test_nights_follow_one_another() -> None:
    assert sorted(NIGHTS) == NIGHTS
    assert len(NIGHTS) == 13


def test_every_file_is_delivered_on_the_night_after_it_was_sent(story: Story) -> None:
    nights = [_night_of(job, NIGHTS) for job in story[0]]
    by_form = Counter((night, job.sent.cover["period"]) for night, job in zip(nights, story[0], strict=True))
    assert by_form["night1", "2021"] == by_form["night2", "2022"] == 188
    assert by_form["night6", "2023"] == 187  # one is missing until the last night
    for night, period in (("night3", "2023-Q1"), ("night4", "2023-Q2"), ("night5", "2023-Q3"), ("night7", "2023-Q4")):
        assert 340 < by_form[night, period] < 376
    for night, period, count in (
        ("night9", "2024", 186), ("night9", "2024-Q4", 2 * 186), ("night10", "2025-Q2", 2 * 186), ("night11", "2025-Q3", 2 * 60),
        ("night11", "2022", 1), ("night12", "2025", 60), ("night13", "2025-Q4", 2 * 60),
    ):  # fmt: skip
        assert by_form[night, period] == count
    assert len({(night, job.path.name) for night, job in zip(nights, story[0], strict=True)}) == len(nights)


def test_what_is_bad_is_corrected_and_nothing_lacks_at_the_end(story: Story) -> None:
    jobs, told, _ = story
    assert Counter(file["outcome"] for file in told["bad"]) == {
        "returned": len(RETURNED) + 1 + 2,
        "unreadable": len(DAMAGED),
        "accepted": 2,
    }
    bad = {file["file"] for file in told["bad"] if "· sent late" not in file["why"]}
    corrections = {job.path.name.replace(" (sửa)", "") for job in jobs if "(sửa)" in job.path.name and job.sent.cover["period"] != "2022"}
    assert corrections == bad
    last = {(job.sent.form, job.sent.cover["period"], job.sent.commune.code): job for job in jobs}
    assert len(last) == 188 * (3 + 2 * 4) + 186 * (1 + 2 * 2) + 60 * (1 + 2 * 2)
    assert {period for form, period, _ in last if form == "credit"} == set(QUARTERS)
    assert all(job.damage is None and not job.omit for job in last.values())


def test_a_list_that_forgot_households_is_put_right_three_years_later(story: Story) -> None:
    jobs, told, _ = story
    first, second = (job for job in jobs if (job.sent.cover["period"], job.sent.commune.code) == ("2022", told["omitted"]["commune_code"]))
    assert isinstance(first.sent, HouseholdReview) and isinstance(second.sent, HouseholdReview)
    assert (first.arrives.year, second.arrives.year) == (2022, 2025)
    forgotten = [row for row in second.sent.household_list if row not in first.sent.household_list]
    assert [row["movement"] for row in forgotten] == ["newly_poor"] * OMITTED
    for sent, missing in ((first.sent, OMITTED), (second.sent, 0)):
        poor = [row for row in sent.household_list if row["closing_class"] == "poor"]
        assert sent.summary_7_1[0]["poor_households"] == sent.movement_7_2[0]["closing_count"] == len(poor)
        assert sent.summary_7_1[0]["poor_persons"] == sum(row["member_count"] for row in poor)
        assert len(poor) + missing == second.sent.summary_7_1[0]["poor_households"]


def test_the_mistakes_are_of_the_forms_they_are_told_of() -> None:
    assert {MISTAKES[rule].form for rule in RETURNED} == {"household_review"}
    assert [MISTAKES[rule].form for rule in QUARTERLY] == ["credit", "credit", "training"]
