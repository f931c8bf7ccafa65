"""`warehouse watch`: what it raises, what it keeps in `audit`, and that it stands in nobody's way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from operations import watch as watch_module
from operations.cli import app
from operations.watch import Story, lines, watch
from operations.watch_alarms import load_file
from tests.support.audit_builder import AuditBuilder
from tests.support.mart_fixtures import at, build_and_publish
from warehouse.clock import LOCAL, ClockError
from warehouse.database import DatabaseError, connect, url_with
from warehouse.events import Event, append_events
from warehouse.roles import role_passwords
from warehouse.runs import WriterBusy, close_abandoned_runs, writer_lock
from warehouse.settings import PROJECT_DIR, Settings, get_settings

MORNING = datetime(2024, 1, 11, 7, 0, tzinfo=LOCAL)
EVENING = datetime(2024, 1, 10, 22, 0, tzinfo=LOCAL)
SERVICES = {(code, f"2023-Q{number}") for code in ("credit", "training") for number in (1, 2, 3)}
"""Quarterly returns past their due date on MORNING; the small province sends none of them."""


def night(settings: Settings, moment: datetime, outcome: str = "success") -> None:
    AuditBuilder.night(settings, moment).end(outcome)


def withdraw(settings: Settings, number: int, period: str = "2023") -> None:
    """Take back so many reviews of a period, and publish without them."""
    run = at(settings)
    with connect(settings) as conn:
        gone = conn.execute(
            "select submission_id, sha256 from audit.submission where period_key = %s and state = 'accepted'"
            " order by commune_code limit %s",
            (period, number),
        ).fetchall()
        append_events(conn, run.run_id, run.now, [Event("withdrawn", run.now, "test", one, sha256) for one, sha256 in gone])
    build_and_publish(settings, run)


def seen(story: Story) -> dict[tuple[str, str, str], str]:
    return {alarm.key: alarm.level for alarm in story.standing}


@pytest.fixture
def look(published: Settings) -> Callable[..., Story]:
    def run(moment: datetime = MORNING, **changed: Any) -> Story:
        return watch(published.model_copy(update=changed), now=moment.isoformat())

    return run


@pytest.fixture
def audit(published: Settings) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask as the role `auditor`."""
    assert published.url is not None
    url = url_with(published.url.get_secret_value(), user="auditor", password=role_passwords(published)["auditor"])

    def query(statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url) as conn:
            return conn.execute(statement).fetchall()

    return query


# -- deadlines
def test_late_and_soon_with_their_numbers(published: Settings, look: Any) -> None:
    night(published, EVENING)
    story = look()
    assert seen(story) == {("RETURNS-OVERDUE", *key): "warning" for key in SERVICES} | {
        ("DUE-SOON", "credit", "2023-Q4"): "info",
        ("DUE-SOON", "training", "2023-Q4"): "info",
    }
    soon = next(alarm for alarm in story.standing if alarm.key == ("DUE-SOON", "credit", "2023-Q4"))
    assert soon.vi == (
        "Vay vốn tín dụng chính sách, quý 4 năm 2023: hạn nộp 15/01/2024, còn 4 ngày; mới tiếp nhận 0/188 xã, còn thiếu 188."
    )
    assert soon.en == (
        "Policy credit: needs, requests and loans, quarter 4 of 2023: due 15/01/2024, 4 day(s) left; "
        "0 of 188 communes accepted, 188 still missing."
    )
    late = next(alarm for alarm in story.standing if alarm.key == ("RETURNS-OVERDUE", "credit", "2023-Q1"))
    assert late.vi.endswith("quá hạn 15/04/2023, còn thiếu 188/188 xã: tất cả các xã. Đề nghị đôn đốc.")


@pytest.mark.parametrize(("day", "level"), [(7, None), (8, "info"), (13, "info"), (14, "warning"), (15, "warning"), (16, "overdue")])
def test_a_deadline_is_told_seven_days_and_one_day_ahead(published: Settings, look: Any, day: int, level: str | None) -> None:
    moment = datetime(2024, 1, day, 7, 0, tzinfo=LOCAL)
    if moment < EVENING:
        with connect(published) as conn:  # the province was published on the tenth
            conn.execute("delete from audit.submission_event")
            conn.execute("update reference.load set recorded_at = '2021-01-01'")
    found = seen(look(moment))
    assert found.get(("DUE-SOON", "credit", "2023-Q4")) == (None if level == "overdue" else level)
    assert (("RETURNS-OVERDUE", "credit", "2023-Q4") in found) is (level == "overdue")


