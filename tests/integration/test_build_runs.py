"""How builds run: what needs one, which colour it takes, what it records, and what a failed one leaves."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest

from ingestion.contracts import load_form
from tests.support.mart_builder import Household, Return, happen, people, send
from tests.support.mart_fixtures import at, build_and_publish
from warehouse import builds
from warehouse.builds import BuildFailed, build, needs_build
from warehouse.database import connect
from warehouse.dbt_runner import DbtOutcome, run_dbt
from warehouse.fingerprint import current_inputs, dates_passed, review_opens
from warehouse.hashing import content_hash
from warehouse.settings import Settings


def test_a_night_with_nothing_new_needs_no_build(published: Settings) -> None:
    assert needs_build(published, at(published)) == (False, "nothing has changed since publication 1")


def test_an_empty_warehouse_needs_its_first_build(warehouse: Settings) -> None:
    assert needs_build(warehouse, at(warehouse)) == (True, "nothing is published yet")


@pytest.mark.parametrize("events", [("received", "validated", "accepted"), ("received", "validated", "returned")])
def test_a_new_state_of_a_return_needs_a_build(published: Settings, events: tuple[str, ...]) -> None:
    run = at(published)
    with connect(published) as conn:
        send(conn, run, [Return("27694", 2023, people(1, 1), version=2, events=events)])
    assert needs_build(published, run)[0]


def test_a_due_date_or_a_period_that_passes_needs_a_build(published: Settings) -> None:
    with connect(published) as conn:
        # A review's year begins on 1 September, a quarter on 1 October; its return is due on 15 October, the review's on 15/11 and 20/12.
        days = [(8, 31), (9, 1), (9, 30), (10, 1), (10, 15), (10, 16), (11, 15), (11, 16), (12, 20), (12, 21)]
        seen = [dates_passed(conn, date(2024, month, day)) for month, day in days]
    assert [first == second for first, second in pairwise(seen)] == [False, True] * 4 + [False]
    assert not needs_build(published, at(published, "2024-01-15T22:00+07:00"))[0]
    assert needs_build(published, at(published, "2024-01-16T22:00+07:00"))[0]


def test_the_review_opens_on_the_day_that_its_contract_names() -> None:
    assert review_opens() == load_form("household_review").opens["year"]


def test_the_same_inputs_give_the_same_hashes_in_the_other_colour(published: Settings) -> None:
    with connect(published) as conn:
        first = conn.execute("select mart_hashes from audit.publication").fetchone()
    run = at(published)
    made = build(published, run)
    assert made.schema == "green"
    assert first == (made.mart_hashes,)
    assert set(made.mart_hashes) == {
        "data_status", "dim_area", "dim_period", "dim_series_break", "dim_target", "fct_household_status", "fct_loan_coverage",
        "fct_poverty", "fct_poverty_by_standard", "fct_training_coverage", "goal_progress", "submission_compliance",
    }  # fmt: skip


def test_each_node_s_result_is_kept(published: Settings) -> None:
    run = at(published)
    made = build(published, run)
    with connect(published) as conn:
        nodes = conn.execute("select node, status, rows from audit.node_result where run_id = %s", (run.run_id,)).fetchall()
        state = conn.execute("select build_schema, state, today from audit.build where build_id = %s", (made.build_id,)).fetchone()
    assert len(nodes) == made.nodes
    assert {status for _, status, _ in nodes} == {"success", "pass"}
    assert ("model.long_an.fct_poverty", "success", 3 * (205 + 204 + 66)) in nodes
    assert state == ("green", "built", date(2024, 1, 10))


def test_a_failed_build_says_which_node_and_leaves_the_publication(published: Settings) -> None:
    run = at(published)
    twice = Return("27694", 2023, [Household("poor", "poor")] * 2, version=2)
    with connect(published) as conn:
        send(conn, run, [twice])
        conn.execute("update intake.household_list set household_code = 'H1' where submission_id = %s", (twice.submission_id,))
    with pytest.raises(BuildFailed, match=r"(?s)fct_household_status: .*duplicate key"):
        build(published, run)
    with connect(published) as conn:
        assert conn.execute("select state from audit.build where run_id = %s", (run.run_id,)).fetchone() == ("failed",)
        assert conn.execute("select sum(poor_households) from marts.fct_poverty_default where period_year = 2023").fetchone() == (400,)
        happen(conn, run, "withdrawn", twice)
    next_night = at(published)
    build_and_publish(published, next_night)
    with connect(published) as conn:
        assert conn.execute("select max(publication_id) from marts.fct_poverty").fetchone() == (2,)


def test_a_node_that_did_not_run_is_a_failure(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(settings: Settings, schema: str, anew: bool) -> DbtOutcome:
        outcome = run_dbt(settings, schema, anew=anew)
        return DbtOutcome([r for r in outcome.results if not r.node.endswith("fct_poverty")], outcome.expected)

    monkeypatch.setattr(builds, "run_dbt", lazy)
    with pytest.raises(BuildFailed, match=r"1 nodes of the project were not built, first model\.long_an\.fct_poverty"):
        build(published, at(published))


def test_a_build_never_replaces_what_the_marts_show(published: Settings) -> None:
    with connect(published) as conn:
        conn.execute("create schema green_marts")
        conn.execute("create table green_marts.dim_area (area_key text)")
        conn.execute("create view public.mine as select * from green_marts.dim_area")
    with pytest.raises(BuildFailed, match="mine read the green schemas"):
        build(published, at(published))


def test_what_is_recorded_after_the_run_began_is_part_of_its_build(published: Settings) -> None:
    run, later = at(published), at(published, "2024-01-10T22:00:30+07:00")
    with connect(published) as conn:
        send(conn, later, [Return("27694", 2023, people(9, 1), version=2)])
        inputs = current_inputs(conn, run)
    assert inputs.knowledge_at == later.now
    build(published, run)
    with connect(published) as conn:
        row = conn.execute(
            "select poor_households from green_marts.fct_poverty where boundary = 'at_time' and area_code = '27694' and period_year = 2023"
        ).fetchone()
    assert row == (9,)


def test_content_hashes_know_rows_and_values_but_no_order_and_no_moments(conn: psycopg.Connection) -> None:
    name = f"t_{uuid4().hex}"
    conn.execute(f"create table public.{name} (b text, a int, at timestamptz, publication_id bigint)")
    conn.execute(f"insert into public.{name} values ('x', 1, now(), 1), (null, 2, now(), 1)")
    first = content_hash(conn, "public", name)
    conn.execute(f"truncate public.{name}")
    conn.execute(f"insert into public.{name} values (null, 2, '2020-01-01', 7), ('x', 1, null, 8)")
    assert content_hash(conn, "public", name) == first
    conn.execute(f"update public.{name} set b = 'null' where b is null")
    assert content_hash(conn, "public", name) != first
