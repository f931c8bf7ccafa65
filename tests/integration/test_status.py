"""`warehouse status`: a small scene for each level and code; what it prints, and with which exit code it ends."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from pydantic import SecretStr
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from ingestion.inbox import InboxError
from operations import status, status_queries
from operations.cli import app
from operations.nightly import run_night
from operations.status import look
from operations.status_findings import load_file
from operations.status_queries import plain_error
from operations.status_view import render
from tests.support.audit_builder import AuditBuilder
from tests.support.mart_fixtures import at, build_and_publish
from warehouse.clock import LOCAL
from warehouse.database import connect, url_with
from warehouse.events import Event, append_events
from warehouse.publications import rollback
from warehouse.roles import role_name, role_passwords
from warehouse.runs import start_run
from warehouse.settings import PROJECT_DIR, Settings, get_settings

NIGHT = datetime(2021, 1, 2, 22, 0, tzinfo=LOCAL)
HALF_AN_HOUR = timedelta(minutes=30)
DEAD = "postgresql://owner:x@127.0.0.1:1/warehouse"


@dataclass(frozen=True)
class Told:
    exit_code: int
    document: dict[str, Any]
    screen: str

    @property
    def codes(self) -> list[str]:
        """Without the quarterly forms, of which the scenes hold no return."""
        return [one["code"] for one in self.findings]

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [one for one in self.document["findings"] if not one["en"].startswith(("credit ", "training "))]

    @property
    def reviews(self) -> list[dict[str, Any]]:
        return [one for one in self.document["returns"]["periods"] if one["form_code"] == "household_review"]


@pytest.fixture
def point_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make the process's settings those of a warehouse."""

    def point(settings: Settings) -> None:
        monkeypatch.setenv("WAREHOUSE_HOME", str(settings.home))
        monkeypatch.delenv("WAREHOUSE_URL", raising=False)
        if settings.url is not None:
            monkeypatch.setenv("WAREHOUSE_URL", settings.url.get_secret_value())
        get_settings.cache_clear()

    yield point
    get_settings.cache_clear()


@pytest.fixture
def tell(point_at: Any) -> Any:
    """Run the command twice, for a monitor and for a person; both end with the same exit code and say the same."""

    def run(settings: Settings, now: datetime | None = None) -> Told:
        point_at(settings)
        given = ["--now", now.isoformat()] if now else []
        machine = CliRunner().invoke(app, ["status", "--json", *given])
        person = CliRunner().invoke(app, ["status", *given])
        assert machine.stderr == person.stderr == ""
        document = json.loads(machine.stdout)
        assert machine.exit_code == person.exit_code == document["exit_code"]
        assert {"ok": 0, "warning": 1, "critical": 2}[document["level"]] == document["exit_code"]
        for one in document["findings"]:
            assert one["code"] in person.stdout
            assert one["vi"] != one["en"]
            assert not re.search(r"[{}]", one["vi"] + one["en"])
        return Told(machine.exit_code, document, person.stdout)

    return run


def good_night(settings: Settings, moment: datetime = NIGHT) -> AuditBuilder:
    night = AuditBuilder.night(settings, moment)
    night.end()
    return night


# -- nights
def test_a_fresh_warehouse_is_well(warehouse: Settings, tell: Any) -> None:
    told = tell(warehouse, datetime(2021, 1, 1, 12, 0, tzinfo=LOCAL))
    assert (told.exit_code, told.codes) == (0, [])
    assert told.document["returns"] == {"state": "nothing_published_yet", "periods": []}
    assert "chưa công bố gì · nothing published yet" in told.screen
    assert told.document["nights"]["last"] is None
    assert told.document["clock"] == "given"
    assert told.document["versions"]["postgresql"]


def test_a_warehouse_that_never_had_a_night_is_overdue(warehouse: Settings, tell: Any) -> None:
    told = tell(warehouse, datetime(2021, 1, 3, 12, 0, tzinfo=LOCAL))
    assert (told.exit_code, told.codes) == (2, ["NIGHT-OVERDUE"])
    assert told.document["nights"]["missed"] == ["2021-01-02", "2021-01-01"]


