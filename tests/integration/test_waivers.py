"""Waivers: what they let in, what they refuse, when they no longer hold. Evidence stands whatever they do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from expectations.catalogue import load_rules
from expectations.validate import recheck, validate_pending
from expectations.waivers import judged_again, note_lapsed
from ingestion.collect import collect
from ingestion.findings import finding_types
from operations import waivers
from operations.waivers import Added, WaiverRefused, Wanted, add, end, find, sentence
from reporting.evidence import verify
from tests.support.workbooks import COMMUNE, RECEIVED, CreditReturn, Return
from warehouse.clock import parse_now
from warehouse.roles import role_name
from warehouse.runs import Run, start_run
from warehouse.settings import Settings

FIRST = "2024-01-10T22:00+07:00"
NEXT_DAY = "2024-01-11T10:00+07:00"
SECOND = "2024-01-11T22:00+07:00"
LAST_DAY = date(2024, 1, 20)
ON_LAST_DAY = "2024-01-20T22:00+07:00"
DAY_AFTER = "2024-01-21T00:00+07:00"
LATER = "2024-01-21T22:00+07:00"

WANTED = Wanted("HHR-04", "household_review", COMMUNE, "2023", "Người Cho Phép", "Phó Giám đốc Sở", "Đã đối chiếu hồ sơ giấy", LAST_DAY)


def bad(**cover: Any) -> Return:
    """A return whose B2 is not ten times its flags: HHR-04 and nothing else."""
    built = Return(**cover)
    built.rows["household_list"][0]["score_b2"] = 40
    return built


def at(settings: Settings, moment: str, kind: str = "test") -> Run:
    return start_run(settings, kind, injected_now=parse_now(moment))


def night(settings: Settings, moment: str) -> dict[str, int]:
    run = at(settings, moment)
    collect(settings, run)
    return validate_pending(settings, run)


def added(settings: Settings, moment: str = NEXT_DAY, **changes: Any) -> Added:
    return add(settings, at(settings, moment, "waiver"), replace(WANTED, **changes), actor="operator")


def states(conn: psycopg.Connection) -> list[tuple[int, str]]:
    conn.commit()
    return conn.execute("select version, state from audit.submission order by version").fetchall()


def marked(conn: psycopg.Connection) -> list[tuple[str, int | None]]:
    conn.commit()
    return conn.execute(
        "select f.rule_code, f.waiver_id from audit.failing_row as f inner join audit.run as r using (run_id) order by r.started_at, 1"
    ).fetchall()


def test_a_returned_file_is_judged_again_once_and_accepted_under_its_waiver(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad().write(warehouse.inbox_dir)
    assert night(warehouse, FIRST)["returned"] == 1
    given = added(warehouse)
    assert given.version == 1
    assert conn.execute("select submission_id from intake.submission").fetchall() == [(given.judged_again,)]
    assert night(warehouse, SECOND) == {"accepted": 1, "returned": 0, "superseded": 0, "renewed": 0, "rounds": 1, "failing_rows": 1}
    assert states(conn) == [(1, "accepted")]
    assert marked(conn) == [("HHR-04", None), ("HHR-04", given.waiver_id)]
    results = conn.execute(
        "select rows_tested, rows_failed, passed, v.waiver_id from audit.validation_result as v inner join audit.run using (run_id) "
        "where rule_code = 'HHR-04' order by started_at"
    ).fetchall()
    assert results == [(1, 1, False, None), (1, 1, False, given.waiver_id)]
    assert conn.execute("select count(*) from audit.validation_result where waiver_id is not null").fetchone() == (1,)
    assert night(warehouse, ON_LAST_DAY)["rounds"] == 0
    assert verify(warehouse) == []


def test_a_waiver_holds_for_a_file_that_comes_after_it(warehouse: Settings, conn: psycopg.Connection) -> None:
    assert added(warehouse).judged_again is None
    bad().write(warehouse.inbox_dir)
    assert night(warehouse, SECOND)["accepted"] == 1


def test_what_is_not_waived_still_returns_the_file(warehouse: Settings, conn: psycopg.Connection) -> None:
    both = bad()
    both.rows["household_list"][0]["decision_number"] = None  # HHR-17
    both.write(warehouse.inbox_dir)
    night(warehouse, FIRST)
    given = added(warehouse)
    assert night(warehouse, SECOND)["returned"] == 1
    assert marked(conn)[2:] == [("HHR-04", given.waiver_id), ("HHR-17", None)]
    assert night(warehouse, ON_LAST_DAY)["rounds"] == 0, "judged once a waiver"
    second = add(warehouse, at(warehouse, ON_LAST_DAY), replace(WANTED, rule_code="HHR-17"), actor="operator")
    assert night(warehouse, ON_LAST_DAY)["accepted"] == 1
    assert marked(conn)[4:] == [("HHR-04", given.waiver_id), ("HHR-17", second.waiver_id)]
    assert verify(warehouse) == []


@pytest.mark.parametrize("other", [{"commune_code": "27691"}, {"period_key": "2022"}, {"rule_code": "HHR-17"}])
def test_a_waiver_reaches_no_other_rule_commune_or_period(warehouse: Settings, conn: psycopg.Connection, other: dict[str, str]) -> None:
    bad().write(warehouse.inbox_dir)
    night(warehouse, FIRST)
    assert added(warehouse, **other).judged_again is None
    assert night(warehouse, SECOND)["rounds"] == 0
    bad(document_number="2", signed_date=date(2023, 12, 28)).write(warehouse.inbox_dir, "2.xlsx", RECEIVED + timedelta(days=1))
    assert night(warehouse, ON_LAST_DAY)["returned"] == 1
    assert {waiver for _, waiver in marked(conn)} == {None}


def test_a_version_that_came_later_is_not_overtaken(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad().write(warehouse.inbox_dir, "1.xlsx")
    night(warehouse, FIRST)
    Return(document_number="2").write(warehouse.inbox_dir, "2.xlsx", RECEIVED + timedelta(days=1))
    night(warehouse, FIRST)
    assert added(warehouse).judged_again is None
    assert night(warehouse, SECOND)["rounds"] == 0
    assert states(conn) == [(1, "returned"), (2, "accepted")]


def test_a_warning_is_marked_too(warehouse: Settings, conn: psycopg.Connection) -> None:
    given = added(warehouse, rule_code="HHR-22")
    built = Return()
    built.rows["household_list"][0]["cause_lack_labour"] = None
    built.write(warehouse.inbox_dir)
    assert night(warehouse, SECOND)["accepted"] == 1
    assert marked(conn) == [("HHR-22", given.waiver_id)]


def test_a_refused_cell_cannot_be_waived_away(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = bad()
    built.rows["household_list"][0]["member_count"] = "bốn"
    built.write(warehouse.inbox_dir)
    added(warehouse)
    assert night(warehouse, SECOND)["returned"] == 1


def test_an_abolished_commune_is_let_in(warehouse: Settings, conn: psycopg.Connection) -> None:
    abolished = {"rule_code": "BTW-11", "commune_code": "27739", "period_key": "2025", "expires_on": date(2026, 3, 1)}
    built = Return(
        period="2025", as_of_date=date(2025, 12, 14), signed_date=date(2025, 12, 27), commune_code="27739", commune_name="Xã Vĩnh Thạnh"
    )
    built.rows["household_list"][0].update(area_type="NT", review_date=date(2025, 10, 3), decision_date=date(2025, 12, 22), score_b1=120)
    for sheet in ("summary_7_1", "movement_7_2", "movement_7_3"):
        for row in built.rows[sheet]:
            row["commune_name"] = "Xã Vĩnh Thạnh"
    built.write(warehouse.inbox_dir)
    assert night(warehouse, "2026-01-10T22:00+07:00")["returned"] == 1
    assert {code for code, _ in marked(conn)} == {"BTW-11"}
    added(warehouse, "2026-01-11T10:00+07:00", **abolished)
    assert night(warehouse, "2026-01-11T22:00+07:00")["accepted"] == 1


def test_a_file_prepared_by_the_approver_is_judged_as_if_there_were_no_waiver(warehouse: Settings, conn: psycopg.Connection) -> None:
    given = added(warehouse, approver_name="người  lập THỬ", approver_title="công chức")
    bad().write(warehouse.inbox_dir)
    assert night(warehouse, SECOND)["returned"] == 1
    assert marked(conn) == [("HHR-04", None), ("WAIVER-PREPARER", None)]
    row = conn.execute("select reason_vi, reason_en, value_masked from audit.failing_row where rule_code = 'WAIVER-PREPARER'").fetchone()
    assert row is not None
    assert str(given.waiver_id) in row[0]
    assert "HHR-04" in row[1]
    assert row[2] == "N*** L*** T***"


def test_one_name_with_another_title_may_approve(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad().write(warehouse.inbox_dir)
    night(warehouse, FIRST)
    assert added(warehouse, approver_name="Người Lập Thử", approver_title="Phó Giám đốc Sở").judged_again is not None
    assert night(warehouse, SECOND)["accepted"] == 1


# ---------------------------------------------------------------- when it no longer holds
def test_it_holds_through_its_last_day(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad().write(warehouse.inbox_dir)
    added(warehouse)
    assert night(warehouse, "2024-01-20T23:59:59+07:00")["accepted"] == 1


def test_it_does_not_hold_from_the_midnight_after(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad().write(warehouse.inbox_dir)
    added(warehouse)
    assert night(warehouse, DAY_AFTER)["returned"] == 1


def test_what_was_accepted_stays_and_is_no_longer_marked(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad().write(warehouse.inbox_dir)
    given = added(warehouse)
    night(warehouse, SECOND)
    recheck(warehouse, at(warehouse, ON_LAST_DAY))
    counts = recheck(warehouse, at(warehouse, LATER))
    assert (counts["returned"], counts["failing_rows"]) == (0, 1)
    assert [waiver for _, waiver in marked(conn)] == [given.waiver_id, given.waiver_id, None]
    assert states(conn) == [(1, "accepted")]
    assert verify(warehouse) == []


def test_an_ended_waiver_is_not_applied(warehouse: Settings, conn: psycopg.Connection) -> None:
    given = added(warehouse)
    end(warehouse, at(warehouse, SECOND), given.waiver_id, reason="nhầm kỳ", actor="operator")
    bad().write(warehouse.inbox_dir)
    assert night(warehouse, ON_LAST_DAY)["returned"] == 1
    again = added(warehouse, ON_LAST_DAY)
    assert again.judged_again is not None
    now = parse_now(ON_LAST_DAY)
    assert [(waiver.waiver_id, waiver.state) for waiver in find(warehouse, now)] == [
        (again.waiver_id, "in_force"), (given.waiver_id, "ended"),
    ]  # fmt: skip
    assert [waiver.waiver_id for waiver in find(warehouse, now, state="ended")] == [given.waiver_id]


def test_a_lapse_is_told_once(warehouse: Settings, conn: psycopg.Connection) -> None:
    first, second = added(warehouse), added(warehouse, rule_code="HHR-17")
    assert note_lapsed(warehouse, at(warehouse, ON_LAST_DAY)) == 0
    end(warehouse, at(warehouse, ON_LAST_DAY), second.waiver_id, reason="đã sửa", actor="operator")
    assert note_lapsed(warehouse, at(warehouse, ON_LAST_DAY)) == 1
    assert note_lapsed(warehouse, at(warehouse, LATER)) == 1
    assert note_lapsed(warehouse, at(warehouse, LATER)) == 0
    told = conn.execute("select payload from audit.submission_event where event_type = 'waiver_lapsed' order by event_id").fetchall()
    assert told == [({"waiver_id": second.waiver_id, "how": "ended"},), ({"waiver_id": first.waiver_id, "how": "expired"},)]


# ---------------------------------------------------------------- refusals
REFUSED: dict[str, dict[str, Any]] = {
    "unknown_rule": {"rule_code": "HHR-99"},
    "reader_finding": {"rule_code": "MISSING-SHEET"},
    "not_waivable": {"rule_code": "WAIVER-PREPARER"},
    "unknown_form": {"form_code": "household"},
    "other_form": {"rule_code": "CRD-01"},
    "unknown_period": {"period_key": "2023-Q3"},
    "unknown_commune": {"commune_code": "99999"},
    "commune_not_in_force": {"commune_code": "27739", "period_key": "2025"},
    "no_reason": {"reason": " \t"},
    "no_approver": {"approver_name": "  "},
    "past_expiry": {"expires_on": date(2024, 1, 10)},
    "approver_is_preparer": {"approver_name": "NGƯỜI LẬP THỬ", "approver_title": "Công chức"},
}


@pytest.mark.parametrize(("code", "changes"), REFUSED.items(), ids=REFUSED)
def test_a_waiver_that_may_not_be_is_refused(warehouse: Settings, conn: psycopg.Connection, code: str, changes: dict[str, Any]) -> None:
    if code == "approver_is_preparer":
        bad().write(warehouse.inbox_dir)
        night(warehouse, FIRST)
    with pytest.raises(WaiverRefused) as refused:
        added(warehouse, **changes)
    assert refused.value.code == code
    assert str(refused.value).count(" · ") == 1
    assert "Người" not in str(refused.value).split("(")[0].replace("Người duyệt", ""), "no one is named"
    assert find(warehouse, parse_now(NEXT_DAY)) == []


@pytest.mark.parametrize("period", ["2019", "2023-13", "năm 2023", "2023-H1", ""])
def test_a_period_that_the_form_does_not_have_is_refused(warehouse: Settings, period: str) -> None:
    with pytest.raises(WaiverRefused, match="2023"):
        added(warehouse, period_key=period)


def test_the_title_is_asked_for_as_well(warehouse: Settings) -> None:
    with pytest.raises(WaiverRefused, match="--title"):
        added(warehouse, approver_title="")


def test_a_rule_that_is_not_in_force_then_is_refused(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    new = [rule.model_copy(update={"valid_from": date(2025, 1, 1)}) if rule.code == "HHR-04" else rule for rule in load_rules()]
    monkeypatch.setattr(waivers, "load_rules", lambda: tuple(new))
    with pytest.raises(WaiverRefused) as refused:
        added(warehouse)
    assert refused.value.code == "rule_not_in_force"


def test_every_reader_finding_is_refused(warehouse: Settings) -> None:
    for code in finding_types():
        with pytest.raises(WaiverRefused) as refused:
            added(warehouse, rule_code=code)
        assert refused.value.code == "reader_finding", code


def test_a_second_one_is_refused_while_the_first_holds(warehouse: Settings) -> None:
    given = added(warehouse)
    with pytest.raises(WaiverRefused, match=str(given.waiver_id)) as refused:
        added(warehouse, reason="lý do khác")
    assert refused.value.code == "duplicate"
    assert added(warehouse, DAY_AFTER, expires_on=date(2024, 2, 1)).waiver_id > given.waiver_id


def test_ending_is_refused_where_there_is_nothing_to_end(warehouse: Settings, conn: psycopg.Connection) -> None:
    bad().write(warehouse.inbox_dir)
    night(warehouse, FIRST)
    (other,) = conn.execute("select max(event_id) from audit.submission_event").fetchone() or (0,)
    ended, expired = added(warehouse), added(warehouse, rule_code="HHR-17")
    end(warehouse, at(warehouse, SECOND), ended.waiver_id, reason="nhầm", actor="operator")
    run = at(warehouse, LATER)
    refusals = {}
    for number in (0, other, ended.waiver_id, expired.waiver_id):
        with pytest.raises(WaiverRefused) as refused:
            end(warehouse, run, number, reason="nhầm", actor="operator")
        refusals[number] = refused.value.code
    assert list(refusals.values()) == ["unknown_waiver", "unknown_waiver", "already_ended", "already_expired"]
    with pytest.raises(WaiverRefused) as refused:
        end(warehouse, run, expired.waiver_id, reason=" ", actor="operator")
    assert refused.value.code == "no_reason"


def test_every_sentence_is_in_both_languages() -> None:
    for kind, texts in waivers._sentences().items():
        for code, text in texts.items():
            assert set(text) == {"vi", "en"}, f"{kind} {code}"
    assert sentence("states", "ended") == "đã kết thúc · ended"


# ---------------------------------------------------------------- evidence
def test_a_stop_leaves_nothing_or_all(warehouse: Settings, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    really: Any = vars(waivers)["append_events"]

    def stopped(*arguments: Any) -> list[int]:
        really(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(waivers, "append_events", stopped)
        added(warehouse)
    assert find(warehouse, parse_now(NEXT_DAY)) == []
    given = added(warehouse)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(waivers, "append_events", stopped)
        end(warehouse, at(warehouse, SECOND), given.waiver_id, reason="nhầm", actor="operator")
    assert [waiver.state for waiver in find(warehouse, parse_now(SECOND))] == ["in_force"]
    assert verify(warehouse) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "update audit.submission_event set payload = payload || '{\"expires_on\": \"2030-01-01\"}' where event_type = 'waiver_added'",
            "chain",
        ),
        ("update audit.failing_row set waiver_id = null where waiver_id is not null", "digest"),
        (
            "with r as (update audit.validation_result set waiver_id = 99 where waiver_id is not null) "
            "update audit.failing_row set waiver_id = 99 where waiver_id is not null",
            "waiver",
        ),
        ("update audit.validation_result set waiver_id = null where waiver_id is not null", "waiver"),
    ],
)
def test_tampering_is_named(warehouse: Settings, conn: psycopg.Connection, statement: str, said: str) -> None:
    added(warehouse)
    bad().write(warehouse.inbox_dir)
    night(warehouse, SECOND)
    assert verify(warehouse) == []
    assert conn.execute(statement).rowcount == 1
    conn.commit()
    assert said in {problem.kind for problem in verify(warehouse)}


def test_rows_written_before_waivers_keep_their_digest(warehouse: Settings, conn: psycopg.Connection) -> None:
    """The digest's text of a row without a waiver is that of a table without the column."""
    bad().write(warehouse.inbox_dir)
    night(warehouse, FIRST)
    conn.execute("create temporary table before as select * from audit.failing_row")
    conn.execute("alter table before drop column waiver_id")
    assert (
        conn.execute("select b::text from before as b").fetchall()
        == conn.execute("select audit.failing_row_text(f) from audit.failing_row as f").fetchall()
    )


