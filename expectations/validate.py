"""Validate: every pending submission against the rules in force for its period; accepted or returned.

Rounds go by period end, then by version in the order of receipt: a list is judged after the list of the year before and those of its
year's months, and what is compared with lists after all of them. A round is frozen first, then judged, then written in one transaction;
cut off anywhere, the next night judges it again. What was compared with a list that has changed since, or came before an earlier
quarter that it is compared with, is judged again too; it stays accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from expectations.catalogue import Rule, load_rules, rule_set_version, rule_versions, sync_rules
from expectations.findings import use_round, write_findings, write_results
from expectations.part import ACCEPTED, Part
from expectations.runner import ValidationFailed, run_rules
from expectations.waivers import RETURNED_BEFORE_A_WAIVER
from ingestion.contracts import all_forms
from warehouse.database import Connection, connect
from warehouse.events import Event, append_events
from warehouse.reference_data import reference_version
from warehouse.runs import Run
from warehouse.settings import Settings

Progress = Callable[[int, int], None]

ROUNDS = """
    select array_agg(p.submission_id order by p.submission_id), p.period_end_date, p.period_type, p.form_code
    from (
        select
            s.submission_id, s.form_code, s.period_type, s.period_start_date, s.period_end_date,
            row_number() over (partition by s.form_code, s.commune_code, s.period_key order by s.version) as nth
        from intake.submission as s
        where s.submission_id in ({wanted})
    ) as p
    group by p.period_end_date, p.period_start_date, p.period_type, p.nth, p.form_code
    order by p.form_code = any(%(comparing)s), p.period_end_date, p.period_start_date desc, p.nth, p.form_code
"""
COMPARABLE = """
    select submission_id, compared_id from intake.comparable
    where (form_code, compared_form_code) in (select * from unnest(%(forms)s::text[], %(compared_forms)s::text[]))
"""
"""(return, list in force that its rules read), of every return on file: forms pair by pair."""

OUTDATED = f"""
    with judged as (
        select distinct on (b.submission_id) b.submission_id, b.run_id, v.recorded_at
        from audit.validation_batch as b
        inner join audit.validation_run as v using (run_id, round)
        order by b.submission_id, v.recorded_at desc, v.round desc
    ),
    present as ({COMPARABLE}),
    compared as (
        select j.submission_id, c.compared_id
        from judged as j
        inner join audit.validation_compared as c using (run_id, submission_id)
    ),
    changed as (
        (select submission_id, compared_id from present except select submission_id, compared_id from compared)
        union
        (select submission_id, compared_id from compared except select submission_id, compared_id from present)
    ),
    in_force as (
        select s.*, f.accepted_at from audit.submission_in_force as f inner join intake.submission as s using (submission_id)
    ),
    overtaken as (
        select s.submission_id
        from in_force as s
        inner join judged as j using (submission_id)
        inner join in_force as o using (form_code, commune_code, commune_footprint_from)
        where
            s.form_code = any(%(own_form)s) and j.recorded_at < o.accepted_at and o.period_end_date < s.period_end_date
            and o.period_end_date >= date_trunc('year', s.period_end_date) - interval '1 year'
    )
    select f.submission_id
    from audit.submission_in_force as f
    inner join judged as j using (submission_id)
    where
        j.run_id <> %(this_run)s
        and f.submission_id in (select c.submission_id from changed as c union all select o.submission_id from overtaken as o)
