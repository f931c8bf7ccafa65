"""The nightly load as an Airflow DAG: schedule, parameters, order. Each task calls one function of operations.nightly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, Param, dag

from operations import nightly
from operations.airflow_tasks import failed_steps, step, tell

POVERTY_MARTS = Asset("poverty_marts")

DOC = """
### Nightly load: signed commune workbooks in, trusted figures out

**begin** archives what is new in the inbox → **collect** reads it (mapped over chunks of files) → **validate** accepts or returns →
**build** makes the marts in the idle colour → **check** is the publish gate → **publish** switches every mart in one transaction →
**report** closes the night, writes the validation reports, and tells the story in its log and in the event of the asset
`poverty_marts`.

* **A red night** leaves the last publication as it was. Nothing needs to be cleared: the next night takes up what is left.
* **Retries** are for a lost database connection only. Every step may be run again at any time with the same result.
* **A night with nothing new** builds and publishes nothing.
* **now** is taken only in a warehouse made with `warehouse init --synthetic`. **accept_reason** publishes although the households of 7.1
  changed by more than 2%; it is logged. The same steps from a shell: `warehouse nightly`.
* **form, period, commune** name a part of the returns to do again (one value a line): what is accepted is judged once more by today's
  rules and stays accepted; then the night goes on as always.
"""


@dag(
    dag_id="nightly_load",
    # Neither a start_date nor the default `run_immediately` (a tenth of a day): a fresh Airflow would at once run the night before.
    schedule=CronTriggerTimetable("0 22 * * *", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": "data engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
    params={
        "now": Param(None, type=["null", "string"], description="Moment to record, with its zone: 2024-01-10T22:00+07:00"),
        "form": Param([], type="array", description="Judge accepted returns again, of these forms: credit"),
        "period": Param([], type="array", description="The same of these periods: 2023-Q3"),
        "commune": Param([], type="array", description="The same of these communes: 27694"),
        "accept_reason": Param(None, type=["null", "string"], description="Why the gate's 2% limit may be passed this night"),
    },
    tags=["nightly", "household_review"],
    doc_md=DOC,
)
def nightly_load() -> None:
    @step(30)
    def begin(params: Any = None, run_id: Any = None, ti: Any = None) -> Any:
        again = {"forms": params["form"], "periods": params["period"], "communes": params["commune"]}
        night = nightly.begin(now=params["now"], airflow_run_id=run_id, again=again)
        ti.xcom_push("token", night["token"])  # a mapped task can only be mapped over the returned value
        return night["chunks"]

    @step(60)
    def collect(token: dict[str, Any], chunk: list[dict[str, Any]]) -> dict[str, Any]:
        return nightly.collect_chunk(token, chunk)

    @step(60, trigger_rule="none_failed")  # a night without new files skips `collect`
    def validate(token: dict[str, Any]) -> dict[str, Any]:
        return nightly.validate(token)

    @step(60)
    def build(token: dict[str, Any]) -> dict[str, Any]:
        return nightly.build(token)

    @step(30)
    def check(token: dict[str, Any], built: dict[str, Any], params: Any = None) -> dict[str, Any]:
        return nightly.check(token, built, accept_reason=params["accept_reason"])

    @step(15)
    def publish(token: dict[str, Any], built: dict[str, Any], params: Any = None) -> dict[str, Any]:
        return nightly.publish(token, built, accept_reason=params["accept_reason"])

    @step(30, trigger_rule="all_done", outlets=[POVERTY_MARTS])
    def report(ti: Any = None, run_id: Any = None, outlet_events: Any = None) -> dict[str, Any]:
        token = ti.xcom_pull(task_ids="begin", key="token")  # none where `begin` failed
        failed = failed_steps(ti.get_task_states(dag_id="nightly_load", run_ids=[run_id]), run_id)
        return tell(nightly.report(token, failed), outlet_events, POVERTY_MARTS)

    chunks = begin()
    token = chunks["token"]
    collected = collect.partial(token=token).expand(chunk=chunks)
    validated = validate(token)
    built = build(token)
    checked = check(token, built)
    published = publish(token, built)
    collected >> validated >> built >> checked >> published >> report()


nightly_load()
