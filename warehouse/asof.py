"""As-of builds: every mart as it was known at a moment, in schemas of its own. The published marts are not touched.

Acceptance is replayed from the recorded events, never judged again. At the moment of a publication the build knows what that
publication knew, so its content hashes are that publication's, as long as the code is the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import yaml
from psycopg import sql

from warehouse import clock
from warehouse.builds import BuildOutcome, build_into
from warehouse.database import Connection, connect
from warehouse.fingerprint import inputs_at
from warehouse.mart_contracts import load_marts
from warehouse.roles import existing_roles, role_name
from warehouse.runs import Run, code_version
from warehouse.settings import Settings

PREFIX = "asof_"
LAYERS = ("staging", "intermediate", "marts")
NAME = re.compile(r"asof_\d{8}t\d{6}(_\d{6})?z")


SENTENCES = Path(__file__).with_suffix(".yaml")


@cache
def _sentences() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    return loaded


def sentence(code: str, **values: object) -> str:
    """`Vietnamese · English` of a sentence of asof.yaml, with the values filled in."""
    text = _sentences()[code]
    return f"{text['vi']} · {text['en']}".format(**values)


class AsOfRefused(Exception):
    """No marts of that moment can be built, or there are none of that name; the message says why."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(sentence(code, **values))
        self.code = code


@dataclass(frozen=True)
class Moment:
    """What is known at a moment: up to when, on which day, and whether it is that of a publication."""

    asked: datetime
    knowledge_at: datetime
    today: date
    publication_id: int | None
    during_run: str | None
    """The night that was running then, or None: what it had recorded by then is known, what it recorded later is not."""

    @property
    def schema(self) -> str:
        """`asof_20230110t150000z`; the time is UTC, with its microseconds where it has some."""
        moment = self.asked.astimezone(UTC)
        part = f"_{moment.microsecond:06d}" if moment.microsecond else ""
        return f"{PREFIX}{moment:%Y%m%dt%H%M%S}{part}z"


@dataclass(frozen=True)
class AsOfBuild:
    """An as-of build that stands. ``marts_differ``: those whose content is not that of the publication of the moment."""

    moment: Moment
    outcome: BuildOutcome
    marts_differ: tuple[str, ...]
    cause: str | None
    """Why they differ: `code`, where the publication was made by other code; else None, and something is wrong."""


@dataclass(frozen=True)
class Standing:
    """An as-of build that was made and not dropped."""

    schema: str
    knowledge_at: datetime
    today: date
    code_version: str
    built_at: datetime


def moment_at(conn: Connection, asked: datetime) -> Moment:
    """What is known at a moment. Raises AsOfRefused for one before the first event or after now."""
    row = conn.execute("select min(recorded_at) from audit.submission_event").fetchone()
    first = row[0] if row else None
    if first is None:
        raise AsOfRefused("nothing_yet")
    if asked < first:
        raise AsOfRefused("before_first", asked=shown(asked), first=shown(first))
    now = clock.now(conn)
    if asked > now:
        raise AsOfRefused("future", asked=shown(asked), now=shown(now))
    published = conn.execute(
        "select publication_id, knowledge_at, today from audit.publication where published_at = %s and not is_rollback "
        "order by publication_id desc limit 1",
        (asked,),
    ).fetchone()
    during = conn.execute(
        "select run_id::text from audit.run where kind = 'nightly' and started_at < %(at)s and ended_at > %(at)s", {"at": asked}
    ).fetchone()
    if published is not None:
        return Moment(asked, published[1], published[2], published[0], None)
    return Moment(asked, asked, clock.local_date(asked), None, during[0] if during else None)


def moment_of(conn: Connection, publication_id: int) -> Moment:
    """The moment of a publication. Raises AsOfRefused where there is none of that number."""
    row = conn.execute(
        "select published_at, knowledge_at, today, is_rollback from audit.publication where publication_id = %s", (publication_id,)
    ).fetchone()
    if row is None:
        raise AsOfRefused("no_publication", publication=publication_id)
    if row[3]:
        raise AsOfRefused("is_rollback", publication=publication_id)
    return Moment(row[0], row[1], row[2], publication_id, None)


def build_as_of(settings: Settings, run: Run, moment: Moment) -> AsOfBuild:
    """Build every mart as it was known at the moment, and compare it with the publication of that moment. Raises BuildFailed."""
    outcome = build_into(settings, run, lambda conn: (moment.schema, inputs_at(conn, moment.knowledge_at, moment.today)))
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        _let_the_auditor_read(conn, settings, moment.schema)
        published = conn.execute(
            "select mart_hashes, code_version from audit.publication where publication_id = %s", (moment.publication_id,)
        ).fetchone()
    if published is None:
        return AsOfBuild(moment, outcome, (), None)
    hashes, made_by = published
    differ = tuple(sorted(name for name in hashes.keys() | outcome.mart_hashes.keys() if hashes.get(name) != outcome.mart_hashes.get(name)))
    return AsOfBuild(moment, outcome, differ, "code" if differ and made_by != code_version() else None)


def standing(conn: Connection) -> list[Standing]:
    """The as-of builds that stand, by the moment they speak of."""
    rows = conn.execute(
        "select build_schema, knowledge_at, today, code_version, recorded_at from audit.build "
        "where build_schema like %s and state = 'built' order by knowledge_at, build_schema",
        (PREFIX.replace("_", r"\_") + "%",),
    ).fetchall()
    return [Standing(*row) for row in rows]


def drop(settings: Settings, run: Run, schema: str) -> None:
    """Take an as-of build away; its row in audit.build stays. Raises AsOfRefused for a name that is none."""
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        if not NAME.fullmatch(schema) or schema not in {one.schema for one in standing(conn)}:
            raise AsOfRefused("no_build", schema=schema)
        for layer in LAYERS:
            conn.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(f"{schema}_{layer}")))
        conn.execute("update audit.build set state = 'dropped' where build_schema = %s and state = 'built'", (schema,))


def _let_the_auditor_read(conn: Connection, settings: Settings, schema: str) -> None:
    if "auditor" not in existing_roles(conn, settings):
        return
    role, marts = sql.Identifier(role_name(settings, "auditor")), sql.Identifier(f"{schema}_marts")
    conn.execute(sql.SQL("grant usage on schema {} to {}").format(marts, role))
    conn.execute(sql.SQL("grant select on all tables in schema {} to {}").format(marts, role))
    for mart in load_marts():
        if mart.is_restricted:  # household rows
            conn.execute(sql.SQL("revoke all on {}.{} from {}").format(marts, sql.Identifier(mart.table), role))


def shown(moment: datetime) -> str:
    """A moment as the users' clocks show it."""
    return moment.astimezone(clock.LOCAL).isoformat(timespec="seconds")
