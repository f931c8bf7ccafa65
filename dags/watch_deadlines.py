"""The morning's watch as an Airflow DAG: schedule, parameters, one task. It calls one function of operations.watch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag

from operations import watch as watching
from operations.airflow_tasks import step, tell_watch

DOC = """
### Watch: deadlines near and past, nights that did not run

Every morning, after the night: which returns are due soon, which are late and of which communes, and what stands still. Said in the log
of the task, kept in `audit.alarm`, and mailed where a mail server is set and something has changed since the last mail.

* **A red run** means that the warehouse could not be read, or that a mail could not be sent: the log says why, and the next run sends it.
* **An alarm** does not make the run red. Running it again changes nothing and mails nothing.
* **now** is taken only in a warehouse made with `warehouse init --synthetic`. The same from a shell: `warehouse watch`.
"""


@dag(
    dag_id="watch_deadlines",
    # As nightly_load: without run_immediately a fresh Airflow would at once run the morning before.
    schedule=CronTriggerTimetable("0 7 * * *", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": "data engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
    params={"now": Param(None, type=["null", "string"], description="Moment to judge by, with its zone: 2024-01-11T07:00+07:00")},
    tags=["watch"],
    doc_md=DOC,
)
def watch_deadlines() -> None:
    @step(15)
    def watch(params: Any = None, run_id: Any = None) -> dict[str, Any]:
        return tell_watch(watching.watch(now=params["now"], airflow_run_id=run_id))

    watch()


watch_deadlines()