"""
"""What is in force and was last compared with other versions than those now in force, or with less: an earlier quarter (of the year,
or the year before) came after it."""

PENDING = f"select a.submission_id from audit.submission as a where a.state = 'received' union ({RETURNED_BEFORE_A_WAIVER})"
"""What waits to be accepted or returned: what came, and what was returned before a waiver for it."""

ANALYZED = (
    "audit.validation_batch",
    "audit.validation_compared",
    "audit.submission_event",
    "audit.column_map (submission_id)",
    "intake.submission",
    "intake.household_list (submission_id, household_code, closing_class)",
    "intake.member_list (submission_id, household_code)",
    "intake.credit_need (submission_id, household_code)",
    "intake.training_need (submission_id, household_code)",
)
"""What the rules join by: rows that came minutes ago are unknown to the planner."""


@dataclass(frozen=True)
class Round:
    """Submissions of one form and period judged together, one a commune."""

    number: int
    submissions: tuple[UUID, ...]
    period_end: date
    period_type: str
    form_code: str


def validate_pending(settings: Settings, run: Run, on_progress: Progress | None = None) -> dict[str, int]:
    """Judge what is pending, and again what was compared with a list that has changed since.

    Returns accepted, returned, superseded, renewed (judged again), rounds, failing_rows. Raises ValidationFailed.
    """
    totals = _validate(settings, run, "accept", PENDING, on_progress, now=run.now)
    again = _validate(settings, run, "recheck", OUTDATED, on_progress, this_run=run.run_id)
    return {name: count + again[name] for name, count in totals.items()}


def recheck(settings: Settings, run: Run, on_progress: Progress | None = None, part: Part | None = None) -> dict[str, int]:
    """Judge what is accepted by today's rules, in a validation run of its own: it accepts and returns nothing."""
    return _validate(settings, run, "recheck", ACCEPTED, on_progress, **(part or Part()).values(run))


def _validate(settings: Settings, run: Run, kind: str, wanted: str, on_progress: Progress | None, **values: Any) -> dict[str, int]:
    totals = {"accepted": 0, "returned": 0, "superseded": 0, "renewed": 0, "rounds": 0, "failing_rows": 0}
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        sync_rules(conn, run.now)
        conn.commit()
        rounds = _plan(conn, run, wanted, values)
        for done, item in enumerate(rounds, start=1):
            for name, count in _judge(settings, conn, run, item, kind).items():
                totals[name] += count
            totals["rounds"] += 1
            if on_progress is not None:
                on_progress(done, len(rounds))
    return totals


def _plan(conn: Connection, run: Run, wanted: str, values: dict[str, Any]) -> list[Round]:
    """The rounds of tonight over the submissions that the query ``wanted`` names, numbered on from those before in this run."""
    row = conn.execute("select coalesce(max(round), 0) from audit.validation_run where run_id = %s", (run.run_id,)).fetchone()
    first = int(row[0]) + 1 if row else 1
    found = conn.execute(ROUNDS.format(wanted=wanted), {**_compared_forms(), **values}).fetchall()
    return [Round(number, tuple(ids), *period) for number, (ids, *period) in enumerate(found, start=first)]


def _compared_forms() -> dict[str, list[str]]:
    """From the contracts: the forms that are compared with others, pair by pair with which, and those compared with their own."""
    pairs = [(form.code, other) for form in all_forms() for other in form.compares_with]
    forms = [form for form, _ in pairs]
    own = [form for form, other in pairs if form == other]
    return {"comparing": sorted(set(forms)), "forms": forms, "compared_forms": [other for _, other in pairs], "own_form": own}


def rules_for(form_code: str, period_type: str, period_end: date) -> list[Rule]:
    """The rules in force for a form and period."""
    return [rule for rule in load_rules() if rule.tests(form_code, period_type, period_end)]


def _judge(settings: Settings, conn: Connection, run: Run, item: Round, kind: str) -> dict[str, int]:
    started = time.monotonic()
    rules = rules_for(item.form_code, item.period_type, item.period_end)
    _freeze(conn, run, item)
    with ThreadPoolExecutor(1) as beside:  # two sessions over the same frozen round: neither sees what the other does
        counting = beside.submit(run_rules, settings, run.run_id, item.number, rules)
        use_round(conn, run.run_id, item.number)
        # A column expectation and our own query are two readings of one rule. Any other rule is one query: where Great Expectations
        # finds that no row comes of it, there is nothing to list.
        written = write_findings(conn, run.run_id, [rule for rule in rules if rule.between is not None])
        counted = counting.result()
    listed = [rule for rule in rules if rule.between is None and counted[rule.code]]
    written |= write_findings(conn, run.run_id, listed)
    written = {rule.code: written.get(rule.code, 0) for rule in rules}
    if different := {code: (counted[code], rows) for code, rows in written.items() if counted[code] != rows}:
        conn.rollback()
        raise ValidationFailed(f"Great Expectations and the rules' own queries disagree (rule: GX, own): {different}")
    write_results(conn, run.run_id, rules, rule_versions(conn))
    _record(conn, run, item, kind, time.monotonic() - started)
    outcome, events = _decide(conn, run, item) if kind == "accept" else ({"renewed": len(item.submissions)}, [])
    append_events(conn, run.run_id, run.now, [*events, _round_event(conn, run, item, kind)])
    conn.commit()
    return {**outcome, "failing_rows": sum(written.values())}


