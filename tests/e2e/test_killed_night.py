"""A night killed anywhere, run again, ends where a night that was never killed ends: the same content hashes, every file once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reporting.evidence import verify
from synthetic.generate import generate
from tests.conftest import fresh_warehouse
from tests.support.kill_night import POINTS
from warehouse.database import connect
from warehouse.settings import PROJECT_DIR, Settings

COMMUNES = ["27694", "27691", "27934", "28108"]
NOW = "2022-01-05T22:00+07:00"
SEEDED = random.Random(20211008).sample([point for point in POINTS if point not in ("copy", "building", "switching")], 1)
"""`make test` takes the middle of COPY, of the build and of the switch, and a seeded step boundary; `make test-long` every point."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("province"), years=[2021], seed=5, communes=COMMUNES) / "2021"


def night(settings: Settings, point: str) -> subprocess.CompletedProcess[str]:
    assert settings.url is not None
    environment = {
        **os.environ,
        "WAREHOUSE_URL": settings.url.get_secret_value(),
        "WAREHOUSE_HOME": str(settings.home),
        "WAREHOUSE_WORKERS": "1",
        "WAREHOUSE_CHUNK_FILES": "2",
        "WAREHOUSE_SETTLE_SECONDS": "0",
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.support.kill_night", point, NOW],
        env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def what_stands(settings: Settings) -> dict[str, Any]:
    """The published content, and how often each file and row was taken in."""
    with connect(settings) as conn:
        published = conn.execute("select mart_hashes from audit.publication order by publication_id desc limit 1").fetchone()
        counts = conn.execute(
            """
            select
                (select count(*) from audit.arrival),
                (select count(*) from intake.submission),
                (select count(*) from intake.household_list),
                (select count(*) from intake.member_list), (select count(*) from audit.submission where state = 'accepted')
            """
        ).fetchone()
        assert published is not None
        assert counts is not None
        return {"hashes": published[0], "counts": counts}


def deliver(settings: Settings, files: Path) -> Settings:
    for path in files.iterdir():
        shutil.copy2(path, settings.inbox_dir / path.name)
    return settings


@pytest.fixture
def delivered(warehouse: Settings, files: Path) -> Settings:
    return deliver(warehouse, files)


@pytest.fixture(scope="module")
def undisturbed(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory, files: Path) -> dict[str, Any]:
    """What a night that nobody kills leaves behind."""
    with fresh_warehouse(server_url, template_database, tmp_path_factory.mktemp("undisturbed")) as settings:
        done = night(deliver(settings, files), "never")
        assert done.returncode == 0, done.stderr[-3000:]
        left = what_stands(settings)
    assert (left["counts"][0], left["counts"][4]) == (len(COMMUNES), len(COMMUNES))
    return left


def check_point(settings: Settings, undisturbed: dict[str, Any], point: str) -> None:
    killed = night(settings, point)
    assert killed.returncode == -signal.SIGKILL, f"{point}: {killed.stdout[-500:]} {killed.stderr[-2000:]}"
    with connect(settings) as conn:
        shown = conn.execute("select count(distinct publication_id) from marts.fct_poverty").fetchone()
    assert shown is not None
    assert shown[0] <= 1, "a mix of publications"
    again = night(settings, "never")
    assert again.returncode == 0, again.stderr[-3000:]
    assert what_stands(settings) == undisturbed, point
    assert verify(settings) == []


@pytest.mark.parametrize("point", ["copy", "building", "switching", *SEEDED])
def test_a_killed_night_is_mended_by_the_next(delivered: Settings, undisturbed: dict[str, Any], point: str) -> None:
    check_point(delivered, undisturbed, point)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_every_point(delivered: Settings, undisturbed: dict[str, Any], point: str) -> None:
    check_point(delivered, undisturbed, point)


def test_two_nights_at_once_one_says_so(delivered: Settings) -> None:
    with psycopg.connect(delivered.url.get_secret_value(), application_name="warehouse nightly test") as conn:  # type: ignore[union-attr]
        conn.execute("select pg_advisory_lock(7310001)")
        second = night(delivered, "never")
    assert second.returncode != 0
    assert "Another command is writing: nightly test" in second.stderr
