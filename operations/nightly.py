"""The order of a night's steps. The Airflow DAG and `warehouse nightly` call the same functions.

Each step takes the night's token (JSON-able: run_id, kind, now), holds the writer's lock while it writes, and derives its
work from what the database holds, never from an earlier step's memory: a night killed anywhere is mended by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from warehouse import clock
from warehouse.clock import parse_now
from warehouse.database import Connection, connect
from warehouse.runs import Run, close_abandoned_runs, finish_run, start_run, writer_lock
from warehouse.settings import Settings, get_settings

Token = dict[str, Any]
Progress = Callable[[int, int], None]
Again = Mapping[str, Sequence[str]] | None
"""The part of the returns that the night does again (operations.again), None in an ordinary night."""
STEP_WAIT_SECONDS = 600


class NightFailed(Exception):
    """A step of the night failed; the message says which and why. The last publication is untouched."""


def token_of(run: Run, *, injected: bool, again: Again = None) -> Token:
    return {"run_id": str(run.run_id), "kind": run.kind, "now": run.now.isoformat(), "injected": injected, "again": again}


def run_of(token: Token) -> Run:
    return Run(UUID(token["run_id"]), token["kind"], datetime.fromisoformat(token["now"]))


@contextmanager
def night_step(name: str, token: Token, settings: Settings | None, *, shared: bool = False) -> Iterator[tuple[Settings, Run]]:
    """Hold the writer's lock and give the night's run at this moment; write a failure into the run's row.

    Between the tasks of an Airflow night other commands may write. What a step records therefore carries the step's own moment,
    taken under the lock, and the order of events is the order of their times. A night told its time (``--now``) keeps it.
    """
    settings = settings or get_settings()
    run = run_of(token)
    with writer_lock(settings, kind=run.kind, run_id=run.run_id, shared=shared, wait_seconds=STEP_WAIT_SECONDS):
        try:
            with connect(settings) as conn:
                run = replace(run, now=clock.now(conn, run.now if token["injected"] else None))
            yield settings, run
        except Exception as error:
            _note_failure(settings, run, name, error)
            raise


def _note_failure(settings: Settings, run: Run, step: str, error: Exception) -> None:
    """The first step that fails says so in `audit.run`; where the database is gone, in the exception itself."""
    try:
        with connect(settings) as conn:
            conn.execute(
                "update audit.run set error = coalesce(error, %s) where run_id = %s",
                (f"{step}: {type(error).__name__}: {error}", run.run_id),
            )
    except psycopg.Error as second:
        error.add_note(f"It could not be written to audit.run: {second}")


def begin(
    *, now: str | None = None, airflow_run_id: str | None = None, wait_seconds: int | None = None, settings: Settings | None = None,
    again: Again = None,
) -> dict[str, Any]:  # fmt: skip
    """Open the night's run, archive what is new in the inbox and cut it into chunks.

    Returns ``token``, and ``chunks``: lists of files, those of one return together and in order. Raises PartRefused where ``again``
    names what there is not.
    """
    from ingestion.collect import plan_collection

    settings = settings or get_settings()
    with writer_lock(settings, kind="nightly", wait_seconds=wait_seconds):
        run, token = _open(settings, now, again, airflow_run_id)
        try:
            return {"token": token, "chunks": plan_collection(settings, run)}
        except Exception as error:
            finish_run(settings, run, "failed", f"begin: {type(error).__name__}: {error}")
            raise


def _open(settings: Settings, now: str | None, again: Again, airflow_run_id: str | None = None) -> tuple[Run, Token]:
    """The night's run and its token. Call it under the writer's lock."""
    from operations.again import part_of

    close_abandoned_runs(settings)
    part = part_of(settings, again or {})
    moment = parse_now(now) if now else None
    parameters = {"again": part} if part else None
    run = start_run(settings, "nightly", injected_now=moment, airflow_run_id=airflow_run_id, parameters=parameters)
    return run, token_of(run, injected=now is not None, again=part)


def collect_chunk(token: Token, chunk: list[dict[str, Any]], *, settings: Settings | None = None) -> dict[str, Any]:
    """Read one chunk of files into intake. Chunks run side by side: they share the lock, and each file is one transaction."""
    from ingestion.collect import collect_chunk as read_chunk

    with night_step("collect", token, settings, shared=True) as (settings, run):
        counts: dict[str, Any] = read_chunk(settings, run, chunk)
        return counts


def validate(token: Token, *, settings: Settings | None = None, on_progress: Progress | None = None) -> dict[str, Any]:
    """Judge every pending submission by the rules: accepted or returned; then, once more, what the night does again."""
    from expectations.validate import recheck, validate_pending
    from operations.again import as_part

    with night_step("validate", token, settings) as (settings, run):
        counts: dict[str, Any] = validate_pending(settings, run, on_progress=on_progress)
        if token["again"] is None:
            return counts
        again = recheck(settings, run, on_progress=on_progress, part=as_part(token["again"]))
        return {name: count + again[name] for name, count in counts.items()}


def build(token: Token, *, settings: Settings | None = None) -> dict[str, Any]:
    """Build the marts in the idle colour, where anything they depend on has changed; ``build_id`` is null where nothing has."""
    from warehouse import builds

    with night_step("build", token, settings) as (settings, run):
        needed, reason = builds.needs_build(settings, run)
        if not needed:
            return {"build_id": None, "reason": reason}
        outcome = builds.build(settings, run)
        return {
            "build_id": str(outcome.build_id),
            "schema": outcome.schema,
            "nodes": outcome.nodes,
            "seconds": outcome.seconds,
            "reason": reason,
        }


def check(token: Token, built: dict[str, Any], *, settings: Settings | None = None, accept_reason: str | None = None) -> dict[str, Any]:
    """The publish gate over what was built. Raises NightFailed with the checks that did not hold."""
    if built["build_id"] is None:
        return {"passed": None, "failed": []}
    from expectations.gate import check_build

    with night_step("check", token, settings) as (settings, run):
        outcome = check_build(settings, run, UUID(built["build_id"]), accept_reason=accept_reason)
        failed = [f"{result.check_code}: {result.detail_en}" for result in outcome.results if not result.passed]
        if not outcome.passed:
            raise NightFailed("The publish gate refused the build: " + "; ".join(failed))
        return {"passed": True, "failed": failed}


def publish(token: Token, built: dict[str, Any], *, settings: Settings | None = None, accept_reason: str | None = None) -> dict[str, Any]:
    """Switch every mart to the new build in one transaction; ``publication_id`` is null where nothing was built
    or a rollback pins the marts."""
    if built["build_id"] is None:
        return {"publication_id": None}
    from warehouse import publications

    with night_step("publish", token, settings) as (settings, run):
        return {"publication_id": publications.publish(settings, run, UUID(built["build_id"]), accept_reason=accept_reason)}


def report(token: Token | None, failed: Sequence[str] = (), *, settings: Settings | None = None) -> dict[str, Any]:
    """Close the night's run, write the reports and tell its story. ``failed`` names the steps that did not succeed.

    The story holds ``files, unreadable, accepted, waived, returned, renewed, lapsed, again, publication_id, outcome, error, report``.
    """
    from expectations.waivers import note_lapsed
    from reporting.site import write_site

    if token is None:
        raise NightFailed(f"The night did not begin ({', '.join(failed) or 'no token'}): see the log of that step.")
    settings = settings or get_settings()
    with night_step("report", token, settings) as (settings, run):
        note_lapsed(settings, run)
        story = tell_story(settings, run)
        # A step that lost its connection and succeeded when it was tried again has left its error in the run's row.
        story["error"] = (story["error"] or f"{', '.join(failed)} did not succeed") if failed else None
        done = story["files"] or story["renewed"] or story["publication_id"] is not None
        story["outcome"] = "failed" if story["error"] else "success" if done else "nothing_new"
        finish_run(settings, run, story["outcome"], story["error"])
        story["report"] = str(write_site(settings, run.run_id))
    return story


def tell_story(settings: Settings, run: Run) -> dict[str, Any]:
    """What the night did, from the audit tables: files received, unreadable; submissions accepted, returned; the publication.

    ``waived``: returns accepted under a waiver; ``lapsed``: a sentence for each waiver that no longer holds, told once; ``renewed``:
    accepted returns judged again; ``again``: the sentence on the part that the night was to do again, or None.
    """
    from reporting import night_queries, words

    with connect(settings) as conn:
        waived = {row["submission_id"] for row in night_queries.waived(conn, run.run_id)}
        lapsed = [" · ".join(words.lapsed(row)) for row in night_queries.waivers(conn, run.run_id) if row["how"]]
        renewed = len(night_queries.renewed(conn, run.run_id))
        again = night_queries.again(conn, run.run_id)
        told = {"waived": len(waived), "lapsed": lapsed, "renewed": renewed, "again": " · ".join(words.again(again)) if again else None}
        return {**story_of(conn, run.run_id), **told}


def story_sentences(story: dict[str, Any]) -> list[str]:
    """What of a story is told in words: the part done again, the waivers that no longer hold."""
    return [*([story["again"]] if story["again"] else []), *story["lapsed"]]


def story_of(conn: Connection, run_id: UUID) -> dict[str, Any]:
    """The same over a connection of the caller's: ``files, unreadable, accepted, returned, publication_id, error``."""
    row = conn.execute(
        """
        select
            (select count(*) from audit.arrival where run_id = %(run)s),
            (select count(*) from audit.file_outcome where run_id = %(run)s and state = 'unreadable'),
            (select count(*) from audit.submission_event where run_id = %(run)s and event_type = 'accepted'),
            (select count(*) from audit.submission_event where run_id = %(run)s and event_type = 'returned'),
            (select max(publication_id) from audit.publication where run_id = %(run)s),
            (select error from audit.run where run_id = %(run)s)
        """,
        {"run": run_id},
    ).fetchone()
    assert row is not None
    return dict(zip(("files", "unreadable", "accepted", "returned", "publication_id", "error"), row, strict=True))


