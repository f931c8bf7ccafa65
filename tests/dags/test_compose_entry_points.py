"""Every entry point of docker-compose.yml as a process, until its own health check holds; the logins of a server; a task."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import psycopg
import pytest
from psycopg import sql

from operations.airflow import free_port, stop_groups
from tests.support.compose import Container, services

DB_PASSWORD = "p@ss/w:rd?#%20'\"$HOME ö"
ADMIN_PASSWORD = "quản trị %s $x"
NEW_PASSWORD = "mật khẩu mới #2"
LONG_RUNNING = ("api-server", "scheduler", "dag-processor")


def _wait(condition: Callable[[], Any], seconds: float, what: str, pause: float = 0.3) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(pause)
    raise AssertionError(f"{what}: not within {seconds} s")


@pytest.fixture
def database(server_url: str) -> Iterator[str]:
    """Host, port and name of an empty database whose owner has a password full of signs; all of it gone at the end."""
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(sql.SQL("create role compose_owner superuser login password {}").format(sql.Literal(DB_PASSWORD)))
        conn.execute("create database compose_warehouse owner compose_owner")
    yield f"{urlsplit(server_url).hostname}:{urlsplit(server_url).port}/compose_warehouse"
    with psycopg.connect(server_url, autocommit=True) as conn:
        for name in ("compose_warehouse", "compose_airflow"):
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        for (role,) in conn.execute("select rolname from pg_roles where rolname like 'compose\\_%'").fetchall():
            conn.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.fixture
def containers(database: str, tmp_path: Path) -> dict[str, Container]:
    """The services whose image is ours, each at its place on this machine."""
    port = str(free_port(8380))
    for folder in ("home", "inbox", "secrets"):
        (tmp_path / folder).mkdir()
    (tmp_path / "secrets" / "db_password").write_text(DB_PASSWORD)
    (tmp_path / "secrets" / "airflow_password").write_text(ADMIN_PASSWORD)
    places = {
        "warehouse_owner@database:5432/warehouse": f"compose_owner@{database}",
        "/srv/longan": str(tmp_path / "home"),
        "/srv/inbox": str(tmp_path / "inbox"),
        "/run/secrets": str(tmp_path / "secrets"),
        "http://api-server:8080": f"http://127.0.0.1:{port}",
        "0.0.0.0": "127.0.0.1",
    }
    added = {"AIRFLOW__API__PORT": port, "WAREHOUSE_ROLE_PREFIX": "compose_", "HOME": str(tmp_path), "WAREHOUSE_WORKERS": "1"}
    return {name: Container(service, places, added) for name, service in services().items() if name != "database"}


def _call(address: str, path: str, *, body: dict[str, Any] | None = None, token: str = "") -> tuple[int, Any]:
    request = urllib.request.Request(f"{address}{path}", data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=180) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


def _login(address: str, password: str) -> tuple[int, str]:
    status, told = _call(address, "/auth/token", body={"username": "admin", "password": password})
    return status, told["access_token"] if told else ""


def test_every_service_comes_up_is_healthy_asks_for_a_login_and_runs_tasks(containers: dict[str, Container], tmp_path: Path) -> None:
    done = containers["init"].run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Airflow is ready; login 'admin': made." in done.stdout
    assert not containers["scheduler"].is_healthy(), "nothing runs yet"
    logs = {name: tmp_path / f"{name}.log" for name in LONG_RUNNING}
    processes = {name: containers[name].start(logs[name]) for name in LONG_RUNNING}
    try:
        for name in LONG_RUNNING:
            _wait(partial(_healthy_or_ended, containers[name], processes[name]), 180, name, pause=3)
            assert processes[name].poll() is None, logs[name].read_text()
        address = containers["scheduler"].environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].removesuffix("/execution/")

        assert _login(address, "not the password") == (401, "")
        assert _call(address, "/api/v2/dags")[0] == 401
        status, token = _login(address, ADMIN_PASSWORD)
        assert (status, bool(token)) == (201, True)
        _wait(lambda: _call(address, "/api/v2/dags/nightly_load", token=token)[0] == 200, 180, "the DAG")
        assert _task_that_refuses_a_false_clock(address, token) == "failed"
        log = next((tmp_path / "home" / "logs" / "airflow").rglob("task_id=begin/*.log")).read_text()
        assert "--now is only taken in a warehouse made with" in log, "it asked the warehouse's own database"

        (tmp_path / "secrets" / "airflow_password").write_text(NEW_PASSWORD)
        assert "login 'admin': password set." in containers["init"].run("warehouse", "airflow", "prepare").stdout
        assert (_login(address, ADMIN_PASSWORD)[0], _login(address, NEW_PASSWORD)[0]) == (401, 201)

        _no_password_is_told(processes, tmp_path)
        for process in processes.values():
            process.send_signal(signal.SIGTERM)  # as the engine stops a container
        for name, process in processes.items():
            assert process.wait(timeout=60) in (0, -signal.SIGTERM, 128 + signal.SIGTERM), (name, logs[name].read_text()[-2000:])
    finally:
        stop_groups([process.pid for process in processes.values()])


def _task_that_refuses_a_false_clock(address: str, token: str) -> str:
    """Run the DAG where its first step must fail at once; the state of the run. It goes from the scheduler through the api-server."""
    runs = "/api/v2/dags/nightly_load/dagRuns"
    _, run = _call(address, runs, body={"logical_date": None, "conf": {"now": "2024-01-05T22:00+07:00"}}, token=token)
    path = f"{runs}/{quote(run['dag_run_id'])}"
    return str(_wait(lambda: (s := _call(address, path, token=token)[1]["state"]) in ("success", "failed") and s, 180, "the run"))


def _healthy_or_ended(container: Container, process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None or container.is_healthy()


def _no_password_is_told(processes: dict[str, subprocess.Popen[bytes]], folder: Path) -> None:
    """No log, no file of the warehouse's home and no command line holds a password, as it is or as an address writes it."""
    told = {secret for password in (DB_PASSWORD, ADMIN_PASSWORD, NEW_PASSWORD) for secret in (password, quote(password, safe=""))}
    files = [path for path in [*folder.glob("*.log"), *(folder / "home").rglob("*")] if path.is_file()]
    assert len(files) > 3
    assert [path for path in files if any(secret.encode() in path.read_bytes() for secret in told)] == []
    running = [
        p for leader in processes.values() for p in [psutil.Process(leader.pid), *psutil.Process(leader.pid).children(recursive=True)]
    ]
    assert [p.pid for p in running if any(secret in " ".join(p.cmdline()) for secret in told)] == []