def test_after_a_good_night_all_is_well(warehouse: Settings, tell: Any) -> None:
    """A whole night, built and published; its first return is due in December."""
    run_night(warehouse, now=NIGHT.isoformat())
    told = tell(warehouse, NIGHT + HALF_AN_HOUR)
    assert (told.exit_code, told.codes) == (0, [])
    last = told.document["nights"]["last"]
    assert (last["started_at"], last["outcome"], last["files"], last["error"]) == (NIGHT.isoformat(), "success", 0, None)
    assert told.document["nights"]["last_ended"] == last
    assert (told.document["publication"]["publication_id"], told.document["publication"]["is_pinned"]) == (1, False)
    assert told.document["returns"] == {"state": "published", "periods": []}
    assert told.document["chain"]["event_id"] == 1


def test_a_night_counts_what_came(warehouse: Settings, tell: Any) -> None:
    night = AuditBuilder.night(warehouse, NIGHT)
    good, bad = night.submission("27694", "2020"), night.submission("27691", "2020")
    night.validate([good, bad], {bad.submission_id: [("HHR-01", "household_list", 8, "Mã hộ", "B8", "")]})
    night.end()
    last = tell(warehouse, NIGHT + HALF_AN_HOUR).document["nights"]["last"]
    assert (last["accepted"], last["returned"], last["outcome"]) == (1, 1, "success")


def test_a_failed_night_is_critical_until_a_night_succeeds(warehouse: Settings, tell: Any) -> None:
    warehouse.inbox_dir.rmdir()
    with pytest.raises(InboxError):
        run_night(warehouse, now=NIGHT.isoformat())
    told = tell(warehouse, NIGHT + HALF_AN_HOUR)
    assert (told.exit_code, told.codes) == (2, ["NIGHT-FAILED"])
    assert told.document["nights"]["last"]["error"].startswith("collect: InboxError: INBOX-MISSING")
    good_night(warehouse, NIGHT + timedelta(days=1))
    assert tell(warehouse, NIGHT + timedelta(days=1) + HALF_AN_HOUR).codes == []


def test_an_abandoned_night_failed(warehouse: Settings, tell: Any) -> None:
    AuditBuilder.night(warehouse, NIGHT).end("abandoned")
    assert tell(warehouse, NIGHT + HALF_AN_HOUR).codes == ["NIGHT-FAILED"]


@pytest.mark.parametrize(
    ("after", "codes"),
    [
        (timedelta(hours=24, minutes=59), []),
        (timedelta(hours=25), ["NIGHT-MISSED"]),
        (timedelta(hours=26), ["NIGHT-MISSED"]),
        (timedelta(hours=26, minutes=1), ["NIGHT-OVERDUE"]),
    ],
)
def test_a_night_that_did_not_run(warehouse: Settings, tell: Any, after: timedelta, codes: list[str]) -> None:
    good_night(warehouse)
    told = tell(warehouse, NIGHT + after)
    assert (told.codes, told.exit_code) == (codes, {"NIGHT-MISSED": 1, "NIGHT-OVERDUE": 2}.get("".join(codes), 0))
    assert ("2021-01-03" in told.document["nights"]["missed"]) is bool(codes)


def test_a_night_some_minutes_early_counts_and_an_earlier_gap_is_only_told(warehouse: Settings, tell: Any) -> None:
    good_night(warehouse, NIGHT + timedelta(days=2) - timedelta(minutes=5))
    told = tell(warehouse, NIGHT + timedelta(days=2, hours=2))
    assert told.codes == []
    assert told.document["nights"]["missed"] == ["2021-01-03", "2021-01-02", "2021-01-01"]
    assert "03/01/2021" in told.screen


def test_a_night_that_does_not_end_and_the_failed_one_before_it(warehouse: Settings, tell: Any) -> None:
    AuditBuilder.night(warehouse, NIGHT - timedelta(days=1)).end("failed")
    AuditBuilder.night(warehouse, NIGHT)
    assert tell(warehouse, NIGHT + timedelta(hours=5)).codes == ["NIGHT-FAILED"]
    told = tell(warehouse, NIGHT + timedelta(hours=7))
    assert told.codes == ["NIGHT-FAILED", "NIGHT-OPEN"]
    assert told.document["nights"]["last"]["outcome"] is None
    assert "đang chạy · running" in told.screen


