"""Four nights for the demo: 2021, 2022, 2023 with a dozen bad returns, and the corrections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import synthetic.mistakes_forms
import synthetic.mistakes_list
import synthetic.mistakes_members
import synthetic.mistakes_reader  # noqa: F401  each module registers its mistakes
from synthetic.generate import Job, Progress, plan, write_all
from synthetic.mistake import MISTAKES, Context
from synthetic.post import moment
from synthetic.province import Province
from synthetic.targets import LAST_YEAR

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
"""Mistake -> why, for the demo's table."""
MISSING_SHEET = "Thiếu trang Mẫu 7.3 · form 7.3 is missing"
DAMAGED = {
    "pdf": "Tệp PDF đổi đuôi · a PDF renamed to .xlsx",
    "truncated": "Tệp chép dở dang · a copy broken off",
    "password": "Tệp có mật khẩu · a password",
}
LATE = "Nộp muộn, đầu tháng 1 năm sau · sent late, in January"
CORRECTION = (8, 10)
"""Days of January on which corrections are signed; they arrive at most a day later."""


def write_story(out: Path, *, seed: int, on_progress: Progress | None = None) -> Path:
    """Write night1 to night4 and story.json under ``out``. After night 4 the province is complete and equals the published figures."""
    jobs = plan(out, Province(seed).years(), range(LAST_YEAR - 2, LAST_YEAR + 1), seed)
    rng = Random(f"story {seed}")
    good = [job for job in jobs if job.sent.year < LAST_YEAR]
    last = [job for job in jobs if job.sent.year == LAST_YEAR]
    bad, chosen, told = _spoil(last, rng, seed)
    rest = iter(rng.sample([job for job in last if job.path not in chosen], 2))
    missing, late = next(rest), next(rest)
    third = []
    for job in last:
        if job.path == late.path:
            told.append(_told(job, "accepted", LATE))
            third.append(replace(job, arrives=moment(rng, date(LAST_YEAR + 1, 1, 4))))
        elif job.path != missing.path:
            third.append(bad.get(job.path, job))
    fourth = [_corrected(job, rng) for job in last if job.path in bad]
    fourth.append(replace(missing, arrives=moment(rng, date(LAST_YEAR + 1, 1, 9))))
    nights = [
        [job for job in good if job.sent.year == LAST_YEAR - 2],
        [job for job in good if job.sent.year == LAST_YEAR - 1],
        third,
        fourth,
    ]
    write_all(
        [replace(job, path=out / f"night{n}" / job.path.name) for n, night in enumerate(nights, start=1) for job in night], on_progress
    )
    story = {"bad": sorted(told, key=lambda item: (item["outcome"], item["file"])), "missing": [missing.sent.commune.name]}
    (out / "story.json").write_text(json.dumps(story, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return out


def _told(job: Job, outcome: str, why: str) -> dict[str, str]:
    return {"file": job.path.name, "commune": job.sent.commune.name, "outcome": outcome, "why": why}


def _spoil(jobs: list[Job], rng: Random, seed: int) -> tuple[dict[Path, Job], set[Path], list[dict[str, str]]]:
    """Twelve of the last year's files made bad: their jobs by path, and what is told of them."""
    free = iter(rng.sample(jobs, len(jobs)))
    bad: dict[Path, Job] = {}
    told = []
    for rule, why in RETURNED.items():
        job = next(_spoilt(free, rule, Random(f"story {seed} {rule}")))
        bad[job.path] = job
        told.append(_told(job, "returned", f"{rule}: {why}"))
    job = next(free)
    bad[job.path] = replace(job, omit=("movement_7_3",))
    told.append(_told(job, "returned", f"MISSING-SHEET: {MISSING_SHEET}"))
    for kind, why in DAMAGED.items():
        job = next(free)
        bad[job.path] = replace(job, damage=kind)
        told.append(_told(job, "unreadable", why))
    return bad, set(bad), told


def _spoilt(free: Iterator[Job], rule: str, rng: Random) -> Iterator[Job]:
    """The first free file that lends itself to the mistake, spoilt by it."""
    for job in free:
        sent = deepcopy(job.sent)
        if MISTAKES[rule].spoil(sent, Context(rng, [])) is not None:
            yield replace(job, sent=sent)


def _corrected(job: Job, rng: Random) -> Job:
    """The right figures, signed anew in January and sent on the day after at the latest."""
    signed = date(LAST_YEAR + 1, 1, rng.randint(*CORRECTION))
    sent = replace(job.sent, cover={**job.sent.cover, "signed_date": signed, "document_number": f"{rng.randint(3, 30)}/BC-UBND"})
    path = job.path.with_name(f"{job.path.stem} (sửa).xlsx")
    return replace(job, path=path, sent=sent, arrives=moment(rng, signed + timedelta(days=1)))
