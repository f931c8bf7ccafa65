"""Airflow's scheduler with the libraries of the night imported once: its tasks are forked from it and need not import them again.

Great Expectations and dbt take seconds to import, and a night has four steps that use them. A scheduler of your own works as well;
each of these steps is then some seconds longer.
"""

from __future__ import annotations

import importlib
import runpy
import sys

from expectations.runner import quiet_great_expectations

LIBRARIES = (
    "python_calamine",
    "sqlalchemy.dialects.postgresql.psycopg",
    "dbt.cli.main",
    "dbt.task.build",
    "dbt.adapters.postgres",
    "sqlparse",
    "babel.dates",
)
STEPS = (
    "ingestion.collect",
    "expectations.validate",
    "expectations.gate",
    "warehouse.builds",
    "warehouse.publications",
    "reporting.site",
)


def main() -> None:
    """Import, then become the scheduler. Opens no connection: what is forked must not share one."""
    quiet_great_expectations()
    for name in (*LIBRARIES, *STEPS):
        importlib.import_module(name)
    sys.argv = ["airflow", "scheduler"]
    runpy.run_module("airflow", run_name="__main__")


if __name__ == "__main__":
    main()
