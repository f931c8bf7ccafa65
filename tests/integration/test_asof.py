"""As-of builds: what was known at a moment, in schemas of its own, equal to what was published then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from operations import asof as command
from operations.cli import app
from tests.support.mart_builder import Return, happen, people, send
from tests.support.mart_fixtures import at, build_and_publish
from tests.support.nights import TARGET
from warehouse import asof
from warehouse.clock import ClockError, parse_now
from warehouse.database import connect, url_with
from warehouse.mart_diff import differences
from warehouse.publications import rollback
from warehouse.reference_data import REFERENCE_DIR, load_reference
from warehouse.roles import role_name, role_passwords
from warehouse.runs import start_run
from warehouse.settings import Settings, get_settings

CORRECTED, WITHDRAWN, TARGETS = "2024-01-11T22:00+07:00", "2024-01-12T22:00+07:00", "2024-02-20T22:00+07:00"
BETWEEN = "2024-01-12T21:59:59+07:00"
CORRECTION = Return("27694", 2023, people(9, 9), version=2)


@pytest.fixture
def nights(published: Settings, tmp_path: Path) -> Settings:
    """Four publications: the province; a correction; its withdrawal; another target, when a due date has passed as well."""
    with connect(published) as conn:
        send(conn, at(published, CORRECTED), [CORRECTION])
    build_and_publish(published, at(published, CORRECTED))
    with connect(published) as conn:
        happen(conn, at(published, WITHDRAWN), "withdrawn", CORRECTION)
    build_and_publish(published, at(published, WITHDRAWN))
    (tmp_path / "target.csv").write_text((REFERENCE_DIR / "target.csv").read_text(encoding="utf-8") + TARGET, encoding="utf-8")
    load_reference(published, at(published, TARGETS), tmp_path / "target.csv")
    build_and_publish(published, at(published, TARGETS))
    return published


@pytest.fixture
def point_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Settings], None]]:
    """Make the process's settings those of a warehouse."""

    def point(settings: Settings) -> None:
        assert settings.url is not None
        monkeypatch.setenv("WAREHOUSE_HOME", str(settings.home))
        monkeypatch.setenv("WAREHOUSE_URL", settings.url.get_secret_value())
        get_settings.cache_clear()

    yield point
    get_settings.cache_clear()


def publications(settings: Settings) -> list[tuple[int, datetime, dict[str, str]]]:
    with connect(settings) as conn:
        return conn.execute("select publication_id, published_at, mart_hashes from audit.publication order by 1").fetchall()


def test_the_moment_of_every_publication_gives_its_hashes(nights: Settings, point_at: Callable[[Settings], None]) -> None:
    before = publications(nights)
    shown = _marts(nights)
    assert len({str(hashes) for _, _, hashes in before}) == 4
    for number, published_at, hashes in before:
        made = command.rebuild(published_at.isoformat(), settings=nights)
        assert (made.moment.publication_id, made.marts_differ, made.cause) == (number, (), None)
        assert made.outcome.mart_hashes == hashes
    again = command.rebuild(publication=2, settings=nights)
    assert again.outcome.mart_hashes == before[1][2]
    assert (publications(nights), _marts(nights)) == (before, shown), "what is published is not touched"

    # The second before the withdrawal the correction was known; it is the content of the second publication.
    between = command.rebuild(BETWEEN, settings=nights)
    assert between.outcome.mart_hashes == before[1][2]
    assert between.moment.schema == "asof_20240112t145959z"
    with connect(nights) as conn:
        first, second = (asof.moment_of(conn, number).schema for number in (1, 2))
        cells = {(cell.mart, cell.key, cell.column): (cell.old, cell.new) for cell in differences(conn, first, second)}
        assert cells["fct_poverty", ("27694@2004-08-31", "at_time", "2023"), "poor_households"][1] == "9"
        assert {mart for mart, *_ in cells} >= {"fct_poverty", "goal_progress", "submission_compliance"}
        assert list(differences(conn, second, between.moment.schema)) == []
        assert [one.schema for one in asof.standing(conn)] == sorted(
            {asof.moment_of(conn, number).schema for number, *_ in before} | {between.moment.schema}
        )

    point_at(nights)
    told = CliRunner().invoke(app, ["asof", "diff", first, "published", "--mart", "fct_poverty"])
    assert told.exit_code == 0, told.output
    assert "fct_poverty: 0 ô khác · 0 cells differ" in told.stdout, "the correction was withdrawn"
    assert CliRunner().invoke(app, ["asof", "list"]).stdout.count("asof_") == 5
    assert "đã xóa" in CliRunner().invoke(app, ["asof", "drop", first]).stdout.lower()
    with connect(nights) as conn:
        assert first not in {one.schema for one in asof.standing(conn)}
        left = conn.execute("select count(*) from pg_namespace where nspname like %s", (f"{first}%",)).fetchone()
    assert left == (0,)


