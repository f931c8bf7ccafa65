"""The marts as they were known at a moment, as an Airflow DAG: a form for the moment, one task, which calls operations.asof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag

from operations import asof
from operations.airflow_tasks import step, tell_as_of

DOC = """
### Rebuild as of: every mart as it was known at a moment

Started by hand, with the moment in its form. The marts of that moment are built into schemas of their own (`asof_<moment>_marts`); what is
published is not touched. At the moment of a publication the content is compared with that publication.

* **A red run**: the moment is in the future, before the first event or without a zone; or a publication was rebuilt by the code that made
  it and came out otherwise, which is a defect.
* The same from a shell: `warehouse build --as-of`; `warehouse asof list|diff|drop`.
"""


@dag(
    dag_id="rebuild_as_of",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": "data engineering", "retries": 2, "retry_delay": timedelta(seconds=30)},
    params={
        "as_of": Param(type="string", description="Moment, with its zone: 2024-01-10T22:00+07:00", minLength=1),
    },
    tags=["as of"],
    doc_md=DOC,
)
def rebuild_as_of() -> None:
    @step(60)
    def rebuild(params: Any = None, run_id: Any = None) -> dict[str, Any]:
        return tell_as_of(asof.rebuild(params["as_of"], airflow_run_id=run_id))

    rebuild()


rebuild_as_of()
