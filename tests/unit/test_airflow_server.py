"""Airflow on a server: whose settings win, what its processes are started with, and what `healthy` tells."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from operations import airflow_server
from operations.airflow_environment import AirflowError, airflow_environment
from operations.airflow_server import FAB, run, server_environment, state
from warehouse.settings import Settings

PASSWORD = "p@ss word"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("AIRFLOW__")]:
        monkeypatch.delenv(name)
    (tmp_path / "password").write_text(PASSWORD)
    return Settings(
        home=tmp_path / "home", url=SecretStr("postgresql://owner@host:5433/longan"), password_file=tmp_path / "password", _env_file=None
    )


def test_a_server_has_logins_of_its_own_and_a_laptop_the_simple_one(settings: Settings) -> None:
    server = server_environment(settings)
    assert server["AIRFLOW__CORE__AUTH_MANAGER"] == FAB
    assert not any("SIMPLE_AUTH" in name for name in server)
    assert not (settings.home / "secrets" / "airflow_login.json").exists(), "no generated login that nobody uses"
    assert "simple_auth_manager" in airflow_environment(settings)["AIRFLOW__CORE__AUTH_MANAGER"]
    shared = ("AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__FERNET_KEY")
    assert [server[name] for name in shared] == [airflow_environment(settings)[name] for name in shared]
    assert (settings.home / "secrets" / "airflow_keys.json").stat().st_mode & 0o077 == 0


def test_tasks_are_told_the_file_of_the_password_and_not_the_password(settings: Settings) -> None:
    server = server_environment(settings)
    assert (server["WAREHOUSE_URL"], server["WAREHOUSE_PASSWORD_FILE"]) == (
        "postgresql://owner@host:5433/longan",
        str(settings.password_file),
    )
    assert server["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"postgresql+psycopg2://owner:{quote(PASSWORD)}@host:5433/airflow"
    holders = [name for name, value in server.items() if PASSWORD in value or quote(PASSWORD) in value]
    assert holders == ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


def test_the_deployments_own_settings_go_before_ours_on_a_server_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "3")
    monkeypatch.setenv("AIRFLOW__API__HOST", "")  # a variable that a compose file leaves empty is none
    server = server_environment(settings)
    assert (server["AIRFLOW__CORE__PARALLELISM"], server["AIRFLOW__API__HOST"]) == ("3", "127.0.0.1")
    assert airflow_environment(settings)["AIRFLOW__CORE__PARALLELISM"] != "3"


@pytest.mark.parametrize(("address", "secure"), [("https://kho.example", True), ("http://localhost:8080", False)])
def test_behind_tls_cookies_are_secure_and_the_proxy_is_believed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, address: str, secure: bool
) -> None:
    became: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _, command, environment: became.append((command, environment)))
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", address)
    run(settings, ["api-server"])
    run(settings, ["scheduler"])
    (server, environment), (scheduler, _) = became
    assert ("--proxy-headers" in server, environment["AIRFLOW__FAB__COOKIE_SECURE"]) == (secure, str(secure))
    assert scheduler[-1] == "operations.airflow_scheduler", "the scheduler that has the night's libraries"


def test_healthy_asks_the_api_server_and_takes_silence_for_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def told(address: str) -> dict[str, dict[str, str | None]]:
        asked.append(address)
        return {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}, "dag_processor": {"status": None}}

    monkeypatch.setattr(airflow_server, "health", told)
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "http://api-server:8080/execution/")
    assert [state(name) for name in ("api-server", "scheduler", "dag-processor")] == ["healthy", "unhealthy", "unreachable"]
    assert set(asked) == {"http://api-server:8080"}
    with pytest.raises(AirflowError, match="There is no process 'triggerer'"):
        state("triggerer")
