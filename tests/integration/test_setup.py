"""init: what a fresh warehouse holds, and that a second init changes nothing."""

from __future__ import annotations

import psycopg
import pytest
from typer.testing import CliRunner

from operations import cli_database
from operations.cli import app
from operations.console import CommandError
from warehouse import clock
from warehouse.clock import ClockError
from warehouse.database import url_with
from warehouse.roles import ROLES, ensure_roles, passwords_file, role_passwords, rotate_password
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


def test_a_new_password_of_a_role_ends_the_old_one_and_is_kept_closed(warehouse: Settings, conn: psycopg.Connection) -> None:
    settings = warehouse.model_copy(update={"role_prefix": "rotated_"})  # roles are the server's: those of other tests stay
    ensure_roles(conn, settings)
    conn.commit()
    try:
        assert settings.url is not None
        url, old = settings.url.get_secret_value(), role_passwords(settings)
        rotate_password(conn, settings, "bi_reader")
        new = role_passwords(settings)
        assert {role for role in new if new[role] != old[role]} == {"bi_reader"}
        assert passwords_file(settings).stat().st_mode & 0o077 == 0
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url_with(url, user="rotated_bi_reader", password=old["bi_reader"]))
        with psycopg.connect(url_with(url, user="rotated_bi_reader", password=new["bi_reader"])) as reader:
            assert reader.execute("select current_user").fetchone() == ("rotated_bi_reader",)
        stored = conn.execute("select rolpassword from pg_authid where rolname = 'rotated_bi_reader'").fetchone()
        assert stored is not None
        assert stored[0].startswith("SCRAM-SHA-256$")
    finally:
        for role in ROLES:
            conn.execute(f"drop owned by rotated_{role}")
            conn.execute(f"drop role rotated_{role}")
        conn.commit()


def test_only_a_role_that_is_there_gets_a_new_password(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_database, "get_settings", lambda: warehouse)
    refused = CliRunner().invoke(app, ["db", "rotate", "owner"])
    assert isinstance(refused.exception, CommandError)
    assert "There is no role 'owner' on the server. Known: bi_reader" in str(refused.exception)
