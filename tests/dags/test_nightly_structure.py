"""The DAG files are wiring: schedule, parameters, order; nothing is read or opened when they are parsed."""

from __future__ import annotations

import ast
import itertools
import runpy
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from warehouse.settings import PROJECT_DIR

DAG_FILE = PROJECT_DIR / "dags" / "nightly_load.py"
ORDER = ["begin", "collect", "validate", "build", "check", "publish", "report"]

_watched: list[str] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook cannot be taken away again; it looks only while a list is there to write to."""
    if _watched is None:
        return
    if event in ("socket.connect", "subprocess.Popen", "os.system"):
        _watched.append(event)
    if event == "open" and isinstance(arguments[0], str) and not arguments[0].endswith((".py", ".pyc")):
        _watched.append(f"open {arguments[0]}")


@pytest.mark.usefixtures("night_dag")  # imports Airflow, which reads its configuration, beforehand
@pytest.mark.parametrize("file", sorted(DAG_FILE.parent.glob("[a-z]*.py")), ids=lambda file: file.stem)
def test_parsing_does_no_input_or_output(file: Path) -> None:
    global _watched
    sys.addaudithook(_watch)
    _watched = []
    try:
        runpy.run_path(str(file))
        seen = list(_watched)
    finally:
        _watched = None
    assert seen == []


def test_limits(night_dag: Any) -> None:
    assert night_dag.catchup is False
    assert night_dag.max_active_runs == 1
    assert night_dag.doc_md
    assert "accept_reason" in night_dag.doc_md
    assert set(night_dag.params) == {"now", "accept_reason", "form", "period", "commune"}


@pytest.mark.parametrize("name", ["form", "period", "commune"])
def test_a_part_to_do_again_is_a_list_and_empty_where_nothing_is_asked(night_dag: Any, name: str) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    param = night_dag.params.get_param(name)
    assert param.resolve() == []
    assert param.resolve(["a", "b"]) == ["a", "b"]
    assert param.description
    with pytest.raises(ParamValidationError):
        param.resolve("2023-Q3")


@pytest.mark.parametrize(("dag_id", "due"), [("nightly_load", 22), ("watch_deadlines", 7)])
@pytest.mark.parametrize("hour", [0, 6, 7, 8, 15, 21, 22, 23])
def test_a_fresh_airflow_waits_for_its_hour(
    dags: dict[str, Any], dag_id: str, due: int, hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import coerce_to_core_timetable, encode_timetable
    from airflow.timetables import trigger
    from airflow.timetables.base import TimeRestriction

    started = datetime(2026, 11, 24, hour, 10, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    monkeypatch.setattr(trigger, "utcnow", lambda: started)
    timetable = decode_timetable(encode_timetable(coerce_to_core_timetable(dags[dag_id].timetable)))  # as the scheduler reads it
    restriction = TimeRestriction(earliest=dags[dag_id].start_date, latest=None, catchup=False)
    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert info is not None
    assert info.run_after == datetime(2026, 11, 24 if hour < due else 25, due, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def test_the_steps_stand_in_their_order(night_dag: Any) -> None:
    assert [task.task_id for task in night_dag.topological_sort()] == ORDER
    for before, after in itertools.pairwise(ORDER):
        assert after in night_dag.get_task(before).downstream_task_ids
    assert night_dag.get_task("collect").is_mapped
    assert night_dag.get_task("validate").trigger_rule == "none_failed"
    assert night_dag.get_task("report").trigger_rule == "all_done"
    assert [asset.name for asset in night_dag.get_task("report").outlets] == ["poverty_marts"]


@pytest.mark.parametrize("task_id", ORDER)
def test_every_task_has_a_time_out_and_few_retries(night_dag: Any, task_id: str) -> None:
    task = night_dag.get_task(task_id)
    options = task.partial_kwargs if task.is_mapped else vars(task)
    assert timedelta(minutes=1) <= (task.execution_timeout or options["execution_timeout"]) <= timedelta(hours=1)


def test_each_task_calls_one_function_of_the_night() -> None:
    tree = ast.parse(DAG_FILE.read_text(encoding="utf-8"))
    flow = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "nightly_load")
    called = {}
    for function in (n for n in flow.body if isinstance(n, ast.FunctionDef)):
        called[function.name] = [
            node.func.attr
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "nightly"
        ]
    assert called == {name: ["collect_chunk" if name == "collect" else name] for name in ORDER}


def test_the_file_is_short_and_airflow_will_look_at_it() -> None:
    text = DAG_FILE.read_text(encoding="utf-8")
    assert text.count("\n") < 100
    assert "airflow" in text.lower()
    assert "dag" in text.lower()
