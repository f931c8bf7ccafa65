"""A year's vocational training in one commune: who wants it, which course it came to, which job, and how far each stood at a
quarter's end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from random import Random

from synthetic.clients import Client, Member
from synthetic.credit import LAST_DAY, NEED_BY_QUARTER
from synthetic.records import Row
from synthetic.returns import Quarter
from synthetic.targets import reference_rows
from synthetic.working_age import surely_of_working_age

TRADES = (
    "Kỹ thuật trồng rau an toàn", "Chăn nuôi thú y", "Nuôi trồng thủy sản", "May công nghiệp", "Sửa chữa xe gắn máy", "Hàn điện",
    "Nấu ăn", "Đan lát thủ công", "Điện dân dụng", "Cắt tóc",
)  # fmt: skip
PROVIDERS = (
    "Trung tâm Giáo dục nghề nghiệp - Giáo dục thường xuyên", "Trường Trung cấp Kinh tế - Kỹ thuật Long An",
    "Trung tâm Dịch vụ việc làm Long An", "Trường Cao đẳng Long An",
)  # fmt: skip
NEED_SHARE = {"poor": 0.24, "near_poor": 0.1, "newly_escaped": 0.05}
EDGE_SHARE = 0.5
"""Of those within a year of either end of the working age: the ages that a reader must get right."""
STEP = 100_000
"""Support is paid in steps of so many dong, up to the cap (reference/training_cap.csv)."""


@dataclass(frozen=True)
class Trainee:
    """One person over the year; what happens only after a quarter's end is not yet on its return."""

    client: Client
    person: Member
    needed_on: date | None
    """None: found a job through the commune without asking for training."""
    listed_on: date
    trade: str | None = None
    enrolled_on: date | None = None
    completed_on: date | None = None
    dropped_on: date | None = None
    provider: str | None = None
    coached_on: date | None = None
    oriented_on: date | None = None
    referred_on: date | None = None
    works_from: date | None = None
    support: int | None = None
    writes_not_started: bool = False
    """The commune writes Chưa; others leave the cell empty."""


def plan_training(rng: Random, clients: Iterable[Client], year: int) -> list[Trainee]:
    """Every person of the year's lists, by hamlet; at least one from the first quarter on, where anybody can be trained."""
    trainees: list[Trainee] = []
    others: list[tuple[Client, Member]] = []
    for client in clients:
        for person in client.unmistakable():
            if not person.can_work or not person.citizen_id:
                continue
            needed_on = _need(rng, year)
            if not surely_of_working_age(person.born, person.sex, needed_on):
                continue
            share = EDGE_SHARE if _is_edge(person, needed_on) else NEED_SHARE[client.client_class]
            if rng.random() < share:
                trainees.append(_trainee(rng, client, person, needed_on))
            else:
                others.append((client, person))
                if rng.random() < 0.01:
                    trainees.append(_referred_only(rng, client, person, needed_on))
    if not any(trainee.listed_on < date(year, 4, 1) for trainee in trainees):
        taken = {trainee.person for trainee in trainees}
        january = date(year, 1, 10)
        free = [pair for pair in others if pair[1] not in taken and surely_of_working_age(pair[1].born, pair[1].sex, january)]
        trainees += [_trainee(rng, *pair, january) for pair in free[:1]]
    return sorted(trainees, key=lambda trainee: trainee.client.hamlet)


def _need(rng: Random, year: int) -> date:
    number = rng.choices((0, 1, 2, 3), NEED_BY_QUARTER)[0]
    return min(date(year, 1 + 3 * number, 1) + timedelta(days=rng.randint(3, 85)), date(year, *LAST_DAY))


def _is_edge(person: Member, day: date) -> bool:
    near = (-1, 1)
    return not all(_of_age_in(person, day, years) for years in near)


def _of_age_in(person: Member, day: date, years: int) -> bool:
    # 29 February is in no other year beside.
    day = date(day.year + years, day.month, min(day.day, 28) if day.month == 2 else day.day)
    return surely_of_working_age(person.born, person.sex, day)


def _trainee(rng: Random, client: Client, person: Member, needed_on: date) -> Trainee:
    def after(day: date, least: int, most: int, share: float) -> date | None:
        return day + timedelta(days=rng.randint(least, most)) if rng.random() < share else None

    one = Trainee(
        client,
        person,
        needed_on,
        needed_on,
        trade=rng.choice(TRADES),
        coached_on=after(needed_on, 5, 50, 0.7),
        oriented_on=after(needed_on, 2, 30, 0.85),
        referred_on=after(needed_on, 20, 90, 0.65),
        writes_not_started=rng.random() < 0.6,
    )
    enrolled_on = after(needed_on, 5, 40, 0.94)
    if enrolled_on is None:
        return one
    one = replace(one, enrolled_on=enrolled_on, provider=rng.choice(PROVIDERS), support=_support(rng, client.client_class, enrolled_on))
    if rng.random() < 0.04:
        return replace(one, dropped_on=enrolled_on + timedelta(days=rng.randint(10, 40)))
    completed_on = enrolled_on + timedelta(days=rng.randint(30, 95))
    return replace(one, completed_on=completed_on, works_from=after(completed_on, 5, 60, 0.55))


def _referred_only(rng: Random, client: Client, person: Member, day: date) -> Trainee:
    return Trainee(client, person, None, day, referred_on=day, works_from=day + timedelta(days=rng.randint(5, 30)))


def _support(rng: Random, name: str, day: date) -> int:
    cap = next(cap for first, last, of, cap in _caps() if of == name and first <= day.isoformat() <= last)
    return rng.randint(cap * 6 // 10 // STEP, cap // STEP) * STEP


@cache
def _caps() -> tuple[tuple[str, str, str, int], ...]:
    """(from, to, class, dong)"""
    rows = reference_rows("training_cap")
    return tuple((row["valid_from"], row["valid_to"] or "9999", row["household_class"], int(row["cap_vnd"])) for row in rows)


# ---------------------------------------------------------------------- what a quarter's return says


def training_rows(trainees: Sequence[Trainee], quarter: Quarter) -> list[Row]:
    known = [trainee for trainee in trainees if trainee.listed_on <= quarter.last_day]
    return [{"row_label": number, **_row(trainee, quarter.last_day)} for number, trainee in enumerate(known, start=1)]


def _row(trainee: Trainee, day: date) -> Row:
    def reached(when: date | None) -> bool:
        return when is not None and when <= day

    client, person = trainee.client, trainee.person
    row: Row = {
        "household_code": client.code,
        "person_name": person.name,
        "citizen_id": person.citizen_id,
        "sex": person.sex,
        "birth_date": person.born,
        "household_class": client.client_class,
        "has_need": trainee.needed_on is not None,
        "need_date": trainee.needed_on,
        "requested_trade": trainee.trade,
        "was_coached": reached(trainee.coached_on),
        "was_career_oriented": reached(trainee.oriented_on),
        "was_referred": reached(trainee.referred_on),
        "has_stable_job": reached(trainee.works_from),
        "job_start_date": trainee.works_from if reached(trainee.works_from) else None,
        "hamlet": client.hamlet,
        "training_status": "not_started" if trainee.writes_not_started else None,
    }
    if reached(trainee.enrolled_on):
        is_done, has_left = reached(trainee.completed_on), reached(trainee.dropped_on)
        row.update(
            training_status="completed" if is_done else "dropped_out" if has_left else "studying",
            enrolment_date=trainee.enrolled_on,
            completion_date=trainee.completed_on if is_done else None,
            training_provider=trainee.provider,
            support_vnd=trainee.support,
        )
    return row
