"""Reference data: CSV in the repository (or in <home>/reference, which wins) to append-only versions in schema reference.

A file is read whole and checked by line before anything is written; a table whose content is unchanged makes no new
version. `reference_version` names the set in force.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql
from pydantic import ValidationError

from warehouse.database import Connection, connect, copy_rows
from warehouse.reference_models import ROW_MODELS, Row, Target, Unit, check_loan_caps, check_targets, check_training_caps, check_units
from warehouse.runs import Run
from warehouse.settings import Settings

REFERENCE_DIR = Path(__file__).parent / "reference"

TABLE_CHECKS: dict[str, Callable[[list[tuple[int, Any]]], Iterable[str]]] = {
    "unit": check_units,
    "target": check_targets,
    "loan_cap": check_loan_caps,
    "training_cap": check_training_caps,
}


class ReferenceDataError(Exception):
    """A reference file is refused whole. ``problems`` names file and line of each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Table:
    name: str
    rows: list[Row]
    content_hash: str


def read_table(name: str, folder: Path) -> Table:
    """Read and check ``<folder>/<name>.csv``. Raises ReferenceDataError with every faulty line."""
    model = ROW_MODELS[name]
    path = folder / f"{name}.csv"
    problems: list[str] = []
    numbered: list[tuple[int, Row]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        expected = list(model.model_fields)
        if reader.fieldnames != expected:
            raise ReferenceDataError([f"{path.name}:1: the columns must be {','.join(expected)}"])
        for line, record in enumerate(reader, start=2):
            try:
                numbered.append((line, model.model_validate({k: (v if v != "" else None) for k, v in record.items() if k is not None})))
            except ValidationError as error:
                said = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
                problems.append(f"{path.name}:{line}: {said}")
    seen: dict[tuple[Any, ...], int] = {}
    for line, row in numbered:
        if (first := seen.setdefault(row.key, line)) != line:
            problems.append(f"{path.name}:{line}: the same key stands in line {first}")
    if not problems and name in TABLE_CHECKS:
        problems += [f"{path.name}:{said}" for said in TABLE_CHECKS[name](numbered)]
    if problems:
        raise ReferenceDataError(problems)
    rows = [row for _, row in numbered]
    digest = hashlib.sha256("\n".join(sorted(row.model_dump_json() for row in rows)).encode()).hexdigest()
    return Table(name, rows, digest)


def load_reference(settings: Settings, run: Run, folder: Path | None = None) -> list[str]:
    """Load every table whose content changed, in one transaction; returns their names. Raises ReferenceDataError."""
    overlay = folder or settings.home / "reference"
    problems: list[str] = []
    tables: list[Table] = []
    for name in ROW_MODELS:
        try:
            tables.append(read_table(name, overlay if (overlay / f"{name}.csv").exists() else REFERENCE_DIR))
        except ReferenceDataError as error:
            problems += error.problems
    if problems:
        raise ReferenceDataError(problems)
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        return [table.name for table in tables if _load(conn, run, table)]


def _load(conn: Connection, run: Run, table: Table) -> bool:
    newest = conn.execute(
        "select content_hash from reference.load where table_name = %s order by load_id desc limit 1", (table.name,)
    ).fetchone()
    if newest and newest[0] == table.content_hash:
        return False
    row = conn.execute(
        """
        insert into reference.load (load_id, table_name, content_hash, row_count, run_id, recorded_at)
        select coalesce(max(load_id), 0) + 1, %s, %s, %s, %s, %s from reference.load
        returning load_id
        """,
        (table.name, table.content_hash, len(table.rows), run.run_id, run.now),
    ).fetchone()
    assert row is not None
    columns = list(ROW_MODELS[table.name].model_fields)
    copy_rows(
        conn, f"reference.{table.name}", ["load_id", *columns],
        ([row[0], *(getattr(item, name) for name in columns)] for item in table.rows),
    )  # fmt: skip
    return True


def reference_version(conn: Connection) -> str:
    """Name of the reference set in force: 16 hex digits over the newest content hash of each table."""
    rows = conn.execute(
        "select distinct on (table_name) table_name, content_hash from reference.load order by table_name, load_id desc"
    ).fetchall()
    return hashlib.sha256("\n".join(f"{name} {digest}" for name, digest in rows).encode()).hexdigest()[:16]


def current(conn: Connection, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Rows of the newest version of a reference table. ``columns`` is a trusted SQL list."""
    if table not in ROW_MODELS:
        raise KeyError(table)
    statement = sql.SQL(
        "select {} from reference.{} where load_id = (select max(load_id) from reference.load where table_name = {})"
    ).format(
        sql.SQL(columns),
        sql.Identifier(table),
        sql.Literal(table),
    )
    return conn.execute(statement).fetchall()


__all__ = ["ReferenceDataError", "Target", "Unit", "current", "load_reference", "read_table", "reference_version"]