def test_late_communes_are_named_by_form_and_period(published: Settings, look: Any) -> None:
    withdraw(published, 3)
    night(published, EVENING)
    story = look()
    late = next(alarm for alarm in story.standing if alarm.form_code == "household_review")
    assert (late.code, late.level, late.period_key) == ("RETURNS-OVERDUE", "info", "2023")  # 3 of 188: under the share of status.yaml
    assert late.params == {
        "due": "2023-12-20", "expected": 188, "outstanding": 3, "communes": ["27685", "27688", "27691"],
    }  # fmt: skip
    assert "còn thiếu 3/188 xã: " in late.vi
    for code in late.params["communes"]:
        assert re.search(rf"\w+ \({code}\)", late.vi)
        assert re.search(rf"\w+ \({code}\)", late.en)


def test_limits_are_data(published: Settings, look: Any) -> None:
    withdraw(published, 3)
    night(published, EVENING)
    (published.home / "status.yaml").write_text("limits: {soon_days: [], names_most: 1, late_share: 0.01}\n")
    story = look()
    late = next(alarm for alarm in story.standing if alarm.form_code == "household_review")
    assert late.level == "warning"
    assert "(27685) và 2 xã khác. Đề nghị đôn đốc." in late.vi
    assert "(27685) and 2 more. Please remind them." in late.en
    assert not [key for key in seen(story) if key[0] == "DUE-SOON"]


def test_faulty_limits_are_an_alarm(published: Settings, look: Any) -> None:
    night(published, EVENING)
    (published.home / "status.yaml").write_text("limits: {soon_days: [-1]}\n")
    assert ("LIMITS-WRONG", "", "") in seen(look())


def test_what_is_in_raises_nothing(published: Settings, look: Any) -> None:
    night(published, EVENING)
    assert not [key for key in seen(look()) if key[1] == "household_review"]


# -- what stands still
def test_a_night_that_failed_or_did_not_run_and_no_file(warehouse: Settings) -> None:
    start = datetime(2021, 1, 2, 22, 0, tzinfo=LOCAL)
    night(warehouse, start, "failed")

    def codes(after: timedelta) -> list[str]:
        return [alarm.code for alarm in watch(warehouse, now=(start + after).isoformat()).standing]

    assert codes(timedelta(hours=9)) == ["NIGHT-FAILED"]
    night(warehouse, start + timedelta(days=1))
    assert codes(timedelta(days=1, hours=9)) == []
    assert codes(timedelta(days=2, hours=1)) == ["NIGHT-MISSED"]
    assert codes(timedelta(days=2, hours=9)) == ["NIGHT-OVERDUE"]
    night(warehouse, start + timedelta(days=34))
    assert codes(timedelta(days=34, hours=9)) == ["NO-FILES"]


def test_a_night_that_hangs_is_told_although_it_holds_the_writers_lock(warehouse: Settings) -> None:
    hanging = AuditBuilder.night(warehouse, datetime(2021, 1, 2, 22, 0, tzinfo=LOCAL)).run
    with writer_lock(warehouse, kind="nightly", run_id=hanging.run_id):
        story = watch(warehouse, now="2021-01-03T07:00+07:00")
    assert [alarm.code for alarm in story.standing] == ["NIGHT-OPEN"]


