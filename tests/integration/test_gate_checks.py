"""The publish gate: each check finds what it is for, in a build of the small province that was tampered with."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from expectations.gate import GateError, GateOutcome, check_build, load_checks
from tests.support.mart_builder import Return, happen, people, send
from tests.support.mart_fixtures import Template, at
from tests.support.tampering import TAMPERED_SERVICES
from warehouse.builds import build
from warehouse.database import connect
from warehouse.publications import PublishRefused, publish
from warehouse.runs import Run
from warehouse.settings import Settings

TAMPERED = {
    "GATE-SUM": "update green_marts.fct_poverty set near_poor_households = near_poor_households + 1 where area_code = '794'",
    "GATE-STANDARD": "update green_marts.fct_poverty set poor_households = poor_households + 1 where area_level = 'long_an'",
    "GATE-SERVICE": "update green_marts.fct_loan_coverage set requested_vnd = 1 where area_level = 'long_an' and period_key = '2023-Q3'",
    "GATE-PART": "update green_marts.fct_poverty set total_persons = 1 where area_level = 'commune' and area_code = '27694'",
    "GATE-MOVE": "update green_marts.fct_poverty set relapsed = relapsed + 1 where period_year = 2023 and area_level = 'long_an'",
    "GATE-RATE": "update green_marts.fct_poverty set poor_rate_pct = poor_rate_pct + 1 where boundary = 'at_time' and area_code = '794' "
    "and period_year = 2022",
    "GATE-SOURCE": "update intake.summary_7_1 set total_households = total_households + 1 where submission_id = "
    "(select submission_id from audit.submission_in_force order by 1 limit 1)",
    "GATE-LOST": "update green_marts.fct_poverty set accepted_submissions = 0 where area_code = '27694' and period_year = 2021",
}  # fmt: skip


def outcome_of(settings: Settings, run: Run, build_id: UUID, reason: str | None = None) -> tuple[GateOutcome, set[str]]:
    outcome = check_build(settings, run, build_id, accept_reason=reason)
    return outcome, {result.check_code for result in outcome.results if not result.passed}


def test_every_check_that_is_not_acceptable_is_tampered_with_here() -> None:
    assert {check.code for check in load_checks() if not check.acceptable} == {*TAMPERED, *TAMPERED_SERVICES}


@pytest.fixture
def green(published: Settings) -> tuple[Settings, Run, UUID]:
    """A build of the same province, waiting in green."""
    run = at(published)
    return published, run, build(published, run).build_id


def test_each_check_finds_its_fault_and_holds_the_publication(green: tuple[Settings, Run, UUID]) -> None:
    settings, run, build_id = green
    for code, statement in TAMPERED.items():
        with connect(settings) as conn:
            conn.execute("create schema kept")
            for table in ("green_marts.fct_poverty", "green_marts.fct_loan_coverage", "intake.summary_7_1"):
                conn.execute(f"create table kept.{table.replace('.', '_')} as table {table}")
            assert conn.execute(statement).rowcount > 0
        outcome, failed = outcome_of(settings, run, build_id)
        assert code in failed and not outcome.passed
        with connect(settings) as conn:
            for table in ("green_marts.fct_poverty", "green_marts.fct_loan_coverage", "intake.summary_7_1"):
                columns = ", ".join(
                    row[0] for row in conn.execute(
                        "select attname::text from pg_attribute where attrelid = %s::regclass and attnum > 0 and attgenerated = ''",
                        (table,),
                    )
                )  # fmt: skip
                conn.execute(f"truncate {table}")
                conn.execute(f"insert into {table} ({columns}) select {columns} from kept.{table.replace('.', '_')}")
            conn.execute("drop schema kept cascade")
            assert conn.execute("select state from audit.build where build_id = %s", (build_id,)).fetchone() == ("built",)
        with pytest.raises(PublishRefused):
            publish(settings, run, build_id)
    outcome, failed = outcome_of(settings, run, build_id)
    assert outcome.passed and not failed
    assert publish(settings, run, build_id) == 2


def test_results_are_kept_with_their_words(green: tuple[Settings, Run, UUID]) -> None:
    settings, run, build_id = green
    with connect(settings) as conn:
        conn.execute(TAMPERED["GATE-RATE"])
    outcome_of(settings, run, build_id)
    with connect(settings) as conn:
        rows = conn.execute(
            "select check_code, passed, rows_failed, detail_vi, detail_en from audit.gate_result where build_id = %s", (build_id,)
        ).fetchall()
    assert len(rows) == len(load_checks())
    kept = {row[0]: row[1:] for row in rows}
    assert kept["GATE-RATE"][:2] == (False, 1)
    assert "1 dòng không đạt" in kept["GATE-RATE"][2] and "2022 794: poor_rate_pct" in kept["GATE-RATE"][3]
    assert kept["GATE-SUM"][:2] == (True, 0)


def test_a_total_out_of_2_percent_needs_a_reason_and_then_not_again(published: Settings) -> None:
    run = at(published)
    with connect(published) as conn:
        # 190,000 households of 2023, 189,000 of 2022: 2% more is 192,780, reached exactly and then passed by one.
        send(conn, run, [Return("27694", 2023, people(3, 2), version=2, total_households=1011 + 2780)])
    assert outcome_of(published, run, build(published, run).build_id)[1] == set()
    with connect(published) as conn:
        send(conn, run, [Return("27694", 2023, people(3, 2), version=3, total_households=1011 + 2781)])
    build_id = build(published, run).build_id
    outcome, failed = outcome_of(published, run, build_id)
    assert failed == {"GATE-TOTAL"} and not outcome.passed
    assert "189000 -> 192781 (188 communes)" in next(r.detail_en for r in outcome.results if not r.passed)
    with pytest.raises(PublishRefused):
        publish(published, run, build_id)
    outcome, _ = outcome_of(published, run, build_id, reason="a new quarter was settled")
    assert outcome.passed
    assert publish(published, run, build_id, accept_reason="a new quarter was settled") == 2
    with connect(published) as conn:
        assert conn.execute("select accept_reason from audit.publication where publication_id = 2").fetchone() == (
            "a new quarter was settled",
        )
        assert conn.execute(
            "select accepted_reason from audit.gate_result where build_id = %s and accepted_reason is not null", (build_id,)
        ).fetchall() == [("a new quarter was settled",)]
    assert outcome_of(published, run, build(published, run).build_id)[0].passed


def test_a_withdrawal_that_is_logged_may_take_a_return_away(published: Settings, small_province: Template) -> None:
    run = at(published)
    with connect(published) as conn:
        happen(conn, run, "withdrawn", small_province.returns[2023][0])
    build_id = build(published, run).build_id
    outcome, failed = outcome_of(published, run, build_id)
    assert outcome.passed and not failed
    assert publish(published, run, build_id) == 2


def test_a_return_that_vanishes_without_a_withdrawal_is_lost(published: Settings, small_province: Template) -> None:
    run = at(published, "2024-01-11T22:00+07:00")
    gone = small_province.returns[2023][0]
    with connect(published) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute("delete from audit.submission_event where submission_id = %s and event_type = 'accepted'", (gone.submission_id,))
    assert "GATE-LOST" in outcome_of(published, run, build(published, run).build_id)[1]


def test_an_unfinished_or_unknown_build_cannot_be_checked(published: Settings) -> None:
    run = at(published)
    with pytest.raises(GateError, match="unknown"):
        check_build(published, run, uuid4())
    build_id = build(published, run).build_id
    with connect(published) as conn:
        conn.execute("update audit.build set state = 'building' where build_id = %s", (build_id,))
    with pytest.raises(GateError, match="building"):
        check_build(published, run, build_id)


def test_a_check_that_raises_is_never_zero_rows(green: tuple[Settings, Run, UUID]) -> None:
    settings, run, build_id = green
    with connect(settings) as conn:
        conn.execute("alter table green_marts.fct_poverty rename column relapsed to again_poor")
    with pytest.raises(GateError, match="GATE-MOVE could not be run"):
        check_build(settings, Run(run.run_id, run.kind, run.now + timedelta(0)), build_id)


def test_no_session_stays_open_after_a_check(green: tuple[Settings, Run, UUID]) -> None:
    settings, run, build_id = green
    check_build(settings, run, build_id)
    with connect(settings) as conn:
        left = conn.execute(
            "select application_name from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        ).fetchall()
    assert left == []
