"""Collect: what is new in the inbox, archived first, then read and loaded. Chunks of files may run side by side."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psycopg

from ingestion.archive import archived_path, store
from ingestion.findings import ReadError
from ingestion.inbox import Arrival, look, new_arrivals, settled
from ingestion.load import FileItem, Outcome, communes, is_known, load_file, record_duplicate, record_failure
from ingestion.reader.reading import fault, peek, read_file
from warehouse.database import Connection, connect
from warehouse.runs import Run
from warehouse.settings import Settings

log = logging.getLogger(__name__)

Chunk = list[dict[str, Any]]
Progress = Callable[[int, int], None]
COUNTS = ("files", "read", "unreadable", "returned", "duplicate", "failed", "rows")


def plan_collection(settings: Settings, run: Run) -> list[Chunk]:
    """Archive what is new and cut it into chunks of JSON-able items.

    The files of one (form, commune, period) stay together, in the order of their time, then name: their versions follow it.
    """
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        ready, changing = settled(new_arrivals(conn, settings.inbox_dir), settings.settle_seconds)
        for arrival in changing:
            record_failure(conn, run, str(arrival.path), arrival.path.name, "STILL-CHANGING", 0)
        items = [item for arrival in ready if (item := _archive(settings, conn, run, arrival)) is not None]
    groups: dict[Any, Chunk] = {}
    for number, item in enumerate(items):
        key = peek(archived_path(settings.archive_dir, item["sha256"]), item["name"], settings)
        groups.setdefault(key or ("unreadable", number), []).append(item)
    return _cut(groups.values(), settings.chunk_files)


def collect_chunk(settings: Settings, run: Run, chunk: Chunk) -> dict[str, int]:
    """Read and load the files of a chunk, each in a transaction of its own. Returns counts (COUNTS).

    One bad file never stops another: what goes wrong inside a file is its outcome; only the database's own errors end the chunk.
    """
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    with connect(settings, run_id=run.run_id, kind=run.kind, autocommit=True) as conn:
        known = communes(conn)
        for item in chunk:
            counts["files"] += 1
            state, rows = _take_in(settings, conn, run, _item(item), known)
            counts[state] += 1
            counts["rows"] += rows
    return dict(counts)


def collect(settings: Settings, run: Run, on_progress: Progress | None = None) -> dict[str, int]:
    """Plan, then read every chunk, over a pool of processes where there are several."""
    chunks = plan_collection(settings, run)
    total = sum(len(chunk) for chunk in chunks)
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    for done in _run_chunks(settings, run, chunks):
        counts.update(done)
        if on_progress is not None:
            on_progress(counts["files"], total)
    return dict(counts)


def resubmit(settings: Settings, run: Run, submission_id: UUID) -> UUID:
    """Take a submission's archived bytes in again, as a new version. Raises LookupError for an unknown submission."""
    with connect(settings, run_id=run.run_id, kind=run.kind, autocommit=True) as conn:
        row = conn.execute(
            "select s.sha256, s.file_name, f.size_bytes from intake.submission as s inner join audit.received_file as f using (sha256) "
            "where s.submission_id = %s",
            (submission_id,),
        ).fetchone()
        if row is None:
            raise LookupError(str(submission_id))
        item = FileItem(f"archive:{row[0]}", row[1], row[2], run.now, row[0])
        started = time.monotonic()
        reading = read_file(archived_path(settings.archive_dir, item.sha256), item.name, settings)
        with conn.transaction():
            outcome = load_file(conn, run, item, reading, communes(conn), time.monotonic() - started, is_resubmission=True)
    assert outcome.submission_id is not None
    return outcome.submission_id


def _archive(settings: Settings, conn: Connection, run: Run, arrival: Arrival) -> dict[str, Any] | None:
    """Copy a file's bytes to the archive; None where it could not be read or changed meanwhile (it is tried again)."""
    started = time.monotonic()
    code = None
    try:
        sha256, size = store(settings.archive_dir, arrival.path)
        if look(arrival.path) != arrival or size != arrival.size:
            code = "STILL-CHANGING"
    except PermissionError:
        code = "NO-PERMISSION"
    except FileNotFoundError:
        code = "STILL-CHANGING"
    if code is not None:
        record_failure(conn, run, str(arrival.path), arrival.path.name, code, time.monotonic() - started)
        log.warning("%s: %s", code, arrival.path.name)
        return None
    return {
        "path": str(arrival.path), "name": arrival.path.name, "size": size, "received_at": arrival.mtime.isoformat(), "sha256": sha256,
    }  # fmt: skip


def _take_in(settings: Settings, conn: Connection, run: Run, item: FileItem, known: dict[str, Any]) -> tuple[str, int]:
    started = time.monotonic()
    try:
        if is_known(conn, item.sha256):
            with conn.transaction():
                return record_duplicate(conn, run, item, time.monotonic() - started).state, 0
        reading = read_file(archived_path(settings.archive_dir, item.sha256), item.name, settings)
        if reading.cover is not None and reading.cover.commune_code not in known:
            reading.faults.insert(0, fault(ReadError("UNKNOWN-COMMUNE", value=reading.cover.commune_code)))
            reading = replace(reading, cover=None, tables=[], findings=[], repairs=[])
        with conn.transaction():
            outcome: Outcome = load_file(conn, run, item, reading, known, time.monotonic() - started)
        return outcome.state, outcome.rows
    except (psycopg.Error, OSError):
        raise
    except Exception as error:  # our own fault in one file must not stop the others; it is named, logged and tried again
        log.exception("INTERNAL-ERROR while reading %s", item.sha256)
        with conn.transaction():
            record_failure(
                conn, run, item.path, item.name, f"INTERNAL-ERROR {type(error).__name__}", time.monotonic() - started, item.sha256
            )
        return "failed", 0


def _item(item: dict[str, Any]) -> FileItem:
    return FileItem(item["path"], item["name"], item["size"], datetime.fromisoformat(item["received_at"]), item["sha256"])


def _cut(groups: Iterable[Chunk], chunk_files: int) -> list[Chunk]:
    """Chunks of whole groups, ``chunk_files`` files at the most where groups allow."""
    chunks: list[Chunk] = []
    for group in groups:
        if not chunks or len(chunks[-1]) + len(group) > chunk_files:
            chunks.append([])
        chunks[-1].extend(group)
    return chunks


def _run_chunks(settings: Settings, run: Run, chunks: list[Chunk]) -> Iterable[dict[str, int]]:
    if settings.workers == 1 or len(chunks) < 2:
        yield from (collect_chunk(settings, run, chunk) for chunk in chunks)
        return
    # spawn: a forked child would share the parent's database sessions.
    with ProcessPoolExecutor(min(settings.workers, len(chunks)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(collect_chunk, settings, run, chunk) for chunk in chunks]
        for future in as_completed(futures):
            yield future.result()
