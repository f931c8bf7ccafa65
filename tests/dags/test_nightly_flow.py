"""The DAG's own behaviour, its steps stood in for: what a failing step does to the run, and what the report task is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from operations import nightly

STEPS = ["begin", "collect", "validate", "build", "check", "publish"]
TOKEN = {"run_id": "00000000-0000-0000-0000-000000000001", "kind": "nightly", "now": "2024-01-05T15:00:00+00:00", "injected": True}


class Steps:
    """Stand-ins for the functions of operations.nightly; ``failing`` is the name of the one that raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failing: str | None = None
        self.error: Exception = ValueError("it broke")
        self.times = 1000
        self.chunks: list[list[dict[str, Any]]] = [[{"name": "a.xlsx"}], [{"name": "b.xlsx"}]]
        self.calls: list[tuple[str, Any]] = []
        results: dict[str, Any] = {
            "collect_chunk": {"files": 1},
            "validate": {"accepted": 2},
            "build": {"build_id": "b"},
            "check": {"passed": True},
            "publish": {"publication_id": 4},
        }
        for name, result in results.items():
            monkeypatch.setattr(nightly, name, self._step(name, result))
        monkeypatch.setattr(nightly, "begin", self._begin)
        monkeypatch.setattr(nightly, "report", self._report)

    def _step(self, name: str, result: Any) -> Callable[..., Any]:
        def call(token: Any, *arguments: Any, **_options: Any) -> Any:
            assert token == TOKEN
            self.calls.append((name, arguments))
            self._fail_if_asked(name.removesuffix("_chunk"))
            return result

        return call

    def _begin(self, *, now: str | None, airflow_run_id: str, again: dict[str, list[str]]) -> dict[str, Any]:
        self.calls.append(("begin", (now, airflow_run_id, again)))
        self._fail_if_asked("begin")
        return {"token": TOKEN, "chunks": self.chunks}

    def _report(self, token: Any, failed: list[str]) -> dict[str, Any]:
        self.calls.append(("report", (token, failed)))
        error = f"{failed[0]}: it broke" if failed else None
        return {
            "files": 2, "unreadable": 0, "accepted": 2, "waived": 0, "returned": 0, "renewed": 0, "lapsed": [], "again": None,
            "publication_id": None if failed else 4, "error": error,
            "outcome": "failed" if failed else "success", "report": "index.html",
        }  # fmt: skip

    def _fail_if_asked(self, name: str) -> None:
        if self.failing == name and self.times:
            self.times -= 1
            raise self.error


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


def test_a_good_night_is_green_and_its_event_tells_the_story(steps: Steps, dag_run: Any, states: Any) -> None:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    run = dag_run(now="2024-01-05T22:00+07:00", accept_reason="a new hamlet", period=["2023-Q3"], commune=["27694"])
    assert run.state == "success"
    assert {state for found in states(run).values() for state in found} == {"success"}
    assert [name for name, _ in steps.calls] == [
        "begin",
        "collect_chunk",
        "collect_chunk",
        "validate",
        "build",
        "check",
        "publish",
        "report",
    ]
    part = {"forms": [], "periods": ["2023-Q3"], "communes": ["27694"]}
    assert steps.calls[0] == ("begin", ("2024-01-05T22:00+07:00", run.run_id, part))
    collected = [arguments[0][0]["name"] for name, arguments in steps.calls if name == "collect_chunk"]
    assert sorted(collected) == ["a.xlsx", "b.xlsx"]
    with create_session() as session:
        event = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run.run_id)).one()
    told = {"files": 2, "unreadable": 0, "accepted": 2, "returned": 0, "publication_id": 4, "outcome": "success"}
    assert {key: event.extra[key] for key in told} == told


def test_a_night_without_new_files_goes_on_to_what_was_left(steps: Steps, dag_run: Any, states: Any) -> None:
    steps.chunks = []
    run = dag_run()
    assert run.state == "success"
    assert states(run)["collect"] == {"skipped"}
    assert states(run)["publish"] == {"success"}


@pytest.mark.parametrize("failing", STEPS)
def test_a_failing_step_turns_the_run_red_and_the_report_names_it(steps: Steps, dag_run: Any, states: Any, failing: str) -> None:
    steps.failing = failing
    run = dag_run()
    assert run.state == "failed"
    found = states(run)
    assert found[failing] == {"failed"}
    for later in STEPS[STEPS.index(failing) + 1 :]:
        assert found[later] == {"upstream_failed"}
    assert found["report"] == {"failed"}
    assert steps.calls[-1] == ("report", (None if failing == "begin" else TOKEN, [failing]))
    # Once for each file's chunk, never again: a retry is for a lost connection.
    assert [name.removesuffix("_chunk") for name, _ in steps.calls].count(failing) == (2 if failing == "collect" else 1)


@pytest.mark.parametrize("failing", STEPS)
def test_a_lost_connection_is_tried_again_and_nothing_else_is(steps: Steps, dag_run: Any, states: Any, failing: str) -> None:
    steps.failing, steps.error, steps.times = failing, psycopg.OperationalError("server closed the connection unexpectedly"), 1
    steps.chunks = steps.chunks[:1]
    run = dag_run()
    assert run.state == "success"
    called = [name.removesuffix("_chunk") for name, _ in steps.calls]
    assert called == [name for step in [*STEPS, "report"] for name in [step] * (2 if step == failing else 1)]


def test_a_connection_that_stays_lost_is_given_up(steps: Steps, dag_run: Any, states: Any) -> None:
    steps.failing, steps.error = "build", psycopg.OperationalError("connection refused")
    run = dag_run()
    assert run.state == "failed"
    assert [name for name, _ in steps.calls].count("build") == 3
