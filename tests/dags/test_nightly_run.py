"""Whole nights through the DAG: a good one, one with nothing new, one that fails and is mended by the next."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.workbooks import Return
from warehouse import builds, publications
from warehouse.settings import Settings

NIGHTS = ["2024-01-05T22:00+07:00", "2024-01-06T22:00+07:00", "2024-01-07T22:00+07:00"]
MARTS = "select count(*) from marts.fct_poverty where poor_households > 0"


def test_a_night_publishes_and_the_next_has_nothing_to_do(as_process_settings: Settings, dag_run: Any, states: Any, rows: Any) -> None:
    Return().write(as_process_settings.inbox_dir)
    first = dag_run(now=NIGHTS[0])
    assert first.state == "success"
    assert states(first)["collect"] == {"success"}
    assert rows(f"select kind, outcome, error from audit.run where airflow_run_id = '{first.run_id}'") == [("nightly", "success", None)]
    assert rows("select event_type from audit.submission_event where event_type in ('received', 'accepted') order by 1") == [
        ("accepted",),
        ("received",),
    ]
    assert rows("select count(*) from audit.publication") == [(1,)]
    assert rows(MARTS)[0][0] > 0
    assert (as_process_settings.reports_dir / "index.html").exists()

    second = dag_run(now=NIGHTS[1])
    assert second.state == "success"
    assert states(second)["collect"] == {"skipped"}
    assert rows(f"select outcome from audit.run where airflow_run_id = '{second.run_id}'") == [("nothing_new",)]
    assert rows("select count(*) from audit.publication") == [(1,)]


@pytest.mark.parametrize("failing", ["build", "publish"])
def test_a_red_night_leaves_the_marts_and_the_next_mends_it(
    as_process_settings: Settings, dag_run: Any, states: Any, rows: Any, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def broken(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("a broken model")

    Return().write(as_process_settings.inbox_dir)
    with monkeypatch.context() as patch:
        patch.setattr(builds if failing == "build" else publications, failing, broken)
        red = dag_run(now=NIGHTS[0])
    assert red.state == "failed"
    assert states(red)[failing] == {"failed"}
    assert states(red)["report"] == {"failed"}
    [(outcome, error)] = rows(f"select outcome, error from audit.run where airflow_run_id = '{red.run_id}'")
    assert outcome == "failed"
    assert error == f"{failing}: RuntimeError: a broken model"
    assert rows("select count(*) from audit.publication") == [(0,)]
    assert rows(MARTS) == [(0,)]
    assert (as_process_settings.reports_dir / "index.html").exists(), "a red night is reported too"

    mended = dag_run(now=NIGHTS[1])
    assert mended.state == "success"
    assert rows("select count(*) from audit.publication") == [(1,)]
    assert rows(MARTS)[0][0] > 0
    assert rows("select count(*) from audit.submission_event where event_type = 'accepted'") == [(1,)], "accepted once, not again"


def test_the_demo_and_people_without_a_scheduler_run_it_once(warehouse: Settings) -> None:
    from operations.airflow import run_dag_once

    Return().write(warehouse.inbox_dir)
    story = run_dag_once(warehouse, now=NIGHTS[0])
    assert {key: story[key] for key in ("files", "accepted", "returned", "publication_id", "error")} == {
        "files": 1,
        "accepted": 1,
        "returned": 0,
        "publication_id": 1,
        "error": None,
    }


def test_a_red_run_is_told(warehouse: Settings) -> None:
    from operations.airflow import run_dag_once
    from operations.nightly import NightFailed

    with pytest.raises(NightFailed, match=r"began no night.*airflow-dag-run\.log"):
        run_dag_once(warehouse, now="not a time")
