"""Mistakes in training returns; each says every finding that must come of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from synthetic.mistake import Context, Spot, file, first, form, plants
from synthetic.post import plain
from synthetic.records import Row
from synthetic.returns import TrainingReturn
from synthetic.working_age import surely_of_working_age

Found = list[Spot] | None
SHEET = "training_need"
TAKEN_CARE_OF = 2
"""Of the first rows an office may have lost an ID's zero, which the reader mends by sex and birth: they are left alone."""
LARGEST = 12
"""Persons; no household has so many."""
STRANGER = "Nguyễn Văn Không"
OTHER_CLASS = {"poor": "near_poor", "near_poor": "poor"}
OTHER_SEX = {"male": "female", "female": "male"}


def _rows(sent: TrainingReturn, test: Callable[[Row], object]) -> list[int]:
    return [index for index, row in enumerate(sent.training_need) if index >= TAKEN_CARE_OF and test(row)]


def _row(rule: str, test: Callable[[Row], object], change: Callable[[Row], Row], *also: str, name: str | None = None) -> None:
    """Register a mistake in one row: which row lends itself, what is written there, and what fires besides the rule."""

    def spoil(sent: TrainingReturn, _: Context) -> Found:
        index = first(_rows(sent, test))
        if index is None:
            return None
        sent.training_need[index].update(change(sent.training_need[index]))
        return form(SHEET, index, rule, *also)

    plants(name or rule, form="training")(spoil)


def _of_status(*statuses: str | None) -> Callable[[Row], bool]:
    return lambda row: row["training_status"] in statuses and row["need_date"] is not None


is_completed = _of_status("completed")
is_trained = _of_status("studying", "completed")
is_waiting = _of_status(None, "not_started")
"""Registered, on no course so far."""


def has_job(row: Row) -> bool:
    return is_completed(row) and row["has_stable_job"]


def has_guidance(row: Row) -> bool:
    return bool(row["was_coached"] or row["was_career_oriented"])


def _born(age: int) -> Callable[[Row], Row]:
    """Turned so old on 1 January of the year of the need; without an ID, which would tell otherwise."""
    return lambda row: {"birth_date": date(row["need_date"].year - age, 1, 1), "citizen_id": None}


# ---------------------------------------------------------------------- the need
_row("TRN-01", is_trained, lambda _: {"need_date": None})


@plants("TRN-01B", form="training", reviews=(0,))
def registered_in_january(sent: TrainingReturn, context: Context) -> Found:
    """In a household that the year's review leaves in its class: the need is judged by the list after it."""
    day = sent.quarter.last_day + timedelta(days=8)
    classes = {row["household_code"]: row["closing_class"] for row in context.reviews[-1].household_list}

    def stays(row: Row) -> bool:
        return classes.get(row["household_code"]) == row["household_class"] and surely_of_working_age(row["birth_date"], row["sex"], day)

    index = first(_rows(sent, lambda row: is_waiting(row) and stays(row)))
    if index is None:
        return None
    sent.training_need[index]["need_date"] = day
    return form(SHEET, index, "TRN-01B")


@plants("TRN-01W", form="training")
def registered_long_ago(sent: TrainingReturn, _: Context) -> Found:
    """A day more than a year before the end of the year: the lists in force on it are those of the year's beginning."""
    day = date(sent.year - 1, 12, 30)
    index = first(_rows(sent, lambda row: is_trained(row) and surely_of_working_age(row["birth_date"], row["sex"], day)))
    if index is None:
        return None
    sent.training_need[index]["need_date"] = day
    return form(SHEET, index, "TRN-01W")


# ---------------------------------------------------------------------- status and dates
_row("TRN-02", is_completed, lambda _: {"training_status": "studying"})
_row("TRN-02W", is_completed, lambda _: {"training_status": "dropped_out"})
_row("TRN-03", is_completed, lambda row: {"completion_date": date(row["completion_date"].year + 1, 1, 15)})
_row("TRN-03W", is_trained, lambda row: {"enrolment_date": row["need_date"] - timedelta(days=2)})
_row(
    "TRN-04",
    is_completed,
    lambda row: {"enrolment_date": date(row["need_date"].year - 1, 9, 5), "completion_date": date(row["need_date"].year - 1, 12, 20)},
    "TRN-03W",
)

# ---------------------------------------------------------------------- age
_row("TRN-05", is_trained, _born(10))
_row("TRN-05W", is_trained, _born(14))
_row("TRN-06", is_trained, _born(70))
_row("TRN-07", is_waiting, lambda row: {"birth_date": row["need_date"].year - 15, "citizen_id": None})


