"""DAG runs under a real scheduler, timed by Airflow's own clock: the night, and a DAG of the same shape that does nothing."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from operations.airflow import free_port, running, wait_until_healthy
from operations.airflow_environment import DAG_ID, LOGIN, METADATA_VARIABLE, airflow_environment, login_password, prepare_metadata
from warehouse.settings import PROJECT_DIR, Settings

EMPTY_DAG_ID = "empty_night"
RUN_SECONDS = 600


class AirflowBench:
    """A running Airflow with both DAGs."""

    def __init__(self, settings: Settings, environment: dict[str, str]) -> None:
        self.address = environment["AIRFLOW__API__BASE_URL"]
        self.metadata = environment[METADATA_VARIABLE].replace("postgresql+psycopg2://", "postgresql://")
        self.token = self._post("/auth/token", {"username": LOGIN, "password": login_password(settings)})["access_token"]

    def run(self, dag_id: str, conf: dict[str, Any] | None = None) -> float:
        """Trigger the DAG and wait for its end; seconds from queued to ended. Raises RuntimeError where the run is red."""
        run_id = self._post(f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf or {}})["dag_run_id"]
        deadline = time.monotonic() + RUN_SECONDS
        with psycopg.connect(self.metadata, autocommit=True) as conn:
            while time.monotonic() < deadline:
                row = conn.execute(
                    "select state, extract(epoch from end_date - queued_at)::float from dag_run where dag_id = %s and run_id = %s",
                    (dag_id, run_id),
                ).fetchone()
                if row and row[0] == "success":
                    return float(row[1])
                if row and row[0] == "failed":
                    raise RuntimeError(f"The run {run_id} of {dag_id} is red.")
                time.sleep(0.1)
        raise RuntimeError(f"The run {run_id} of {dag_id} did not end in {RUN_SECONDS} s.")

    def wait_for(self, *dag_ids: str) -> None:
        """Until the DAG processor has read the files."""
        deadline = time.monotonic() + 120
        with psycopg.connect(self.metadata, autocommit=True) as conn:
            while time.monotonic() < deadline:
                row = conn.execute("select count(*) from dag where dag_id = any(%s) and not is_stale", (list(dag_ids),)).fetchone()
                if row and row[0] == len(dag_ids):
                    return
                time.sleep(0.2)
        raise RuntimeError(f"Airflow did not find {', '.join(dag_ids)}.")

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.address}{path}", method="POST", data=json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if token := getattr(self, "token", None):
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
            return told


@contextmanager
def airflow_bench(settings: Settings, *, chunks: int) -> Iterator[AirflowBench]:
    """Airflow over a folder that holds the night's DAG and its empty twin of ``chunks`` mapped tasks."""
    folder = settings.home / "dags"
    write_dags(folder, chunks)
    environment = airflow_environment(settings, port=free_port(8280)) | {"AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
    prepare_metadata(settings, environment)
    with running(settings, environment) as processes:
        wait_until_healthy(settings, processes, environment)
        bench = AirflowBench(settings, environment)
        bench.wait_for(DAG_ID, EMPTY_DAG_ID)
        yield bench


def write_dags(folder: Path, chunks: int) -> None:
    """The night's DAG, and the same file with steps that do nothing: the same shape by construction."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (PROJECT_DIR / "dags" / "nightly_load.py").read_text(encoding="utf-8")
    (folder / "nightly_load.py").write_text(text, encoding="utf-8")
    twin = text.replace(
        "from operations import nightly\n", f"from operations.bench.empty_night import EmptyNight\n\nnightly = EmptyNight({chunks})\n"
    )
    twin = twin.replace(f'"{DAG_ID}"', f'"{EMPTY_DAG_ID}"').replace("poverty_marts", "no_marts")
    (folder / "empty_night.py").write_text(twin, encoding="utf-8")
