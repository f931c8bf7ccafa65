"""A published mart as a file for people: `warehouse export`. Which rows, from which publication, and what each column means.

One repeatable-read snapshot, taken while no switch can happen, gives the rows and what is said about them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from operations import export_files, export_parquet
from operations.console import CommandError
from warehouse.clock import LOCAL
from warehouse.database import Connection, connect
from warehouse.mart_contracts import Mart, load_marts
from warehouse.mart_views import Column, table_columns
from warehouse.settings import Settings

FORMATS = ("csv", "parquet", "xlsx")
SCHEMA = "marts"
FETCH = 2000  # rows that a round trip brings: memory does not grow with the mart
SOURCE_FIELDS = ("publication_id", "published_at", "knowledge_at", "rule_set_version", "reference_version", "hash")

Wanted = dict[str, list[str]]


@dataclass(frozen=True)
class Exported:
    """What was written: the file, its number of rows, and the publication that they belong to."""

    path: Path
    rows: int
    publication_id: int


def export(settings: Settings, name: str, *, file_format: str, path: Path | None = None, where: Sequence[str] = ()) -> Exported:
    """Write a mart of the publication in force to a file, whole or not at all.

    ``where``: column=value; a column given twice takes any of its values. Raises CommandError where mart, format, column or
    value is none of ours, nothing is published, or the file cannot be written.
    """
    mart, target = find_mart(name), path or Path(f"{name}.{file_format}")
    if file_format not in FORMATS:
        raise CommandError(f"Không có định dạng '{file_format}' · There is no format '{file_format}'. Known: {', '.join(FORMATS)}.")
    wanted = _wanted(mart, where)
    with _snapshot(settings) as conn:
        columns = table_columns(conn, SCHEMA, mart.name)
        source = _source(conn, mart, wanted)
        try:
            rows = _write(target, file_format, columns, _rows(conn, mart, columns, wanted), source)
        except psycopg.DataError as error:
            raise CommandError(f"--where: giá trị sai kiểu · a value does not fit its column: {error.diag.message_primary}.") from None
        except OSError as error:
            if error.errno in (28, 27):  # no space: the command line has its own words for it
                raise
            raise CommandError(f"Không ghi được {target} · {target} cannot be written: {error.strerror}.") from None
    return Exported(target, rows, source["publication_id"])


def find_mart(name: str) -> Mart:
    """The published mart of that name. Raises CommandError, which lists those there are."""
    marts = {mart.name: mart for mart in load_marts()}
    open_ones = ", ".join(sorted(mart.name for mart in marts.values() if not mart.is_restricted))
    if name not in marts:
        raise CommandError(f"Không có bảng '{name}' · There is no mart '{name}'; marts that can be exported: {open_ones}.")
    if marts[name].is_restricted:
        raise CommandError(
            f"Bảng '{name}' có dữ liệu từng hộ nên không xuất ra tệp · Mart '{name}' holds households and is not exported; "
            f"marts that can be exported: {open_ones}."
        )
    return marts[name]


def _wanted(mart: Mart, where: Sequence[str]) -> Wanted:
    """``["period_key=2023"]`` -> {"period_key": ["2023"]}."""
    known = [column.name for column in mart.columns]
    wanted: Wanted = {}
    for text in where:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            raise CommandError(f"--where '{text}': hãy viết cột=giá trị · write column=value, as in period_key=2023.")
        if name not in known:
            raise CommandError(f"--where: bảng '{mart.name}' không có cột '{name}' · has no column '{name}'. Known: {', '.join(known)}.")
        wanted.setdefault(name, []).append(value.strip())
    return wanted


@contextmanager
def _snapshot(settings: Settings) -> Iterator[Connection]:
    with connect(settings, kind="export") as conn:
        conn.execute("set transaction isolation level repeatable read read only")
        # The lock comes before the snapshot: a switch between the two would put newer views over older rows.
        conn.execute("lock table publication.switch_lock in access share mode")
        yield conn


def _source(conn: Connection, mart: Mart, wanted: Wanted) -> dict[str, Any]:
    """Where the figures come from: publication, what it knew, and how complete each period is where the mart is counted."""
    row = conn.execute(
        sql.SQL("select {} from audit.publication order by publication_id desc limit 1").format(
            sql.SQL(", ").join(map(sql.Identifier, SOURCE_FIELDS))
        )
    ).fetchone()
    if row is None:
        raise CommandError("Chưa công bố lần nào · Nothing is published yet. Run 'warehouse nightly'.")
    published = dict(zip(("publication_hash" if name == "hash" else name for name in SOURCE_FIELDS), row, strict=True))
    source = {"mart": mart.name, "description": mart.description, "where": wanted, "time_zone": str(LOCAL), **published}
    periods = wanted.get("period_key")
    completeness = conn.execute(
        """
        select period_key, expected_submissions, accepted_submissions, completeness_pct
        from marts.data_status
        where mart = %s and (%s::text[] is null or period_key = any(%s::text[]))
        order by period_key
        """,
        (mart.table, periods, periods),
    ).fetchall()
    names = ("period_key", "expected_submissions", "accepted_submissions", "completeness_pct")
    return source | ({"completeness": [dict(zip(names, line, strict=True)) for line in completeness]} if completeness else {})


def _rows(conn: Connection, mart: Mart, columns: Sequence[Column], wanted: Wanted) -> Iterator[Sequence[Any]]:
    """The rows in the order of their columns, so that the same publication gives the same file."""
    conditions = [
        sql.SQL("{} in ({})").format(sql.Identifier(name), sql.SQL(", ").join([sql.Placeholder()] * len(values)))
        for name, values in wanted.items()
    ]
    query = sql.SQL("select {} from {}.{}{} order by {}").format(
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
        sql.Identifier(SCHEMA),
        sql.Identifier(mart.name),
        sql.SQL(" where ") + sql.SQL(" and ").join(conditions) if conditions else sql.SQL(""),
        sql.SQL(", ").join(sql.Literal(index) for index in range(1, len(columns) + 1)),
    )
    with conn.cursor(name="export") as cursor:
        cursor.itersize = FETCH
        cursor.execute(query, [value for values in wanted.values() for value in values])
        yield from cursor


def _write(target: Path, file_format: str, columns: Sequence[Column], rows: Iterator[Sequence[Any]], source: dict[str, Any]) -> int:
    """Beside the target, then renamed. A csv's meta.json is in place before it, and tells the SHA-256 of its bytes."""
    part, meta = target.with_name(target.name + ".part"), target.with_name(target.name + ".meta.json")
    meta_part = meta.with_name(meta.name + ".part")
    try:
        if file_format == "xlsx":
            count = export_files.write_xlsx(part, columns, rows, source)
        elif file_format == "parquet":
            count = export_parquet.write_parquet(part, columns, rows, source)
        else:
            count, sha256 = export_files.write_csv(part, columns, rows)
            told = export_files.csv_meta(columns, source, count, sha256)
            meta_part.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
            meta_part.replace(meta)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        meta_part.unlink(missing_ok=True)
    return count
