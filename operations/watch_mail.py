"""The mail that tells what has changed: plain text in two parts, Vietnamese first. No person, file or address is named in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from operations.status_findings import Reason, show_moment
from operations.watch_alarms import Alarm, Changes, load_file
from warehouse.clock import LOCAL

Language = Literal["vi", "en"]


def compose(
    changes: Changes, *, moment: datetime, standing: int, sender: str, recipient: str, message_id: str, synthetic: bool
) -> EmailMessage:
    """The mail of one recipient. ``standing``: how many alarms stand beside those that are new or worse."""
    message = EmailMessage()
    message["Subject"] = _subject(changes, synthetic)
    message["From"] = sender
    message["To"] = recipient
    message["Date"] = format_datetime(moment.astimezone(LOCAL))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.make_mixed()
    languages: tuple[Language, ...] = ("vi", "en")
    for language in languages:
        # base64: a server need not know 8BITMIME, and lines may be long.
        message.add_attachment(
            _text(changes, moment, standing, language), charset="utf-8", cte="base64", disposition="inline",
            headers=[f"Content-Language: {language}"],
        )  # fmt: skip
    return message


def message_id(mark: str, recipient_key: str, told_look: int, changes: Changes, sender: str) -> str:
    """The same for the same news: where a crash lets a mail go out twice, the mail server or the reader's program may see it."""
    news = [mark, recipient_key, told_look]
    news += [(alarm.key, alarm.rank) for alarm in changes.begun] + ["/"] + [alarm.key for alarm in changes.ended]
    return f"<alarm-{hashlib.sha256(repr(news).encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"


def _subject(changes: Changes, synthetic: bool) -> str:
    words, counts = load_file().mail, {"begun": len(changes.begun), "ended": len(changes.ended)}
    marks = [f"({words['synthetic'].vi} · {words['synthetic'].en})"] if synthetic else []
    return " ".join([*marks, f"{words['subject'].vi.format(**counts)} · {words['subject'].en.format(**counts)}"])


def _text(changes: Changes, moment: datetime, standing: int, language: Language) -> str:
    def say(reason: Reason, **values: object) -> str:
        text: str = getattr(reason, language)
        return text.format(**values)

    def block(key: str, alarms: Sequence[Alarm]) -> str:
        lines = [say(words[key], count=len(alarms))]
        lines += [f"- [{say(levels[one.level])}] {one.code}\n  {getattr(one, language)}" for one in alarms]
        return "\n".join(lines)

    words, levels = load_file().mail, load_file().levels
    blocks = [say(words["opening"], moment=show_moment(moment))]
    blocks += [block(key, alarms) for key, alarms in (("begun", changes.begun), ("ended", changes.ended)) if alarms]
    if standing:
        blocks.append(say(words["standing"], count=standing))
    return "\n\n".join([*blocks, say(words["closing"])]) + "\n"
