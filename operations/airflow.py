"""`make airflow`: scheduler, DAG processor and web UI on 127.0.0.1; and one real DAG run for the demo.

Each Airflow process runs in a process group of its own and the group is stopped: killed by its own pid it leaves children.
No task of ours waits in a trigger, so there is no triggerer.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from operations.airflow_environment import (
    DAG_ID,
    LOGIN,
    AirflowError,
    airflow_command,
    airflow_environment,
    login_password,
    prepare_metadata,
    run_airflow,
    write_shell_environment,
)
from operations.console import out, say
from warehouse.database import connect
from warehouse.runs import Run
from warehouse.settings import PROJECT_DIR, Settings

COMPONENTS = ("api-server", "scheduler", "dag-processor")
STARTUP_SECONDS = 180
STOP_SECONDS = 20


class _Stop(Exception):
    """Ctrl-C or TERM."""


def serve(settings: Settings, *, port: int | None = None) -> None:
    """Start Airflow, print the address and the login, and stay until Ctrl-C, TERM, or the end of one of its processes."""
    port = port or free_port(8080)
    environment = airflow_environment(settings, port=port)
    _turn_signals_into_stop()
    try:
        with out.status("Airflow: metadata"):
            prepare_metadata(settings, environment)
        with running(settings, environment) as processes:
            with out.status("Airflow: scheduler, dag-processor, api-server"):
                wait_until_healthy(settings, processes, environment)
            _say_where(settings, environment)
            while True:
                _all_alive(processes, settings)
                time.sleep(1)
    except _Stop:
        say("Airflow đã dừng · Airflow is stopped.")


def _turn_signals_into_stop() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:  # a second Ctrl-C does not cut the stopping short and leave children behind
            signal.signal(number, signal.SIG_IGN)
        raise _Stop

    for number in numbers:
        signal.signal(number, stop)


@contextmanager
def running(settings: Settings, environment: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Airflow's processes, each the leader of a session of its own; all stopped with their children at the end."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    settings.logs_dir.mkdir(parents=True, exist_ok=True)
    try:
        for component in COMPONENTS:
            with _log_file(settings, component).open("wb") as log:
                processes[component] = subprocess.Popen(
                    airflow_command(component), env=environment, cwd=PROJECT_DIR, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
        yield processes
    finally:
        stop_groups([process.pid for process in processes.values()])
        for process in processes.values():
            process.wait()


def stop_groups(leaders: list[int]) -> None:
    """TERM to each process group; KILL to what is left after a while."""
    import psutil

    members = [m for leader in leaders for m in _group(leader)]
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        for leader in leaders:
            try:
                os.killpg(leader, number)
            except ProcessLookupError:
                continue
        _, members = psutil.wait_procs(members, timeout=patience)
        if not members:
            return


def _group(leader: int) -> list[Any]:
    """The leader and its descendants (Airflow's tasks lead groups of their own)."""
    import psutil

    try:
        process = psutil.Process(leader)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def wait_until_healthy(settings: Settings, processes: dict[str, subprocess.Popen[bytes]], environment: dict[str, str]) -> None:
    """Return when the web server, the scheduler and the DAG processor say they are well. Raises AirflowError."""
    address = environment["AIRFLOW__API__BASE_URL"]
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        _all_alive(processes, settings)
        told = health(address)
        if all(told.get(part, {}).get("status") == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
            return
        time.sleep(0.5)
    raise AirflowError(
        f"Airflow is not well after {STARTUP_SECONDS} s: see {settings.logs_dir}/airflow-*.log, or {address}/api/v2/monitor/health."
    )


def health(address: str) -> dict[str, Any]:
    """What the api-server at the address says of each part: {"scheduler": {"status": "healthy", ...}, ...}; nothing where it is not up."""
    try:
        with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
    except (urllib.error.URLError, OSError, ValueError):  # not up yet
        return {}


def _all_alive(processes: dict[str, subprocess.Popen[bytes]], settings: Settings) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise AirflowError(f"Airflow's {name} ended with exit code {process.returncode}: see {_log_file(settings, name)}.")


def _log_file(settings: Settings, component: str) -> Path:
    return settings.logs_dir / f"airflow-{component}.log"


def _say_where(settings: Settings, environment: dict[str, str]) -> None:
    shell = write_shell_environment(settings, environment)
    say(f"Airflow: {environment['AIRFLOW__API__BASE_URL']}   login: {LOGIN}   password: {login_password(settings)}")
    say(f"DAG {DAG_ID}: 22:00, watch_deadlines: 07:00 Asia/Ho_Chi_Minh.")
    say(f"The command line of Airflow:  . {shell}; .venv/bin/airflow dags list")
    say("Ctrl-C dừng · Ctrl-C stops it.")


def free_port(wanted: int) -> int:
    """The wanted port of 127.0.0.1, or the next one that is free."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AirflowError(f"No port between {wanted} and {wanted + 200} is free on 127.0.0.1.")


def run_dag_once(settings: Settings, *, now: str | None = None, accept_reason: str | None = None) -> dict[str, Any]:
    """One real run of the DAG in this machine's metadata database, without a scheduler. Returns the night's story.

    Raises NightFailed where the run is red, with what the night says of itself.
    """
    from operations.nightly import NightFailed, tell_story

    environment = airflow_environment(settings)
    prepare_metadata(settings, environment)
    before = _airflow_runs(settings)
    log_file = settings.logs_dir / "airflow-dag-run.log"
    conf = json.dumps({"now": now, "accept_reason": accept_reason})
    red = ""
    try:
        run_airflow(["dags", "test", DAG_ID, "--conf", conf], environment, log_file)
    except AirflowError as error:
        red = str(error)
    made = [run for run in _airflow_runs(settings) if run not in before]
    if not made:
        raise NightFailed(f"The DAG run began no night. {red or 'See'} {log_file}")
    story = tell_story(settings, made[-1])
    if red:
        raise NightFailed(f"{story['error'] or 'The DAG run is red.'} {red}")
    return {**story, "outcome": "success", "report": str(settings.reports_dir / "index.html")}


def _airflow_runs(settings: Settings) -> list[Run]:
    """The nights that Airflow began, oldest first."""
    with connect(settings) as conn:
        rows = conn.execute(
            "select run_id, kind, started_at from audit.run where airflow_run_id is not null order by started_at, run_id"
        ).fetchall()
    return [Run(*row) for row in rows]
