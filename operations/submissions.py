"""Look at submissions, withdraw one, take one in again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from operations.console import CommandError
from reporting.version_diff import NotVersions, RowChange, compare
from warehouse.database import Connection, connect
from warehouse.events import Event, append_events
from warehouse.runs import Run
from warehouse.settings import Settings


@dataclass(frozen=True)
class Listed:
    submission_id: UUID
    form_code: str
    commune_code: str
    commune_name: str
    period_key: str
    version: int
    result_stage: str
    state: str
    received_at: datetime
    file_name: str


@dataclass(frozen=True)
class Details:
    facts: list[tuple[str, str]]
    events: list[tuple[str, str, str, str]]
    findings: list[tuple[str, str, str, str, str]]
    """Rule, severity, rows failed, rows tested, waiver."""


LIST_SQL = """
    select
        s.submission_id, s.form_code, s.commune_code, coalesce(u.name_vi, '?') as commune_name, s.period_key, s.version, s.result_stage,
        s.state, s.received_at, s.file_name
    from audit.submission as s
    left join reference.unit as u
        on u.load_id = (select max(load_id) from reference.load where table_name = 'unit')
        and u.unit_level = 'commune' and u.code = s.commune_code and u.valid_from = s.commune_valid_from
    where (%(commune)s::text is null or s.commune_code = %(commune)s)
        and (%(period)s::text is null or s.period_key = %(period)s)
        and (%(form)s::text is null or s.form_code = %(form)s)
        and (%(state)s::text is null or s.state = %(state)s)
        and (%(prefix)s::text is null or s.submission_id::text like %(prefix)s || '%%')
    order by s.recorded_at desc, s.commune_code, s.period_key, s.version desc
    limit %(limit)s
"""


def find(
    settings: Settings, *, commune: str | None = None, period: str | None = None, form: str | None = None, state: str | None = None,
    prefix: str | None = None, limit: int = 200,
) -> list[Listed]:  # fmt: skip
    """Submissions that match, newest first."""
    with connect(settings) as conn, conn.cursor(row_factory=class_row(Listed)) as cursor:
        return cursor.execute(
            LIST_SQL, {"commune": commune, "period": period, "form": form, "state": state, "prefix": prefix, "limit": limit}
        ).fetchall()


def resolve(settings: Settings, identifier: str) -> Listed:
    """The submission that an id, or the first characters of one, means. Raises CommandError."""
    if len(identifier) < 8:
        raise CommandError("Give at least the first 8 characters of the submission id.")
    found = find(settings, prefix=identifier.lower(), limit=2)
    if len(found) != 1:
        raise CommandError(
            f"{'No' if not found else 'More than one'} submission starts with '{identifier}'. See 'warehouse submission list'."
        )
    return found[0]


def show(settings: Settings, identifier: str) -> Details:
    """Facts, history and findings of one submission."""
    listed = resolve(settings, identifier)
    with connect(settings) as conn:
        sha = conn.execute("select sha256 from intake.submission where submission_id = %s", (listed.submission_id,)).fetchone()
        assert sha is not None
        events = conn.execute(
            "select event_type, recorded_at, actor, coalesce(payload ->> 'reason', '') from audit.submission_event "
            "where submission_id = %s order by event_id",
            (listed.submission_id,),
        ).fetchall()
        findings = _findings(conn, listed.submission_id)
    return Details(
        facts=[
            ("id", str(listed.submission_id)),
            ("file", f"{listed.file_name}  sha256 {sha[0]}"),
            ("commune", f"{listed.commune_code} {listed.commune_name}"),
            ("form, period, version", f"{listed.form_code}  {listed.period_key}  v{listed.version}  {listed.result_stage}"),
            ("state", listed.state),
        ],
        events=[(kind, f"{at:%Y-%m-%d %H:%M:%S}Z", actor, note) for kind, at, actor, note in events],
        findings=findings,
    )


def diff(settings: Settings, old: str, new: str) -> list[RowChange]:
    """What one version of a return says otherwise than another. Raises CommandError where they are not versions of one return."""
    ids = [resolve(settings, identifier).submission_id for identifier in (old, new)]
    with connect(settings) as conn:
        try:
            return compare(conn, *ids)
        except NotVersions as error:
            raise CommandError(f"These are not versions of one return: {error}") from None


def _findings(conn: Connection, submission_id: UUID) -> list[tuple[str, str, str, str, str]]:
    rows = conn.execute(
        """
        select f.rule_code, f.severity, count(*)::text, coalesce(max(r.rows_tested)::text, ''), coalesce(f.waiver_id::text, '')
        from audit.failing_row as f
        left join audit.validation_result as r using (run_id, submission_id, rule_code)
        where f.submission_id = %s
            and (f.origin = 'reader' or f.run_id = (
                select run_id from audit.validation_batch inner join audit.run using (run_id)
                where submission_id = f.submission_id order by started_at desc limit 1
            ))
        group by f.rule_code, f.severity, f.waiver_id
        order by case f.severity when 'error' then 0 when 'warning' then 1 else 2 end, f.rule_code
        """,
        (submission_id,),
    ).fetchall()
    return [(str(a), str(b), str(c), str(d), str(e)) for a, b, c, d, e in rows]


def withdraw(settings: Settings, run: Run, identifier: str, *, reason: str, actor: str) -> UUID:
    """Append a `withdrawn` event to an accepted submission. Raises CommandError for any other state."""
    listed = resolve(settings, identifier)
    if listed.state != "accepted":
        raise CommandError(f"Only an accepted submission can be withdrawn; this one is {listed.state}.")
    if not reason.strip():
        raise CommandError("A withdrawal needs its reason.")
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        event = Event("withdrawn", run.now, actor, submission_id=listed.submission_id, payload={"reason": reason.strip()})
        append_events(conn, run.run_id, run.now, [event])
    return listed.submission_id


def resubmit(settings: Settings, run: Run, identifier: str) -> UUID:
    """Read the submission's bytes from the archive again as a new version. Refused while they are in force or pending."""
    from ingestion.collect import resubmit as read_again

    listed = resolve(settings, identifier)
    if listed.state in ("received", "validated", "held", "accepted"):
        raise CommandError(f"Its bytes are {'in force' if listed.state == 'accepted' else 'pending'}: there is nothing to take in again.")
    submission_id: UUID = read_again(settings, run, listed.submission_id)
    return submission_id
