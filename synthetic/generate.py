"""A province on disk: OUT/<year>/ holds the reviews, OUT/<quarter>/ credit and training returns, OUT/hamlet_succession.csv where the
hamlets of split communes went; the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random

from ingestion.contracts import load_form
from synthetic.damage import damage
from synthetic.ground import MERGER_YEARS, Merger, write_hamlet_succession
from synthetic.post import arrival, file_name, stamp
from synthetic.province import Province
from synthetic.returns import HouseholdReview, QuarterReturn, Return
from synthetic.services import COLLECTED_FROM, last_review, mark_loans, service_returns
from synthetic.style import Style, style_of
from synthetic.targets import FIRST_YEAR, LAST_YEAR
from synthetic.workbook import Placed, write_workbook

Progress = Callable[[int, int], None]
"""Called with (files written, files in all)."""
WORKERS = 2
FEW = 12
"""So few workbooks are written here: a pool takes longer to start."""


@dataclass(frozen=True)
class Job:
    """A workbook to be written: where, what, how, and when it arrives."""

    path: Path
    sent: Return
    style: Style
    arrives: datetime
    omit: tuple[str, ...] = ()
    """Sheets left out."""
    damage: str | None = None
    """How the finished file is spoilt: see synthetic.damage."""


def generate(
    out: Path,
    *,
    years: list[int],
    seed: int,
    services_years: Sequence[int] = (),
    errors: bool = False,
    communes: list[str] | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Write the reviews of ``years`` (2021 to 2025) under ``out``, and the credit and training returns of ``services_years``
    (2022 to 2025: each needs the review before it); with ``errors`` also answer_key.json.

    ``communes`` (codes) restricts which workbooks are written; the province behind them is always the whole one. With
    errors, mistakes are planted in the last of ``years`` and in the newest quarters, and the key lists every finding that must come
    of them; with services every review since 2021 must be asked for, since they are compared with all of them.
    """
    beyond = [year for year in years if not FIRST_YEAR <= year <= LAST_YEAR]
    if beyond or not years:
        raise ValueError(f"the province lives from {FIRST_YEAR} to {LAST_YEAR}; asked for {beyond or 'no year'}")
    beyond = [year for year in services_years if not FIRST_YEAR < year <= LAST_YEAR]
    if beyond:
        raise ValueError(f"credit and training returns need the review of the year before: {FIRST_YEAR + 1} to {LAST_YEAR}, not {beyond}")
    if errors and max(years) >= MERGER_YEARS[-1]:
        raise ValueError(f"mistakes are more than the communes of {max(years)}: to plant errors ask for reviews to {MERGER_YEARS[-1] - 1}")
    if errors and services_years and (min(services_years) < COLLECTED_FROM or not {FIRST_YEAR, FIRST_YEAR + 1} <= set(years)):
        raise ValueError(
            f"credit and training are collected from {COLLECTED_FROM} on and compared with every list before: to plant errors in them "
            f"ask for the reviews from {FIRST_YEAR} on, not {sorted(years)}, and the services from {COLLECTED_FROM} on"
        )
    province, services, mergers = make(seed, max(years), services_years)
    jobs = plan(out, province, sorted(set(years)), seed, communes) + plan_services(out, services, seed, communes)
    if errors:
        from synthetic.errors import plant, write_answer_key

        planted = plant(jobs, max(years), seed)
        placed = write_all(planted.jobs, on_progress)
        write_answer_key(out / "answer_key.json", planted, placed)
    else:
        write_all(jobs, on_progress)
    if mergers:
        write_hamlet_succession(out / "hamlet_succession.csv", mergers)
    return out


def make(seed: int, last: int, services_years: Iterable[int]) -> tuple[list[list[HouseholdReview]], list[QuarterReturn], dict[int, Merger]]:
    """The reviews of every year from 2021 to ``last``, the credit and training returns, whose loans the reviews tick, and the mergers
    of the years made."""
    asked = sorted(set(services_years))
    province = Province(seed)
    reviews = province.years(max([last, *map(last_review, asked)]))
    services: list[QuarterReturn] = []
    for year in asked:
        returns = service_returns(reviews, year, seed, [sent for sent in services if sent.year == year - 1], province.mergers)
        if year - FIRST_YEAR < len(reviews):
            mark_loans(reviews[year - FIRST_YEAR], returns)
        services += returns
    return reviews, services, province.mergers


def plan(
    out: Path, province: Sequence[Sequence[HouseholdReview]], years: Iterable[int], seed: int, communes: list[str] | None = None
) -> list[Job]:
    """One job a commune and year, in order. Names and arrivals do not depend on ``communes``."""
    jobs = []
    for year in years:
        taken: set[str] = set()
        for sent in province[year - FIRST_YEAR]:
            jobs.append(_job(Random(f"post {seed} {year} {sent.commune.code}"), out / str(year), sent, taken, seed))
    return _only(jobs, communes)


def plan_services(out: Path, services: Iterable[QuarterReturn], seed: int, communes: list[str] | None = None) -> list[Job]:
    """One job a return, in order, a folder a quarter."""
    taken: dict[str, set[str]] = {}
    jobs = []
    for sent in services:
        key = sent.quarter.key
        rng = Random(f"post {seed} {sent.form} {key} {sent.commune.code}")
        jobs.append(_job(rng, out / key, sent, taken.setdefault(key, set()), seed))
    return _only(jobs, communes)


def _job(rng: Random, folder: Path, sent: Return, taken: set[str], seed: int) -> Job:
    path = folder / file_name(rng, sent, taken)
    # An office keeps its habits, but for the sheet titles of a new file.
    habits = style_of(Random(f"style {seed} {sent.commune.code}"), load_form("household_review"))
    style = replace(habits, sheet_titles=style_of(rng, load_form(sent.form)).sheet_titles)
    return Job(path, sent, style, arrival(rng, sent))


def _only(jobs: list[Job], communes: list[str] | None) -> list[Job]:
    return jobs if communes is None else [job for job in jobs if job.sent.commune.code in communes]


def write_all(jobs: list[Job], on_progress: Progress | None = None) -> dict[Path, Placed]:
    """Write the workbooks, on two cores where they are many. Returns each file's row numbers."""
    for folder in {job.path.parent for job in jobs}:
        folder.mkdir(parents=True, exist_ok=True)
    placed: dict[Path, Placed] = {}
    for done, (path, rows) in enumerate(_written(jobs), start=1):
        placed[path] = rows
        if on_progress is not None:
            on_progress(done, len(jobs))
    return placed


def _written(jobs: list[Job]) -> Iterator[tuple[Path, Placed]]:
    if len(jobs) <= FEW:
        yield from map(write, jobs)
        return
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        yield from pool.map(write, jobs, chunksize=4)


def write(job: Job) -> tuple[Path, Placed]:
    rows = write_workbook(job.path, job.sent, job.style, job.omit)
    if job.damage is not None:
        damage(job.path, job.damage)
    stamp(job.path, job.arrives)
    return job.path, rows