def test_other_code_is_named_as_the_cause_and_the_same_code_is_a_defect(published: Settings) -> None:
    with connect(published) as conn:
        conn.execute('update audit.publication set mart_hashes = mart_hashes || \'{"fct_poverty": "another"}\'')
    with pytest.raises(command.AsOfDiffers, match="fct_poverty"):
        command.rebuild(publication=1, settings=published)
    with connect(published) as conn:
        assert conn.execute("select outcome from audit.run where kind = 'asof'").fetchall() == [("failed",)]
        conn.execute("update audit.publication set code_version = 'another'")
    made = command.rebuild(publication=1, settings=published)
    assert (made.marts_differ, made.cause) == (("fct_poverty",), "code")
    assert any("cause: code" in line for line in command.sentences(made))

    # An auditor reads its figures, and no household.
    assert published.url is not None
    auditor, password = role_name(published, "auditor"), role_passwords(published)["auditor"]
    with psycopg.connect(url_with(published.url.get_secret_value(), user=auditor, password=password), autocommit=True) as conn:
        assert conn.execute(f"select count(*) from {made.moment.schema}_marts.fct_poverty").fetchone() != (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(f"select 1 from {made.moment.schema}_marts.fct_household_status")


@pytest.mark.parametrize(
    ("asked", "said"),
    [("2021-12-01T00:00+07:00", "before the first event"), ("2199-01-01T00:00+07:00", "in the future")],
)
def test_a_moment_at_which_nothing_is_known_is_refused(published: Settings, asked: str, said: str) -> None:
    with pytest.raises(asof.AsOfRefused, match=said):
        command.rebuild(asked, settings=published)


def test_a_moment_without_a_zone_is_refused_with_the_zone_named(published: Settings) -> None:
    with pytest.raises(ClockError, match=r"--as-of: '2024-01-10T22:00' has no zone; .*Asia/Ho_Chi_Minh"):
        command.rebuild("2024-01-10T22:00", settings=published)


def test_an_empty_warehouse_has_no_moments(warehouse: Settings) -> None:
    with pytest.raises(asof.AsOfRefused) as refused:
        command.rebuild("2024-01-10T22:00+07:00", settings=warehouse)
    assert refused.value.code == "nothing_yet"


@pytest.mark.parametrize(("given", "code"), [({}, "one_of_two"), ({"publication": 9}, "no_publication")])
def test_what_is_no_moment_is_refused(published: Settings, given: dict[str, Any], code: str) -> None:
    with pytest.raises(asof.AsOfRefused) as refused:
        command.rebuild(settings=published, **given)
    assert refused.value.code == code


def test_a_rollback_is_no_moment_of_its_own(published: Settings) -> None:
    with connect(published) as conn:
        send(conn, at(published, CORRECTED), [CORRECTION])
    build_and_publish(published, at(published, CORRECTED))
    rollback(published, at(published, WITHDRAWN))
    with pytest.raises(asof.AsOfRefused) as refused:
        command.rebuild(publication=3, settings=published)
    assert refused.value.code == "is_rollback"


def test_in_the_middle_of_a_night_what_was_recorded_by_then_is_known(published: Settings) -> None:
    night = start_run(published, "nightly", injected_now=parse_now(CORRECTED))
    with connect(published) as conn:
        conn.execute("update audit.run set ended_at = started_at + interval '1 minute' where run_id = %s", (night.run_id,))
        moment = asof.moment_at(conn, night.now + timedelta(seconds=30))
        assert moment.during_run == str(night.run_id)
        assert asof.moment_at(conn, night.now + timedelta(minutes=2)).during_run is None


def test_the_name_says_the_moment_in_utc() -> None:
    moment = datetime(2024, 1, 10, 15, 0, 0, 120, tzinfo=UTC)
    named = [asof.Moment(when, when, when.date(), None, None).schema for when in (moment, moment.replace(microsecond=0))]
    assert named == ["asof_20240110t150000_000120z", "asof_20240110t150000z"]
    assert all(asof.NAME.fullmatch(name) for name in named)


def test_every_sentence_is_in_both_languages() -> None:
    for code, text in asof._sentences().items():
        assert set(text) == {"vi", "en"}, code


def _marts(settings: Settings) -> list[tuple[Any, ...]]:
    with connect(settings) as conn:
        return conn.execute("select area_key, period_key, poor_households, publication_id from marts.fct_poverty order by 1, 2").fetchall()
