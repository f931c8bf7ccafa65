"""Rebuild the marts as they were known at a moment: what the command and the DAG `rebuild_as_of` both do."""

from __future__ import annotations

from warehouse import asof
from warehouse.clock import parse_now
from warehouse.database import connect
from warehouse.runs import finish_run, start_run, writer_lock
from warehouse.settings import Settings, get_settings


class AsOfDiffers(Exception):
    """A publication was rebuilt by the code that made it, and its marts came out otherwise: the message names them."""


def rebuild(
    as_of: str | None = None, publication: int | None = None, *, settings: Settings | None = None, airflow_run_id: str | None = None
) -> asof.AsOfBuild:
    """Build every mart as it was known at ``as_of`` (a timestamp with its zone) or at a publication; under the writer's lock.

    Raises ClockError, AsOfRefused, BuildFailed, AsOfDiffers.
    """
    settings = settings or get_settings()
    asked = parse_now(as_of, "--as-of") if as_of is not None else None
    if (asked is None) == (publication is None):
        raise asof.AsOfRefused("one_of_two")
    with writer_lock(settings, kind="asof"):
        with connect(settings) as conn:
            moment = asof.moment_at(conn, asked) if asked is not None else asof.moment_of(conn, int(publication or 0))
        run = start_run(settings, "asof", airflow_run_id=airflow_run_id, parameters={"as_of": moment.asked.isoformat()})
        try:
            made = asof.build_as_of(settings, run, moment)
            if made.marts_differ and made.cause is None:
                raise AsOfDiffers(asof.sentence("defect", publication=moment.publication_id, marts=", ".join(made.marts_differ)))
        except BaseException as error:
            finish_run(settings, run, "failed", f"{type(error).__name__}: {error}")
            raise
        finish_run(settings, run, "success")
    return made


def sentences(made: asof.AsOfBuild) -> list[str]:
    """What came of a rebuild, in words: Vietnamese · English."""
    moment, outcome = made.moment, made.outcome
    known = asof.shown(moment.knowledge_at)
    told = [asof.sentence("built", nodes=outcome.nodes, schema=moment.schema, seconds=outcome.seconds, known=known, day=moment.today)]
    if moment.during_run:
        told.append(asof.sentence("during_run", run=moment.during_run))
    if moment.publication_id is not None:
        code = "code" if made.marts_differ else "equal"
        told.append(asof.sentence(code, publication=moment.publication_id, marts=", ".join(made.marts_differ)))
    return told
