"""init: what a fresh warehouse holds, and that a second init changes nothing."""

from __future__ import annotations

import psycopg
import pytest

from warehouse import clock
from warehouse.clock import ClockError
from warehouse.database import url_with
from warehouse.roles import role_passwords
from warehouse.settings import Settings
from warehouse.setup import SetupError, init


def test_long_an_has_188_186_and_60_communes(conn: psycopg.Connection) -> None:
    def in_force(day: str) -> int:
        row = conn.execute(
            "select count(*) from reference.unit where unit_level = 'commune' and is_long_an "
            "and valid_from <= %s and coalesce(valid_to, 'infinity') >= %s",
            (day, day),
        ).fetchone()
        assert row is not None
        return int(row[0])

    assert [in_force(day) for day in ("2021-12-31", "2023-12-31", "2024-12-31", "2025-06-30", "2025-12-31")] == [188, 188, 186, 186, 60]


def test_a_second_init_loads_nothing(warehouse: Settings) -> None:
    assert init(warehouse, synthetic=True).reference_loaded == []


def test_a_real_warehouse_takes_no_now(conn: psycopg.Connection) -> None:
    conn.execute("update audit.setting set value = 'real' where name = 'kind'")
    with pytest.raises(ClockError, match="--synthetic"):
        clock.now(conn, clock.parse_now("2022-01-01T00:00+07:00"))


def test_a_real_warehouse_is_not_made_synthetic(warehouse: Settings, conn: psycopg.Connection) -> None:
    conn.execute("update audit.setting set value = 'real' where name = 'kind'")
    conn.commit()
    with pytest.raises(SetupError):
        init(warehouse, synthetic=True)


def test_now_never_runs_backwards(conn: psycopg.Connection) -> None:
    with pytest.raises(ClockError, match="before"):
        clock.now(conn, clock.parse_now("2020-01-01T00:00+07:00"))


def test_now_needs_its_zone() -> None:
    with pytest.raises(ClockError, match="zone"):
        clock.parse_now("2022-01-01T00:00")


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        ("bi_reader", "intake.household_list"),
        ("bi_reader", "audit.failing_row"),
        ("bi_reader", "reference.officer_area"),
        ("auditor", "intake.household_list"),
        ("case_officer", "intake.household_list"),
        ("case_officer", "audit.submission"),
    ],
)
def test_a_role_is_refused_what_it_may_not_read(warehouse: Settings, role: str, forbidden: str) -> None:
    assert warehouse.url is not None
    url = url_with(warehouse.url.get_secret_value(), user=role, password=role_passwords(warehouse)[role])
    with psycopg.connect(url) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(f"select 1 from {forbidden}")


def test_the_auditor_reads_audit(warehouse: Settings) -> None:
    assert warehouse.url is not None
    url = url_with(warehouse.url.get_secret_value(), user="auditor", password=role_passwords(warehouse)["auditor"])
    with psycopg.connect(url) as conn:
        assert conn.execute("select count(*) from audit.submission_event").fetchone() == (0,)