def _freeze(conn: Connection, run: Run, item: Round) -> None:
    """Write down which submissions the round judges and what they are compared with, before anything is judged."""
    conn.execute("delete from audit.validation_batch where run_id = %s and round = %s", (run.run_id, item.number))
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into audit.validation_batch (run_id, submission_id, round, judged_at) values (%s, %s, %s, %s) "
            "on conflict (run_id, submission_id) do update set round = excluded.round, judged_at = excluded.judged_at",
            [(run.run_id, submission, item.number, run.now) for submission in item.submissions],
        )
    judged = list(item.submissions)
    conn.execute("delete from audit.validation_compared where run_id = %s and submission_id = any(%s)", (run.run_id, judged))
    conn.execute(
        "insert into audit.validation_compared (run_id, submission_id, compared_id) "
        f"select %(run)s, submission_id, compared_id from ({COMPARABLE}) as c where submission_id = any(%(judged)s)",
        {"run": run.run_id, "judged": judged, **_compared_forms()},
    )
    conn.commit()
    for table in ANALYZED:
        conn.execute(f"analyze {table}")
    conn.commit()


def _record(conn: Connection, run: Run, item: Round, kind: str, seconds: float) -> None:
    import great_expectations

    conn.execute(
        """
        insert into audit.validation_run (
            run_id, round, kind, rule_set_version, reference_version, gx_version, submissions, seconds, recorded_at
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            run.run_id, item.number, kind, rule_set_version(), reference_version(conn), great_expectations.__version__,
            len(item.submissions), round(seconds, 3), run.now,
        ),
    )  # fmt: skip


def _round_event(conn: Connection, run: Run, item: Round, kind: str) -> Event:
    """The round itself, with the digest of every failing row it wrote."""
    row = conn.execute("select row_count, digest from audit.findings_digest(%s, 'rule', null, %s)", (run.run_id, item.number)).fetchone()
    assert row is not None
    findings = {"count": row[0], "sha256": row[1]}
    return Event("round", run.now, "rules", payload={"round": item.number, "kind": kind, "findings": findings})


def _decide(conn: Connection, run: Run, item: Round) -> tuple[dict[str, int], list[Event]]:
    """Accept what has no error (of the reader, or of a rule that is not waived) and return the rest; the accepted one supersedes
    the one before."""
    bad = {
        row[0]
        for row in conn.execute(
            "select distinct submission_id from audit.failing_row where submission_id = any(%s) and severity = 'error' "
            "and waiver_id is null and (origin = 'reader' or run_id = %s)",
            (list(item.submissions), run.run_id),
        )
    }
    replaced: dict[UUID, list[UUID]] = dict(
        conn.execute(
            """
            select n.submission_id, array_agg(o.submission_id order by o.version)
            from intake.submission as n
            inner join audit.submission as o using (form_code, commune_code, period_key)
            where n.submission_id = any(%s) and o.state = 'accepted' and o.submission_id <> n.submission_id
            group by n.submission_id
            """,
            (list(item.submissions),),
        ).fetchall()
    )
    known = {
        row[0]: row[1]
        for row in conn.execute(
            "select submission_id, sha256 from intake.submission where submission_id = any(%s)", (list(item.submissions),)
        )
    }
    events: list[Event] = []
    superseded = 0
    for submission in item.submissions:
        payload: dict[str, Any] = {"round": item.number}
        events.append(Event("validated", run.now, "rules", submission, known[submission], payload))
        if submission in bad:
            events.append(Event("returned", run.now, "rules", submission, known[submission], payload))
            continue
        events.append(Event("accepted", run.now, "rules", submission, known[submission], payload))
        for old in replaced.get(submission, []):
            events.append(Event("superseded", run.now, "rules", old, None, {"by": str(submission)}))
            superseded += 1
    return {"accepted": len(item.submissions) - len(bad), "returned": len(bad), "superseded": superseded}, events


__all__: Sequence[str] = ("Round", "ValidationFailed", "recheck", "rules_for", "validate_pending")
