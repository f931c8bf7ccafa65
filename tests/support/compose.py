"""docker-compose.yml as Compose itself reads it, and its services as processes of this machine: no engine is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.settings import PROJECT_DIR

BIN = Path(sys.executable).parent
NEEDED = {"WAREHOUSE_DB_PASSWORD": "of the owner", "WAREHOUSE_AIRFLOW_PASSWORD": "of the admin", "WAREHOUSE_INBOX": "/srv/returns"}


def compose_config(variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`docker-compose config` with these variables and no others."""
    command = [str(BIN / "docker-compose"), "-f", "docker-compose.yml", "--env-file", os.devnull, "config", "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "HOME": os.devnull, **variables}
    return subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)


def services() -> dict[str, dict[str, Any]]:
    """The services as Compose would start them, with NEEDED set."""
    told = compose_config(NEEDED)
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout)["services"])


@dataclass(frozen=True)
class Container:
    """A service without an engine: its command and its environment, with this machine's places for those of the container."""

    service: Mapping[str, Any]
    places: Mapping[str, str]
    added: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        image = {"PATH": os.pathsep.join([str(BIN), "/usr/bin", "/bin"]), "PYTHONPATH": str(PROJECT_DIR), "WAREHOUSE_QUIET": "true"}
        told = {**image, **self.service["environment"], **self.added}  # None: passed on from the host, which has none
        return {name: self._here(value) for name, value in told.items() if value is not None}

    def _here(self, text: str) -> str:
        for there, here in self.places.items():
            text = text.replace(there, here)
        return text

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The command of a one-shot service, or another one in its place, to its end."""
        return self._call(list(command) or self.service["command"])

    def is_healthy(self) -> bool:
        """What the engine would find by the service's own health check."""
        kind, *command = self.service["healthcheck"]["test"]
        assert kind == "CMD"
        return self._call(command).returncode == 0

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """The command of a long-running service, as the leader of a session of its own."""
        with log.open("wb") as sink:
            return subprocess.Popen(
                self.service["command"], env=self.environment, cwd=PROJECT_DIR, stdin=subprocess.DEVNULL, stdout=sink,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def _call(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
