"""Waivers in a night: which returned submissions one takes up again, and which waivers no longer hold."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from warehouse.database import Connection, connect
from warehouse.events import Event, append_events
from warehouse.runs import Run
from warehouse.settings import Settings

RETURNED_BEFORE_A_WAIVER = """
    select v.submission_id
    from audit.waiver as w
    inner join audit.submission as v using (form_code, commune_code, period_key)
    where
        v.state = 'returned' and w.recorded_at <= %(now)s and %(now)s < w.lapses_at
        and w.waiver_id > (
            select max(e.event_id) from audit.submission_event as e where e.submission_id = v.submission_id and e.event_type = 'validated'
        )
        and exists (
            select 1 from audit.failing_row as f
            where f.submission_id = v.submission_id and f.origin = 'rule' and f.severity = 'error' and f.rule_code = w.rule_code
        )
        and not exists (
            select 1 from intake.submission as n
            where (n.form_code, n.commune_code, n.period_key) = (v.form_code, v.commune_code, v.period_key) and n.version > v.version
        )
"""
"""Submissions that are judged again at ``now``, once a waiver: returned, for a rule that was waived after they were judged, and no
version came after them. What was returned while it was read was never judged: a waiver does not reach it."""


def judged_again(conn: Connection, now: datetime) -> list[UUID]:
    """Submissions that the next night takes up again for a waiver."""
    return [row[0] for row in conn.execute(RETURNED_BEFORE_A_WAIVER, {"now": now})]


def note_lapsed(settings: Settings, run: Run) -> int:
    """Append `waiver_lapsed` for each waiver that no longer holds and of which no night has told: it is told once. Returns how many."""
    with connect(settings, run_id=run.run_id, kind=run.kind) as conn:
        lapsed = conn.execute(
            """
            select w.waiver_id, w.lapses_at, case when w.lapses_at = w.ended_at then 'ended' else 'expired' end
            from audit.waiver as w
            where w.lapses_at <= %s and not exists (
                select 1 from audit.submission_event as e
                where e.event_type = 'waiver_lapsed' and (e.payload ->> 'waiver_id')::bigint = w.waiver_id
            )
            order by w.waiver_id
            """,
            (run.now,),
        ).fetchall()
        events = [Event("waiver_lapsed", at, "warehouse", payload={"waiver_id": number, "how": how}) for number, at, how in lapsed]
        return len(append_events(conn, run.run_id, run.now, events))
