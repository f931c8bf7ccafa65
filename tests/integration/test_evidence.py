"""`warehouse audit verify`: each kind of tampering is found and named; an untouched warehouse has no problem."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from reporting.evidence import verify
from tests.support.audit_builder import AuditBuilder, Built
from warehouse.clock import LOCAL
from warehouse.database import connect
from warehouse.events import GENESIS, Event, append_events
from warehouse.publications import PUBLICATION_FIELDS, publication_hash
from warehouse.settings import Settings

NIGHT = datetime(2023, 12, 28, 22, 0, tzinfo=LOCAL)


@pytest.fixture
def night(warehouse: Settings) -> AuditBuilder:
    """Three files, two of them with findings, and two publications."""
    builder = AuditBuilder.night(warehouse, NIGHT)
    builder.unreadable("mật khẩu.xlsx")
    first = builder.submission("27694", findings=[("CELL-NUMBER", "household_list", 14, "Số nhân khẩu", "J14", "bốn")])
    second = builder.submission("27697")
    builder.validate(
        [first, second], {first.submission_id: [("HHR-01", "household_list", row, "Mã hộ", f"B{row}", "H1") for row in (9, 12)]}
    )
    published(builder)
    published(builder)
    return builder


def published(builder: AuditBuilder) -> None:
    """A publication as the switch writes it."""
    with connect(builder.settings) as conn:
        newest = conn.execute("select publication_id, hash from audit.publication order by publication_id desc limit 1").fetchone()
        number, prev = (newest[0] + 1, newest[1]) if newest else (1, GENESIS)
        row = {
            "publication_id": number, "run_id": builder.run.run_id, "published_at": builder.run.now, "knowledge_at": builder.run.now,
            "today": date(2023, 12, 28), "build_schema": "blue", "build_id": uuid4(), "input_fingerprint": "f", "code_version": "c",
            "rule_set_version": "r", "reference_version": "r", "mart_hashes": {"fct_poverty": "0"}, "is_rollback": False,
            "accept_reason": None,
        }  # fmt: skip
        this = publication_hash(prev, row)
        names = [*PUBLICATION_FIELDS, "prev_hash", "hash"]
        values = [Jsonb(row[name]) if name == "mart_hashes" else row[name] for name in PUBLICATION_FIELDS]
        conn.execute(
            f"insert into audit.publication ({', '.join(names)}) values ({', '.join(['%s'] * len(names))})",
            [*values, prev, this],
        )
        event = Event("published", builder.run.now, "warehouse", payload={"publication_id": number, "hash": this})
        append_events(conn, builder.run.run_id, builder.run.now, [event])


def tamper(settings: Settings, statement: str) -> None:
    with connect(settings) as conn:
        assert conn.execute(statement).rowcount > 0


def test_what_nobody_touched_holds(warehouse: Settings, night: AuditBuilder) -> None:
    assert verify(warehouse) == []
    night.next_night(NIGHT.replace(month=12, day=29)).validate([night.submission("27698")])
    assert verify(warehouse) == []


def test_an_empty_warehouse_holds(warehouse: Settings) -> None:
    assert verify(warehouse) == []


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize(
    ("statement", "kind", "said"),
    [
        ("update audit.submission_event set payload = payload || '{\"x\": 1}' where event_id = 2", "chain", "event 2: nội dung đã bị sửa"),
        ("update audit.submission_event set actor = 'x' where event_id = 3", "chain", "event 3"),
        ("delete from audit.submission_event where event_id = 4", "chain", "event 4 is missing"),
        ("delete from audit.submission_event where event_type = 'published'", "publication", "has no event in the chain"),
        ("update audit.publication set today = '2023-12-29' where publication_id = 1", "publication", "publication 1: nội dung đã bị sửa"),
        ("delete from audit.publication where publication_id = 2", "publication", "publication 2: đã bị xóa"),
        ("delete from audit.publication where publication_id = 1", "publication", "publication 1 is missing"),
        ("update audit.failing_row set value_masked = 'H2' where row_number = 12", "digest", "failing rows were changed: 2 then, 2 now"),
        ("delete from audit.failing_row where row_number = 12", "digest", "2 then, 1 now"),
        ("delete from audit.failing_row where row_number = 12", "findings", "tells of 2 rows, 1 are listed"),
        ("delete from audit.failing_row where row_number = 14", "digest", "event 2 (received)"),
        ("delete from audit.failing_row where submission_id is null", "digest", "event 1 (unreadable)"),
        ("update audit.validation_result set rows_failed = 0 where rule_code = 'HHR-01'", "findings", "HHR-01"),
        (
            "insert into audit.failing_row select run_id, 'ff', null, 'reader', rule_code, severity, null, null, null, null, null, 'x', 'x'"
            " from audit.failing_row limit 1",
            "findings",
            "are covered by no event",
        ),
        (
            "insert into audit.failing_row select run_id, sha256, gen_random_uuid(), 'rule', rule_code, severity, null, null, null, null,"
            " null, 'x', 'x' from audit.failing_row limit 1",
            "findings",
            "are covered by no event",
        ),
    ],
)  # fmt: skip
def test_tampering_is_named(warehouse: Settings, statement: str, kind: str, said: str) -> None:
    tamper(warehouse, statement)
    found = verify(warehouse)
    assert kind in {problem.kind for problem in found}
    assert any(said in str(problem) for problem in found), [str(problem) for problem in found]


def test_a_chain_cut_off_at_its_end_is_seen_by_what_it_no_longer_tells(warehouse: Settings, night: AuditBuilder) -> None:
    late = night.submission("27698")
    tamper(warehouse, f"delete from audit.submission_event where submission_id = '{late.submission_id}'")
    said = [str(problem) for problem in verify(warehouse)]
    assert any(late.file_name in text for text in said)
    assert any(str(late.submission_id) in text for text in said)


def _gone(settings: Settings, built: Built) -> None:
    (settings.archive_dir / built.sha256[:2] / built.sha256[2:4] / built.sha256).unlink()


def _changed(settings: Settings, built: Built) -> None:
    (settings.archive_dir / built.sha256[:2] / built.sha256[2:4] / built.sha256).write_bytes(b"other bytes")


@pytest.mark.parametrize(("touch", "said"), [(_gone, "is not in the archive"), (_changed, "its bytes in the archive were changed")])
def test_the_archive_is_read_whole(warehouse: Settings, night: AuditBuilder, touch: Callable[[Settings, Built], None], said: str) -> None:
    built = night.submission("27698")
    touch(warehouse, built)
    (problem,) = verify(warehouse)
    assert (problem.kind, problem.en) == ("archive", said)
    assert built.file_name in problem.subject