def test_only_nightly_runs_are_nights(warehouse: Settings, tell: Any) -> None:
    good_night(warehouse)
    start_run(warehouse, "publish", injected_now=NIGHT + timedelta(days=1))
    assert tell(warehouse, NIGHT + timedelta(hours=25, minutes=30)).codes == ["NIGHT-MISSED"]


# -- what was published
def test_late_returns_then_a_rollback(published: Settings, tell: Any) -> None:
    moment = datetime(2024, 1, 10, 22, 0, tzinfo=LOCAL)
    good_night(published, moment)
    told = tell(published, moment + HALF_AN_HOUR)
    assert told.codes == []
    assert len(told.document["findings"]) == 6  # credit and training of three quarters past their due date
    newest = told.reviews[0]
    assert newest == {
        "form_code": "household_review", "period_key": "2023", "due_date": "2023-12-20", "expected": 188, "accepted": 188,
        "provisional": 0, "returned": 0, "missing": 0, "late": 188, "outstanding": 0, "outstanding_share": 0.0,
    }  # fmt: skip
    assert [one["period_key"] for one in told.reviews] == ["2023", "2022", "2021"]

    run = at(published)
    with connect(published) as conn:
        gone = conn.execute("select submission_id, sha256 from audit.submission where period_key = '2023' order by commune_code limit 20")
        append_events(conn, run.run_id, run.now, [Event("withdrawn", run.now, "test", one, sha256) for one, sha256 in gone.fetchall()])
    build_and_publish(published, run)
    told = tell(published, moment + HALF_AN_HOUR)
    assert (told.exit_code, told.codes) == (1, ["RETURNS-LATE"])
    newest = told.reviews[0]
    assert (newest["expected"], newest["accepted"], newest["outstanding"], newest["outstanding_share"]) == (188, 168, 20, 0.1064)
    assert newest["accepted"] + newest["provisional"] + newest["returned"] + newest["missing"] == newest["expected"]
    assert "20/188" in told.findings[0]["vi"]
    (published.home / "status.yaml").write_text("limits: {late_share: 0.2}\n")
    assert tell(published, moment + HALF_AN_HOUR).codes == []

    rollback(published, at(published))
    told = tell(published, moment + HALF_AN_HOUR)
    assert (told.exit_code, told.codes) == (1, ["PUBLICATION-PINNED"])
    shown = told.document["publication"]
    assert (shown["publication_id"], shown["is_pinned"], shown["waiting"]["state"]) == (3, True, "published")
    assert told.reviews[0]["missing"] == 0
    assert f"{shown['waiting']['build_id'][:8]} (published)" in told.screen


# -- files
def test_an_unreadable_file_waits_until_it_is_replaced(warehouse: Settings, tell: Any) -> None:
    night = AuditBuilder.night(warehouse, NIGHT)
    sha256 = night.unreadable("Hộ ông Nguyễn Văn Tám.xls")
    night.end()
    told = tell(warehouse, NIGHT + HALF_AN_HOUR)
    assert (told.exit_code, told.codes) == (1, ["FILES-UNREADABLE"])
    assert [(one["sha256"], one["reason_code"]) for one in told.document["unreadable"]] == [(sha256, "FILE-PASSWORD")]
    assert sha256[:12] in told.screen
    assert "Tám" not in told.screen + json.dumps(told.document, ensure_ascii=False)

    later = night.next_night(NIGHT + timedelta(days=1))
    later.submission("27694", "2020", name="Hộ ông Nguyễn Văn Tám.xlsx")
    later.end()
    assert tell(warehouse, NIGHT + timedelta(days=1) + HALF_AN_HOUR).codes == []


def test_an_unreadable_file_is_not_named_for_ever(warehouse: Settings, tell: Any) -> None:
    AuditBuilder.night(warehouse, NIGHT).unreadable("a.xls")
    good_night(warehouse, NIGHT + timedelta(days=90))
    assert "FILES-UNREADABLE" not in tell(warehouse, NIGHT + timedelta(days=90) + HALF_AN_HOUR).codes