# ---------------------------------------------------------------------- the person
def _again(rule: str, **changes: object) -> None:
    """The same person in another row, with these changes: both rows are named."""

    def spoil(sent: TrainingReturn, _: Context) -> Found:
        index = first(_rows(sent, is_completed))
        if index is None:
            return None
        second = len(sent.training_need)
        sent.training_need.append({**sent.training_need[index], "row_label": second + 1, **changes})
        return form(SHEET, index, rule) + form(SHEET, second, rule)

    plants(rule, form="training")(spoil)


_again("TRN-08", training_status="studying", completion_date=None)
_again("TRN-08W")
_row("TRN-13", lambda row: len(row["citizen_id"] or "") == 12 and _fits_either_sex(row), lambda row: {"sex": OTHER_SEX[row["sex"]]})


def _fits_either_sex(row: Row) -> bool:
    return row["need_date"] is not None and all(surely_of_working_age(row["birth_date"], sex, row["need_date"]) for sex in OTHER_SEX)


# ---------------------------------------------------------------------- money
_row("TRN-09", is_trained, lambda _: {"support_vnd": 6_000_000})
_row("TRN-09B", is_waiting, lambda _: {"support_vnd": 1_500_000})
_row("TRN-14", is_trained, lambda row: {"support_vnd": -row["support_vnd"]})
_row("TRN-15", is_trained, lambda row: {"support_vnd": row["support_vnd"] // 1000})

# ---------------------------------------------------------------------- jobs, and who is shown apart
_row("TRN-10", has_job, lambda row: {"job_start_date": row["enrolment_date"] - timedelta(days=10)})
_row("TRN-10W", has_job, lambda _: {"job_start_date": None})
_row("TRN-11", lambda row: is_trained(row) and not has_guidance(row), lambda _: {"has_need": False})
_row("TRN-12", lambda row: is_waiting(row) and has_guidance(row), lambda _: {"has_need": False, "need_date": None})


@plants("TRN-16", form="training")
def nobody(sent: TrainingReturn, _: Context) -> Found:
    sent.training_need = []
    return file("TRN-16")


# ---------------------------------------------------------------------- against the lists
_row("BTW-03", is_trained, lambda _: {"person_name": STRANGER, "citizen_id": None})
_row(
    "BTW-03B",
    lambda row: is_waiting(row) and row["household_class"] in OTHER_CLASS,
    lambda row: {"household_class": OTHER_CLASS[row["household_class"]]},
)


@plants("BTW-04T", form="training")
def other_citizen_id(sent: TrainingReturn, _: Context) -> Found:
    """Of the same province, sex and year of birth, and of nobody else in the return."""
    index = first(_rows(sent, lambda row: len(row["citizen_id"] or "") == 12))
    if index is None:
        return None
    taken = {row["citizen_id"] for row in sent.training_need}
    row = sent.training_need[index]
    row["citizen_id"] = next(number for serial in range(999_999, 0, -1) if (number := f"{row['citizen_id'][:6]}{serial:06}") not in taken)
    return form(SHEET, index, "BTW-04T")


@plants("BTW-08", form="training", reviews=(-1,))
def code_dragged_down(sent: TrainingReturn, context: Context) -> Found:
    """One household's code in the rows below it, of its own class and of people who have no namesake in it."""
    for top in _rows(sent, is_trained):
        row = sent.training_need[top]
        below = [index for index in _rows(sent, _could_be_of(row, context)) if index > top][:LARGEST]
        if len(below) == LARGEST:
            for index in below:
                sent.training_need[index]["household_code"] = row["household_code"]
            # Somebody else of the household may stand above.
            return form(SHEET, [one["household_code"] for one in sent.training_need].index(row["household_code"]), "BTW-08")
    return None


def _could_be_of(row: Row, context: Context) -> Callable[[Row], bool]:
    people = (person for review in context.reviews for person in review.member_list)
    names = {_folded(person["member_name"]) for person in people if person["household_code"] == row["household_code"]}
    return lambda other: other["household_class"] == row["household_class"] and _folded(other["person_name"]) not in names


def _folded(name: str) -> str:
    return plain(name).casefold()


# ---------------------------------------------------------------------- cells that the reader refuses
_row("NO-SUCH-DATE", is_trained, lambda row: {"need_date": f"29/02/{row['need_date'].year}"}, name="NO-SUCH-DATE in training")
_row("AMBIGUOUS-DATE", is_trained, lambda _: {"birth_date": "05/03/85"}, name="AMBIGUOUS-DATE in training")
_row("NOT-A-NUMBER", is_trained, lambda _: {"support_vnd": "hai triệu"}, name="NOT-A-NUMBER in training")
_row("NOT-ALLOWED", is_trained, lambda _: {"training_status": "Tốt nghiệp"}, name="NOT-ALLOWED in training")
_row("MISSING-VALUE", is_trained, lambda _: {"sex": None}, name="MISSING-VALUE in training")
