"""The province with planted errors: what the database finds is the answer key, whole, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from expectations.catalogue import load_rules
from expectations.validate import validate_pending
from ingestion.collect import collect
from synthetic.errors import Planted, plant, write_answer_key
from synthetic.generate import Job, generate, make, plan, plan_services, write_all
from synthetic.ground import predecessors
from synthetic.targets import communes as communes_in
from tests.support.lists import MONTHS
from warehouse.clock import parse_now
from warehouse.runs import start_run
from warehouse.settings import Settings

YEARS = [2022, 2023]
NIGHTS = {
    "credit": {
        "2022-01-20T22:00+07:00": ("2021",),
        "2023-01-20T22:00+07:00": ("2022",),
        "2023-11-02T22:00+07:00": ("2023-Q3",),
        "2024-02-02T22:00+07:00": ("2023", "2023-Q4"),
        "2025-02-02T22:00+07:00": ("2024-Q3", "2024-Q4"),
    },
    "training": {
        "2022-01-20T22:00+07:00": ("2021",),
        "2023-01-20T22:00+07:00": ("2022",),
        "2024-02-02T22:00+07:00": ("2023", "2023-Q4"),
        "2025-02-02T22:00+07:00": ("2024-Q3", "2024-Q4"),
    },
}
"""Form -> the night -> folders that arrive for it."""
MERGED = ("BTW-09", "BTW-09T")
"""They compare a new commune's first return with the last ones of the communes before it."""


def test_the_answer_key_is_found_whole_and_nothing_else_fires(warehouse: Settings, conn: psycopg.Connection, tmp_path: Path) -> None:
    settings = warehouse.model_copy(update={"workers": 2})
    province = generate(tmp_path / "province", years=YEARS, seed=7, errors=True)
    for year in YEARS:
        _night(settings, f"{year + 1}-01-20T22:00+07:00", [province / str(year)])
    planted = _compare(conn, province)
    own = {rule.code for rule in load_rules() if rule.tests("household_review", "year", date(YEARS[-1], 12, 31))}
    assert own - planted == {"WAIVER-PREPARER"} | MONTHS & own, "rules that were not planted; a waiver is not in a file"


@pytest.mark.parametrize("form", NIGHTS)
def test_the_answer_key_of_a_quarterly_form(warehouse: Settings, conn: psycopg.Connection, tmp_path: Path, form: str) -> None:
    _write_services(tmp_path / form, form)
    for now, folders in NIGHTS[form].items():
        _night(warehouse, now, [tmp_path / form / folder for folder in folders])
    planted = _compare(conn, tmp_path / form)
    own = {rule.code for rule in load_rules() if rule.form == form}
    assert own - planted == set(), "rules that were not planted"


def _write_services(province: Path, form: str) -> None:
    """The communes with a spoilt return of the form: their reviews, that return, and the returns before where its mistake shows there."""
    reviews, services, _ = make(7, 2023, [2023, 2024])
    wanted = {folder for folders in NIGHTS[form].values() for folder in folders}
    jobs = plan(province, reviews, [2021, 2022, 2023], 7) + plan_services(province, services, 7)
    jobs = [job for job in jobs if job.sent.form in ("household_review", form) and job.path.parent.name in wanted]
    planted = plant(jobs, 2023, 7)
    spoilt = {job.path: job for job in planted.jobs if job.sent.form == form and job.path in planted.spots}
    new = _communes(spoilt, planted, *MERGED)
    before = {code for one in communes_in(2024) if one.code in new for code in predecessors(one, whole=True)}
    beside = {"2023-Q3": _communes(spoilt, planted, "CRD-16"), "2024-Q3": before}
    communes = _communes(spoilt, planted) - new

    def is_written(job: Job) -> bool:
        if job.sent.form == form:
            return job.path in spoilt or job.sent.commune.code in beside.get(job.path.parent.name, ())
        return job.sent.commune.code in communes

    planted.jobs = [job for job in planted.jobs if is_written(job)]
    write_answer_key(province / "answer_key.json", planted, write_all(planted.jobs))


def _communes(spoilt: dict[Path, Job], planted: Planted, *rules: str) -> set[str]:
    """Those whose return was spoilt, by one of these rules where any is named."""
    return {job.sent.commune.code for path, job in spoilt.items() if not rules or any(spot.rule in rules for spot in planted.spots[path])}


def _night(settings: Settings, now: str, folders: Iterable[Path]) -> None:
    for folder in folders:
        for path in sorted(folder.iterdir()):
            shutil.copy2(path, settings.inbox_dir / path.name)
    run = start_run(settings, "test", injected_now=parse_now(now))
    collect(settings, run)
    validate_pending(settings, run)


def _compare(conn: psycopg.Connection, province: Path) -> set[str]:
    """Findings and outcomes on file are those of the key. Returns the rules that it names."""
    key: dict[str, Any] = json.loads((province / "answer_key.json").read_text(encoding="utf-8"))["files"]
    found = {
        (str(name), sheet, row, code)
        for name, sheet, row, code in conn.execute(
            "select o.file_name, f.sheet, f.row_number, f.rule_code from audit.failing_row as f "
            "inner join audit.file_outcome as o on o.sha256 = f.sha256 where o.state <> 'duplicate'"
        )
    }
    wanted = {(name, item["sheet"], item["row"], item["rule"]) for name, file in key.items() for item in file["findings"]}
    assert found - wanted == set(), "fired, not in the key"
    assert wanted - found == set(), "in the key, not fired"

    outcomes = {
        str(name): state
        for name, state in conn.execute(
            "select o.file_name, coalesce(case when s.state = 'superseded' then 'accepted' else s.state end, r.state) "
            "from audit.file_outcome as o inner join audit.received_file as r using (sha256) "
            "left join audit.submission as s on s.sha256 = o.sha256 where o.state <> 'duplicate'"
        )
    }
    assert outcomes == {name: file["outcome"] for name, file in key.items()}
    return {code for *_, code in wanted}
