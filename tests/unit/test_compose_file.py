"""docker-compose.yml, Dockerfile and .dockerignore: nothing preset, nothing as root, everything pinned, every process watched."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from tests.support.compose import NEEDED, compose_config, services
from warehouse.server_account import wheel_folder
from warehouse.settings import PROJECT_DIR, Settings

EXACT = re.compile(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?(@sha256:[0-9a-f]{64})?")
ROOT = ("", "0", "root")
PROJECT = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text())["project"]
DOCKERFILE = (PROJECT_DIR / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def composed() -> dict[str, dict[str, Any]]:
    return services()


@pytest.mark.parametrize("missing", sorted(NEEDED))
@pytest.mark.parametrize("left", [None, ""])
def test_what_is_missing_stops_with_its_name(missing: str, left: str | None) -> None:
    variables = {name: value for name, value in NEEDED.items() if name != missing} | ({} if left is None else {missing: left})
    told = compose_config(variables)
    assert told.returncode != 0
    assert f"required variable {missing} is missing a value: set it to" in told.stderr


def test_no_password_stands_in_what_the_engine_is_told() -> None:
    told = json.loads(compose_config(NEEDED).stdout)
    engine = json.dumps({name: part for name, part in told.items() if not name.startswith("x-")})
    shown = [name for name in ("WAREHOUSE_DB_PASSWORD", "WAREHOUSE_AIRFLOW_PASSWORD") if NEEDED[name] in engine]
    assert shown == [], "a variable is shown by `docker inspect`, a secret's file is not"
    assert {part["environment"] for part in told["secrets"].values()} == {"WAREHOUSE_DB_PASSWORD", "WAREHOUSE_AIRFLOW_PASSWORD"}


def test_the_mail_server_of_the_alarms_is_passed_on_and_its_password_is_a_file() -> None:
    mail = {"WAREHOUSE_SMTP_HOST": "mail.example.vn", "WAREHOUSE_SMTP_PASSWORD_FILE": "/srv/longan/secrets/smtp_password"}
    scheduler = json.loads(compose_config(NEEDED | mail).stdout)["services"]["scheduler"]["environment"]
    assert mail.items() <= scheduler.items()
    wanted = {f"WAREHOUSE_{name.upper()}" for name in Settings.model_fields if name.startswith(("smtp", "mail"))}
    assert wanted - set(scheduler) == {"WAREHOUSE_SMTP_PASSWORD", "WAREHOUSE_SMTP_TIMEOUT_SECONDS"}


def test_only_init_may_read_the_administrators_password(composed: dict[str, dict[str, Any]]) -> None:
    readers = {name: {secret["source"] for secret in service["secrets"]} for name, service in composed.items()}
    assert {name for name, secrets in readers.items() if "airflow_password" in secrets} == {"init"}


def test_every_process_is_there_and_watched(composed: dict[str, dict[str, Any]]) -> None:
    assert set(composed) == {"database", "init", "api-server", "scheduler", "dag-processor"}
    for name, service in composed.items():
        if name == "init":
            assert "restart" not in service
            continue
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] == "CMD", name
    for name in ("api-server", "scheduler", "dag-processor"):
        assert composed[name]["healthcheck"]["test"][-1] == composed[name]["command"][-1] == name
        assert composed[name]["depends_on"]["init"]["condition"] == "service_completed_successfully"


def test_no_service_runs_as_root_or_may_become_it(composed: dict[str, dict[str, Any]]) -> None:
    for name, service in composed.items():
        assert service.get("user", "").split(":")[0] not in ROOT, name
        assert (service["cap_drop"], service["security_opt"], service["init"]) == (["ALL"], ["no-new-privileges:true"], True), name
        assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & set(service), name


def test_ports_are_open_on_this_machine_only_and_the_inbox_is_only_read(composed: dict[str, dict[str, Any]]) -> None:
    for service in composed.values():
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", []))
        for volume in service["volumes"]:
            if volume["target"] == "/srv/inbox":
                assert (volume["source"], volume["read_only"], volume["bind"]["create_host_path"]) == ("/srv/returns", True, False)
            else:
                assert volume["type"] == "volume"


def test_images_are_exact_and_those_of_the_tests(composed: dict[str, dict[str, Any]]) -> None:
    images = {service["image"] for service in composed.values()}
    assert all(EXACT.fullmatch(image) for image in images), images
    wheel = wheel_folder()
    assert wheel is not None
    told = subprocess.run([wheel / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    (version,) = re.findall(r"PostgreSQL\) (\d+\.\d+)", told)
    assert f"postgres:{version}-bookworm" in images
    assert f"longan-warehouse:{PROJECT['version']}" in images


def test_the_image_is_pinned_installs_from_the_lock_and_ends_as_a_plain_user(composed: dict[str, dict[str, Any]]) -> None:
    (base,) = re.findall(r"^FROM (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    assert EXACT.fullmatch(base)
    (python,) = re.findall(r"^python:(\d+\.\d+\.\d+)-", base)
    assert python in SpecifierSet(PROJECT["requires-python"])
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    assert users == [composed["init"]["user"]] == ["10001:10001"]
    assert "sh operations/bootstrap.sh" in DOCKERFILE
    assert not re.search(r"^(ARG|ENV) .*(PASSWORD|SECRET|TOKEN|KEY)", DOCKERFILE, flags=re.MULTILINE)
    home = composed["init"]["environment"]["WAREHOUSE_HOME"]
    assert all(folder in DOCKERFILE for folder in (home, f"{home}/reports", "/srv/backup")), "a new volume takes its owner from the image"


def test_what_must_not_get_into_the_image_is_left_out() -> None:
    assert {".git", ".env", ".data", ".venv", "tests"} <= set((PROJECT_DIR / ".dockerignore").read_text().splitlines())
