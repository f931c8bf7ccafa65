"""Shows a status: as one JSON document for a monitor, or as tables for a person, Vietnamese first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from operations.status_facts import Facts, Night
from operations.status_findings import Finding, Status, show_bytes, show_day, show_moment, show_share
from warehouse.clock import LOCAL

FORMAT = 1
"""Version of the JSON document: raised where a key goes or changes its meaning; a new key does not raise it."""
WIDEST = 100
SHOWN = 5
HASH_SHOWN = 12

TITLES = {"ok": "TỐT · all well", "warning": "CẢNH BÁO · warning", "critical": "NGHIÊM TRỌNG · critical"}
COLOURS = {"ok": "green", "warning": "yellow", "critical": "red"}
OUTCOMES = {
    "success": "thành công · success",
    "nothing_new": "không có gì mới · nothing new",
    "failed": "không thành công · failed",
    "abandoned": "bị dừng · abandoned",
    None: "đang chạy · running",
}
STATES = {
    "ready": "sẵn sàng · ready",
    "down": "không kết nối được · not reachable",
    "not_migrated": "lược đồ cũ · migrations behind",
    "failed": "lỗi khi đọc · error while read",
    "unknown": "không rõ · unknown",
}
NOTHING_PUBLISHED = "chưa công bố gì · nothing published yet"
UNKNOWN = "không rõ · unknown"


def document(status: Status) -> dict[str, Any]:
    """The JSON document. Every key is always there; docs/operations.md says what each means."""
    facts = status.facts
    return {
        "format": FORMAT,
        "level": status.level,
        "exit_code": status.exit_code,
        "checked_at": _plain(facts.checked_at),
        "clock": facts.clock,
        "findings": [asdict(one) for one in status.findings],
        "database": _plain(asdict(facts.database)),
        "nights": _plain(facts.nights and asdict(facts.nights)),
        "publication": _plain(facts.publication and asdict(facts.publication)),
        "returns": _returns(facts),
        "unreadable": _plain(facts.unreadable and [asdict(one) for one in facts.unreadable]) if facts.is_read else None,
        "arrivals": _plain(facts.arrivals and asdict(facts.arrivals)),
        "chain": _plain(facts.chain and asdict(facts.chain)),
        "disk": None if facts.disk is None else {**asdict(facts.disk), "free_share": round(facts.disk.free_share, 4)},
        "versions": asdict(facts.versions),
    }


def _returns(facts: Facts) -> dict[str, Any]:
    state = "unknown" if not facts.is_read else "nothing_published_yet" if facts.returns is None else "published"
    periods = [
        {**_plain(asdict(one)), "outstanding": one.outstanding, "outstanding_share": round(one.outstanding_share, 4)}
        for one in facts.returns or ()
    ]
    return {"state": state, "periods": periods}


def _plain(value: Any) -> Any:
    """Moments as Viet Nam's clock shows them, with their zone; days as they are; the rest untouched."""
    if isinstance(value, datetime):
        return value.astimezone(LOCAL).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def render(status: Status, width: int) -> RenderableType:
    """For a person: the verdict, what to do, then the facts. At most 100 columns."""
    width = min(width, WIDEST)
    colour = COLOURS[status.level]
    verdict = Text(f"{TITLES[status.level]} · {show_moment(status.facts.checked_at)}", style=f"bold {colour}")
    parts: list[RenderableType] = [verdict]
    if status.findings:
        parts.append(_findings(status.findings, width))
    parts.append(_facts(status.facts, width))
    if status.facts.returns:
        parts.append(_periods(status.facts, width))
    return Group(*parts)


def _findings(findings: tuple[Finding, ...], width: int) -> Table:
    table = Table("Mã · code", "Việc cần làm · what to do", width=width, show_lines=True)
    table.columns[0].no_wrap = True
    for one in findings:
        table.add_row(Text(one.code, style=COLOURS[one.level]), Text(f"{one.vi}\n{one.en}"))
    return table


def _facts(facts: Facts, width: int) -> Table:
    table = Table(show_header=False, width=width)
    table.add_column(min_width=31)
    table.add_column(ratio=1)
    for label, told in (
        ("Cơ sở dữ liệu · database", _database), ("Đêm gần nhất · last night", _last_night), ("Đêm bị lỡ · nights missed", _missed),
        ("Công bố · publication", _publication), ("Báo cáo đến hạn · returns due", _due),
        ("Tệp không đọc được · unreadable", _unreadable), ("Tệp gần nhất · last file", _last_file),
        ("Chuỗi kiểm toán · audit chain", _chain), ("Đĩa · disk", _disk), ("Phiên bản · versions", _versions),
    ):  # fmt: skip
        table.add_row(Text(label), Text(told(facts)))
    return table