def test_a_second_watch_stands_back(warehouse: Settings) -> None:
    with connect(warehouse, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", (watch_module.WATCH_LOCK,))
        with pytest.raises(WriterBusy, match="warehouse watch"):
            watch(warehouse)


def test_a_warehouse_that_cannot_be_read_is_not_well_by_silence(warehouse: Settings) -> None:
    with connect(warehouse) as conn:
        conn.execute("update alembic_version set version_num = '0001'")
    with pytest.raises(DatabaseError, match="warehouse init"):
        watch(warehouse)
    with connect(warehouse) as conn:
        assert conn.execute("select count(*) from audit.watch").fetchone() == (0,)


# -- what is kept
def test_an_alarms_life_in_audit(published: Settings, look: Any, audit: Any) -> None:
    days = [MORNING + timedelta(days=number) for number in range(4)]
    for number, missing in enumerate((0, 5, 0, 0)):
        if missing:
            withdraw(published, missing)
        elif number:
            build_and_publish(published, at_again(published))
        night(published, days[number] - timedelta(hours=9))
        look(days[number])
    rows = audit(
        "select level, first_seen_at, last_seen_at, ended_at, params ->> 'outstanding', mailed_at from audit.alarm"
        " where alarm_code = 'RETURNS-OVERDUE' and form_code = 'household_review'"
    )
    assert rows == [("info", days[1], days[1], days[2], "5", None)]
    standing = audit("select first_seen_at, last_seen_at, ended_at from audit.alarm where form_code = 'credit' and period_key = '2023-Q1'")
    assert standing == [(days[0], days[3], None)]
    assert audit("select kind, outcome, count(*) from audit.run where kind = 'watch' group by 1, 2") == [("watch", "success", 4)]


def at_again(settings: Settings) -> Any:
    """The withdrawn returns of 2023 come again."""
    run = at(settings, "2024-01-12T22:00+07:00")
    with connect(settings) as conn:
        back = conn.execute(
            "select submission_id, sha256 from audit.submission where period_key = '2023' and state = 'withdrawn'"
        ).fetchall()
        append_events(conn, run.run_id, run.now, [Event("accepted", run.now, "test", one, sha256) for one, sha256 in back])
    return run


def test_an_alarm_that_comes_again_is_another_one(warehouse: Settings) -> None:
    start = datetime(2021, 1, 2, 22, 0, tzinfo=LOCAL)
    for number, outcome in enumerate(("failed", "success", "failed")):
        moment = start + timedelta(days=number)
        night(warehouse, moment, outcome)
        for _ in range(2):  # twice at the same moment: looks are numbered, not ordered by their time
            watch(warehouse, now=(moment + timedelta(hours=9)).isoformat())
    with connect(warehouse) as conn:
        rows = conn.execute("select first_seen_at, last_seen_at, ended_at from audit.alarm order by first_seen_at").fetchall()
    first, second, third = (start + timedelta(days=number, hours=9) for number in range(3))
    assert rows == [(first, first, second), (third, third, None)]


def test_the_auditor_reads_and_does_not_write(audit: Any) -> None:
    assert audit("select count(*) from audit.alarm") == [(0,)]
    for table in ("watch", "alarm_seen", "alarm_mail"):
        assert audit(f"select count(*) from audit.{table}") == [(0,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            audit(f"delete from audit.{table} returning 1")


def test_a_writers_clean_up_does_not_take_a_look_for_killed(warehouse: Settings) -> None:
    watch(warehouse)
    assert close_abandoned_runs(warehouse) == 0


# -- what is said
@pytest.fixture
def point_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def point(settings: Settings) -> None:
        assert settings.url is not None
        monkeypatch.setenv("WAREHOUSE_HOME", str(settings.home))
        monkeypatch.setenv("WAREHOUSE_URL", settings.url.get_secret_value())
        get_settings.cache_clear()

    yield point
    get_settings.cache_clear()


def test_the_command_says_what_is_new_what_stands_and_what_has_ended(warehouse: Settings, point_at: Any) -> None:
    point_at(warehouse)

    def say(moment: str) -> list[str]:
        result = CliRunner().invoke(app, ["watch", "--now", moment])
        assert (result.exit_code, result.stderr) == (0, "")
        return [line.split(":")[0] for line in result.stdout.splitlines()]

    night(warehouse, datetime(2021, 1, 2, 22, 0, tzinfo=LOCAL), "failed")
    assert say("2021-01-03T07:00+07:00") == ["[NGHIÊM TRỌNG, mới] NIGHT-FAILED", "[CRITICAL, new] NIGHT-FAILED", "Thư", "Mail"]
    assert say("2021-01-03T07:00+07:00")[0] == "[NGHIÊM TRỌNG] NIGHT-FAILED"
    night(warehouse, datetime(2021, 1, 3, 22, 0, tzinfo=LOCAL))
    assert say("2021-01-04T07:00+07:00")[:2] == ["[ĐÃ HẾT] NIGHT-FAILED", "[ENDED] NIGHT-FAILED"]
    assert say("2021-01-04T07:00+07:00")[:2] == ["Không có cảnh báo nào.", "There is no alarm."]


def test_a_deadline_that_passes_has_not_ended(published: Settings, look: Any) -> None:
    look(datetime(2024, 1, 15, 7, 0, tzinfo=LOCAL))
    story = look(datetime(2024, 1, 16, 7, 0, tzinfo=LOCAL))
    assert ("RETURNS-OVERDUE", "credit", "2023-Q4") in {alarm.key for alarm in story.changes.begun}
    assert not [alarm for alarm in story.changes.ended if alarm.code == "DUE-SOON"]


def test_a_now_that_cannot_be(warehouse: Settings) -> None:
    with pytest.raises(ClockError):
        watch(warehouse, now="tomorrow")


def test_no_line_is_left_half_filled(published: Settings, look: Any) -> None:
    for line in lines(look(datetime(2024, 3, 1, 7, 0, tzinfo=LOCAL))):
        assert not re.search(r"[{}]|None", line)


def test_every_alarm_of_the_watch_stands_in_the_docs() -> None:
    docs = (PROJECT_DIR / "docs" / "operations.md").read_text(encoding="utf-8").split("## Deadlines and alarms")[1].split("\n## ")[0]
    for code in load_file().alarms:
        assert f"| `{code}` |" in docs
    for code in load_file().failures:
        assert f"`{code}`" in docs