@pytest.mark.parametrize(("days", "codes"), [(34, []), (35, ["NO-FILES"])])
def test_no_file_for_a_long_time(warehouse: Settings, tell: Any, days: int, codes: list[str]) -> None:
    AuditBuilder.night(warehouse, NIGHT).submission("27694", "2020")
    good_night(warehouse, NIGHT + timedelta(days=days))
    told = tell(warehouse, NIGHT + timedelta(days=days) + HALF_AN_HOUR)
    assert (told.codes, told.exit_code) == (codes, len(codes))
    assert told.document["arrivals"]["last_at"] == NIGHT.isoformat()


# -- evidence
def test_a_chain_cut_at_its_end(warehouse: Settings, tell: Any) -> None:
    night = AuditBuilder.night(warehouse, NIGHT)
    night.submission("27694", "2020")
    night.end()
    assert tell(warehouse, NIGHT + HALF_AN_HOUR).codes == []
    with connect(warehouse) as conn:
        conn.execute("delete from audit.submission_event")
    told = tell(warehouse, NIGHT + HALF_AN_HOUR)
    assert (told.exit_code, told.codes) == (2, ["CHAIN-HEAD-MISSING"])
    assert told.document["chain"] == {"event_id": None, "hash": None, "is_missing": True}


def test_a_head_that_was_altered(warehouse: Settings, tell: Any) -> None:
    night = AuditBuilder.night(warehouse, NIGHT)
    night.submission("27694", "2020")
    night.end()
    with connect(warehouse) as conn:
        conn.execute("update audit.submission_event set actor = 'somebody'")
    assert tell(warehouse, NIGHT + HALF_AN_HOUR).codes == ["CHAIN-HEAD-MISSING"]


def test_a_publication_without_its_event(published: Settings, tell: Any) -> None:
    moment = datetime(2024, 1, 10, 22, 0, tzinfo=LOCAL)
    good_night(published, moment)
    with connect(published) as conn:
        conn.execute("delete from audit.submission_event where event_type = 'published'")
    assert tell(published, moment + HALF_AN_HOUR).codes == ["CHAIN-HEAD-MISSING"]


# -- the disk
class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("free_gb", "total_gb", "code"),
    [(150, 1000, None), (149, 1000, "DISK-LOW"), (50, 1000, "DISK-LOW"), (49, 1000, "DISK-FULL"), (1.9, 10, "DISK-FULL"), (2, 10, None)],
)
def test_a_disk_nearly_full(
    warehouse: Settings, tell: Any, monkeypatch: pytest.MonkeyPatch, free_gb: float, total_gb: int, code: str | None
) -> None:
    good_night(warehouse)
    free, total = int(free_gb * 10**9), total_gb * 10**9
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(total, total - free, free))
    told = tell(warehouse, NIGHT + HALF_AN_HOUR)
    assert (told.codes, told.exit_code) == ([code] if code else [], {"DISK-LOW": 1, "DISK-FULL": 2}.get(code or "", 0))
    assert told.document["disk"]["free_bytes"] == free


def test_the_archive_and_the_database_have_their_size(warehouse: Settings, tell: Any) -> None:
    AuditBuilder.night(warehouse, NIGHT).file("a.xlsx", content=b"x" * 1234)
    told = tell(warehouse)
    assert told.document["disk"]["archive_bytes"] == 1234
    assert told.document["database"]["size_bytes"] > 1_000_000


# -- the database
def assert_down(told: Told, reason: str) -> None:
    assert (told.exit_code, told.codes) == (2, ["DATABASE-DOWN"])
    assert told.document["database"]["reason"] == reason
    assert [told.document[key] for key in ("nights", "publication", "unreadable", "arrivals", "chain")] == [None] * 5
    assert told.document["returns"] == {"state": "unknown", "periods": []}
    assert told.document["clock"] == "system"
    assert told.document["disk"]["total_bytes"] > 0


def test_a_server_that_is_down(warehouse: Settings, tell: Any) -> None:
    assert_down(tell(warehouse.model_copy(update={"url": SecretStr(DEAD)})), "refused")


def test_an_embedded_server_that_is_stopped_is_not_started(tmp_path: Path, tell: Any) -> None:
    settings = Settings(home=tmp_path / "nothing", url=None, _env_file=None)
    assert_down(tell(settings), "stopped")
    assert not settings.home.exists()


