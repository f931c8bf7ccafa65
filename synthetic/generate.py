"""A province on disk: OUT/<year>/<workbook of each commune>.xlsx, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random

from ingestion.contracts import load_form
from synthetic.damage import damage
from synthetic.post import arrival, file_name, stamp
from synthetic.province import Province, Return
from synthetic.style import Style, style_of
from synthetic.targets import FIRST_YEAR, LAST_YEAR
from synthetic.workbook import FORM, Placed, write_workbook

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
    errors: bool = False,
    communes: list[str] | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Write the workbooks of ``years`` (2021 to 2023) under ``out``; with ``errors`` also answer_key.json.

    ``communes`` (codes) restricts which workbooks are written; the province behind them is always the whole one. With
    errors, mistakes are planted in the last of ``years`` and the key lists every finding that must come of them.
    """
    beyond = [year for year in years if not FIRST_YEAR <= year <= LAST_YEAR]
    if beyond or not years:
        raise ValueError(f"figures are published for {FIRST_YEAR} to {LAST_YEAR} only; asked for {beyond or 'no year'}")
    jobs = plan(out, Province(seed).years(max(years)), sorted(set(years)), seed, communes)
    if errors:
        from synthetic.errors import plant, write_answer_key

        planted = plant(jobs, max(years), seed)
        placed = write_all(planted.jobs, on_progress)
        write_answer_key(out / "answer_key.json", planted, placed)
    else:
        write_all(jobs, on_progress)
    return out


def plan(out: Path, province: list[list[Return]], years: Iterable[int], seed: int, communes: list[str] | None = None) -> list[Job]:
    """One job a commune and year, in order. Names and arrivals do not depend on ``communes``."""
    form = load_form(FORM)
    jobs = []
    for year in years:
        taken: set[str] = set()
        for sent in province[year - FIRST_YEAR]:
            rng = Random(f"post {seed} {year} {sent.commune.code}")
            path = out / str(year) / file_name(rng, sent.commune, year, taken)
            # An office keeps its habits, but for the sheet titles of a new file.
            style = replace(
                style_of(Random(f"style {seed} {sent.commune.code}"), form),
                sheet_titles=style_of(rng, form).sheet_titles,
            )
            job = Job(path, sent, style, arrival(rng, year, sent.cover["signed_date"]))
            if communes is None or sent.commune.code in communes:
                jobs.append(job)
    return jobs


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
