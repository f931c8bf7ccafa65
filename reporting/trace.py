"""From a published figure back to its cells: publication, submissions in force then, file and hash, sheet, rows.

The submissions are those that were in force at the publication's ``knowledge_at``, not those of today. Household codes are
shown, names masked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import sql

from reporting.lineage import Mart, Source, lineage
from reporting.queries import Row, one, rows
from reporting.trace_rows import TracedRow, Wanted, traced_rows
from warehouse.database import Connection

if TYPE_CHECKING:
    from rich.console import RenderableType


class TraceError(Exception):
    """Nothing to walk back from; the message says what there is."""


@dataclass(frozen=True)
class Publication:
    publication_id: int
    published_at: datetime
    knowledge_at: datetime
    hash: str
    build_schema: str
    """The colour that it shows: `<build_schema>_intermediate` says which households and persons were counted."""


@dataclass(frozen=True)
class Submission:
    """The return that a commune's figure came from, as it stood at the publication."""

    submission_id: UUID
    version: int
    result_stage: str
    file_name: str
    sha256: str
    state_now: str
    waived: list[str] = field(default_factory=list)
    """`rule (waiver n)` for each rule that the return broke under a waiver when it was accepted."""


@dataclass(frozen=True)
class Trace:
    mart: str
    column: str
    area_code: str
    area_name: str
    area_level: str
    period_key: str
    value: Decimal | int | None
    publication: Publication
    source: Source
    counted_class: str | None = None
    """`poor`, `near_poor`, `newly_escaped` or `all`, where the mart has a row for each."""
    submission: Submission | None = None
    sheet_title: str = ""
    rows: tuple[TracedRow, ...] = ()
    parts: tuple[Trace, ...] = ()
    """Communes of an area, or the columns of a ratio."""
    note: tuple[str, str] | None = None
    missing: tuple[str, ...] = field(default=())
    """Communes of the area without a return in force."""

    @property
    def found(self) -> Decimal | None:
        """The figure as the traced rows give it; it equals ``value``. None where nothing was traced."""
        amounts = [row.amount for row in self.rows]
        return None if self.submission is None or None in amounts else sum((a for a in amounts if a is not None), Decimal(0))


AREA_SQL = """
    select f.*, d.district_code
    from marts.{mart} as f
    left join marts.dim_area as d on d.area_key = f.area_key
    where f.period_key = %(period)s and f.boundary = 'at_time' and {where}
    order by f.area_code collate "C"
"""

IN_FORCE_SQL = """
    with states as (
        select distinct on (e.submission_id) e.submission_id, e.event_type as state
        from audit.submission_event as e
        inner join intake.submission as s using (submission_id)
        where
            s.form_code = %(form)s and s.commune_code = %(commune)s and s.period_key = %(period)s
            and e.recorded_at <= %(known_at)s
            and e.event_type in ('received', 'validated', 'returned', 'held', 'accepted', 'superseded', 'withdrawn')
        order by e.submission_id, e.event_id desc
    )

    select
        s.submission_id, s.version, s.result_stage, s.file_name, s.sha256, now_.state as state_now,
        array(
            select v.rule_code || ' (' || v.waiver_id || ')'
            from audit.validation_result as v
            inner join audit.submission_event as e on e.run_id = v.run_id and e.submission_id = v.submission_id
            where v.submission_id = s.submission_id and v.waiver_id is not null and e.event_type = 'accepted'
            order by v.rule_code collate "C"
        ) as waived
    from states
    inner join intake.submission as s using (submission_id)
    inner join audit.submission as now_ using (submission_id)
    where states.state = 'accepted'
    order by (s.result_stage = 'final') desc, s.version desc
    limit 1
"""


def trace(conn: Connection, mart: str, area_code: str, period_key: str, column: str, counted_class: str = "all") -> Trace:
    """Walk back from one figure of a mart; ``counted_class`` picks the row where there is one a class. Raises TraceError where there is
    no such figure."""
    known = lineage()
    if mart not in known:
        raise TraceError(f"'{mart}' cannot be traced; these can: {', '.join(known)}.")
    contract = known[mart]
    if column not in contract.columns:
        raise TraceError(f"'{column}' of {mart} cannot be traced; these can: {', '.join(contract.columns)}.")
    if contract.class_column and counted_class not in (classes := _classes(conn, mart, contract.class_column)):
        raise TraceError(f"{mart} has no class '{counted_class}': {', '.join(classes)}.")
    condition = sql.SQL("(f.area_code = %(area)s or f.area_key = %(area)s)")
    found = _facts(conn, mart, period_key, condition, {"area": area_code}, (contract.class_column, counted_class))
    if not found:
        of_class = f" and {contract.class_column} {counted_class}" if contract.class_column else ""
        raise TraceError(
            f"{mart} has no row for {area_code} in {period_key}{of_class}: nothing is published for it, or the code is not of that time."
        )
    fact = min(found, key=lambda row: ("commune", "district", "long_an").index(row["area_level"]))
    return _trace_fact(conn, mart, contract, fact, column, _publication(conn, fact["publication_id"]))


