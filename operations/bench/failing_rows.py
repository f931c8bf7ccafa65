"""How fast failing rows are written: one return with 100,000 faulty rows, listed whole."""

from __future__ import annotations

import time

from operations.bench.floors import stored_columns
from warehouse.database import connect
from warehouse.runs import start_run
from warehouse.settings import Settings

ROWS = 100_000

FILL = """
    insert into intake.household_list ({columns})
    select {values}
    from generate_series(1, %(rows)s) as n
    cross join (select * from intake.household_list where submission_id = %(submission)s order by row_number limit 1) as t
"""


def failing_rows_per_second(settings: Settings) -> float:
    """Rows written by the rules of one round that find any, by the seconds of these rules, finding and writing; nothing is kept.

    A rule that finds nothing writes nothing: what it costs is in the night's own line.
    """
    from expectations.findings import use_round, write_findings
    from expectations.validate import rules_for

    run = start_run(settings, "bench")
    with connect(settings, run_id=run.run_id, kind="bench") as conn:
        row = conn.execute(
            "select submission_id, form_code, period_type, period_end_date from intake.submission where period_key = '2023' "
            "order by submission_id limit 1"
        ).fetchone()
        assert row is not None, "a night comes before this"
        submission, *period = row
        names = stored_columns(conn, "household_list")
        changed = {"row_number": "100000 + n", "household_code": "'L' || n", "score_b1": "-1"}
        fill = FILL.format(columns=", ".join(names), values=", ".join(changed.get(name, f"t.{name}") for name in names))
        conn.execute(fill, {"rows": ROWS, "submission": submission})
        conn.execute(
            "insert into audit.validation_batch (run_id, submission_id, round) values (%s, %s, 1)",
            (run.run_id, submission),
        )
        conn.execute("analyze intake.household_list")
        use_round(conn, run.run_id, 1)
        rules = rules_for(*period)
        written, seconds = 0, 0.0
        for rule in rules:
            started = time.perf_counter()
            found = sum(write_findings(conn, run.run_id, [rule]).values())
            if found:
                written, seconds = written + found, seconds + time.perf_counter() - started
        conn.rollback()
    assert written >= ROWS
    return written / seconds
