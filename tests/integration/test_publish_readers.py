"""Readers of the marts: what each role may see, and what a reader meets during a switch."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from tests.support.mart_fixtures import at
from warehouse import publications
from warehouse.builds import build
from warehouse.database import connect, url_with
from warehouse.publications import PublishRefused, publish, resume, rollback
from warehouse.roles import role_passwords
from warehouse.runs import Run
from warehouse.settings import Settings


def as_role(settings: Settings, role: str) -> psycopg.Connection:
    assert settings.url is not None
    return psycopg.connect(url_with(settings.url.get_secret_value(), user=role, password=role_passwords(settings)[role]))


def checked_build(settings: Settings) -> tuple[Run, object]:
    run = at(settings)
    made = build(settings, run)
    with connect(settings) as conn:
        conn.execute("update audit.build set state = 'checked' where build_id = %s", (made.build_id,))
    return run, made.build_id


def assign(settings: Settings, area: str, valid_to: str | None = None) -> None:
    """A new version of officer_area: the login case_officer sees one area."""
    with connect(settings) as conn:
        row = conn.execute(
            "insert into reference.load select max(load_id) + 1, 'officer_area', 'x', 1, (select run_id from audit.run limit 1), now() "
            "from reference.load returning load_id"
        ).fetchone()
        assert row is not None
        conn.execute("insert into reference.officer_area values (%s, 'case_officer', %s, '2021-01-01', %s)", (row[0], area, valid_to))


@pytest.mark.parametrize("role", ["bi_reader", "auditor"])
def test_readers_read_the_marts_and_no_household(published: Settings, role: str) -> None:
    with as_role(published, role) as conn:
        assert conn.execute(
            "select poor_households from marts.fct_poverty where boundary = 'at_time' and area_level = 'long_an' and period_year = 2023"
        ).fetchone() == (400,)
        for forbidden in ("marts_restricted.fct_household_status", "blue_marts.fct_poverty", "intake.household_list"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"select 1 from {forbidden}")
            conn.rollback()


def test_bi_reader_reads_no_audit(published: Settings) -> None:
    with as_role(published, "bi_reader") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select 1 from audit.publication")


def test_a_case_officer_sees_the_households_of_its_own_area_only(published: Settings) -> None:
    query = "select count(*), count(distinct area_key), max(publication_id) from marts_restricted.fct_household_status"
    with as_role(published, "case_officer") as conn:
        assert conn.execute(query).fetchone() == (0, 0, None)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("select 1 from marts.fct_poverty")
    assign(published, "27694")
    with as_role(published, "case_officer") as conn:
        assert conn.execute("select distinct area_key from marts_restricted.fct_household_status").fetchall() == [("27694@2004-08-31",)]
    assign(published, "794")
    with as_role(published, "case_officer") as conn:
        row = conn.execute(query).fetchone()
        assert row is not None and row[1] > 1
    assign(published, "27694", valid_to="2023-12-31")
    with as_role(published, "case_officer") as conn:
        assert conn.execute(query).fetchone() == (0, 0, None)


def test_a_switch_keeps_the_security_barrier(published: Settings) -> None:
    for step in range(2):
        with connect(published) as conn:
            options = conn.execute(
                "select reloptions from pg_class where oid = 'marts_restricted.fct_household_status'::regclass"
            ).fetchone()
        assert options == (["security_barrier=true"],)
        if step == 0:
            publish(published, *checked_build(published))  # type: ignore[arg-type]


def test_readers_meet_no_error_and_no_mix_while_the_marts_switch_to_and_fro(published: Settings) -> None:
    """Each reader holds one mart in a transaction and asks for others, all the time that publications go by."""
    publish(published, *checked_build(published))  # type: ignore[arg-type]
    stop = threading.Event()
    seen: set[int] = set()
    problems: list[str] = []

    def read(level: str, marts: tuple[str, ...]) -> None:
        try:
            with as_role(published, "bi_reader") as conn:
                while not stop.is_set():
                    conn.execute(f"begin isolation level {level}")
                    ids = []
                    for mart in marts:
                        ids.append(conn.execute(f"select min(publication_id), max(publication_id) from marts.{mart}").fetchone())
                        time.sleep(0.003)
                    conn.rollback()
                    if len(set(ids)) != 1 or ids[0] is None or ids[0][0] != ids[0][1]:
                        problems.append(f"a mix: {ids}")
                    else:
                        seen.add(ids[0][0])
        except psycopg.Error as error:
            problems.append(repr(error))

    one_way, other_way = ("goal_progress", "fct_poverty", "data_status"), ("fct_poverty_default", "goal_progress", "data_status")
    ways = [("read committed", one_way), ("repeatable read", other_way), ("read committed", other_way[::-1])]
    readers = [threading.Thread(target=read, args=way) for way in ways]
    for reader in readers:
        reader.start()
    for _ in range(4):
        rollback(published, at(published))
        time.sleep(0.1)
        resume(published, at(published))
        time.sleep(0.1)
    stop.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(seen) > 2


def test_a_reader_that_never_lets_go_delays_the_switch_and_is_not_harmed(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publications, "TRIES", 2)
    run, build_id = checked_build(published)
    with as_role(published, "bi_reader") as reader:
        reader.execute("select count(*) from marts.goal_progress")
        with pytest.raises(PublishRefused, match="readers held the marts through 2 tries"):
            publish(published, run, build_id)  # type: ignore[arg-type]
        assert reader.execute("select max(publication_id) from marts.fct_poverty").fetchone() == (1,)
    assert publish(published, run, build_id) == 2  # type: ignore[arg-type]