def _classes(conn: Connection, mart: str, column: str) -> list[str]:
    """The classes that a mart has rows of."""
    statement = sql.SQL("select distinct {} from marts.{} order by 1").format(sql.Identifier(column), sql.Identifier(mart))
    return [row[0] for row in conn.execute(statement)]


def _facts(conn: Connection, mart: str, period_key: str, where: sql.SQL, values: Row, of_class: tuple[str | None, str | None]) -> list[Row]:
    column, wanted = of_class
    whole: sql.Composable = where
    if column is not None:
        whole = sql.SQL("{} and f.{} = %(class)s").format(where, sql.Identifier(column))
    statement = sql.SQL(AREA_SQL).format(mart=sql.Identifier(mart), where=whole)
    return rows(conn, statement, {"period": period_key, "class": wanted, **values})  # type: ignore[arg-type]


def _publication(conn: Connection, publication_id: int) -> Publication:
    row = one(
        conn,
        "select publication_id, published_at, knowledge_at, hash, build_schema from audit.publication where publication_id = %(id)s",
        {"id": publication_id},
    )
    if row is None:
        raise TraceError(f"Publication {publication_id} is not in audit.publication. Run 'warehouse audit verify'.")
    return Publication(**row)


def _trace_fact(conn: Connection, mart: str, contract: Mart, fact: Row, column: str, publication: Publication) -> Trace:
    source = contract.columns[column]
    common: dict[str, Any] = {
        "mart": mart, "column": column, "area_code": fact["area_code"], "area_name": fact["area_name"], "area_level": fact["area_level"],
        "period_key": fact["period_key"], "value": fact[column], "publication": publication, "source": source,
        "counted_class": fact[contract.class_column] if contract.class_column else None,
    }  # fmt: skip
    if source.ratio:
        parts = tuple(_trace_fact(conn, mart, contract, fact, name, publication) for name in source.ratio)
        return Trace(**common, parts=parts)
    if fact["area_level"] != "commune":
        return _trace_area(conn, mart, contract, fact, column, common)
    given = _in_force(conn, contract, fact, publication)
    if given is None:
        return Trace(**common, note=("Chưa có báo cáo nào có hiệu lực.", "No return is in force."))
    title = one(
        conn,
        "select title from intake.sheet where submission_id = %(id)s and sheet = %(sheet)s",
        {"id": given.submission_id, "sheet": contract.sheet_of(source)},
    )
    wanted = Wanted(contract, source, given.submission_id, common["counted_class"], publication.build_schema)
    traced = () if fact[column] is None and source.movement else traced_rows(conn, wanted)
    note = None
    if fact[column] is None:
        words = contract.first_review_of_a_standard
        note = (words.vi, words.en) if source.movement and words else ("Ô nguồn để trống.", "A source cell is empty.")
    return Trace(**common, submission=given, sheet_title=title["title"] if title else "", rows=traced, note=note)


def _in_force(conn: Connection, contract: Mart, fact: Row, publication: Publication) -> Submission | None:
    """The commune's return that was in force when the publication's knowledge ends."""
    period = fact.get("as_of_quarter") or fact["period_key"]  # the year of a cumulative form is its newest quarter
    values = {"form": contract.form, "commune": fact["area_code"], "period": period, "known_at": publication.knowledge_at}
    row = one(conn, IN_FORCE_SQL, values)
    return Submission(**row) if row else None


def _trace_area(conn: Connection, mart: str, contract: Mart, fact: Row, column: str, common: dict[str, Any]) -> Trace:
    """A district or Long An: its communes with their own figures; each can be traced in turn."""
    condition = (
        "f.area_level = 'commune' and d.is_long_an"
        if fact["area_level"] == "long_an"
        else "f.area_level = 'commune' and d.district_code = %(district)s"
    )
    of_class = (contract.class_column, common["counted_class"])
    communes = _facts(conn, mart, fact["period_key"], sql.SQL(condition), {"district": fact["area_code"]}, of_class)
    parts = []
    for commune in communes:
        if not commune["accepted_submissions"]:
            continue
        submission = _in_force(conn, contract, commune, common["publication"])
        parts.append(
            Trace(
                **{**common, "area_code": commune["area_code"], "area_name": commune["area_name"], "area_level": "commune"}
                | {"value": commune[column]},
                submission=submission,
            )
        )
    missing = tuple(f"{row['area_code']} {row['area_name']}" for row in communes if not row["accepted_submissions"])
    return Trace(**common, parts=tuple(parts), missing=missing)


def render(traced: Trace) -> RenderableType:
    """What the command line prints."""
    from reporting.trace_view import render as draw

    return draw(traced)
