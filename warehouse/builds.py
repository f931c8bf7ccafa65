"""Builds: dbt makes every mart in the colour that is not in force, and what came of it is recorded.

A build killed at any line leaves the marts untouched; the next one starts over in the same colour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from warehouse.database import Connection, connect
from warehouse.dbt_runner import DbtFailed, DbtOutcome, run_dbt
from warehouse.fingerprint import Inputs, current_inputs
from warehouse.hashing import schema_hashes
from warehouse.restatements import restate
from warehouse.runs import Run
from warehouse.settings import Settings

COLOURS = ("blue", "green")


class BuildFailed(Exception):
    """No build came of it; the message names the first node that failed and why. The publication in force is untouched."""


@dataclass(frozen=True)
class BuildOutcome:
    """A build that stands in ``<schema>_marts``, not yet checked or published."""

    build_id: UUID
    schema: str
    nodes: int
    seconds: float
    mart_hashes: dict[str, str]

    @property
    def ms_per_node(self) -> float:
        return 1000 * self.seconds / max(self.nodes, 1)


def colour_in_force(conn: Connection) -> str | None:
    """The colour that the marts show, or None before the first publication."""
    row = conn.execute("select build_schema from audit.publication order by publication_id desc limit 1").fetchone()
    return None if row is None else str(row[0])


def idle_colour(conn: Connection) -> str:
    return "green" if colour_in_force(conn) == "blue" else "blue"


def needs_build(settings: Settings, run: Run) -> tuple[bool, str]:
    """Whether anything that the marts are made from differs from the last publication, and the reason in words."""
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        inputs = current_inputs(conn, run)
        last = conn.execute(
            "select publication_id, input_fingerprint, is_rollback from audit.publication order by publication_id desc limit 1"
        ).fetchone()
        if last is None:
            return True, "nothing is published yet"
        publication_id, fingerprint, is_rollback = last
        if is_rollback and _waits(conn, inputs):
            return False, f"publication {publication_id} pins the marts and the newest build waits for 'publish --resume'"
        if fingerprint == inputs.fingerprint:
            return False, f"nothing has changed since publication {publication_id}"
    return True, f"the inputs differ from those of publication {publication_id}"


def _waits(conn: Connection, inputs: Inputs) -> bool:
    row = conn.execute(
        "select 1 from audit.build where build_schema = %s and state in ('checked', 'published') and input_fingerprint = %s",
        (idle_colour(conn), inputs.fingerprint),
    ).fetchone()
    return row is not None


def build(settings: Settings, run: Run) -> BuildOutcome:
    """Build every mart in the idle colour and record nodes and hashes. Raises BuildFailed."""
    restate(settings, run)  # where the last switch was cut off right after it: this build may take the older one's place
    return build_into(settings, run, lambda conn: (idle_colour(conn), current_inputs(conn, run)))


def build_into(settings: Settings, run: Run, place: Callable[[Connection], tuple[str, Inputs]]) -> BuildOutcome:
    """Build every mart into the schemas and from the inputs that ``place`` names. Raises BuildFailed."""
    started = time.monotonic()
    build_id, colour, is_fresh = _open_build(settings, run, place)
    try:
        outcome = run_dbt(settings, colour, anew=not is_fresh)
    except DbtFailed as error:
        _close(settings, run, build_id, "failed")
        raise BuildFailed(str(error)) from error
    _record_nodes(settings, run, outcome)
    if fault := _fault(outcome):
        _close(settings, run, build_id, "failed")
        raise BuildFailed(fault)
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        standing = conn.execute(f'select build_id from "{colour}_staging".stg_build').fetchone()
        if standing is None or standing[0] != build_id:
            raise BuildFailed(f"{colour}_staging.stg_build names another build: its tables are not those of this run")
        hashes = schema_hashes(conn, f"{colour}_marts")
        conn.execute("update audit.build set state = 'built', mart_hashes = %s where build_id = %s", (Jsonb(hashes), build_id))
    return BuildOutcome(build_id, colour, len(outcome.results), time.monotonic() - started, hashes)


def _open_build(settings: Settings, run: Run, place: Callable[[Connection], tuple[str, Inputs]]) -> tuple[UUID, str, bool]:
    """Write the row that dbt's models read: up to which moment they know, and which day it is.

    Gives the build's id, its schema, and whether what stands there was made by the same code and may be built on.
    """
    build_id = uuid4()
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        colour, inputs = place(conn)
        _refuse_if_shown(conn, colour)
        is_fresh = colour in COLOURS and _ended_well(conn, colour, inputs.code_version)
        conn.execute(
            "update audit.build set state = 'replaced' where build_schema = %s and state not in ('replaced', 'failed', 'dropped')",
            (colour,),
        )
        conn.execute(
            """
            insert into audit.build (build_id, run_id, build_schema, knowledge_at, today, input_fingerprint, code_version,
                rule_set_version, reference_version, state, recorded_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'building', %s)
            """,
            (build_id, run.run_id, colour, inputs.knowledge_at, inputs.today, inputs.fingerprint, inputs.code_version,
             inputs.rule_set_version, inputs.reference_version, run.now),
        )  # fmt: skip
    return build_id, colour, is_fresh


def _ended_well(conn: Connection, colour: str, code_version: str) -> bool:
    """Whether the newest build of a colour came to its end, by this code: every later one marks it as replaced."""
    row = conn.execute(
        "select 1 from audit.build where build_schema = %s and state in ('built', 'checked', 'published') and code_version = %s",
        (colour, code_version),
    ).fetchone()
    return row is not None


def _refuse_if_shown(conn: Connection, colour: str) -> None:
    """dbt drops what it rebuilds, with every view on it: no view of the marts may stand on the idle colour."""
    shown = conn.execute(
        """
        select distinct v.oid::regclass::text
        from pg_depend as d
        inner join pg_rewrite as r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
        inner join pg_class as v on v.oid = r.ev_class
        inner join pg_class as t on t.oid = d.refobjid and d.refclassid = 'pg_class'::regclass
        where t.relnamespace::regnamespace::text like %s and v.relnamespace::regnamespace::text not like %s
        """,
        (f"{colour}\\_%", f"{colour}\\_%"),
    ).fetchall()
    if shown:
        raise BuildFailed(f"{', '.join(row[0] for row in shown)} read the {colour} schemas, which this build would replace")


def _fault(outcome: DbtOutcome) -> str | None:
    """What is wrong with a run of dbt, or None. A node of the manifest without a result counts as a failure."""
    for result in outcome.results:
        if not result.is_good and result.status != "skipped":
            return f"{result.node}: {(result.message or result.status).strip()}"
    if missing := sorted(outcome.expected - {result.node for result in outcome.results if result.is_good}):
        return f"{len(missing)} nodes of the project were not built, first {missing[0]}"
    return None


def _record_nodes(settings: Settings, run: Run, outcome: DbtOutcome) -> None:
    rows: Iterable[tuple[object, ...]] = (
        (run.run_id, r.node, r.resource_type, r.status, r.rows, round(r.seconds, 3), r.message if not r.is_good else None, run.now)
        for r in outcome.results
    )
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn, conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.node_result (run_id, node, resource_type, status, rows, seconds, message, recorded_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (run_id, node) do update set
                status = excluded.status, rows = excluded.rows, seconds = excluded.seconds, message = excluded.message,
                recorded_at = excluded.recorded_at
            """,
            rows,
        )


def _close(settings: Settings, run: Run, build_id: UUID, state: str) -> None:
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        conn.execute("update audit.build set state = %s where build_id = %s", (state, build_id))
