"""Cells that the reader refuses: the row stays, its other cells are judged."""

from __future__ import annotations

from synthetic.mistake import Context, Mistake, Spot, household, is_listed, plants, where
from synthetic.returns import HouseholdReview


def _cell(rule: str, field: str, typed: str) -> None:
    def spoil(sent: HouseholdReview, context: Context) -> list[Spot]:
        index = context.rng.choice(where(sent, is_listed))
        sent.household_list[index][field] = typed
        return household(index, rule)

    made: Mistake = spoil
    plants(rule)(made)


_cell("NOT-A-NUMBER", "score_b1", "một trăm")
_cell("NO-SUCH-DATE", "review_date", "31/11/2023")
_cell("AMBIGUOUS-DATE", "review_date", "03/11/23")
_cell("NOT-A-FLAG", "is_merit_household", "không rõ")