def run_night(
    settings: Settings, *, now: str | None = None, on_step: Callable[[str], None] = lambda _: None, on_progress: Progress | None = None,
    accept_reason: str | None = None, again: Again = None,
) -> dict[str, Any]:  # fmt: skip
    """A whole night in this process (reading in a pool of processes), under one hold of the writer's lock.

    Raises PartRefused before anything is done, where ``again`` names what there is not. Raises what a step raised after the run is
    closed as failed and the reports are written; the last publication stands.
    """
    from ingestion.collect import collect

    with writer_lock(settings, kind="nightly"):
        run, token = _open(settings, now, again)
        step = "collect"
        try:
            on_step(step)
            with night_step(step, token, settings):
                collect(settings, run, on_progress=on_progress)
            on_step(step := "validate")
            validate(token, settings=settings, on_progress=on_progress)
            on_step(step := "build")
            built = build(token, settings=settings)
            on_step(step := "check")
            check(token, built, settings=settings, accept_reason=accept_reason)
            on_step(step := "publish")
            publish(token, built, settings=settings, accept_reason=accept_reason)
        except Exception as error:
            try:
                report(token, [step], settings=settings)
            except Exception as second:
                error.add_note(f"The reports could not be written either: {second}")
            raise
        on_step("report")
        return report(token, settings=settings)
