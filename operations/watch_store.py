"""What the watch reads from and keeps in the database: deadlines, looks, and who was told what."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

from psycopg.types.json import Jsonb

from operations.status_findings import Limits
from operations.watch_alarms import Alarm, Changes, Deadline, Key
from warehouse.clock import local_date
from warehouse.database import Connection
from warehouse.runs import code_version


def deadlines(conn: Connection, now: datetime, limits: Limits) -> tuple[Deadline, ...]:
    """Forms and periods due within the days of the limits, or before, of which returns are missing; as published."""
    rows = conn.execute(
        """
        select
            c.form_code, c.period_key, c.due_date, count(*),
            array_agg(a.area_code order by a.area_code) filter (where c.state <> 'accepted'),
            array_agg(a.area_name order by a.area_code) filter (where c.state <> 'accepted')
        from marts.submission_compliance as c
        inner join marts.dim_area as a on c.area_key = a.area_key
        where c.due_date <= %s and not c.is_optional
        group by c.form_code, c.period_key, c.due_date
        having count(*) filter (where c.state <> 'accepted') > 0
        order by c.due_date, c.form_code, c.period_key
        """,
        (local_date(now) + timedelta(days=max(limits.soon_days, default=0)),),
    ).fetchall()
    return tuple(Deadline(form, period, due, expected, tuple(codes), tuple(names)) for form, period, due, expected, codes, names in rows)


def keep_look(conn: Connection, now: datetime, alarms: tuple[Alarm, ...], airflow_run_id: str | None) -> int:
    """Write one look, its run and the alarms it saw, in one transaction. Returns the look's number."""
    run_id = uuid4()
    with conn.transaction():
        # The run is written when it is over: an open one would be taken for killed by the next command that writes.
        conn.execute(
            "insert into audit.run (run_id, kind, started_at, ended_at, outcome, code_version, airflow_run_id)"
            " values (%s, 'watch', %s, %s, 'success', %s, %s)",
            (run_id, now, now, code_version(), airflow_run_id),
        )
        row = conn.execute(
            "insert into audit.watch (look_id, run_id, looked_at) select coalesce(max(look_id), 0) + 1, %s, %s from audit.watch"
            " returning look_id",
            (run_id, now),
        ).fetchone()
        assert row is not None
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into audit.alarm_seen (look_id, alarm_code, form_code, period_key, level, params, text_vi, text_en)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [(row[0], *alarm.key, alarm.level, Jsonb(alarm.params), alarm.vi, alarm.en) for alarm in alarms],
            )
    return int(row[0])


def seen_by(conn: Connection, look_id: int) -> dict[Key, Alarm]:
    """The alarms of a look; none for look 0, which never was."""
    rows = conn.execute(
        "select alarm_code, level, text_vi, text_en, form_code, period_key, params from audit.alarm_seen where look_id = %s"
        " order by alarm_code, form_code, period_key",
        (look_id,),
    )
    return {alarm.key: alarm for alarm in (Alarm(*row) for row in rows)}


def recipient_key(address: str) -> str:
    """How audit names an address: it may hold a person's name, so its digest stands for it."""
    return hashlib.sha256(address.lower().encode()).hexdigest()[:16]


def told_look(conn: Connection, recipient: str) -> int:
    """The look that a recipient was last told, by its key; 0 where it was told none."""
    row = conn.execute("select max(look_id) from audit.alarm_mail where recipient = %s and outcome = 'sent'", (recipient,)).fetchone()
    return int(row[0] or 0) if row else 0


def warehouse_mark(conn: Connection) -> str:
    """Tells the mails of this warehouse from those of another: the run of its first look."""
    row = conn.execute("select run_id from audit.watch where look_id = 1").fetchone()
    assert row is not None
    return str(row[0])


def keep_mail(
    conn: Connection, look_id: int, recipient: str, now: datetime, message_id: str, told: Changes, reason_code: str | None
) -> None:
    """Write one mail tried, at once: what is not written is sent again. ``reason_code`` is None where it was sent."""
    conn.execute(
        """
        insert into audit.alarm_mail (mail_id, look_id, recipient, outcome, reason_code, begun, ended, message_id, recorded_at)
        select coalesce(max(mail_id), 0) + 1, %s, %s, %s, %s, %s, %s, %s, %s from audit.alarm_mail
        """,
        (look_id, recipient, "failed" if reason_code else "sent", reason_code, len(told.begun), len(told.ended), message_id, now),
    )
