"""One province for all these tests: made once."""

from __future__ import annotations

import pytest

from synthetic.ground import Merger
from synthetic.province import Province
from synthetic.returns import HouseholdReview

SEED = 11


Made = tuple[list[list[HouseholdReview]], dict[int, Merger]]


@pytest.fixture(scope="session")
def made() -> Made:
    """Every year to 2025, and the mergers of 2024 and 2025."""
    province = Province(SEED)
    return province.years(), province.mergers


@pytest.fixture(scope="session")
def province(made: Made) -> list[list[HouseholdReview]]:
    """The years of which figures are published."""
    return made[0][:3]
