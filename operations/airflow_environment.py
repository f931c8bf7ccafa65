"""Where Airflow keeps its things: the environment of every Airflow process of ours, and its metadata database.

Everything lies under WAREHOUSE_HOME and on the warehouse's own server, unless Airflow's own setting
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN names another metadata database.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from warehouse.database import database_url, url_with
from warehouse.settings import PROJECT_DIR, Settings

DAG_ID = "nightly_load"
LOGIN = "admin"
METADATA_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
ADDRESS_VARIABLE = "AIRFLOW__API__BASE_URL"
EXECUTION_VARIABLE = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
EXECUTION_PATH = "/execution/"


class AirflowError(Exception):
    """Airflow cannot do what was asked; the message says why and where to look."""


def airflow_home(settings: Settings) -> Path:
    return settings.home / "airflow"


def airflow_environment(settings: Settings, *, port: int = 8080) -> dict[str, str]:
    """The environment of every Airflow process on a developer's machine: on 127.0.0.1, with the simple login.

    Airflow's other settings from the machine would be half of another installation: only the metadata database is kept of them.
    """
    address = f"http://127.0.0.1:{port}"
    return shared_environment(settings) | {
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_password_file(settings)),
        EXECUTION_VARIABLE: f"{address}{EXECUTION_PATH}",
        ADDRESS_VARIABLE: address,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
    }


def shared_environment(settings: Settings) -> dict[str, str]:
    """What every Airflow of ours has: ours over the machine's, none of Airflow's own settings but the metadata database.

    The warehouse's settings go with it, so that a task sees those of the process that started Airflow, wherever it runs.
    """
    keys = _secrets(settings)
    chosen = {
        "AIRFLOW_HOME": str(airflow_home(settings)),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_DIR / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # A worker may hold its place for one heartbeat after its task has ended: it misses the process's exit if that comes just
        # after its last output. So there are more places than cores, and the heartbeat is short (default 5 s).
        "AIRFLOW__CORE__PARALLELISM": str(2 * settings.workers + 2),
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet_key"],
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": keys["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt_secret"],
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(settings.logs_dir / "airflow"),
        # Between two tasks the scheduler sleeps; a night has eight such gaps, and its default is a second.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
        # The DAG changes with a release, not by the minute: reading it takes a second of one core.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        METADATA_VARIABLE: os.environ.get(METADATA_VARIABLE) or _own_metadata_url(settings),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT_DIR), os.environ.get("PYTHONPATH")])),
        "GX_ANALYTICS_ENABLED": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "SCARF_ANALYTICS": "false",
        "NO_COLOR": "1",  # its logs are read in files and pages
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW__", "AIRFLOW_HOME"))}
    return kept | chosen | warehouse_variables(settings)


def warehouse_variables(settings: Settings) -> dict[str, str]:
    """Every setting of the warehouse as its variable; the quiet ones are those of a process that nobody watches."""
    told = {f"WAREHOUSE_{name.upper()}": _plain(value) for name, value in settings.model_dump(exclude={"quiet"}).items()}
    return {name: value for name, value in told.items() if value is not None} | {"WAREHOUSE_QUIET": "true"}


def _plain(value: object) -> str | None:
    """A setting as its variable writes it: a secret in the clear, a list with commas."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(value)
    return None if value is None else str(value)


def _own_metadata_url(settings: Settings) -> str:
    return url_with(database_url(settings), database=f"{settings.role_prefix}airflow", scheme="postgresql+psycopg2")


def prepare_metadata(settings: Settings, environment: dict[str, str]) -> None:
    """Make the metadata database where it is ours, and bring it to the schema of this Airflow. Idempotent."""
    airflow_home(settings).mkdir(parents=True, exist_ok=True)
    ours = environment[METADATA_VARIABLE] == _own_metadata_url(settings)
    mark = f"migrated by Airflow {version('apache-airflow')}, FAB {version('apache-airflow-providers-fab')}"
    name = f"{settings.role_prefix}airflow"
    with psycopg.connect(database_url(settings), autocommit=True) as conn:
        if ours:
            found = conn.execute("select shobj_description(oid, 'pg_database') from pg_database where datname = %s", (name,)).fetchone()
            if found is not None and found[0] == mark:
                return
            if found is None:
                _create_database(conn, name)
        run_airflow(["db", "migrate"], environment, settings.logs_dir / "airflow-migrate.log")
        if ours:
            conn.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(mark)))


def _create_database(conn: psycopg.Connection, name: str) -> None:
    try:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise AirflowError(
            f"Airflow needs a database of its own and your login may not make one. Let the administrator run 'create database {name} owner "
            f"{conn.info.user}', or set {METADATA_VARIABLE}."
        ) from None


def run_airflow(arguments: list[str], environment: dict[str, str], log_file: Path) -> None:
    """Run an `airflow` command to its end, its output in the log file. Raises AirflowError."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("w") as log:
        done = subprocess.run(
            airflow_command(*arguments), env=environment, cwd=PROJECT_DIR, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode != 0:
        raise AirflowError(f"'airflow {' '.join(arguments[:2])}' failed (exit {done.returncode}): see {log_file}.")


def airflow_command(*arguments: str) -> list[str]:
    """Airflow's command line by the running interpreter, so that PATH does not matter."""
    module = ["operations.airflow_scheduler"] if arguments == ("scheduler",) else ["airflow", *arguments]
    return [sys.executable, "-m", *module]


def login_password(settings: Settings) -> str:
    passwords: dict[str, str] = json.loads(_password_file(settings).read_text())
    return passwords[LOGIN]


def write_shell_environment(settings: Settings, environment: dict[str, str]) -> Path:
    """A file to source before using the `airflow` command by hand. It holds secrets: mode 600."""
    names = sorted(n for n in environment if n.startswith(("AIRFLOW", "WAREHOUSE_")))
    return _write_secret(airflow_home(settings) / "env.sh", "".join(f"export {name}={shlex.quote(environment[name])}\n" for name in names))


def _password_file(settings: Settings) -> Path:
    """The simple auth manager's file, made with a generated password where it is missing."""
    path = settings.home / "secrets" / "airflow_login.json"
    if not path.exists():
        _write_secret(path, json.dumps({LOGIN: secrets.token_urlsafe(12)}))
    return path


def _secrets(settings: Settings) -> dict[str, str]:
    """Keys that sign sessions and tasks' tokens: made once, so that a restart does not log everyone out."""
    path = settings.home / "secrets" / "airflow_keys.json"
    if not path.exists():
        made = {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "secret_key": secrets.token_urlsafe(32),
            "jwt_secret": secrets.token_urlsafe(48),
        }
        _write_secret(path, json.dumps(made))
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


def _write_secret(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(path)
    return path
