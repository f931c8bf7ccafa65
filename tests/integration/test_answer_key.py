"""The province with planted errors: what the database finds is the answer key, whole, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg

from expectations.catalogue import load_rules
from expectations.validate import validate_pending
from ingestion.collect import collect
from synthetic.errors import plant_newest, write_answer_key
from synthetic.generate import generate, make, plan, plan_services, write_all
from warehouse.clock import parse_now
from warehouse.runs import start_run
from warehouse.settings import Settings

SEED = 7
YEARS = [2022, 2023]
NIGHTS = {
    "2022-01-20T22:00+07:00": ("2021",),
    "2023-01-20T22:00+07:00": ("2022",),
    "2024-02-02T22:00+07:00": ("2023", "2023-Q4"),
}
"""Of the returns for a last quarter: the lists that it is compared with come before it, the last of them on the same night."""
MERGED_ONLY = {"BTW-09T"}
"""It speaks of the communes of 2024, whose returns the province does not have."""


def test_the_answer_key_is_found_whole_and_nothing_else_fires(warehouse: Settings, conn: psycopg.Connection, tmp_path: Path) -> None:
    settings = warehouse.model_copy(update={"workers": 2})
    province = generate(tmp_path / "province", years=YEARS, seed=SEED, errors=True)
    for year in YEARS:
        night(settings, f"{year + 1}-01-20T22:00+07:00", province / str(year))
    planted = planted_and_found(conn, province)
    own = {rule.code for rule in load_rules() if rule.form in (None, "household_review")}
    assert own - planted == set(), "rules that were not planted"


def test_the_answer_key_of_training_is_found_whole(warehouse: Settings, conn: psycopg.Connection, tmp_path: Path) -> None:
    """Of the last quarter, with the lists of its communes: no rule of training looks at the quarter before."""
    province = spoilt_communes(tmp_path / "province", "training")
    settings = warehouse.model_copy(update={"workers": 2})
    for now, periods in NIGHTS.items():
        night(settings, now, *(province / period for period in periods))
    planted = planted_and_found(conn, province)
    own = {rule.code for rule in load_rules() if rule.form == "training"}
    assert own - planted == MERGED_ONLY, "rules that were not planted"


def spoilt_communes(out: Path, form_code: str) -> Path:
    """The communes alone whose newest return of a quarterly form is spoilt: that return, every review, the key."""
    reviews, services = make(SEED, 2023, [2023])
    newest = [sent for sent in services if sent.form == form_code and sent.quarter.number == 4]
    jobs = plan(out, reviews, [2021, 2022, 2023], SEED) + plan_services(out, newest, SEED)
    planted = plant_newest(jobs, form_code, SEED)
    spoilt = {job.sent.commune.code for job in jobs if job.path in planted.spots}
    planted.jobs = [job for job in planted.jobs if job.sent.commune.code in spoilt]
    write_answer_key(out / "answer_key.json", planted, write_all(planted.jobs))
    return out


def night(settings: Settings, now: str, *folders: Path) -> None:
    for folder in folders:
        for path in sorted(folder.iterdir()):
            shutil.copy2(path, settings.inbox_dir / path.name)
    run = start_run(settings, "test", injected_now=parse_now(now))
    collect(settings, run)
    validate_pending(settings, run)


def planted_and_found(conn: psycopg.Connection, province: Path) -> set[str]:
    """The rules of the key, once every finding and every outcome on file is found to be the key's."""
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
