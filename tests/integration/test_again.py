"""A night that does a period or commune again: judged once more by today's rules, nothing is sent back, no version is made."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

import expectations.validate
from expectations.catalogue import load_rules
from operations import nightly
from operations.again import PartRefused, part_of
from operations.cli import app
from operations.console import run_main
from operations.dry_run import dry_run
from reporting.evidence import verify
from tests.integration.test_waivers_told import night_page, text
from tests.support.workbooks import COMMUNE, RECEIVED, CreditReturn, Return
from warehouse.settings import Settings

FIRST, SECOND, THIRD = "2024-01-10T22:00+07:00", "2024-01-11T22:00+07:00", "2024-01-12T22:00+07:00"


def step_through(settings: Settings, moment: str, **again: list[str]) -> dict[str, Any]:
    """A night without the marts; gives its story."""
    begun = nightly.begin(now=moment, settings=settings, again=again)
    for chunk in begun["chunks"]:
        nightly.collect_chunk(begun["token"], chunk, settings=settings)
    nightly.validate(begun["token"], settings=settings)
    return nightly.report(begun["token"], settings=settings)


def judged(conn: psycopg.Connection, kind: str = "recheck") -> list[tuple[str, str, str]]:
    conn.commit()
    return conn.execute(
        "select s.form_code, s.commune_code, s.period_key from audit.validation_batch as b "
        "inner join audit.validation_run as v using (run_id, round) inner join intake.submission as s using (submission_id) "
        "where v.kind = %s order by v.recorded_at, 1, 2, 3",
        (kind,),
    ).fetchall()


def other(**cover: Any) -> Return:
    """A good return of another commune, with a head of household of its own."""
    built = Return(commune_code="27691", commune_name="Phường 4", **cover)
    built.rows["household_list"][0]["head_citizen_id"] = built.rows["member_list"][0]["citizen_id"] = "080060009999"
    for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
        for row in built.rows[sheet]:
            row["commune_name"] = "Phường 4"
    return built


@pytest.fixture
def inbox(warehouse: Settings) -> Settings:
    """Two reviews of 2023 and a credit return of its third quarter, not yet read."""
    Return().write(warehouse.inbox_dir, "1.xlsx")
    other().write(warehouse.inbox_dir, "2.xlsx", RECEIVED + timedelta(minutes=1))
    CreditReturn().write(warehouse.inbox_dir, "3.xlsx", RECEIVED + timedelta(minutes=2))
    return warehouse


@pytest.fixture
def stricter(monkeypatch: pytest.MonkeyPatch) -> None:
    """HHR-04 finds every household: the rule has changed since the returns were accepted."""
    rules = [
        rule.model_copy(update={"sql": rule.sql.replace("where", "where true or")}) if rule.code == "HHR-04" and rule.sql else rule
        for rule in load_rules()
    ]
    monkeypatch.setattr(expectations.validate, "load_rules", lambda: tuple(rules))


@pytest.mark.usefixtures("inbox")
def test_a_whole_night_again_builds_nothing_and_sends_nothing_back(warehouse: Settings, conn: psycopg.Connection, stricter: None) -> None:
    del stricter
    with pytest.MonkeyPatch.context() as as_before:
        as_before.setattr(expectations.validate, "load_rules", load_rules)
        first = nightly.run_night(warehouse, now=FIRST)
    assert (first["accepted"], first["renewed"], first["again"], first["publication_id"]) == (3, 0, None, 1)
    again = {"periods": ["2023"], "communes": [COMMUNE]}
    assert "Accepted returns judged again: 1; all stay in force." in dry_run(warehouse, now=SECOND, again=again)
    story = nightly.run_night(warehouse, now=SECOND, again=again)
    assert (story["renewed"], story["returned"], story["publication_id"], story["outcome"]) == (1, 0, None, "success")
    assert story["again"].startswith(f"Kiểm tra lại kỳ 2023, xã {COMMUNE}: 1 báo cáo đã chấp nhận; tất cả vẫn có hiệu lực. · Judged again")
    assert judged(conn) == [("household_review", COMMUNE, "2023")]
    rows = conn.execute(
        "select f.rule_code, f.severity, v.kind from audit.failing_row as f inner join audit.validation_run as v using (run_id)"
    ).fetchall()
    assert rows == [("HHR-04", "error", "recheck")]
    assert conn.execute("select count(*), max(version), bool_and(state = 'accepted') from audit.submission").fetchone() == (3, 1, True)
    (asked,) = conn.execute("select parameters from audit.run where parameters <> '{}'").fetchone() or ({},)
    assert asked == {"again": {"forms": [], "periods": ["2023"], "communes": [COMMUNE]}}
    shown = night_page(warehouse, "2024-01-11")
    assert f"Kiểm tra lại kỳ 2023, xã {COMMUNE}: 1 báo cáo" in shown
    assert "Báo cáo đã chấp nhận được kiểm tra lại" in shown
    of_return = text(warehouse.reports_dir / f"submissions/household_review/2023/{COMMUNE}-v1.html")
    assert "chấp nhận và vẫn có hiệu lực. Kiểm tra lại theo quy tắc nay thấy 1 lỗi" in of_return
    assert verify(warehouse) == []


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ({"communes": [COMMUNE]}, [("credit", COMMUNE, "2023-Q3"), ("household_review", COMMUNE, "2023")]),
        ({"periods": ["2023"]}, [("household_review", "27691", "2023"), ("household_review", COMMUNE, "2023")]),
        ({"forms": ["credit"]}, [("credit", COMMUNE, "2023-Q3")]),
        ({"periods": ["2023-Q3", "2023-Q4"], "communes": ["27691", COMMUNE], "forms": ["credit"]}, [("credit", COMMUNE, "2023-Q3")]),
        ({"periods": ["2022"]}, []),
        ({}, []),
    ],
)
def test_only_what_is_named_is_judged_again(
    warehouse: Settings, conn: psycopg.Connection, again: dict[str, list[str]], expected: list[tuple[str, str, str]]
) -> None:
    step_through(warehouse, FIRST)
    story = step_through(warehouse, SECOND, **again)
    assert judged(conn) == expected
    assert story["renewed"] == len(expected)
    assert story["outcome"] == ("success" if expected else "nothing_new")
    if not again:
        assert story["again"] is None
    elif not expected:
        assert story["again"] == (
            "Kiểm tra lại kỳ 2022: không có báo cáo nào đã chấp nhận. · Judged again, period 2022: there is no accepted return of it."
        )


@pytest.mark.usefixtures("inbox")
def test_what_came_tonight_is_taken_as_ever_and_judged_once(warehouse: Settings, conn: psycopg.Connection) -> None:
    story = step_through(warehouse, FIRST, periods=["2023"])
    assert (story["accepted"], story["renewed"]) == (3, 0)
    Return(document_number="2", signed_date=date(2023, 12, 28)).write(warehouse.inbox_dir, "4.xlsx", RECEIVED + timedelta(days=1))
    story = step_through(warehouse, SECOND, periods=["2023"])
    assert (story["files"], story["accepted"], story["renewed"]) == (1, 1, 1)
    assert judged(conn) == [("household_review", "27691", "2023")]
    assert conn.execute("select version, state from audit.submission where commune_code = %s and form_code = 'household_review' "
                        "order by 1", (COMMUNE,)).fetchall() == [(1, "superseded"), (2, "accepted")]  # fmt: skip
    assert verify(warehouse) == []


@pytest.mark.usefixtures("inbox")
def test_a_step_done_twice_judges_once(warehouse: Settings, conn: psycopg.Connection) -> None:
    step_through(warehouse, FIRST)
    token = nightly.begin(now=SECOND, settings=warehouse, again={"communes": [COMMUNE]})["token"]
    assert nightly.validate(token, settings=warehouse)["renewed"] == 2
    assert nightly.validate(token, settings=warehouse)["renewed"] == 0
    assert len(judged(conn)) == 2
    assert verify(warehouse) == []


@pytest.mark.parametrize(
    ("again", "said"),
    [
        ({"forms": ["loans"]}, "There is no form 'loans'"),
        ({"periods": ["2023-Q5"]}, "has a period '2023-Q5'"),
        ({"periods": ["2023-H1"]}, "has a period '2023-H1'"),
        ({"periods": ["2023-Q3"], "forms": ["household_review"]}, "None of the forms household_review has"),
        ({"communes": [COMMUNE, "99999"]}, "There is no commune '99999'"),
    ],
)
def test_what_there_is_not_is_refused_before_anything_is_done(
    warehouse: Settings, conn: psycopg.Connection, again: dict[str, list[str]], said: str
) -> None:
    before = conn.execute("select count(*) from audit.run").fetchone()
    conn.commit()
    for night in (nightly.run_night, nightly.begin):
        with pytest.raises(PartRefused, match=said) as refused:
            night(settings=warehouse, now=FIRST, again=again)
        assert str(refused.value).count(" · ") == 1
    assert conn.execute("select count(*) from audit.run").fetchone() == before
    with pytest.raises(PartRefused):
        dry_run(warehouse, now=FIRST, again=again)


def test_a_part_is_told_in_order_and_once(warehouse: Settings) -> None:
    assert part_of(warehouse, {"periods": ["2023-Q4", "2023-Q3", "2023-Q3"]}) == {
        "forms": [], "periods": ["2023-Q3", "2023-Q4"], "communes": [],
    }  # fmt: skip
    assert part_of(warehouse, {"forms": [], "periods": [], "communes": []}) is None


def test_the_command_refuses_with_exit_code_1(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_environment: None
) -> None:
    del as_environment
    monkeypatch.setattr(sys, "argv", ["warehouse", "nightly", "--period", "2023-Q3", "--commune", "99999", "--now", FIRST])
    with pytest.raises(SystemExit) as stopped:
        run_main(app)
    assert stopped.value.code == 1
    assert "There is no commune '99999'" in capsys.readouterr().err


@pytest.fixture
def as_environment(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The warehouse as the settings of this process."""
    from operations.airflow_environment import warehouse_variables
    from warehouse.settings import get_settings

    for name, value in warehouse_variables(warehouse).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
