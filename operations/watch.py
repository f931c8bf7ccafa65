"""The watch over deadlines and nights: what stands, what is new, what has ended; kept in `audit`, told in the log and by mail.

The Airflow DAG `watch_deadlines` and `warehouse watch` call `watch`. It takes no writer's lock: a night that hangs holds that,
and is what must be told. A lock of its own keeps two watches from telling the same.

A mail goes out on a change only, against what its recipient was last told. It is sent first and kept as sent after: a crash
between the two sends it again at the next look, under the same Message-ID (at least once, never lost).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from operations import watch_store as store
from operations.mail import send
from operations.status import collect
from operations.status_facts import Facts
from operations.status_findings import finding, judge, load_limits
from operations.watch_alarms import Alarm, Changes, alarms_of, changes, load_file
from operations.watch_mail import compose, message_id
from warehouse import clock
from warehouse.database import Connection, DatabaseError, connect
from warehouse.runs import WriterBusy
from warehouse.settings import Settings, get_settings

WATCH_LOCK = 7_310_003


@dataclass(frozen=True)
class Story:
    """What one look saw and told. ``begun`` and ``ended`` are against the look before; ``failures`` are codes of watch.yaml, one a mail."""

    look_id: int
    standing: tuple[Alarm, ...]
    changes: Changes
    is_mail_configured: bool
    sent: int
    failures: tuple[str, ...]

    @property
    def is_told(self) -> bool:
        """False where a mail that was due could not be sent."""
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        """Counts, JSON-able."""
        return {
            "look_id": self.look_id, "standing": len(self.standing), "begun": len(self.changes.begun), "ended": len(self.changes.ended),
            "mails_sent": self.sent, "mails_failed": len(self.failures),
        }  # fmt: skip


def watch(settings: Settings | None = None, *, now: str | None = None, airflow_run_id: str | None = None) -> Story:
    """Look once, keep what was seen, and mail what each recipient does not know yet.

    ``now`` is taken only in a synthetic warehouse. Raises DatabaseError (the warehouse cannot be read; the message says why),
    WriterBusy (another watch), ClockError. A mail that could not be sent raises nothing: the story says it, and the next look
    tries again.
    """
    settings = settings or get_settings()
    moment = clock.parse_now(now) if now else None
    limits, problem = load_limits(settings.home)
    with _only_watch(settings) as conn:
        facts = collect(settings, limits, moment)
        findings = judge(facts, limits)
        if not facts.is_read:
            raise DatabaseError("\n".join(f"{one.vi}\n{one.en}" for one in findings))
        findings += (finding("LIMITS-WRONG", problem=problem),) if problem else ()
        deadlines = store.deadlines(conn, facts.checked_at, limits)
        standing = alarms_of(findings, deadlines, clock.local_date(facts.checked_at), limits)
        look_id = store.keep_look(conn, facts.checked_at, standing, airflow_run_id)
        since = changes(store.seen_by(conn, look_id - 1), standing)
        outcomes = tuple(_tell(settings, conn, facts, look_id, standing)) if settings.smtp_host else ()
    failures = tuple(outcome for outcome in outcomes if outcome)
    return Story(look_id, standing, since, bool(settings.smtp_host), len(outcomes) - len(failures), failures)


@contextmanager
def _only_watch(settings: Settings) -> Iterator[Connection]:
    """A connection in which each statement is a transaction of its own, with the watch's lock. Raises WriterBusy."""
    with connect(settings, kind="watch", autocommit=True) as conn:
        row = conn.execute("select pg_try_advisory_lock(%s)", (WATCH_LOCK,)).fetchone()
        if not row or not row[0]:
            raise WriterBusy("Another 'warehouse watch' is at work. Try again when it has ended.")
        yield conn


def _tell(settings: Settings, conn: Connection, facts: Facts, look_id: int, standing: tuple[Alarm, ...]) -> Iterator[str | None]:
    """Mail each recipient what it does not know; gives None for each mail sent, the reason's code for each that was not."""
    assert settings.mail_from is not None
    mark, now = store.warehouse_mark(conn), facts.checked_at
    letters = []
    for address in settings.mail_to:
        recipient = store.recipient_key(address)
        told_look = store.told_look(conn, recipient)
        if news := changes(store.seen_by(conn, told_look), standing):
            identity = message_id(mark, recipient, told_look, news, settings.mail_from)
            message = compose(
                news, moment=now, standing=len(standing) - len(news.begun), sender=settings.mail_from, recipient=address,
                message_id=identity, synthetic=facts.database.kind == "synthetic",
            )  # fmt: skip
            letters.append((recipient, news, identity, message))
    if not letters:
        return
    outcomes = send(settings, [message for *_, message in letters])
    for (recipient, news, identity, _), outcome in zip(letters, outcomes, strict=True):
        store.keep_mail(conn, look_id, recipient, now, identity, news, outcome)
        yield outcome


def lines(story: Story) -> list[str]:
    """The story as an operator reads it, on the screen and in the log: a line an alarm in each language."""
    told = load_file()
    new = {alarm.key for alarm in story.changes.begun}
    said = []
    for alarm in story.standing:
        mark_vi, mark_en = (f", {told.words['new'].vi}", f", {told.words['new'].en}") if alarm.key in new else ("", "")
        level = told.levels[alarm.level]
        said += [f"[{level.vi}{mark_vi}] {alarm.code}: {alarm.vi}", f"[{level.en}{mark_en}] {alarm.code}: {alarm.en}"]
    ended = told.words["ended"]
    for alarm in story.changes.ended:
        said += [f"[{ended.vi}] {alarm.code}: {alarm.vi}", f"[{ended.en}] {alarm.code}: {alarm.en}"]
    if not said:
        said = [told.words["none"].vi, told.words["none"].en]
    return said + mail_lines(story)


def mail_lines(story: Story) -> list[str]:
    """What became of the mails."""
    words, failures = load_file().words, load_file().failures
    if not story.is_mail_configured:
        return [words["mail_not_configured"].vi, words["mail_not_configured"].en]
    said = []
    if story.sent:
        said += [words["mail_sent"].vi.format(sent=story.sent), words["mail_sent"].en.format(sent=story.sent)]
    for code in dict.fromkeys(story.failures):
        values = {"failed": story.failures.count(code)}
        said += [
            words["mail_failed"].vi.format(reason=failures[code].vi, **values),
            words["mail_failed"].en.format(reason=failures[code].en, **values),
        ]
    return said or [words["mail_unchanged"].vi, words["mail_unchanged"].en]
