"""Waivers: record one, end one, list them. Each is one event of the chain; what cannot hold is refused in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import yaml
from psycopg.rows import class_row

from expectations.catalogue import Rule, load_rules
from expectations.waivers import judged_again
from ingestion.contracts import Form, all_forms
from ingestion.findings import finding_types
from ingestion.load import communes
from ingestion.periods import Period, period_of
from operations.console import CommandError
from warehouse.clock import local_date
from warehouse.database import Connection, connect
from warehouse.events import Event, append_events
from warehouse.runs import Run
from warehouse.settings import Settings

SENTENCES = Path(__file__).parent / "waivers.yaml"
LETS_IN = "BTW-11"
"""The rule whose waiver lets in the return of a commune that is not in force at the period's end."""
EXAMPLES = {"year": "2023", "half_year": "2023-H1", "quarter": "2023-Q3", "month": "2023-11"}


class WaiverRefused(CommandError):
    """A waiver that may not be; ``code`` names the sentence (waivers.yaml, refusals)."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(sentence("refusals", code, **values))
        self.code = code


@dataclass(frozen=True)
class Wanted:
    """A waiver as it is asked for; ``expires_on`` is its last day in force."""

    rule_code: str
    form_code: str
    commune_code: str
    period_key: str
    approver_name: str
    approver_title: str
    reason: str
    expires_on: date


@dataclass(frozen=True)
class Waiver:
    """A recorded waiver. ``state``: in_force, expired, ended."""

    waiver_id: int
    rule_code: str
    form_code: str
    commune_code: str
    period_key: str
    approver_name: str
    approver_title: str
    reason: str
    expires_on: date
    recorded_by: str
    recorded_at: datetime
    ended_at: datetime | None
    state: str


@dataclass(frozen=True)
class Added:
    """What came of `add`: the waiver's number, and the returned version that the next night judges again."""

    waiver_id: int
    judged_again: UUID | None = None
    version: int | None = None


@cache
def _sentences() -> dict[str, dict[str, dict[str, str]]]:
    loaded: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    return loaded


def sentence(kind: str, code: str, **values: object) -> str:
    """`Vietnamese · English` of refusals, said or states, with the values filled in."""
    text = _sentences()[kind][code]
    return f"{text['vi']} · {text['en']}".format(**values)


def add(settings: Settings, run: Run, wanted: Wanted, *, actor: str) -> Added:
    """Append `waiver_added`. Call it under the writer's lock. Raises WaiverRefused."""
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        _check(conn, run.now, wanted)
        payload = {
            "rule_code": wanted.rule_code, "form_code": wanted.form_code, "commune_code": wanted.commune_code,
            "period_key": wanted.period_key, "approver_name": wanted.approver_name.strip(),
            "approver_title": wanted.approver_title.strip(), "reason": wanted.reason.strip(), "expires_on": str(wanted.expires_on),
        }  # fmt: skip
        (waiver_id,) = append_events(conn, run.run_id, run.now, [Event("waiver_added", run.now, actor, payload=payload)])
        again = conn.execute(
            "select submission_id, version from intake.submission where submission_id = any(%s) "
            "and (form_code, commune_code, period_key) = (%s, %s, %s)",
            (judged_again(conn, run.now), wanted.form_code, wanted.commune_code, wanted.period_key),
        ).fetchone()
    return Added(waiver_id, *(again or ()))


def end(settings: Settings, run: Run, waiver_id: int, *, reason: str, actor: str) -> None:
    """Append `waiver_ended`. Call it under the writer's lock. Raises WaiverRefused."""
    if not reason.strip():
        raise WaiverRefused("no_reason")
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        found = _read(conn, run.now, "waiver_id = %(waiver)s", {"waiver": waiver_id})
        if not found:
            raise WaiverRefused("unknown_waiver", waiver_id=waiver_id)
        (waiver,) = found
        if waiver.ended_at is not None:
            raise WaiverRefused("already_ended", waiver_id=waiver_id, date=_day(local_date(waiver.ended_at)))
        if waiver.state == "expired":
            raise WaiverRefused("already_expired", waiver_id=waiver_id, date=_day(waiver.expires_on))
        payload = {"waiver_id": waiver_id, "reason": reason.strip()}
        append_events(conn, run.run_id, run.now, [Event("waiver_ended", run.now, actor, payload=payload)])


def find(settings: Settings, now: datetime, *, state: str | None = None) -> list[Waiver]:
    """Waivers with their state at ``now``, newest first."""
    with connect(settings) as conn:
        return [waiver for waiver in _read(conn, now) if state in (None, waiver.state)]


