"""The demo's story: every return on the night after it was sent, a dozen bad reviews of 2023, bad returns on credit and training
of its last quarter, their corrections in January, and one correction that comes three years late."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import synthetic.mistakes_credit
import synthetic.mistakes_forms
import synthetic.mistakes_list
import synthetic.mistakes_members
import synthetic.mistakes_reader
import synthetic.mistakes_training  # noqa: F401  each module registers its mistakes
from synthetic.forms import with_rates
from synthetic.generate import Job, Progress, make, plan, plan_services, write_all
from synthetic.ground import Merger, write_hamlet_succession
from synthetic.mistake import MISTAKES, Context, members_of, recount, where
from synthetic.post import moment
from synthetic.returns import HouseholdReview, Return
from synthetic.targets import FIRST_YEAR, LAST_YEAR

QUARTERS = ("2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4", "2024-Q4", "2025-Q2", "2025-Q3", "2025-Q4")
"""That the communes send returns for; the others are left out to save time."""
BAD_YEAR = 2023
"""Of the bad reviews and, in its last quarter, the bad returns on credit and training."""

RETURNED = {
    "HHR-01": "Hai hộ cùng một mã · two households with one code",
    "HHR-03": "Phân loại trái với điểm B1, B2 · a class that contradicts the scores",
    "HHR-08": "Thiếu một thành viên · a member left out",
    "HHR-16": "Thoát nghèo nhưng thiếu ngày ra khỏi danh sách · escaped without the day of leaving the list",
    "HHR-17": "Thiếu số quyết định công nhận · no decision number",
    "HHR-27": "Mẫu 7.1 không khớp danh sách · form 7.1 differs from the list",
    "HHR-31": "Mẫu 7.2 cộng sai · form 7.2 does not add up",
    "NO-SUCH-DATE": "Ngày 31/11 không có trong lịch · the day 31/11 does not exist",
}
"""Mistake in a review -> why, as the story tells it."""
QUARTERLY = {
    "CRD-06": ("returned", "Đã giải ngân nhưng thiếu ngày · a loan disbursed without its day"),
    "CRD-19": ("accepted", "Số tiền ghi bằng nghìn đồng, cảnh báo · an amount in thousands, a warning"),
    "TRN-02": ("returned", "Đang học nhưng có ngày hoàn thành · studying, yet completed"),
}
"""Mistake in a return of the last quarter -> outcome, why."""
MISSING_SHEET = "Thiếu trang Mẫu 7.3 · form 7.3 is missing"
DAMAGED = {
    "pdf": "Tệp PDF đổi đuôi · a PDF renamed to .xlsx",
    "truncated": "Tệp chép dở dang · a copy broken off",
    "password": "Tệp có mật khẩu · a password",
}
LATE = "Nộp muộn, đầu tháng 1 năm sau · sent late, in January"
OMITTED_YEAR, OMITTED = 2022, 3
"""The review that a commune sent without so many households, and the households."""
OMITTED_SENT = date(2025, 10, 21)
"""When the right list was signed at last."""
LATE_DAY, MISSING_DAY = 4, 22
"""Days of January on which the late review and the one that was missing arrive."""
CORRECTION = (18, 22)
"""Days of January on which corrections are signed; they arrive at most a day later."""


@dataclass
class _Told:
    """Files of the newest returns made otherwise than they should be, by path, and what is told of them."""

    bad: dict[Path, Job] = field(default_factory=dict)
    files: list[dict[str, str]] = field(default_factory=list)

    def tell(self, job: Job, outcome: str, why: str) -> None:
        self.files.append({"file": job.path.name, "commune": job.sent.commune.name, "outcome": outcome, "why": why})

    def add(self, job: Job, outcome: str, why: str) -> None:
        self.bad[job.path] = job
        self.tell(job, outcome, why)


def write_story(out: Path, *, seed: int, nights: Sequence[datetime], on_progress: Progress | None = None) -> Path:
    """Write night1, night2, ... and story.json under ``out``: each file into the first of ``nights`` after its arrival.

    After the last night, which must be one after 25 January 2026, the province is complete and equals the published figures;
    hamlet_succession.csv says where the hamlets of split communes went.
    """
    jobs, told, mergers = tell(seed)
    write_all([replace(job, path=out / _night_of(job, nights) / job.path.name) for job in jobs], on_progress)
    (out / "story.json").write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    write_hamlet_succession(out / "hamlet_succession.csv", mergers)
    return out


def tell(seed: int) -> tuple[list[Job], dict[str, Any], dict[int, Merger]]:
    """Every file of the story with its arrival, and what is told of it: ``bad`` files with outcome and reason, ``missing`` communes,
    the commune whose list ``omitted`` households; and the mergers."""
    province, services, mergers = make(seed, LAST_YEAR, sorted({int(quarter[:4]) for quarter in QUARTERS}))
    sent_services = [sent for sent in services if sent.quarter.key in QUARTERS]
    jobs = plan(Path(), province, range(FIRST_YEAR, LAST_YEAR + 1), seed) + plan_services(Path(), sent_services, seed)
    rng = Random(f"story {seed}")
    told = _Told()
    reviews = [job for job in jobs if job.sent.cover["period"] == str(BAD_YEAR)]
    _spoil_reviews(reviews, rng, seed, told)
    missing, late = rng.sample([job for job in reviews if job.path not in told.bad], 2)
    told.tell(late, "accepted", LATE)
    _spoil_quarter([job for job in jobs if job.sent.cover["period"] == f"{BAD_YEAR}-Q4"], seed, told)
    corrected = [_corrected(job, rng, date(BAD_YEAR + 1, 1, rng.randint(*CORRECTION))) for job in jobs if job.path in told.bad]
    named = {job.sent.commune.code for job in (*told.bad.values(), missing, late)}
    right = _most_newly_poor(job for job in jobs if job.sent.cover["period"] == str(OMITTED_YEAR) and job.sent.commune.code not in named)
    corrected.append(_corrected(right, rng, OMITTED_SENT))
    sent = {
        **told.bad,
        late.path: replace(late, arrives=moment(rng, date(BAD_YEAR + 1, 1, LATE_DAY))),
        missing.path: replace(missing, arrives=moment(rng, date(BAD_YEAR + 1, 1, MISSING_DAY))),
        right.path: replace(right, sent=_without_some(right.sent)),
    }
    story = {
        "bad": sorted(told.files, key=lambda item: (item["outcome"], item["file"])),
        "missing": [missing.sent.commune.name],
        "omitted": {"commune_code": right.sent.commune.code, "commune": right.sent.commune.name, "households": OMITTED},
    }
    return [sent.get(job.path, job) for job in jobs] + corrected, story, mergers


def _newly_poor(review: HouseholdReview) -> list[int]:
    return where(review, lambda row: row["movement"] == "newly_poor")


def _most_newly_poor(jobs: Iterable[Job]) -> Job:
    """The review with the most households that came on the poor list: OMITTED of them at least."""
    return max(jobs, key=lambda job: (len(_newly_poor(_review(job.sent))), job.sent.commune.code))


def _without_some(sent: Return) -> HouseholdReview:
    """A review that forgot some newly poor households. Its forms agree with its list: nothing shows until the next year opens."""
    wrong = deepcopy(_review(sent))
    forgotten = [wrong.household_list[index] for index in _newly_poor(wrong)[:OMITTED]]
    members = {index for row in forgotten for index in members_of(wrong, row)}
    wrong.household_list = [row for row in wrong.household_list if row not in forgotten]
    wrong.member_list = [row for index, row in enumerate(wrong.member_list) if index not in members]
    recount(wrong)
    row = wrong.summary_7_1[0]
    row["poor_households"] -= len(forgotten)
    row["poor_persons"] -= len(members)
    with_rates(row)
    return wrong


def _review(sent: Return) -> HouseholdReview:
    assert isinstance(sent, HouseholdReview)
    return sent


def _night_of(job: Job, nights: Sequence[datetime]) -> str:
    return next(f"night{number}" for number, night in enumerate(nights, start=1) if job.arrives < night)


def _spoil_reviews(jobs: list[Job], rng: Random, seed: int, told: _Told) -> None:
    """Twelve of a year's reviews made bad."""
    free = iter(rng.sample(jobs, len(jobs)))
    for rule, why in RETURNED.items():
        told.add(_spoilt(free, rule, Random(f"story {seed} {rule}")), "returned", f"{rule}: {why}")
    told.add(replace(next(free), omit=("movement_7_3",)), "returned", f"MISSING-SHEET: {MISSING_SHEET}")
    for kind, why in DAMAGED.items():
        told.add(replace(next(free), damage=kind), "unreadable", why)


