"""The watch as a DAG: one task that calls one function; a real run that mails, one that cannot, one that has nothing to tell."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import Any

import pytest

from tests.support.audit_builder import AuditBuilder
from tests.support.mail_server import Mailbox, mail_server
from warehouse.clock import parse_now
from warehouse.settings import PROJECT_DIR, Settings, get_settings

DAG_FILE = PROJECT_DIR / "dags" / "watch_deadlines.py"
NIGHT, MORNING = "2021-01-02T22:00+07:00", "2021-01-03T07:00+07:00"


@pytest.fixture
def mail_to(as_process_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let this process mail through a server."""

    def point(box: Mailbox) -> None:
        for name, value in {
            "SMTP_HOST": "127.0.0.1", "SMTP_PORT": box.port, "SMTP_SECURITY": "none", "MAIL_FROM": "kho@example.vn",
            "MAIL_TO": "a@example.vn",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"WAREHOUSE_{name}", str(value))
        get_settings.cache_clear()

    return point


@pytest.fixture
def morning(watch_dag: Any, as_process_settings: Settings, states: Any) -> Any:
    """Run the DAG once; gives (state of the run, states of its tasks, id of the run)."""

    def run(now: str = MORNING) -> Any:
        watch_dag.get_task("watch").retry_delay = timedelta(0)
        done = watch_dag.test(run_conf={"now": now})
        return done.state, states(done), done.run_id

    return run


def test_structure(watch_dag: Any) -> None:
    assert [task.task_id for task in watch_dag.tasks] == ["watch"]
    assert (watch_dag.catchup, watch_dag.max_active_runs) == (False, 1)
    assert set(watch_dag.params) == {"now"}
    assert watch_dag.get_task("watch").execution_timeout == timedelta(minutes=15)
    assert "warehouse watch" in watch_dag.doc_md


def test_the_task_calls_one_function_of_operations() -> None:
    tree = ast.parse(DAG_FILE.read_text(encoding="utf-8"))
    called = [
        ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("watching.")
    ]
    assert called == ["watching.watch"]
    assert DAG_FILE.read_text(encoding="utf-8").count("\n") < 60


def test_a_morning_keeps_and_mails_and_the_next_is_silent(as_process_settings: Settings, morning: Any, mail_to: Any, rows: Any) -> None:
    AuditBuilder.night(as_process_settings, parse_now(NIGHT)).end("failed")
    with mail_server() as box:
        mail_to(box)
        state, tasks, run_id = morning()
        assert (state, tasks) == ("success", {"watch": {"success"}})
        assert rows("select alarm_code, level, mailed_at is not null, ended_at from audit.alarm") == [
            ("NIGHT-FAILED", "critical", True, None)
        ]
        assert rows("select kind, outcome, airflow_run_id from audit.run where kind = 'watch'") == [("watch", "success", run_id)]
        assert [str(message["To"]) for message in box.messages] == ["a@example.vn"]
        assert morning()[0] == "success"
        assert len(box.messages) == 1


def test_a_mail_that_cannot_be_sent_turns_the_run_red_and_the_next_sends_it(
    as_process_settings: Settings, morning: Any, mail_to: Any, rows: Any
) -> None:
    AuditBuilder.night(as_process_settings, parse_now(NIGHT)).end("failed")
    with mail_server() as gone:
        mail_to(gone)
    assert morning()[:2] == ("failed", {"watch": {"failed"}})
    assert rows("select outcome, reason_code from audit.alarm_mail") == [("failed", "connect")]  # once: it is not a lost database
    with mail_server() as box:
        mail_to(box)
        assert morning()[0] == "success"
        assert len(box.messages) == 1


def test_a_morning_on_which_all_is_well(morning: Any, rows: Any) -> None:
    assert morning("2021-01-01T07:00+07:00")[0] == "success"
    assert rows("select count(*) from audit.watch") == [(1,)]
    assert rows("select count(*) from audit.alarm") == [(0,)]


def test_a_warehouse_that_cannot_be_read_turns_the_run_red(morning: Any, rows: Any) -> None:
    assert morning("not a time")[0] == "failed"
    assert rows("select count(*) from audit.watch") == [(0,)]