def test_why_the_server_refuses(warehouse: Settings, tell: Any) -> None:
    assert warehouse.url is not None
    url = warehouse.url.get_secret_value()
    for wrong, reason in (
        (url_with(url, database="nowhere"), "no_database"),
        (url_with(url, user="nobody", password="wrong"), "login"),
        (url_with(url, user="nobody", password="p%zz-hush"), "address"),
        (url_with(url, user="nobody", password="hush@hush"), "address"),
    ):
        told = tell(warehouse.model_copy(update={"url": SecretStr(wrong)}))
        assert_down(told, reason)
        assert "hush" not in told.screen + json.dumps(told.document)


def test_a_login_that_may_not_read(warehouse: Settings, tell: Any) -> None:
    assert warehouse.url is not None
    login = url_with(
        warehouse.url.get_secret_value(), user=role_name(warehouse, "bi_reader"), password=role_passwords(warehouse)["bi_reader"]
    )
    told = tell(warehouse.model_copy(update={"url": SecretStr(login)}))
    assert (told.exit_code, told.codes) == (2, ["DATABASE-ERROR"])
    assert told.document["database"]["reason"] == "42501"
    assert told.document["nights"] is None


def test_a_server_that_stops_while_it_is_read(warehouse: Settings, tell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_queries, "arrivals", lambda conn: conn.execute("select pg_terminate_backend(pg_backend_pid())"))
    told = tell(warehouse)
    assert (told.exit_code, told.codes) == (2, ["DATABASE-ERROR"])
    assert (told.document["database"]["reason"], told.document["nights"]) == ("57P01", None)


def test_it_does_not_wait_for_a_lock_for_ever(warehouse: Settings, tell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "LOCK_SECONDS", 0.1)
    with connect(warehouse) as conn:
        conn.execute("lock table audit.run in access exclusive mode")
        told = tell(warehouse)
    assert (told.codes, told.document["database"]["reason"]) == (["DATABASE-ERROR"], "55P03")


@pytest.mark.parametrize(
    ("statement", "revision"),
    [("update alembic_version set version_num = '0001'", "0001"), ("drop table alembic_version; drop schema audit cascade", None)],
)
def test_migrations_behind(warehouse: Settings, tell: Any, statement: str, revision: str | None) -> None:
    with connect(warehouse) as conn:
        conn.execute(statement)
    told = tell(warehouse)
    assert (told.exit_code, told.codes) == (2, ["MIGRATIONS-BEHIND"])
    assert told.document["database"]["revision"] == revision
    assert told.document["database"]["revision_of_code"] > "0001"


def test_it_reads_only(warehouse: Settings, tell: Any) -> None:
    """A server that takes no writes is asked all the same; nothing is left behind in the home."""
    good_night(warehouse)
    before = sorted(warehouse.home.rglob("*"))
    name = warehouse.url.get_secret_value().rsplit("/", 1)[1] if warehouse.url else ""
    with connect(warehouse, autocommit=True) as conn:
        conn.execute(f"alter database {name} set default_transaction_read_only = on")
    assert tell(warehouse, NIGHT + HALF_AN_HOUR).codes == []
    assert sorted(warehouse.home.rglob("*")) == before


