"""Files into the database: their registration, their rows, what was found and the events, in one transaction.

Files go in some at a time: a COPY a table for all of them. A batch that is cut off anywhere leaves nothing behind and is read
again the next night, from the inbox.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from ingestion.load_rows import load_findings, load_repairs, load_sheets
from ingestion.taken import FileItem, Outcome, Registered, Taken
from warehouse.database import Connection, copy_rows
from warehouse.events import Event, append_events
from warehouse.runs import Run

NAMESPACE = UUID("6f5a4a52-54b3-4c1e-9a0e-1d1f6a3b7c80")
PENDING_OR_IN_FORCE = ("received", "validated", "held", "accepted")

Communes = dict[str, list[tuple[date, date | None, date]]]
"""Commune code -> its (valid_from, valid_to, footprint_from)."""


def known_bytes(conn: Connection, run: Run, hashes: Sequence[str]) -> set[str]:
    """Which of these bytes are in force, pending, a file that cannot be read, or taken in by this run? There is nothing new in them."""
    rows = conn.execute(
        """
        select sha256 from audit.submission where sha256 = any(%(hashes)s) and state = any(%(states)s)
        union
        select sha256 from audit.received_file where sha256 = any(%(hashes)s) and state = 'unreadable'
        union
        select sha256 from audit.file_outcome where run_id = %(run)s and sha256 = any(%(hashes)s) and state in ('read', 'returned')
        """,
        {"hashes": list(hashes), "states": list(PENDING_OR_IN_FORCE), "run": run.run_id},
    )
    return {row[0] for row in rows}


def taken_before(conn: Connection, run: Run, items: Sequence[FileItem]) -> dict[str, Outcome]:
    """Path -> outcome of the files that this run has taken in already: its step was cut off and is done again."""
    rows = conn.execute(
        "select o.path, o.state, o.rows_read from audit.file_outcome as o "
        "inner join unnest(%s::text[], %s::text[]) as i (path, sha256) using (path, sha256) "
        "where o.run_id = %s and o.state in ('read', 'unreadable', 'returned', 'duplicate')",
        ([item.path for item in items], [item.sha256 for item in items], run.run_id),
    )
    return {path: Outcome(state, rows_read) for path, state, rows_read in rows}


def communes(conn: Connection) -> Communes:
    """Commune code -> its (valid_from, valid_to, footprint_from) in the reference data in force."""
    known: Communes = defaultdict(list)
    for code, *dates in conn.execute(
        "select code, valid_from, valid_to, footprint_from from reference.unit where unit_level = 'commune' "
        "and load_id = (select max(load_id) from reference.load where table_name = 'unit')"
    ):
        known[code].append((dates[0], dates[1], dates[2]))
    return dict(known)


def record_failure(conn: Connection, run: Run, path: str, name: str, code: str, seconds: float, sha256: str | None = None) -> None:
    """The file could not be taken in tonight (permission, still changing, our own fault): no arrival, so it is tried again."""
    state = "waiting" if code == "STILL-CHANGING" else "failed"
    _file_outcomes(conn, run, [(sha256, path, name, state, 0, 0, code, seconds)])


def load_files(
    conn: Connection, run: Run, taken: Sequence[Taken], known_communes: Communes, *, is_resubmission: bool = False
) -> list[Outcome]:
    """Register the files and load what was read of them, in their order. Call it in a transaction of its own."""
    read = [file for file in taken if file.reading is not None]
    _received_files(conn, run, read)
    if not is_resubmission:
        _arrivals(conn, run, taken)
    registered = _register(conn, run, read, known_communes)
    by_file = {id(one.reading): one for one in registered}
    load_sheets(conn, registered)
    load_repairs(conn, registered)
    load_findings(conn, run, read, by_file)
    outcomes = [_outcome(file, by_file.get(id(file.reading))) for file in taken]
    _file_outcomes(
        conn, run,
        [
            (
                file.item.sha256, file.item.path, file.item.name, outcome.state, outcome.rows,
                file.reading.rows_refused if file.reading else 0, file.reading.reason_code if file.reading else None, file.seconds,
            )
            for file, outcome in zip(taken, outcomes, strict=True)
        ],
    )  # fmt: skip
    digests = _findings_digests(conn, run, read)
    append_events(
        conn, run.run_id, run.now, [event for file in taken for event in _events(run, file, by_file.get(id(file.reading)), digests)]
    )
    return outcomes


def _outcome(file: Taken, registered: Registered | None) -> Outcome:
    if file.reading is None:
        return Outcome("duplicate", 0)
    if registered is None:
        return Outcome("unreadable", 0)
    return Outcome("returned" if file.reading.faults else "read", file.reading.rows_read, registered.submission_id)


def _events(run: Run, file: Taken, registered: Registered | None, digests: dict[str, dict[str, Any]]) -> Iterator[Event]:
    item, reading = file.item, file.reading
    if reading is None:
        yield Event("duplicate", item.received_at, "inbox", sha256=item.sha256, payload={"file_name": item.name})
        return
    findings = {"findings": digests[item.sha256]}
    if registered is None:
        yield Event("unreadable", item.received_at, "reader", sha256=item.sha256, payload={"reason": reading.reason_code, **findings})
        return
    submission_id = registered.submission_id
    yield Event("received", item.received_at, "reader", submission_id, item.sha256, {**registered.identity, **findings})
    if reading.faults:
        codes = " ".join(sorted({finding.code for finding in reading.faults}))
        yield Event("returned", run.now, "reader", submission_id, item.sha256, {"reason": codes})


def _register(conn: Connection, run: Run, read: Sequence[Taken], known: Communes) -> list[Registered]:
    """A submission for each file with a cover; versions go on from those on file."""
    with_cover = [(file.item, file.reading, file.reading.cover) for file in read if file.reading is not None and file.reading.cover]
    keys = [(cover.form.code, cover.commune_code, cover.period.key) for _, _, cover in with_cover]
    newest: dict[tuple[str, str, str], int] = {
        (form, commune, period): version
        for form, commune, period, version in conn.execute(
            "select form_code, commune_code, period_key, max(version) from intake.submission "
            "where (form_code, commune_code, period_key) in (select * from unnest(%s::text[], %s::text[], %s::text[])) "
            "group by form_code, commune_code, period_key",
            [list(part) for part in zip(*keys, strict=True)] or [[], [], []],
        )
    }
    registered = []
    for (item, reading, cover), key in zip(with_cover, keys, strict=True):
        newest[key] = version = newest.get(key, 0) + 1
        name = "|".join([item.sha256, *key, str(version)])
        registered.append(Registered(item, reading, cover, version, uuid5(NAMESPACE, name)))
    copy_rows(
        conn, "intake.submission",
        (
            "submission_id", "sha256", "form_code", "form_version", "commune_code", "commune_valid_from", "commune_footprint_from",
            "period_key", "period_type", "period_start_date", "period_end_date", "result_stage", "version", "file_name", "received_at",
            "recorded_at",
        ),
        (_submission_row(run, one, known) for one in registered),
    )  # fmt: skip
    return registered


def _submission_row(run: Run, one: Registered, known: Communes) -> tuple[Any, ...]:
    cover, period = one.cover, one.cover.period
    valid_from, footprint_from = next(
        (
            (start, footprint)
            for start, end, footprint in known.get(cover.commune_code, [])
            if start <= period.end and (end is None or period.end <= end)
        ),
        (None, None),
    )
    return (
        one.submission_id, one.item.sha256, cover.form.code, cover.form_version or "", cover.commune_code, valid_from, footprint_from,
        period.key, period.type, period.start, period.end, cover.result_stage, one.version, one.item.name, one.item.received_at, run.now,
    )  # fmt: skip


def _received_files(conn: Connection, run: Run, read: Sequence[Taken]) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.received_file (sha256, file_name, size_bytes, received_at, recorded_at, state, reason_code, inspection)
            values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (sha256) do nothing
            """,
            [
                (
                    item.sha256, item.name, item.size, item.received_at, run.now, "read" if reading.cover else "unreadable",
                    None if reading.cover else reading.reason_code, "inspected" if reading.inspected else "not inspected",
                )
                for item, reading in ((file.item, file.reading) for file in read)
                if reading is not None
            ],
        )  # fmt: skip


