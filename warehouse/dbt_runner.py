"""One dbt `build` in this process: its settings, its log files, and what came of each node.

dbt is imported here and nowhere else; the import costs seconds, so only a build pays for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from warehouse.database import database_url
from warehouse.settings import PROJECT_DIR, Settings

DBT_DIR = PROJECT_DIR / "dbt_project"
LOCK_TIMEOUT = "30s"
PRIVATE = ["--log-level", "none", "--quiet", "--no-print", "--no-use-colors", "--no-version-check"]


class DbtFailed(Exception):
    """dbt stopped before any node ran: the project does not parse, or the database does not answer."""


@dataclass(frozen=True)
class NodeResult:
    """One model or test. ``status`` is dbt's: success, pass, warn, error, fail, skipped."""

    node: str
    resource_type: str
    status: str
    rows: int | None
    seconds: float
    message: str | None

    @property
    def is_good(self) -> bool:
        return self.status in ("success", "pass", "warn")


@dataclass(frozen=True)
class DbtOutcome:
    results: list[NodeResult]
    expected: set[str]
    """Every model and data test of the manifest: what a whole build must have run."""


def run_dbt(
    settings: Settings, schema: str, *, unit_tests: bool = False, anew: bool = False, variables: dict[str, Any] | None = None
) -> DbtOutcome:
    """Build every model and run every data test into ``<schema>_*``; with ``unit_tests`` run those instead, over a build.

    ``anew``: nothing that a build before left there is kept. ``variables``: other values for those of dbt_project.yml; dbt then parses
    the project anew.
    """
    from dbt.artifacts.resources.types import NodeType
    from dbt.cli.main import dbtRunner

    folder = settings.home / "dbt" / schema
    paths = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR)]
    paths += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    logs = ["--log-level-file", "info", "--log-format-file", "json"]
    if variables:
        paths += ["--vars", json.dumps(variables)]
    with _environment(_variables(settings, schema)):
        parsed = dbtRunner().invoke(["parse", "--no-write-json", *PRIVATE, *paths, *logs])
        if not parsed.success:
            raise DbtFailed(str(parsed.exception or "dbt could not parse the project"))
        manifest: Any = parsed.result
        what = ["test", "--select", "test_type:unit"] if unit_tests else ["build", "--exclude-resource-type", "unit_test"]
        what += ["--full-refresh"] if anew else []
        command = [*what, "--threads", "2", "--no-write-json", *PRIVATE, *paths, *logs]
        built = dbtRunner(manifest=manifest).invoke(command)
    if built.exception is not None and not getattr(built.result, "results", None):
        raise DbtFailed(str(built.exception))
    wanted = {NodeType.Model, NodeType.Test}
    expected = {name for name, node in manifest.nodes.items() if node.resource_type in wanted and node.config.enabled}
    results = [_node_result(result) for result in getattr(built.result, "results", [])]
    return DbtOutcome(results, expected)


def _node_result(result: Any) -> NodeResult:
    rows = result.adapter_response.get("rows_affected") if result.adapter_response else None
    if result.failures is not None:
        rows = result.failures
    return NodeResult(
        result.node.unique_id, str(result.node.resource_type), str(result.status), None if rows is None or rows < 0 else int(rows),
        float(result.execution_time), _message(result.message),
    )  # fmt: skip


def _message(text: str | None) -> str | None:
    """dbt's message without the path of its compiled code."""
    return None if text is None else "\n".join(line for line in text.splitlines() if "compiled code at" not in line).strip()


def _variables(settings: Settings, schema: str) -> dict[str, str]:
    where = {name: str(value) for name, value in conninfo_to_dict(database_url(settings)).items()}
    return {
        "WAREHOUSE_DBT_HOST": where.get("host", "localhost"),
        "WAREHOUSE_DBT_PORT": where.get("port", "5432"),
        "WAREHOUSE_DBT_USER": where["user"],
        "WAREHOUSE_DBT_DATABASE": where["dbname"],
        "WAREHOUSE_DBT_SSLMODE": where.get("sslmode", "prefer"),
        "WAREHOUSE_DBT_SCHEMA": schema,
        "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": where.get("password", ""),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # Nothing here may differ from run to run: what the profile reads is part of dbt's parse.
        # dbt-postgres has no key for these; libpq reads them for every connection of this process that sets no options.
        "PGOPTIONS": f"-c lock_timeout={LOCK_TIMEOUT} -c timezone=UTC -c jit=off",
    }


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the time of a block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
