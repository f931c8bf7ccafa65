"""Reference data: CSV in the repository (or in <home>/reference, which wins) to append-only versions in schema reference.

A file is read whole and checked by line before anything is written; a table whose content is unchanged makes no new
version. `reference_version` names the set in force.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import sql
from pydantic import ValidationError

from warehouse.database import Connection, connect, copy_rows
from warehouse.reference_checks import CROSS_CHECKS, TABLE_CHECKS
from warehouse.reference_faults import ReferenceDataError, say, say_error
from warehouse.reference_models import ROW_MODELS, Row
from warehouse.runs import Run
from warehouse.settings import Settings

REFERENCE_DIR = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class Table:
    """A checked file: each row with its line."""

    name: str
    numbered: list[tuple[int, Row]]
    content_hash: str

    @property
    def rows(self) -> list[Row]:
        return [row for _, row in self.numbered]


def read_table(name: str, folder: Path) -> Table:
    """Read and check ``<folder>/<name>.csv``. Raises ReferenceDataError with every faulty line."""
    path = folder / f"{name}.csv"
    numbered: list[tuple[int, Row]] = []
    problems: list[tuple[int, str]] = []
    for line, found in _read_lines(name, path):
        if isinstance(found, str):
            problems.append((line, found))
        else:
            numbered.append((line, found))
    seen: dict[tuple[Any, ...], int] = {}
    for line, row in numbered:
        if (first := seen.setdefault(row.key, line)) != line:
            problems.append((line, say("same_key", other=first)))
    if name in TABLE_CHECKS:
        problems += TABLE_CHECKS[name](numbered)
    if problems:
        raise ReferenceDataError([f"{path.name}:{line}: {said}" for line, said in sorted(problems)])
    digest = hashlib.sha256("\n".join(sorted(row.model_dump_json() for _, row in numbered)).encode()).hexdigest()
    return Table(name, numbered, digest)


def _read_lines(name: str, path: Path) -> Iterator[tuple[int, Row | str]]:
    """(line, row, or what is wrong with it). A file that is no table of this name is one fault in its first line."""
    model = ROW_MODELS[name]
    columns = list(model.model_fields)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != columns:
                yield 1, say("columns", columns=",".join(columns))
                return
            for record in reader:
                line = reader.line_num  # of a cell that holds several lines, the last
                if None in record:
                    yield line, say("too_many_cells")
                    continue
                try:
                    yield line, model.model_validate({key: value or None for key, value in record.items()})
                except ValidationError as error:
                    yield line, "; ".join(say_error(one) for one in error.errors())
    except (UnicodeDecodeError, csv.Error):
        yield 1, say("encoding")


def load_reference(settings: Settings, run: Run, place: Path | None = None) -> list[str]:
    """Load every table whose content changed, in one transaction; returns their names. Raises ReferenceDataError.

    ``place`` is a folder with CSV files, or one of them. Once they hold they are kept in <home>/reference, so that the next
    load, which reads that folder before the repository's, does not take them back.
    """
    kept = settings.home / "reference"
    given = _given(place) if place is not None else {}
    tables: dict[str, Table] = {}
    problems: list[str] = []
    for name in ROW_MODELS:
        folder = given.get(name) or (kept if (kept / f"{name}.csv").exists() else REFERENCE_DIR)
        try:
            tables[name] = read_table(name, folder)
        except ReferenceDataError as error:
            problems += error.problems
    for name, other, check in CROSS_CHECKS:
        if {name, other} <= tables.keys():
            problems += [f"{name}.csv:{line}: {said}" for line, said in check(tables[name].numbered, tables[other].numbered)]
    if problems:
        raise ReferenceDataError(problems)
    for name, folder in given.items():
        _keep(folder / f"{name}.csv", kept)
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        return [table.name for table in tables.values() if _load(conn, run, table)]


def _given(place: Path) -> dict[str, Path]:
    """Table -> folder of what was given. Every CSV in it must be a table that we know: a misspelt name is not passed over."""
    if not place.exists():
        raise ReferenceDataError([say("no_such_place", place=place)])
    files = sorted(place.glob("*.csv")) if place.is_dir() else [place]
    known = ", ".join(f"{name}.csv" for name in ROW_MODELS)
    strange = [file for file in files if file.suffix != ".csv" or file.stem not in ROW_MODELS]
    if strange or not files:
        raise ReferenceDataError([say("no_table", place=file.name, known=known) for file in strange or [place]])
    return {file.stem: file.parent for file in files}


def _keep(file: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    part = kept / f"{file.name}.part"
    part.write_bytes(file.read_bytes())
    part.replace(kept / file.name)


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


def reference_version(conn: Connection, known_at: datetime | None = None) -> str:
    """Name of the reference set in force (at a moment): 16 hex digits over the newest content hash of each table."""
    rows = conn.execute(
        "select distinct on (table_name) table_name, content_hash from reference.load "
        "where recorded_at <= coalesce(%s::timestamptz, 'infinity') order by table_name, load_id desc",
        (known_at,),
    ).fetchall()
    return hashlib.sha256("\n".join(f"{name} {digest}" for name, digest in rows).encode()).hexdigest()[:16]


def current(conn: Connection, table: str, columns: str = "*", known_at: datetime | None = None) -> list[tuple[Any, ...]]:
    """Rows of the newest version of a reference table (known at a moment). ``columns`` is a trusted SQL list."""
    if table not in ROW_MODELS:
        raise KeyError(table)
    statement = sql.SQL(
        "select {} from reference.{} where load_id = (select max(load_id) from reference.load "
        "where table_name = {} and recorded_at <= coalesce({}::timestamptz, 'infinity'))"
    ).format(sql.SQL(columns), sql.Identifier(table), sql.Literal(table), sql.Literal(known_at))
    return conn.execute(statement).fetchall()


__all__ = ["ReferenceDataError", "current", "load_reference", "read_table", "reference_version"]
