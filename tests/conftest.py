"""Fixtures for all tests: one embedded PostgreSQL a session, a fresh migrated database a test that asks for one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
os.environ.setdefault("TZ", "UTC")

import psycopg
from pydantic import SecretStr

from tests.support.databases import database_from, share_parse
from tests.support.mart_fixtures import published, small_province  # noqa: F401  (fixtures for every test)
from warehouse.database import connect, url_with
from warehouse.runs import Run, start_run
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings

TEMPLATE = "template_warehouse"
TESTS = Path(__file__).parent
ORDER = ("unit", "dbt", "integration", "dags", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests open no sockets; all of one Airflow run in one process, and so do those that share a night of their module.

    Airflow changes the logging of the process it is imported in: only tests that start processes of their own come after it.
    """
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0]
        if kind == "unit":
            item.add_marker(pytest.mark.disable_socket)
        elif kind in ("dags", "e2e"):
            item.add_marker(pytest.mark.xdist_group(kind))
    items.sort(key=lambda item: ORDER.index(item.path.relative_to(TESTS).parts[0]))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Owner's URL of a throw-away server (fast settings) for this test session."""
    home = Path(tempfile.mkdtemp(prefix="warehouse-test-server-"))
    home.chmod(0o755)
    server = EmbeddedServer(home, durable=False)
    try:
        yield server.start().url
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database after `init --synthetic`: migrated, reference data loaded, roles made, marts empty."""
    from warehouse.setup import init

    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {TEMPLATE}")
    settings = Settings(
        home=tmp_path_factory.mktemp("template-home"), url=SecretStr(url_with(server_url, database=TEMPLATE)), _env_file=None
    )
    init(settings, synthetic=True, now="2021-01-01T00:00+07:00")
    # Roles belong to the server, so their passwords are one set for the session.
    os.environ["WAREHOUSE_TEST_SECRETS"] = str(settings.home / "secrets")
    return TEMPLATE


@contextmanager
def fresh_warehouse(server_url: str, template_database: str, folder: Path) -> Iterator[Settings]:
    """Settings of a synthetic warehouse of its own (database, home, inbox), gone at the end."""
    name = database_from(server_url, template_database, "w")
    home = folder / "home"
    share_parse(home, name)
    for part in (home / "inbox", home / "archive", home / "reports", home / "logs"):
        part.mkdir(parents=True)
    shutil.copytree(os.environ["WAREHOUSE_TEST_SECRETS"], home / "secrets")
    yield Settings(home=home, url=SecretStr(url_with(server_url, database=name)), workers=1, settle_seconds=0, quiet=True, _env_file=None)
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


@pytest.fixture
def warehouse(server_url: str, template_database: str, tmp_path: Path) -> Iterator[Settings]:
    """A fresh warehouse for one test."""
    with fresh_warehouse(server_url, template_database, tmp_path) as settings:
        yield settings


@pytest.fixture
def run(warehouse: Settings) -> Run:
    """A run of kind `test` in the fresh warehouse, at the database's own time."""
    return start_run(warehouse, "test")


@pytest.fixture
def conn(warehouse: Settings) -> Iterator[psycopg.Connection]:
    with connect(warehouse) as connection:
        yield connection