def _arrivals(conn: Connection, run: Run, taken: Sequence[Taken]) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into audit.arrival (path, size_bytes, mtime, sha256, run_id, recorded_at) values (%s, %s, %s, %s, %s, %s) "
            "on conflict do nothing",
            [(item.path, item.size, item.received_at, item.sha256, run.run_id, run.now) for item in (file.item for file in taken)],
        )


def _file_outcomes(conn: Connection, run: Run, rows: Sequence[tuple[str | None, str, str, str, int, int, str | None, float]]) -> None:
    """Rows: sha256, path, file_name, state, rows_read, rows_refused, reason_code, seconds."""
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.file_outcome (
                run_id, sha256, path, file_name, state, rows_read, rows_refused, reason_code, seconds, recorded_at
            ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (run_id, path) do update set state = excluded.state, reason_code = excluded.reason_code, sha256 = excluded.sha256
            """,
            [(run.run_id, *row[:-1], round(row[-1], 3), run.now) for row in rows],
        )


def _findings_digests(conn: Connection, run: Run, read: Sequence[Taken]) -> dict[str, dict[str, Any]]:
    """SHA-256 of a file -> how many findings the reader has written of it in this run, and their digest."""
    rows = conn.execute(
        "select f.sha256, d.row_count, d.digest from unnest(%s::text[]) as f (sha256) "
        "cross join lateral audit.findings_digest(%s, 'reader', f.sha256, null) as d",
        (sorted({file.item.sha256 for file in read}), run.run_id),
    )
    return {sha256: {"count": count, "sha256": digest} for sha256, count, digest in rows}