def _known(tell: Callable[[Facts], str]) -> Callable[[Facts], str]:
    """Facts of the database: unknown where it could not be read."""
    return lambda facts: tell(facts) if facts.is_read else UNKNOWN


def _database(facts: Facts) -> str:
    database = facts.database
    size = "" if database.size_bytes is None else f", {show_bytes(database.size_bytes)}"
    return STATES[database.state] + ("" if database.revision is None else f", {database.revision}") + size


@_known
def _last_night(facts: Facts) -> str:
    nights = facts.nights
    if nights is None or nights.last is None:
        return "chưa có · none yet"
    told = _night(nights.last)
    if nights.last_ended and nights.last_ended != nights.last:
        told += f"\ntrước đó · before: {_night(nights.last_ended)}"
    return told


def _night(night: Night) -> str:
    ended = "" if night.ended_at is None else f" – {show_moment(night.ended_at)}"
    lines = [
        f"{show_moment(night.started_at)}{ended}: {OUTCOMES[night.outcome if night.ended_at else None]}",
        f"tệp · files {night.files}, chấp nhận · accepted {night.accepted}, trả lại · returned {night.returned}",
    ]
    return "\n".join(lines + ([night.error] if night.error else []))


@_known
def _missed(facts: Facts) -> str:
    return _some([show_day(day) for day in facts.nights.missed]) if facts.nights and facts.nights.missed else "không · none"


@_known
def _publication(facts: Facts) -> str:
    shown = facts.publication
    if shown is None:
        return NOTHING_PUBLISHED
    lines = [f"{shown.publication_id}, {show_moment(shown.published_at)}; biết đến · knows until {show_moment(shown.knowledge_at)}"]
    if shown.is_pinned:
        lines.append("bị ghim sau khi quay lui · pinned by a rollback")
    if shown.waiting:
        lines.append(f"bản mới hơn đang chờ · a newer build waits: {shown.waiting.build_id[:8]} ({shown.waiting.state})")
    return "\n".join(lines)


@_known
def _due(facts: Facts) -> str:
    if facts.returns is None:
        return NOTHING_PUBLISHED
    if not facts.returns:
        return "chưa kỳ nào đến hạn · no period is due yet"
    owed, expected = sum(one.outstanding for one in facts.returns), sum(one.expected for one in facts.returns)
    return f"thiếu · outstanding {owed} / {expected}"


@_known
def _unreadable(facts: Facts) -> str:
    files = [
        f"{one.sha256[:HASH_SHOWN]} {one.reason_code or ''} {show_day(one.came_at.astimezone(LOCAL))}" for one in facts.unreadable or ()
    ]
    return _some(files, "\n") if files else "không · none"


@_known
def _last_file(facts: Facts) -> str:
    last = facts.arrivals and facts.arrivals.last_at
    if not last:
        return "chưa có · none yet"
    return f"{show_moment(last)}, {(facts.checked_at - last).days} ngày trước · days ago"


@_known
def _chain(facts: Facts) -> str:
    chain = facts.chain
    if chain is None or chain.event_id is None:
        return "chưa có sự kiện · no event yet"
    return f"{chain.event_id}, {(chain.hash or '')[:HASH_SHOWN]}"


def _disk(facts: Facts) -> str:
    disk = facts.disk
    if disk is None:
        return UNKNOWN
    free = f"còn trống · free {show_bytes(disk.free_bytes)} / {show_bytes(disk.total_bytes)} ({show_share(disk.free_share)})"
    return f"{free}\nkho lưu trữ · archive {show_bytes(disk.archive_bytes)}"


def _versions(facts: Facts) -> str:
    has = facts.versions
    return (
        f"{has.product or '?'} (mã · code {has.code}), PostgreSQL {has.postgresql or '?'}, "
        f"Airflow {has.airflow or '?'}, dbt {has.dbt or '?'}, Great Expectations {has.great_expectations or '?'}, Python {has.python}"
    )


def _some(items: list[str], between: str = ", ") -> str:
    """The first few, and how many more."""
    more = len(items) - SHOWN
    return between.join(items[:SHOWN]) + (f"{between}+{more}" if more > 0 else "")


def _periods(facts: Facts, width: int) -> Table:
    table = Table(
        "Biểu, kỳ\nform, period", "Phải nộp\nexpected", "Tiếp nhận\naccepted", "Sơ bộ\nprov.", "Trả lại\nreturned", "Thiếu\nmissing",
        "Muộn\nlate", width=width, box=SIMPLE_HEAD,
    )  # fmt: skip
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
    for one in facts.returns or ():
        counts = (one.expected, one.accepted, one.provisional, one.returned, one.missing, one.late)
        name = f"{one.form_code} {one.period_key}\nhạn · due {show_day(one.due_date)}"
        table.add_row(Text(name), *map(str, counts))
    return table
