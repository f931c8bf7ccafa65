"""Collect: what is new in the inbox, archived first, then read and loaded. Chunks of files may run side by side."""

from __future__ import annotations

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psycopg

from ingestion.archive import archived_path, store
from ingestion.findings import ReadError
from ingestion.inbox import Arrival, look, new_arrivals, settled
from ingestion.load import Communes, communes, known_bytes, load_files, record_failure, taken_before
from ingestion.reader.reading import Reading, fault, peek, read_file
from ingestion.taken import FileItem, Outcome, Taken
from warehouse.database import Connection, connect
from warehouse.runs import Run
from warehouse.settings import Settings

log = logging.getLogger(__name__)

Chunk = list[dict[str, Any]]
Progress = Callable[[int, int], None]
BATCH_FILES = 16
"""Files that go into the database together."""
READ_AHEAD = 2
"""Threads that read."""
COUNTS = ("files", "read", "unreadable", "returned", "duplicate", "failed", "rows")


def plan_collection(settings: Settings, run: Run) -> list[Chunk]:
    """Archive what is new and cut it into chunks of JSON-able items.

    The files of one (form, commune, period) stay together, in the order of their time, then name: their versions follow it.
    """
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        ready, changing = settled(new_arrivals(conn, settings.inbox_dir), settings.settle_seconds)
        for arrival in changing:
            record_failure(conn, run, str(arrival.path), arrival.path.name, "STILL-CHANGING", 0)
        groups: dict[Any, Chunk] = {}
        with ThreadPoolExecutor(READ_AHEAD) as pool:  # the disk takes the next files while one is looked at
            for arrival, (stored, key) in zip(ready, pool.map(partial(_archive_and_peek, settings), ready), strict=True):
                if isinstance(stored, str):
                    record_failure(conn, run, str(arrival.path), arrival.path.name, stored, 0)
                    log.warning("%s: %s", stored, arrival.path.name)
                else:
                    groups.setdefault(key or arrival, []).append(stored)
    return _cut(groups.values(), settings.chunk_files)


def collect_chunk(settings: Settings, run: Run, chunk: Chunk) -> dict[str, int]:
    """Read and load the files of a chunk, some at a time, each batch in a transaction of its own. Returns counts (COUNTS).

    One bad file never stops another: what goes wrong inside a file is its outcome; only a lost database or disk ends the chunk.
    """
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    items = [_item(item) for item in chunk]
    with connect(settings, run_id=run.run_id, kind=run.kind, autocommit=True) as conn:
        for state, rows in _take_in(settings, conn, run, items):
            counts["files"] += 1
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
        taken = Taken(item, reading, time.monotonic() - started)
        with conn.transaction():
            (outcome,) = load_files(conn, run, [taken], communes(conn), is_resubmission=True)
    assert outcome.submission_id is not None
    return outcome.submission_id


def _archive_and_peek(settings: Settings, arrival: Arrival) -> tuple[dict[str, Any] | str, tuple[str, str, str] | None]:
    """A file's item, and which return it is; a code and None where it could not be archived."""
    stored = _archive(settings, arrival)
    if isinstance(stored, str):
        return stored, None
    return stored, peek(archived_path(settings.archive_dir, stored["sha256"]), arrival.path.name, settings)


def _archive(settings: Settings, arrival: Arrival) -> dict[str, Any] | str:
    """Copy a file's bytes to the archive and give its item; a code where it could not be read or changed meanwhile."""
    try:
        sha256, size = store(settings.archive_dir, arrival.path)
        if look(arrival.path) != arrival or size != arrival.size:
            return "STILL-CHANGING"
    except PermissionError:
        return "NO-PERMISSION"
    except FileNotFoundError:
        return "STILL-CHANGING"
    return {
        "path": str(arrival.path), "name": arrival.path.name, "size": size, "received_at": arrival.mtime.isoformat(), "sha256": sha256,
    }  # fmt: skip


def _take_in(settings: Settings, conn: Connection, run: Run, items: list[FileItem]) -> Iterator[tuple[str, int]]:
    """(state, rows) of each file. Files are read ahead in threads: parsing a workbook and waiting for the database leave the
    interpreter free."""
    before = taken_before(conn, run, items)
    yield from ((outcome.state, outcome.rows) for outcome in before.values())
    new = [item for item in items if item.path not in before]
    known = communes(conn)
    seen = known_bytes(conn, run, [item.sha256 for item in new])
    with ThreadPoolExecutor(READ_AHEAD) as pool:
        tried = pool.map(partial(_read, settings, known), new, _is_known(new, seen))
        for first in range(0, len(new), BATCH_FILES):
            taken = []
            for item, (reading, seconds) in zip(new[first : first + BATCH_FILES], tried, strict=False):
                if isinstance(reading, Exception):
                    yield _own_fault(conn, run, item, reading, seconds)
                else:
                    taken.append(Taken(item, reading, seconds))
            yield from _load(conn, run, taken, known)


def _is_known(items: list[FileItem], seen: set[str]) -> list[bool]:
    """Whether each file's bytes are known, from earlier runs or from a file before it."""
    known = []
    for item in items:
        known.append(item.sha256 in seen)
        seen.add(item.sha256)
    return known


def _read(settings: Settings, known: Communes, item: FileItem, is_known: bool) -> tuple[Reading | Exception | None, float]:
    """(what was read, seconds): None where the bytes are known, the exception where we are at fault. Raises OSError."""
    started = time.monotonic()
    reading: Reading | Exception | None = None
    try:
        reading = None if is_known else _read_of_commune(settings, known, item)
    except OSError:
        raise
    except Exception as error:
        reading = error
    return reading, time.monotonic() - started


def _read_of_commune(settings: Settings, known: Communes, item: FileItem) -> Reading:
    reading = read_file(archived_path(settings.archive_dir, item.sha256), item.name, settings)
    if reading.cover is not None and reading.cover.commune_code not in known:
        unknown = fault(ReadError("UNKNOWN-COMMUNE", value=reading.cover.commune_code))
        return replace(reading, cover=None, tables=[], faults=[unknown, *reading.faults], findings=[], repairs=[])
    return reading


def _load(conn: Connection, run: Run, taken: list[Taken], known: Communes) -> Iterator[tuple[str, int]]:
    """Load a batch whole; where the database refuses it, file by file, so that only the one at fault stays out."""
    if not taken:
        return
    try:
        with conn.transaction():
            outcomes: list[Outcome] = load_files(conn, run, taken, known)
        yield from ((outcome.state, outcome.rows) for outcome in outcomes)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(taken) == 1:
            yield _own_fault(conn, run, taken[0].item, error, taken[0].seconds)
            return
        for file in taken:
            yield from _load(conn, run, [file], known)


def _own_fault(conn: Connection, run: Run, item: FileItem, error: Exception, seconds: float) -> tuple[str, int]:
    """Our own fault in one file must not stop the others; it is named, logged and tried again the next night."""
    where = traceback.extract_tb(error.__traceback__)[-1]  # not the message: it may quote a person's row
    log.error("INTERNAL-ERROR %s at %s:%s while taking in %s", type(error).__name__, where.filename, where.lineno, item.sha256)
    with conn.transaction():
        record_failure(conn, run, item.path, item.name, f"INTERNAL-ERROR {type(error).__name__}", seconds, item.sha256)
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
