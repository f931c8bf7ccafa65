"""One province for all these tests: made once."""

from __future__ import annotations

import pytest

from synthetic.province import Province
from synthetic.returns import HouseholdReview

SEED = 11


@pytest.fixture(scope="session")
def province() -> list[list[HouseholdReview]]:
    return Province(SEED).years()
