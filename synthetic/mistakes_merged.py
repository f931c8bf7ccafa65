"""Mistakes in the first quarterly return of a new commune: the whole year of its whole ground is asked for, and a part is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from synthetic.mistake import Context, Spot, form, plants
from synthetic.records import Row
from synthetic.returns import CreditReturn, TrainingReturn

Found = list[Spot] | None


def _lent(rows: Sequence[Row]) -> int:
    return sum(row.get("disbursed_vnd") or 0 for row in rows)


def _courses(rows: Sequence[Row]) -> int:
    return sum(row["training_status"] in ("studying", "completed") for row in rows)


def _person(row: Row) -> tuple[str, str | None]:
    """Their household may have another code by now."""
    return row.get("borrower_name") or row["person_name"], row["citizen_id"]


def _without_one(rows: list[Row], sheet: str, context: Context, count: Callable[[Sequence[Row]], int]) -> list[Row] | None:
    """Without the people of that commune before whose figures weigh most; None where the others make up for it."""
    last = {sent.commune.code: getattr(sent, sheet) for sent in context.merged}
    commune = max(last, key=lambda code: (count(last[code]), code))
    theirs = set(map(_person, last[commune]))
    left = [row for row in rows if _person(row) not in theirs]
    return left if count(left) < sum(map(count, last.values())) else None


@plants("BTW-09", form="credit", merger=True)
def loans_of_one_commune_forgotten(sent: CreditReturn, context: Context) -> Found:
    rows = _without_one(sent.credit_need, "credit_need", context, _lent)
    if rows is None:
        return None
    sent.credit_need = rows
    return form("credit_need", None, "BTW-09")


@plants("BTW-09T", form="training", merger=True)
def courses_of_one_commune_forgotten(sent: TrainingReturn, context: Context) -> Found:
    rows = _without_one(sent.training_need, "training_need", context, _courses)
    if rows is None:
        return None
    sent.training_need = rows
    return form("training_need", None, "BTW-09T")
