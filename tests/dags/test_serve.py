"""`warehouse airflow` as people start it: a real scheduler runs the DAG, and nothing of it is left when it is stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from operations.airflow_environment import airflow_environment, login_password, run_airflow
from tests.support.workbooks import Return
from warehouse.settings import Settings


def _wait(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{what}: not within {seconds} s")


class Api:
    """Airflow's public REST API with the login that was printed."""

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        self.token = self._call("POST", "/auth/token", {"username": "admin", "password": password})["access_token"]

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.address}{path}", method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if token := getattr(self, "token", None):
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def dag_is_there(self) -> bool:
        return any(dag["dag_id"] == "nightly_load" and not dag["is_paused"] for dag in self._call("GET", "/api/v2/dags")["dags"])

    def trigger(self, conf: dict[str, Any]) -> str:
        return str(self._call("POST", "/api/v2/dags/nightly_load/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def state(self, run_id: str) -> str:
        return str(self._call("GET", f"/api/v2/dags/nightly_load/dagRuns/{run_id}")["state"])


def test_a_real_scheduler_runs_the_night_and_stops_whole(warehouse: Settings, rows: Any, tmp_path: Path) -> None:
    printed = tmp_path / "printed.txt"
    Return().write(warehouse.inbox_dir)
    environment = airflow_environment(warehouse)
    with printed.open("w") as sink:
        command = subprocess.Popen(
            [sys.executable, "-m", "operations.cli", "airflow"],
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(lambda: "password:" in printed.read_text() or command.poll() is not None, 120, "the address and the login")
        address = re.search(r"http://127\.0\.0\.1:\d+", printed.read_text())
        assert address, printed.read_text()
        assert login_password(warehouse) in printed.read_text()
        api = Api(address.group(), login_password(warehouse))
        _wait(api.dag_is_there, 120, "the DAG")
        run_id = api.trigger({"now": "2024-01-05T22:00+07:00"})
        state = _wait(lambda: api.state(run_id) in ("success", "failed") and api.state(run_id), 240, "the end of the run")
        assert state == "success"
        assert rows(f"select outcome from audit.run where airflow_run_id = '{run_id}'") == [("success",)]
        assert rows("select count(*) from audit.publication") == [(1,)]
        processes = psutil.Process(command.pid).children(recursive=True)
        assert len(processes) >= 3
        os.kill(command.pid, signal.SIGTERM)
        assert command.wait(timeout=60) == 0
        _, alive = psutil.wait_procs(processes, timeout=5)
        assert alive == []
    finally:
        command.terminate()  # it stops what it started
        command.wait(timeout=60)


def test_the_sourced_file_gives_the_command_line_the_same_airflow(warehouse: Settings, tmp_path: Path) -> None:
    from operations.airflow_environment import prepare_metadata, write_shell_environment

    environment = airflow_environment(warehouse)
    prepare_metadata(warehouse, environment)
    sourced = write_shell_environment(warehouse, environment)
    assert sourced.stat().st_mode & 0o077 == 0
    shown = subprocess.run(["sh", "-c", f". {sourced}; env"], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    assert f"AIRFLOW_HOME={warehouse.home / 'airflow'}" in shown.stdout
    run_airflow(["dags", "list-import-errors"], environment, tmp_path / "errors.log")
    assert "No data found" in (tmp_path / "errors.log").read_text()
