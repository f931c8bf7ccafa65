"""The restatement log: played over the first publication it gives the last one, and each change has its cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.console import out
from reporting.evidence import verify
from tests.support.mart_builder import Return, happen, people, send
from tests.support.mart_cells import cells_of, told_marts
from tests.support.mart_fixtures import at, build_and_publish
from tests.support.nights import TARGET
from warehouse import publications
from warehouse.builds import build
from warehouse.database import Connection, connect
from warehouse.reference_data import REFERENCE_DIR, load_reference
from warehouse.restatements import replay, restate
from warehouse.settings import Settings, get_settings

NIGHTS = [f"2024-0{month}-{day}T22:00+07:00" for month, day in ((1, 11), (1, 12), (1, 13), (1, 17), (1, 18))]
CORRECTION = Return("27694", 2023, people(9, 9), version=2)
LATE = Return("27697", 2022, people(5, 5), version=2)


def causes(conn: Connection, publication_id: int, mart: str, **where: str) -> set[tuple[str, Any]]:
    condition = "".join(f" and {name} = '{value}'" for name, value in where.items())
    return set(
        conn.execute(
            f"select cause, submission_id from audit.restatement where publication_id = %s and mart = %s{condition}", (publication_id, mart)
        ).fetchall()
    )


def test_the_log_played_over_the_first_publication_gives_each_later_one(published: Settings, tmp_path: Path) -> None:
    with connect(published) as conn:
        known = {mart.name: cells_of(conn, mart, "blue") for mart in told_marts()}
        first = {name: dict(cells) for name, cells in known.items()}

    def night(number: int) -> None:
        build_and_publish(published, at(published, NIGHTS[number]))
        with connect(published) as conn:
            row = conn.execute("select build_schema, publication_id from audit.publication order by publication_id desc limit 1").fetchone()
            assert row is not None
            for mart in told_marts():
                now = cells_of(conn, mart, row[0])
                assert replay(conn, mart, known[mart.name], row[1] - 1, row[1]) == now, (number, mart.name)
                assert replay(conn, mart, first[mart.name], 1, row[1]) == now, (number, mart.name)
                known[mart.name] = now

    with connect(published) as conn:
        send(conn, at(published, NIGHTS[0]), [CORRECTION])
    night(0)
    with connect(published) as conn:
        happen(conn, at(published, NIGHTS[1]), "withdrawn", CORRECTION)
        send(conn, at(published, NIGHTS[1]), [LATE])
    night(1)
    (tmp_path / "target.csv").write_text((REFERENCE_DIR / "target.csv").read_text(encoding="utf-8") + TARGET, encoding="utf-8")
    load_reference(published, at(published, NIGHTS[2]), tmp_path / "target.csv")
    night(2)
    night(3)  # the due date of the fourth quarter has passed

    with connect(published) as conn:
        changed = conn.execute(
            "select old_value, new_value, cause, submission_id, previous_publication_id from audit.restatement where publication_id = 2 "
            "and mart = 'fct_poverty' and column_name = 'poor_households' and key[1:2] = array['27694@2004-08-31', 'at_time']"
        ).fetchall()
        assert changed == [(str(_poor(conn, 2023)), "9", "submission", CORRECTION.submission_id, 1)]
        assert causes(conn, 2, "goal_progress") == {("submission", CORRECTION.submission_id)}
        assert ("withdrawal", CORRECTION.submission_id) in causes(conn, 3, "fct_poverty")
        assert ("submission", LATE.submission_id) in causes(conn, 3, "fct_poverty")
        assert {cause for cause, _ in causes(conn, 3, "fct_poverty")} == {"submission", "withdrawal"}
        assert {cause for cause, _ in causes(conn, 4, "dim_target")} == {"target"}
        assert causes(conn, 4, "fct_poverty") == set()
        assert {cause for cause, _ in causes(conn, 5, "submission_compliance")} == {"calendar"}
        assert conn.execute("select count(*) from audit.restated_row where mart = 'fct_household_status'").fetchone() == (0,)
    assert [problem for problem in verify(published) if problem.kind == "restatement"] == []
    with connect(published) as conn:
        conn.execute(
            "update audit.restated_row set new = new || '{\"poor_households\": \"8\"}' where publication_id = 2 and mart = 'fct_poverty'"
        )
    assert [problem.subject for problem in verify(published) if problem.kind == "restatement"] == ["publication 2"]


def test_a_switch_cut_off_before_its_log_is_told_before_the_next_build(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(published) as conn:
        send(conn, at(published, NIGHTS[0]), [CORRECTION])
    with monkeypatch.context() as patch:
        patch.setattr(publications, "restate", lambda *_: None)
        build_and_publish(published, at(published, NIGHTS[0]))
    build(published, at(published, NIGHTS[1]))
    with connect(published) as conn:
        assert conn.execute("select publication_id, previous_publication_id from audit.restated").fetchall() == [(2, 1)]
    assert restate(published, at(published, NIGHTS[1])) is None


def test_a_return_to_the_publication_before_says_so_and_an_auditor_lists_them(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(published) as conn:
        send(conn, at(published, NIGHTS[0]), [CORRECTION])
    build_and_publish(published, at(published, NIGHTS[0]))
    publications.rollback(published, at(published, NIGHTS[1]))
    publications.resume(published, at(published, NIGHTS[2]))
    with connect(published) as conn:
        told = conn.execute(
            "select publication_id, old_value, new_value, cause from audit.restatement where mart = 'fct_poverty' "
            "and key[1:2] = array['long_an', 'at_time'] and column_name = 'poor_households' order by 1"
        ).fetchall()
    one, other = told[0][1], told[0][2]
    assert [(row[0], row[1], row[2]) for row in told] == [(2, one, other), (3, other, one), (4, one, other)]
    assert [row[3] for row in told] == ["submission", "rollback", "rollback"]

    assert published.url is not None
    monkeypatch.setenv("WAREHOUSE_HOME", str(published.home))
    monkeypatch.setenv("WAREHOUSE_URL", published.url.get_secret_value())
    monkeypatch.setattr(out, "_width", 220)
    get_settings.cache_clear()
    try:
        asked = ["audit", "restatements", "--mart", "fct_poverty", "--area", "27694", "--column", "poor_households", "--publication", "2"]
        shown = CliRunner().invoke(app, asked)
    finally:
        get_settings.cache_clear()
    assert shown.exit_code == 0, shown.output
    lines = [line for line in shown.stdout.splitlines() if "27694@2004-08-31" in line]
    assert len(lines) == 2, "at its time and on the map of 2021"
    assert all("1 → 2" in line and str(CORRECTION.submission_id)[:8] in line for line in lines)


def _poor(conn: Connection, year: int) -> int:
    row = conn.execute(
        "select count(*) from intake.household_list as l inner join intake.submission as s using (submission_id) "
        "where s.commune_code = '27694' and s.period_key = %s and s.version = 1 and l.closing_class = 'poor'",
        (str(year),),
    ).fetchone()
    assert row is not None
    return int(row[0])