def _read(conn: Connection, now: datetime, where: str = "true", values: dict[str, object] | None = None) -> list[Waiver]:
    with conn.cursor(row_factory=class_row(Waiver)) as cursor:
        return cursor.execute(
            f"""
            select
                waiver_id, rule_code, form_code, commune_code, period_key, approver_name, approver_title, reason, expires_on, recorded_by,
                recorded_at, ended_at,
                case when %(now)s < lapses_at then 'in_force' when lapses_at = ended_at then 'ended' else 'expired' end as state
            from audit.waiver
            where {where}
            order by waiver_id desc
            """,
            {"now": now, **(values or {})},
        ).fetchall()


def _check(conn: Connection, now: datetime, wanted: Wanted) -> None:
    form = next((form for form in all_forms() if form.code == wanted.form_code), None)
    if form is None:
        raise WaiverRefused("unknown_form", form=wanted.form_code, forms=", ".join(form.code for form in all_forms()))
    period = _period(form, wanted.period_key)
    _rule(wanted, period)
    _commune(conn, wanted, period)
    if not wanted.reason.strip():
        raise WaiverRefused("no_reason")
    if not wanted.approver_name.strip() or not wanted.approver_title.strip():
        raise WaiverRefused("no_approver")
    if wanted.expires_on < local_date(now):
        raise WaiverRefused("past_expiry", expires=_day(wanted.expires_on), today=_day(local_date(now)))
    _approver(conn, wanted)
    same: dict[str, object] = {"rule": wanted.rule_code, "form": form.code, "commune": wanted.commune_code, "period": period.key}
    where = "(rule_code, form_code, commune_code, period_key) = (%(rule)s, %(form)s, %(commune)s, %(period)s)"
    for waiver in _read(conn, now, where, same):
        if waiver.state == "in_force":
            raise WaiverRefused("duplicate", waiver_id=waiver.waiver_id, rule=wanted.rule_code, expires=_day(waiver.expires_on))


def _period(form: Form, key: str) -> Period:
    period = period_of(form, key)
    if period is None:
        raise WaiverRefused(
            "unknown_period", form=form.code, period=key, cadence=", ".join(form.cadence), example=EXAMPLES[form.cadence[0]]
        )
    return period


def _rule(wanted: Wanted, period: Period) -> Rule:
    """The catalogue's rule. Refused: what a reader finds, another form's rule, one not in force, one that may not be waived."""
    code = wanted.rule_code
    if code in finding_types():
        raise WaiverRefused("reader_finding", rule=code)
    rule = next((rule for rule in load_rules() if rule.code == code), None)
    if rule is None:
        raise WaiverRefused("unknown_rule", rule=code)
    if rule.form not in (None, wanted.form_code):
        raise WaiverRefused("other_form", rule=code, of_form=rule.form, form=wanted.form_code)
    if not rule.waivable:
        raise WaiverRefused("not_waivable", rule=code)
    if not rule.tests(wanted.form_code, period.type, period.end):
        raise WaiverRefused("rule_not_in_force", rule=code, period=period.key)
    return rule


def _commune(conn: Connection, wanted: Wanted, period: Period) -> None:
    spans = communes(conn).get(wanted.commune_code)
    if spans is None:
        raise WaiverRefused("unknown_commune", commune=wanted.commune_code)
    in_force = any(start <= period.end and (end is None or period.end <= end) for start, end, _ in spans)
    if not in_force and wanted.rule_code != LETS_IN:
        raise WaiverRefused("commune_not_in_force", commune=wanted.commune_code, period=period.key)


def _approver(conn: Connection, wanted: Wanted) -> None:
    """Refused where the newest version on file was prepared by the approver. A version that comes later is looked at when it is judged."""
    row = conn.execute(
        """
        select
            s.version,
            intake.fold(c.prepared_by) = intake.fold(%(name)s)
            and coalesce(intake.fold(c.preparer_title), '') = intake.fold(%(title)s) as is_preparer
        from intake.submission as s
        inner join intake.cover as c using (submission_id)
        where (s.form_code, s.commune_code, s.period_key) = (%(form)s, %(commune)s, %(period)s)
        order by s.version desc
        limit 1
        """,
        {
            "name": wanted.approver_name, "title": wanted.approver_title, "form": wanted.form_code, "commune": wanted.commune_code,
            "period": wanted.period_key,
        },
    ).fetchone()  # fmt: skip
    if row is not None and row[1]:
        raise WaiverRefused("approver_is_preparer", version=row[0])


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
