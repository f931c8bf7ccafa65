"""The province with planted errors: what the database finds is the answer key, whole, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psycopg

from expectations.catalogue import load_rules
from expectations.validate import validate_pending
from ingestion.collect import collect
from synthetic.generate import generate
from warehouse.clock import parse_now
from warehouse.runs import start_run
from warehouse.settings import Settings

YEARS = [2022, 2023]


def test_the_answer_key_is_found_whole_and_nothing_else_fires(warehouse: Settings, conn: psycopg.Connection, tmp_path: Path) -> None:
    settings = warehouse.model_copy(update={"workers": 2})
    province = generate(tmp_path / "province", years=YEARS, seed=7, errors=True)
    key = json.loads((province / "answer_key.json").read_text(encoding="utf-8"))["files"]
    for year in YEARS:
        for path in sorted((province / str(year)).iterdir()):
            shutil.copy2(path, settings.inbox_dir / path.name)
        run = start_run(settings, "test", injected_now=parse_now(f"{year + 1}-01-20T22:00+07:00"))
        collect(settings, run)
        validate_pending(settings, run)

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
    planted = {code for *_, code in wanted}
    own = {rule.code for rule in load_rules() if rule.form in (None, "household_review")}
    assert own - planted == set(), "rules that were not planted"
