"""Validation from the workbook on: accept, return, supersede, order of versions and rounds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from expectations.catalogue import load_rules
from expectations.validate import ValidationFailed, recheck, validate_pending
from ingestion.collect import collect
from ingestion.contracts import load_form
from ingestion.findings import finding_types
from tests.support.workbooks import RECEIVED, Return
from warehouse.runs import start_run
from warehouse.settings import Settings


def night(settings: Settings) -> dict[str, int]:
    run = start_run(settings, "test")
    collect(settings, run)
    return validate_pending(settings, run)


def fired(conn: psycopg.Connection) -> set[str]:
    return {row[0] for row in conn.execute("select distinct rule_code from audit.failing_row")}


def states(conn: psycopg.Connection) -> list[tuple[int, str]]:
    return conn.execute("select version, state from audit.submission order by version").fetchall()


def test_a_good_return_is_accepted_and_nothing_fires(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    counts = night(warehouse)
    assert conn.execute("select rule_code, sheet, row_number, reason_en from audit.failing_row").fetchall() == []
    assert counts == {"accepted": 1, "returned": 0, "superseded": 0, "renewed": 0, "rounds": 1, "failing_rows": 0}
    assert fired(conn) == set()
    assert states(conn) == [(1, "accepted")]
    tested = conn.execute("select count(*), bool_and(passed), max(rows_tested) from audit.validation_result").fetchone()
    assert tested is not None
    assert tested[0] > 60
    assert tested[1:] == (True, 2)


def test_a_return_with_an_error_goes_back_and_a_correction_supersedes(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad = Return()
    bad.rows["household_list"][0]["score_b2"] = 40
    bad.write(warehouse.inbox_dir, "lan-1.xlsx")
    assert night(warehouse)["returned"] == 1
    Return().write(warehouse.inbox_dir, "lan-2.xlsx", RECEIVED + timedelta(days=1))
    assert night(warehouse)["accepted"] == 1
    assert states(conn) == [(1, "returned"), (2, "accepted")]
    again = Return(document_number="13/BC-UBND", signed_date=date(2023, 12, 28))
    again.write(warehouse.inbox_dir, "lan-3.xlsx", RECEIVED + timedelta(days=2))
    assert night(warehouse)["superseded"] == 1
    assert states(conn) == [(1, "returned"), (2, "superseded"), (3, "accepted")]
    row = conn.execute("select version from audit.submission_in_force").fetchone()
    assert row == (3,)
    worse = Return(document_number="14/BC-UBND", signed_date=date(2023, 12, 29))
    worse.rows["household_list"][0]["score_b2"] = 40
    worse.write(warehouse.inbox_dir, "lan-4.xlsx", RECEIVED + timedelta(days=3))
    night(warehouse)
    assert conn.execute("select version from audit.submission_in_force").fetchone() == (3,), "a returned file removes nothing"


def test_two_versions_in_one_night_are_judged_in_order(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir, "z.xlsx")
    Return(document_number="2", signed_date=date(2023, 12, 28)).write(warehouse.inbox_dir, "a.xlsx", RECEIVED + timedelta(hours=2))
    assert night(warehouse) == {"accepted": 2, "returned": 0, "superseded": 1, "renewed": 0, "rounds": 2, "failing_rows": 0}
    assert states(conn) == [(1, "superseded"), (2, "accepted")]


def test_a_provisional_result_gives_way_to_the_final_one_and_not_back(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return(result_stage="Sơ bộ").write(warehouse.inbox_dir, "so-bo.xlsx")
    Return(signed_date=date(2023, 12, 28)).write(warehouse.inbox_dir, "chinh-thuc.xlsx", RECEIVED + timedelta(days=1))
    night(warehouse)
    Return(result_stage="Sơ bộ", signed_date=date(2023, 12, 29)).write(warehouse.inbox_dir, "so-bo-2.xlsx", RECEIVED + timedelta(days=2))
    night(warehouse)
    assert states(conn) == [(1, "superseded"), (2, "accepted"), (3, "returned")]
    assert fired(conn) == {"STAGE-ORDER"}


def test_an_older_version_after_a_newer_one_goes_back(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return(signed_date=date(2023, 12, 28)).write(warehouse.inbox_dir, "moi.xlsx")
    night(warehouse)
    Return(signed_date=date(2023, 12, 27)).write(warehouse.inbox_dir, "cu.xlsx", RECEIVED + timedelta(days=1))
    night(warehouse)
    assert states(conn) == [(1, "accepted"), (2, "returned")]
    assert fired(conn) == {"OLDER-VERSION"}


def test_a_period_before_the_first_one_collected_goes_back(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = Return(period="2020", as_of_date=date(2020, 12, 14), signed_date=date(2020, 12, 27))
    built.rows["household_list"][0].update(review_date=date(2020, 10, 3), decision_date=date(2020, 12, 22))
    built.write(warehouse.inbox_dir)
    night(warehouse)
    assert "BEFORE-START" in fired(conn)
    assert states(conn) == [(1, "returned")]


def test_a_period_that_has_not_begun_goes_back(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = Return(
        period="2097", as_of_date=date(2097, 12, 14), signed_date=date(2097, 12, 27), commune_code="27721", commune_name="Tân Hưng",
        form_version="2",
    )  # fmt: skip
    built.write(warehouse.inbox_dir)
    night(warehouse)
    assert "BTW-12" in fired(conn)
    assert states(conn) == [(1, "returned")]


def test_an_abolished_commune_is_told_its_successors(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = Return(
        period="2025", as_of_date=date(2025, 12, 14), signed_date=date(2025, 12, 27), commune_code="27739", commune_name="Xã Vĩnh Thạnh"
    )
    built.write(warehouse.inbox_dir)
    night(warehouse)
    row = conn.execute("select reason_vi, reason_en from audit.failing_row where rule_code = 'BTW-11'").fetchone()
    assert row is not None
    assert "27721" in row[0]
    assert "27721" in row[1]


def test_one_head_on_the_lists_of_two_communes_is_a_warning_in_both(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir, "1.xlsx")
    other = Return(commune_code="27691", commune_name="Phường 4")
    other.rows["summary_7_1"][0]["commune_name"] = "Phường 4"
    other.write(warehouse.inbox_dir, "2.xlsx")
    assert night(warehouse)["accepted"] == 2
    rows = conn.execute("select rule_code, value_masked from audit.failing_row").fetchall()
    assert rows == [("HHR-14B", "0***"), ("HHR-14B", "0***")]


def test_a_large_household_is_a_warning(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["household_list"][0].update(member_count=16, opening_member_count=16)
    built.rows["member_list"] = [
        {**built.rows["member_list"][0], "member_no": n, "relation_to_head": "Chủ hộ" if n == 1 else "Con", "citizen_id": None}
        for n in range(1, 17)
    ]
    built.rows["summary_7_1"][0].update(poor_persons=16, poor_persons_pct=100 * 16 / 9000)
    built.rows["movement_7_2"][1].update(opening_count=16, closing_count=16)
    built.write(warehouse.inbox_dir)
    assert night(warehouse)["accepted"] == 1
    assert fired(conn) == {"HHR-07W"}


def test_a_hundred_thousand_failing_rows_are_all_listed(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    with psycopg.connect(warehouse.url.get_secret_value()) as other:  # type: ignore[union-attr]
        other.execute(
            """
            insert into intake.member_list (
                submission_id, row_number, member_no, member_name, relation_to_head, household_code, birth_year_male
            )
            select submission_id, 100 + n, 1, 'Người Thử', 'Con', 'HN-999', 1990
            from intake.submission cross join generate_series(1, 100000) as n
            """
        )
    counts = validate_pending(warehouse, run)
    assert counts["returned"] == 1
    row = conn.execute(
        "select (select count(*) from audit.failing_row where rule_code = 'HHR-09'), rows_failed, rows_tested "
        "from audit.validation_result where rule_code = 'HHR-09'"
    ).fetchone()
    assert row == (100_000, 100_000, 100_001)
    assert conn.execute("select payload -> 'findings' ->> 'count' from audit.submission_event where event_type = 'round'").fetchone() == (
        str(counts["failing_rows"]),
    )


def test_a_refused_cell_returns_the_file_and_silences_the_rules_on_it(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["household_list"][0]["score_b1"] = "nhiều"
    built.write(warehouse.inbox_dir)
    assert night(warehouse)["returned"] == 1
    assert fired(conn) == {"NOT-A-NUMBER"}


@pytest.mark.parametrize("seen_by", ["our own query", "Great Expectations"])
def test_a_rule_that_raises_fails_the_run_and_accepts_nothing(
    warehouse: Settings, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, seen_by: str
) -> None:
    import expectations.validate as module

    Return().write(warehouse.inbox_dir)
    broken = [
        rule.model_copy(update={"sql": "select 1 / 0 as submission_id from {rows}"}) if rule.code == "HHR-02" else rule
        for rule in load_rules()
    ]
    with monkeypatch.context() as patched:
        patched.setattr(module, "load_rules", lambda: tuple(broken))
        if seen_by == "Great Expectations":
            patched.setattr(module, "write_findings", lambda *_: {})
        with pytest.raises(ValidationFailed, match=r"^rule HHR-02: [\w.]+$"):
            night(warehouse)
    assert states(conn) == [(1, "received")]
    conn.commit()
    assert night(warehouse)["accepted"] == 1


def test_counts_that_disagree_with_great_expectations_fail_the_run(
    warehouse: Settings, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    import expectations.validate as module

    really_run: Any = vars(module)["run_rules"]

    def miscount(*arguments: Any, **options: Any) -> dict[str, int]:
        return {**really_run(*arguments, **options), "HHR-02": 7}

    Return().write(warehouse.inbox_dir)
    with monkeypatch.context() as patched:
        patched.setattr(module, "run_rules", miscount)
        with pytest.raises(ValidationFailed, match="disagree"):
            night(warehouse)
    assert states(conn) == [(1, "received")]
    assert fired(conn) == set()


def test_a_recheck_returns_nothing(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    night(warehouse)
    assert recheck(warehouse, start_run(warehouse, "test"))["returned"] == 0
    assert conn.execute("select kind from audit.validation_run order by recorded_at").fetchall() == [("accept",), ("recheck",)]
    assert states(conn) == [(1, "accepted")]


def test_the_labels_of_codes_are_those_of_the_contract(conn: psycopg.Connection) -> None:
    form = load_form("household_review")
    for column in form.sheet("household_list").columns:
        for label, code in (column.codes or {}).items():
            row = conn.execute("select intake.label_of(%s)", (code,)).fetchone()
            assert row is not None
            assert column.field == "head_sex" or row[0] == label


def test_every_rule_has_its_text_in_the_database(warehouse: Settings, conn: psycopg.Connection) -> None:
    Return().write(warehouse.inbox_dir)
    night(warehouse)
    known = {row[0] for row in conn.execute("select rule_code from audit.rule where text_vi <> '' and text_en <> '' and resolve_vi <> ''")}
    assert known >= {rule.code for rule in load_rules()} | set(finding_types())