def test_the_auditor_reads_waivers_and_bi_does_not(warehouse: Settings, conn: psycopg.Connection) -> None:
    added(warehouse)
    conn.execute(f'set role "{role_name(warehouse, "auditor")}"')
    assert conn.execute("select rule_code, approver_title from audit.waiver").fetchall() == [("HHR-04", "Phó Giám đốc Sở")]
    conn.execute(f'set role "{role_name(warehouse, "bi_reader")}"')
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select 1 from audit.waiver")


def test_a_quarterly_return_can_be_waived_too(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = CreditReturn()
    built.rows["credit_need"][0]["outstanding_vnd"] = -1
    built.write(warehouse.inbox_dir)
    night(warehouse, FIRST)
    (code,) = {row[0] for row in conn.execute("select rule_code from audit.failing_row where severity = 'error'")}
    add(
        warehouse, at(warehouse, NEXT_DAY), replace(WANTED, rule_code=code, form_code="credit", period_key="2023-Q3"), actor="operator"
    )  # fmt: skip
    assert judged_again(conn, parse_now(NEXT_DAY)) != []
    conn.commit()
    assert night(warehouse, SECOND)["accepted"] == 1


def test_the_events_are_of_the_waivers_own_run(warehouse: Settings, conn: psycopg.Connection) -> None:
    given = added(warehouse)
    row = conn.execute(
        "select e.event_type, e.actor, e.recorded_at, r.kind from audit.submission_event as e inner join audit.run as r using (run_id) "
        "where e.event_id = %s",
        (given.waiver_id,),
    ).fetchone()
    assert row == ("waiver_added", "operator", parse_now(NEXT_DAY), "waiver")
