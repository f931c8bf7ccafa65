"""The synthetic credit and training returns: four quarters of some communes go through collect and validate without one remark."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg

from expectations.validate import validate_pending
from ingestion.collect import collect
from synthetic.generate import generate
from synthetic.targets import communes
from warehouse.clock import parse_now
from warehouse.runs import start_run
from warehouse.settings import Settings

CODES = [commune.code for commune in communes()[::9]]
NIGHTS = {
    "2022-01-20T22:00+07:00": ("2021",),
    "2023-01-20T22:00+07:00": ("2022",),
    "2023-05-02T22:00+07:00": ("2023-Q1",),
    "2023-11-02T22:00+07:00": ("2023-Q2", "2023-Q3"),
    "2024-02-02T22:00+07:00": ("2023", "2023-Q4"),
}


def test_good_returns_raise_nothing(warehouse: Settings, conn: psycopg.Connection, tmp_path: Path) -> None:
    province = generate(tmp_path / "province", years=[2021, 2022, 2023], services_years=[2023], seed=3, communes=CODES)
    for now, periods in NIGHTS.items():
        for period in periods:
            for path in sorted((province / period).iterdir()):
                shutil.copy2(path, warehouse.inbox_dir / path.name)
        run = start_run(warehouse, "test", injected_now=parse_now(now))
        collect(warehouse, run)
        validate_pending(warehouse, run)
    found = conn.execute("select rule_code, sheet, count(*), min(reason_en) from audit.failing_row group by 1, 2 order by 1").fetchall()
    assert found == []
    states = conn.execute("select form_code, state, count(*) from audit.submission group by 1, 2 order by 1").fetchall()
    assert states == [("credit", "accepted", 84), ("household_review", "accepted", 63), ("training", "accepted", 84)]
