"""A small published province, built once a session; each test that asks gets a copy of its own.

Import `published` (and `small_province`) in the test module that uses it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from expectations.gate import check_build
from tests.support.databases import database_from, share_parse
from tests.support.mart_builder import Return, province, send
from warehouse.builds import build
from warehouse.clock import parse_now
from warehouse.database import connect, url_with
from warehouse.publications import publish
from warehouse.runs import Run, start_run
from warehouse.settings import Settings

DATABASE = "template_published"
YEARS = {2021: (600, 376, 188_000), 2022: (500, 376, 189_000), 2023: (400, 376, 190_000)}
LAST_NIGHT = "2024-01-10T22:00+07:00"


def at(settings: Settings, moment: str = LAST_NIGHT, kind: str = "test") -> Run:
    return start_run(settings, kind, injected_now=parse_now(moment))


def build_and_publish(settings: Settings, run: Run) -> tuple[UUID, int | None]:
    """Build, check and publish; returns the build's and the publication's ids."""
    made = build(settings, run)
    outcome = check_build(settings, run, made.build_id)
    assert outcome.passed, [r for r in outcome.results if not r.passed]
    return made.build_id, publish(settings, run, made.build_id)


@dataclass(frozen=True)
class Template:
    home: Path
    returns: dict[int, list[Return]]


@pytest.fixture(scope="session")
def small_province(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """188 communes, 2021 to 2023, each year sent in the January after it; published once, by a build in blue."""
    home = tmp_path_factory.mktemp("published-home")
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {DATABASE} template {template_database}")
    settings = Settings(home=home, url=SecretStr(url_with(server_url, database=DATABASE)), _env_file=None)
    returns: dict[int, list[Return]] = {}
    for year, (poor, near_poor, total) in YEARS.items():
        run = at(settings, f"{year + 1}-01-10T22:00+07:00")
        with connect(settings) as conn:
            returns[year] = province(conn, year, poor, near_poor, total)
            send(conn, run, returns[year])
    build_and_publish(settings, run)
    return Template(home, returns)


@contextmanager
def copy_of_published(server_url: str, home: Path) -> Iterator[Settings]:
    """Settings of a warehouse of its own, at home in the folder given, with the small province published; who asks needs that fixture."""
    name = database_from(server_url, DATABASE, "p")
    url = SecretStr(url_with(server_url, database=name))
    home.mkdir()
    share_parse(home, name)
    shutil.copytree(os.environ["WAREHOUSE_TEST_SECRETS"], home / "secrets")
    try:
        yield Settings(home=home, url=url, workers=1, quiet=True, _env_file=None)
    finally:
        with psycopg.connect(server_url, autocommit=True) as conn:
            conn.execute(f"drop database {name} with (force)")


@pytest.fixture
def published(server_url: str, small_province: Template, tmp_path: Path) -> Iterator[Settings]:
    with copy_of_published(server_url, tmp_path / "home") as settings:
        yield settings