def _spoil_quarter(jobs: list[Job], seed: int, told: _Told) -> None:
    """Three returns on credit and training of the last quarter made bad, of those sent in time."""
    in_time = [job for job in jobs if job.arrives.date() <= date(BAD_YEAR + 1, 1, 15)]
    for rule, (outcome, why) in QUARTERLY.items():
        rng = Random(f"story {seed} {rule}")
        free = iter(rng.sample(in_time, len(in_time)))
        told.add(
            _spoilt((job for job in free if job.sent.form == MISTAKES[rule].form and job.path not in told.bad), rule, rng),
            outcome,
            f"{rule}: {why}",
        )


def _spoilt(free: Iterator[Job], rule: str, rng: Random) -> Job:
    """The first free file that lends itself to the mistake, spoilt by it."""
    for job in free:
        sent = deepcopy(job.sent)
        if MISTAKES[rule].spoil(sent, Context(rng, [])) is not None:
            return replace(job, sent=sent)
    raise ValueError(f"no return lends itself to {rule}")


def _corrected(job: Job, rng: Random, signed: date) -> Job:
    """The right figures, signed anew and sent on the day after."""
    sent = replace(job.sent, cover={**job.sent.cover, "signed_date": signed, "document_number": f"{rng.randint(3, 30)}/BC-UBND"})
    path = job.path.with_name(f"{job.path.stem} (sửa).xlsx")
    return replace(job, path=path, sent=sent, arrives=moment(rng, signed + timedelta(days=1)))
