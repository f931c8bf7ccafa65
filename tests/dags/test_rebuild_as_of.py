"""The rebuild as a DAG: a form for the moment, one task that calls one function; a real run of it."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import Any

import pytest

from warehouse.settings import PROJECT_DIR, Settings

DAG_FILE = PROJECT_DIR / "dags" / "rebuild_as_of.py"
NIGHT = "2022-01-05T22:00+07:00"


@pytest.fixture
def rebuild_dag(dags: dict[str, Any]) -> Any:
    return dags["rebuild_as_of"]


def test_structure(rebuild_dag: Any) -> None:
    assert [task.task_id for task in rebuild_dag.tasks] == ["rebuild"]
    assert (rebuild_dag.catchup, rebuild_dag.max_active_runs) == (False, 1)
    assert set(rebuild_dag.params) == {"as_of"}
    assert "warehouse build --as-of" in rebuild_dag.doc_md
    tree = ast.parse(DAG_FILE.read_text(encoding="utf-8"))
    called = [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func).startswith("asof.")]
    assert called == ["asof.rebuild"]


def test_a_run_builds_what_was_known_and_a_bad_moment_is_red(
    rebuild_dag: Any, as_process_settings: Settings, dag_run: Any, rows: Any, states: Any
) -> None:
    from tests.support.workbooks import RECEIVED, Return

    Return().write(as_process_settings.inbox_dir, "2023.xlsx", RECEIVED)
    assert dag_run("2024-01-05T22:00+07:00").state == "success"
    rebuild_dag.get_task("rebuild").retry_delay = timedelta(0)
    done = rebuild_dag.test(run_conf={"as_of": "2024-01-05T22:00+07:00"})
    assert done.state == "success"
    assert states(done) == {"rebuild": {"success"}}
    (standing,) = rows(
        "select build_schema, knowledge_at = (select knowledge_at from audit.publication) from audit.build where state = 'built'"
    )
    assert standing == ("asof_20240105t150000z", True)
    assert rows(
        "select count(*) from asof_20240105t150000z_marts.fct_poverty "
        "where boundary = 'at_time' and accepted_submissions > 0 and area_level = 'commune'"
    ) == [(1,)]
    assert rebuild_dag.test(run_conf={"as_of": "2024-01-05T22:00"}).state == "failed"