# -- settings, limits, usage
def test_a_wrong_setting_is_told_as_a_finding(point_at: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(Settings(home=tmp_path, url=None, _env_file=None))
    monkeypatch.setenv("WAREHOUSE_URL", "mysql://owner:secret@host/x")
    result = CliRunner().invoke(app, ["status", "--json"])
    document = json.loads(result.stdout)
    assert (result.exit_code, [one["code"] for one in document["findings"]]) == (2, ["SETTING-WRONG"])
    assert "WAREHOUSE_URL" in document["findings"][0]["en"]
    assert "secret" not in result.stdout
    assert (document["disk"], document["database"]["state"]) == (None, "unknown")


@pytest.mark.parametrize("text", ["limits: {late_share: 7}", "limits: {no_such: 1}", "limits", "- 1", "", "other: 1", "a: [", b"\xff\xfe"])
def test_faulty_limits_of_a_site(warehouse: Settings, tell: Any, text: str | bytes) -> None:
    good_night(warehouse)
    (warehouse.home / "status.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    assert tell(warehouse, NIGHT + HALF_AN_HOUR).codes == ["LIMITS-WRONG"]


def test_limits_of_a_site(warehouse: Settings, tell: Any) -> None:
    good_night(warehouse, NIGHT - timedelta(hours=1))
    (warehouse.home / "status.yaml").write_text('limits: {night_at: "21:00", night_grace_minutes: 5}\n')
    assert tell(warehouse, NIGHT + timedelta(hours=22, minutes=59)).codes == []
    assert tell(warehouse, NIGHT + timedelta(hours=23, minutes=10)).codes == ["NIGHT-MISSED"]


@pytest.mark.parametrize("now", ["tomorrow", "2021-01-05T00:00", "2020-01-01T00:00+07:00"])
def test_a_now_that_cannot_be(warehouse: Settings, point_at: Any, now: str) -> None:
    point_at(warehouse)
    result = CliRunner().invoke(app, ["status", "--json", "--now", now])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--now" in result.stderr


def test_a_real_warehouse_takes_no_now(warehouse: Settings, point_at: Any, conn: psycopg.Connection) -> None:
    conn.execute("update audit.setting set value = 'real' where name = 'kind'")
    conn.commit()
    point_at(warehouse)
    result = CliRunner().invoke(app, ["status", "--now", NIGHT.isoformat()])
    assert (result.exit_code, result.stdout) == (2, "")
    document = json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)
    assert (document["clock"], document["database"]["kind"]) == ("database", "real")


def test_as_a_process_it_prints_one_document(tmp_path: Path) -> None:
    """Also with the database down and a terminal that knows no Vietnamese."""
    environment = {"WAREHOUSE_HOME": str(tmp_path), "WAREHOUSE_URL": DEAD, "PYTHONPATH": str(PROJECT_DIR), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "operations.cli", "status", "--json"], env=environment, cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, b"")
    assert json.loads(done.stdout)["findings"][0]["vi"].startswith("Không kết nối được")


# -- what is shown
@pytest.mark.parametrize("width", [80, 100, 240])
def test_the_screen_fits_100_columns(published: Settings, point_at: Any, width: int) -> None:
    point_at(published)
    told = look()
    console = Console(width=width, file=StringIO())
    console.print(render(told, console.width))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(cell_len, lines)) <= min(width, 100)
    assert not [line for line in lines if "…" in line]  # nothing is cut off
    assert "NGHIÊM TRỌNG · critical" in lines[0]


def test_every_code_has_a_scene_and_stands_in_the_docs() -> None:
    here, docs = Path(__file__).read_text(), (PROJECT_DIR / "docs" / "operations.md").read_text()
    for one in load_file().findings:
        assert f'"{one.code}"' in here
        assert f"| `{one.code}` | {one.level} |" in docs


def test_every_key_stands_in_the_docs(published: Settings, tell: Any) -> None:
    moment = datetime(2024, 1, 10, 22, 0, tzinfo=LOCAL)
    night = AuditBuilder.night(published, moment)
    night.unreadable("a.xls")
    night.end()
    build_and_publish(published, at(published))
    rollback(published, at(published))
    document = tell(published, moment + HALF_AN_HOUR).document
    section = (PROJECT_DIR / "docs" / "operations.md").read_text().split("## Is all well?")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ((?:`[a-z0-9_.\[\]]+`(?:, )?)+) \|", section, re.MULTILINE)
    told = {key for cell in cells for key in re.findall(r"`(.+?)`", cell)}
    assert told == set(paths(document))


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """nights.last.started_at, findings[].code ...: every key that holds a value of its own."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from paths(one, f"{prefix}.{name}".lstrip("."))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from paths(value[0], f"{prefix}[]")
    else:
        yield prefix


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (None, None),
        ("collect: DataError: invalid input «Nguyễn Văn Tám»", "collect: DataError"),
        ("build: DbtFailed: node x\nDETAIL: Key (name)=(Tám)", "build: DbtFailed"),
        ("check: NightFailed: The gate refused it: GATE-SUM", "check: NightFailed: The gate refused it: GATE-SUM"),
        ("killed before it ended", "killed before it ended"),
        ("build did not succeed", "build did not succeed"),
        ("", ""),
    ],
)  # fmt: skip
def test_an_error_is_told_without_what_it_quotes(error: str | None, shown: str | None) -> None:
    assert plain_error(error) == shown
