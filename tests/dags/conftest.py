"""One Airflow for all DAG tests: a migrated metadata database beside the warehouse's, in this process (dag.test)."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from warehouse.settings import PROJECT_DIR, Settings, get_settings


@pytest.fixture(scope="session")
def airflow_ready(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point Airflow at a database of its own on the test server, before anything imports it."""
    from operations.airflow_environment import airflow_environment, prepare_metadata

    settings = Settings(home=tmp_path_factory.mktemp("airflow"), url=SecretStr(server_url), _env_file=None)
    environment = airflow_environment(settings)
    prepare_metadata(settings, environment)
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AIRFLOW")})
    yield
    from airflow.settings import dispose_orm

    dispose_orm()  # before the server stops


@pytest.fixture(scope="session")
def dags(airflow_ready: None) -> dict[str, Any]:
    """Every DAG of the folder, by its id."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(PROJECT_DIR / "dags"), bundle_name="dags-folder")
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture(scope="session")
def night_dag(dags: dict[str, Any]) -> Any:
    return dags["nightly_load"]


@pytest.fixture(scope="session")
def watch_dag(dags: dict[str, Any]) -> Any:
    return dags["watch_deadlines"]


@pytest.fixture
def as_process_settings(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The fresh warehouse as the settings of this process, as a task finds them."""
    from operations.airflow_environment import warehouse_variables

    for name, value in warehouse_variables(warehouse).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield warehouse
    get_settings.cache_clear()


@pytest.fixture
def dag_run(night_dag: Any, as_process_settings: Settings) -> Callable[..., Any]:
    """Run the DAG once, to its end; gives the DagRun."""

    def run(now: str | None = None, accept_reason: str | None = None, **part: list[str]) -> Any:
        for task in night_dag.tasks:  # a retry does not wait
            options = task.partial_kwargs if task.is_mapped else vars(task)
            options["retry_delay"] = timedelta(0)
        return night_dag.test(run_conf={"now": now, "accept_reason": accept_reason, **part})

    return run


@pytest.fixture
def states() -> Callable[[Any], dict[str, set[str]]]:
    """Task states of a run: {'collect': {'success'}, ...}."""

    def read(run: Any) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for instance in run.get_task_instances():
            found.setdefault(instance.task_id, set()).add(str(instance.state))
        return found

    return read


@pytest.fixture(autouse=True)
def quiet_airflow() -> Iterator[None]:
    logging.getLogger("airflow").setLevel(logging.WARNING)
    yield


@pytest.fixture
def rows(as_process_settings: Settings) -> Callable[[str], list[tuple[Any, ...]]]:
    def query(statement: str) -> list[tuple[Any, ...]]:
        assert as_process_settings.url is not None
        with psycopg.connect(as_process_settings.url.get_secret_value()) as conn:
            return conn.execute(statement).fetchall()

    return query
