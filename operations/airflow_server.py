"""Airflow on a server: each process by itself, whoever starts it (containers, systemd), with people's own logins.

The logins and roles are those of Flask AppBuilder, kept in Airflow's metadata database. AIRFLOW__ variables of the environment go
before ours: addresses, single sign-on and the like are the deployment's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from operations.airflow import health
from operations.airflow_environment import (
    ADDRESS_VARIABLE,
    EXECUTION_PATH,
    EXECUTION_VARIABLE,
    LOGIN,
    AirflowError,
    airflow_command,
    prepare_metadata,
    shared_environment,
)
from warehouse.settings import PROJECT_DIR, Settings, read_secret

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
AUTH_VARIABLE = "AIRFLOW__CORE__AUTH_MANAGER"
EXECUTION = f"http://127.0.0.1:8080{EXECUTION_PATH}"
PARTS = {"api-server": "metadatabase", "scheduler": "scheduler", "dag-processor": "dag_processor"}


def server_environment(settings: Settings) -> dict[str, str]:
    """The environment of every Airflow process of a server."""
    own = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW__") and value}
    address = own.get(ADDRESS_VARIABLE, "http://localhost:8080")
    chosen = {
        AUTH_VARIABLE: FAB,
        ADDRESS_VARIABLE: address,
        EXECUTION_VARIABLE: EXECUTION,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": "8080",
        "AIRFLOW__FAB__COOKIE_SECURE": str(address.startswith("https://")),
    }
    return shared_environment(settings) | chosen | own


def prepare(settings: Settings) -> str:
    """Metadata database and administrator; says what is ready. Raises SettingsError and AirflowError."""
    environment = server_environment(settings)
    if environment[AUTH_VARIABLE] != FAB:
        prepare_metadata(settings, environment)
        return f"Airflow is ready; its logins are those of {environment[AUTH_VARIABLE]}."
    read_secret(settings.airflow_password_file, "WAREHOUSE_AIRFLOW_PASSWORD_FILE")  # missing: said before the long work
    prepare_metadata(settings, environment)
    # A process of its own: Airflow reads its environment when it is imported.
    done = subprocess.run(
        [sys.executable, "-m", "operations.airflow_admin"], env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise AirflowError(f"Airflow's login '{LOGIN}' could not be made: {done.stderr.strip().rpartition(chr(10))[2]}")
    return f"Airflow is ready; login '{LOGIN}': {done.stdout.strip().rpartition(chr(10))[2]}."


def run(settings: Settings, arguments: Sequence[str]) -> None:
    """Become an Airflow process. Does not return."""
    environment = server_environment(settings)
    if list(arguments) == ["api-server"] and environment[ADDRESS_VARIABLE].startswith("https://"):
        arguments = [*arguments, "--proxy-headers"]  # TLS ends in front of it: it must know that people see https
    os.chdir(PROJECT_DIR)
    command = airflow_command(*arguments)
    os.execve(command[0], command, environment)


def state(component: str) -> str:
    """``healthy``, or what else the api-server says of that process; ``unreachable`` where it does not answer. Raises AirflowError."""
    if component not in PARTS:
        raise AirflowError(f"There is no process '{component}'. Known: {', '.join(PARTS)}.")
    address = os.environ.get(EXECUTION_VARIABLE, EXECUTION).removesuffix(EXECUTION_PATH)
    return str(health(address).get(PARTS[component], {}).get("status") or "unreachable")
