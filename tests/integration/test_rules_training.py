"""Every rule of the training form fires on its bad example, with its consequences and nothing else; one night judges a commune a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from expectations.catalogue import load_rules
from expectations.validate import validate_pending
from ingestion.collect import collect
from ingestion.findings import finding_types
from tests.support.workbooks import RECEIVED, TRAINEE, TrainingReturn
from warehouse.reference_data import current
from warehouse.runs import start_run
from warehouse.settings import Settings

Change = Callable[[TrainingReturn], Any]
Cases = dict[str, tuple[Change, set[str]]]

FORM = "training"
NO_COURSE: dict[str, Any] = dict.fromkeys(("training_status", "enrolment_date", "completion_date", "support_vnd"))
NO_NEED: dict[str, Any] = {"has_need": None, "need_date": None}
STUDYING: dict[str, Any] = {"training_status": "Đang học", "completion_date": None}
NO_ID: dict[str, Any] = {"citizen_id": None}
IN_2026: dict[str, Any] = {"need_date": date(2026, 1, 5), "enrolment_date": date(2026, 1, 12), "completion_date": date(2026, 3, 20)}


def trainee(**values: Any) -> Change:
    return lambda built: built.rows["training_need"][0].update(values)


def rows(*changes: dict[str, Any]) -> Change:
    """A list of so many rows, each the good one with its changes."""

    def change(built: TrainingReturn) -> None:
        built.rows["training_need"] = [{**TRAINEE, "row_label": number, **values} for number, values in enumerate(changes, start=1)]

    return change


def born(day: date | int, sex: str = "1", **values: Any) -> Change:
    """A trainee born on a day, or in a year, without a citizen ID."""
    return trainee(birth_date=day, sex=sex, citizen_id=None, **values)


def registered(day: date) -> dict[str, Any]:
    """A need of a day, and a course from that day on."""
    return {"need_date": day, "enrolment_date": day}


CASES: Cases = {
    "good": (lambda _: None, set()),
    "good, only a need": (trainee(**NO_COURSE), set()),
    "good, not started": (trainee(**{**NO_COURSE, "training_status": "Chưa"}), set()),
    "good, studying": (trainee(**STUDYING), set()),
    "good, dropped out with support": (trainee(training_status="Bỏ học", completion_date=None), set()),
    "good, in a job": (trainee(has_stable_job="x", job_start_date=date(2023, 7, 10)), set()),
    "good, two people": (rows({}, {**NO_ID, "person_name": "Người Hai"}), set()),
    "good, same name in two households": (rows(NO_ID, {**NO_ID, "household_code": "HN-002"}), set()),
    "good, coached with a need": (trainee(was_coached="x", was_career_oriented="x", was_referred="x"), set()),
    # ------------------------------------------------------------------ the need
    "TRN-01": (trainee(need_date=None), {"TRN-01"}),
    "TRN-01B": (trainee(**NO_COURSE, need_date=date(2023, 10, 1)), {"TRN-01B"}),
    "registered on the as-of date": (trainee(**NO_COURSE, need_date=date(2023, 9, 30)), set()),
    "TRN-01W": (trainee(need_date=date(2022, 9, 29)), {"TRN-01W"}),
    "registered 12 months before": (trainee(need_date=date(2022, 9, 30)), set()),
    # ------------------------------------------------------------------ status and dates
    "TRN-02 completed without an end": (trainee(completion_date=None), {"TRN-02"}),
    "TRN-02 completed without a start": (trainee(enrolment_date=None), {"TRN-02"}),
    "TRN-02 completed before it began": (trainee(completion_date=date(2023, 3, 5)), {"TRN-02"}),
    "completed on the enrolment day": (trainee(completion_date=date(2023, 3, 6)), set()),
    "TRN-02 studying without a start": (trainee(**STUDYING, enrolment_date=None), {"TRN-02"}),
    "TRN-02 studying with an end": (trainee(training_status="Đang học"), {"TRN-02"}),
    "TRN-02 not started with dates": (trainee(training_status="Chưa", support_vnd=None), {"TRN-02"}),
    "TRN-02W no status": (trainee(training_status=None, support_vnd=None), {"TRN-02W"}),
    "TRN-02W dropped out with an end": (trainee(training_status="Bỏ học"), {"TRN-02W"}),
    "TRN-02W dropped out of nothing": (trainee(training_status="Bỏ học", enrolment_date=None, completion_date=None), {"TRN-02W"}),
    "TRN-03 enrolment": (trainee(**STUDYING, enrolment_date=date(2023, 10, 1)), {"TRN-03"}),
    "TRN-03 completion": (trainee(completion_date=date(2023, 10, 1)), {"TRN-03"}),
    "completed on the as-of date": (trainee(completion_date=date(2023, 9, 30)), set()),
    "TRN-03 job": (trainee(has_stable_job="x", job_start_date=date(2023, 10, 1)), {"TRN-03"}),
    "TRN-03 birth": (born(2024, **NO_COURSE), {"TRN-03"}),
    "TRN-03W": (trainee(enrolment_date=date(2023, 1, 31)), {"TRN-03W"}),
    "enrolled on the day of registration": (trainee(enrolment_date=date(2023, 2, 1)), set()),
    "TRN-04": (
        trainee(need_date=date(2022, 10, 3), enrolment_date=date(2022, 11, 1), completion_date=date(2022, 12, 31)), {"TRN-04"}),
    "completed on 1 January": (
        trainee(need_date=date(2022, 10, 3), enrolment_date=date(2022, 11, 1), completion_date=date(2023, 1, 1)), set()),
    "no such date": (trainee(completion_date="29/02/2023"), {"NO-SUCH-DATE"}),
    "a refused date silences what reads it": (trainee(need_date="29/02/2023"), {"NO-SUCH-DATE"}),
    "a refused birth date silences what reads it": (trainee(birth_date="30/02/2011"), {"NO-SUCH-DATE"}),
    "a refused as-of date silences what reads it": (
        lambda built: (trainee(need_date=date(2022, 1, 3))(built), built.cover.update(as_of_date="31/09/2023")), {"NO-SUCH-DATE"}),
    # ------------------------------------------------------------------ age on 1/2/2023
    "TRN-05": (born(date(2010, 2, 2)), {"TRN-05"}),
    "TRN-05 year alone": (born(2011), {"TRN-05"}),
    "TRN-05W thirteenth birthday": (born(date(2010, 2, 1)), {"TRN-05W"}),
    "TRN-05W the day before fifteen": (born(date(2008, 2, 2), **STUDYING), {"TRN-05W"}),
    "TRN-05W year alone, perhaps 13": (born(2010), {"TRN-05W"}),
    "TRN-05W year alone, perhaps 15": (born(2008), {"TRN-05W", "TRN-07"}),
    "fifteenth birthday": (born(date(2008, 2, 1)), set()),
    "a child with a need alone": (born(date(2009, 2, 2), **NO_COURSE), set()),
    "TRN-06 man": (born(date(1962, 7, 1), **registered(date(2023, 4, 1))), {"TRN-06"}),
    "the man's day before retirement": (born(date(1962, 7, 1), **registered(date(2023, 3, 31))), set()),
    "TRN-06 woman": (born(date(1967, 5, 1), "2", **registered(date(2023, 5, 1))), {"TRN-06"}),
    "the woman's day before retirement": (born(date(1967, 5, 1), "2", **registered(date(2023, 4, 30))), set()),
    "TRN-06 retired under last year's age": (born(date(1962, 6, 30), need_date=date(2022, 12, 31)), {"TRN-06"}),
    "not yet under last year's, not under this year's": (born(date(1962, 7, 1), need_date=date(2023, 1, 2)), set()),
    "TRN-06 year alone": (born(1962, **registered(date(2023, 4, 1))), {"TRN-06", "TRN-07"}),
    "TRN-07 before 1 July's retirement": (born(1962), {"TRN-07"}),
    "TRN-07 woman": (born(1967, "2"), {"TRN-07"}),
    "year alone, no doubt": (born(1964), set()),
    # ------------------------------------------------------------------ the person
    "TRN-08": (rows({}, {**STUDYING, "support_vnd": None}), {"TRN-08"}),
    "TRN-08 neither enrolled": (
        rows(NO_COURSE, {**NO_COURSE, "training_status": "Bỏ học"}), {"TRN-08", "TRN-02W"}),
    "TRN-08 the second row without an ID": (rows({}, {**STUDYING, **NO_ID}), {"TRN-08"}),
    "TRN-08 no ID at all": (rows(NO_ID, {**STUDYING, **NO_ID, "person_name": "NGUYỄN thử Nghiệm"}), {"TRN-08"}),
    "TRN-08W two courses": (rows({}, {"enrolment_date": date(2023, 7, 3), "completion_date": date(2023, 9, 1)}), {"TRN-08W"}),
    "TRN-08W written twice": (rows({}, {}), {"TRN-08W"}),
    "TRN-08W Chưa is no other status than none": (rows(NO_COURSE, {**NO_COURSE, "training_status": "Chưa"}), {"TRN-08W"}),
    "TRN-08W another name under one ID": (
        rows({}, {"person_name": "Tên Khác", "enrolment_date": date(2023, 7, 3), "completion_date": date(2023, 9, 1)}), {"TRN-08W"}),
    "TRN-08W one person, two IDs": (rows({}, {**STUDYING, "support_vnd": None, "citizen_id": "080080009999"}), {"TRN-08W"}),
    "same name, two births": (
        rows({}, {**STUDYING, "support_vnd": None, "citizen_id": "080081009999", "birth_date": date(1981, 5, 2)}), set()),
    "TRN-13 sex": (trainee(citizen_id="080180001234"), {"TRN-13"}),
    "TRN-13 year": (trainee(citizen_id="080081001234"), {"TRN-13"}),
    "TRN-13 century": (trainee(citizen_id="080280001234"), {"TRN-13"}),
    "TRN-13 province": (trainee(citizen_id="999080001234"), {"TRN-13"}),
    "TRN-13 length": (trainee(citizen_id="0800800012"), {"TRN-13"}),
    "an ID of 11 digits": (trainee(citizen_id="08008000123"), {"ID-11-DIGITS"}),
    "an old identity card": (trainee(citizen_id="300123456"), set()),
    # ------------------------------------------------------------------ money
    "TRN-09 poor": (trainee(support_vnd=3_000_001), {"TRN-09"}),
    "TRN-09 near-poor": (trainee(household_class="Hộ cận nghèo", support_vnd=2_500_001), {"TRN-09"}),
    "near-poor, exactly the cap": (trainee(household_class="Hộ cận nghèo", support_vnd=2_500_000), set()),
    "TRN-09 newly escaped": (trainee(household_class="Hộ mới thoát nghèo"), {"TRN-09"}),
    "TRN-09B": (trainee(**{**NO_COURSE, "support_vnd": 500_000}), {"TRN-09B"}),
    "TRN-09B not started": (trainee(**{**NO_COURSE, "training_status": "Chưa", "support_vnd": 500_000}), {"TRN-09B"}),
    "TRN-14": (trainee(support_vnd=-1), {"TRN-14"}),
    "no support": (trainee(support_vnd=0), set()),
    "TRN-15 millions": (trainee(support_vnd=3), {"TRN-15"}),
    "TRN-15 thousands": (trainee(support_vnd=3000), {"TRN-15"}),
    "a small amount": (trainee(support_vnd=10_000), set()),
    # ------------------------------------------------------------------ jobs, and who is shown apart
    "TRN-10 no mark": (trainee(job_start_date=date(2023, 7, 10)), {"TRN-10"}),
    "TRN-10 before the course": (trainee(has_stable_job="x", job_start_date=date(2023, 3, 5)), {"TRN-10"}),
    "a job from the first day": (trainee(has_stable_job="x", job_start_date=date(2023, 3, 6)), set()),
    "TRN-10W": (trainee(has_stable_job="x"), {"TRN-10W"}),
    "TRN-11": (trainee(**NO_NEED), {"TRN-11"}),
    "TRN-12 coached": (trainee(**NO_NEED, **NO_COURSE, was_coached="x"), {"TRN-12"}),
    "TRN-12 oriented": (trainee(**NO_NEED, **NO_COURSE, was_career_oriented="x"), {"TRN-12"}),
    "TRN-16": (rows(), {"TRN-16"}),
}  # fmt: skip

# The first quarter of 2026: the cap of 2026 goes by the enrolment date.
LATER: Cases = {
    "exactly the cap of 2026": (trainee(**IN_2026, support_vnd=4_000_000), set()),
    "near-poor, exactly the cap of 2026": (trainee(**IN_2026, support_vnd=4_000_000, household_class="Hộ cận nghèo"), set()),
    "TRN-09 above the cap of 2026": (trainee(**IN_2026, support_vnd=4_000_001), {"TRN-09"}),
    "TRN-09 enrolled on the last day of 2025": (
        trainee(**{**IN_2026, "need_date": date(2025, 12, 1), "enrolment_date": date(2025, 12, 31)}, support_vnd=3_000_001), {"TRN-09"}),
}  # fmt: skip


def communes(conn: psycopg.Connection, day: date) -> Iterator[tuple[str, str]]:
    """(code, name) of the communes in force on a day."""
    units = current(conn, "unit", "code, name_vi, unit_level, valid_from, valid_to")
    return iter(sorted((code, name) for code, name, level, start, end in units if level == "commune" and start <= day <= (end or date.max)))


def test_every_rule_fires_on_its_example_and_nothing_else(warehouse: Settings, conn: psycopg.Connection) -> None:
    expected: dict[tuple[str, str], tuple[str, set[str]]] = {}
    quarters: list[tuple[Cases, str, date, datetime]] = [
        (CASES, "2023-Q3", date(2023, 9, 30), RECEIVED),
        (LATER, "2026-Q1", date(2026, 3, 31), datetime(2026, 4, 10, 3, 0, tzinfo=UTC)),
    ]
    for cases, period, end, received in quarters:
        places = communes(conn, end)
        for number, (name, (change, codes)) in enumerate(cases.items()):
            commune, commune_name = next(places)
            built = TrainingReturn(
                period=period, as_of_date=end, signed_date=end + timedelta(4), commune_code=commune, commune_name=commune_name
            )
            change(built)
            built.write(warehouse.inbox_dir, f"{number:03}-{period}.xlsx", received + timedelta(minutes=number))
            expected[commune, period] = (name, codes)

    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)

    fired: dict[tuple[str, str], set[str]] = defaultdict(set)
    found = conn.execute(
        "select s.commune_code, s.period_key, f.rule_code, f.reason_vi, f.reason_en from audit.failing_row as f "
        "inner join intake.submission as s using (submission_id)"
    ).fetchall()
    for commune, period, code, vi, en in found:
        fired[commune, period].add(code)
        assert vi.strip(), code
        assert en.strip(), code
    wrong = {name: (fired[key] - codes, codes - fired[key]) for key, (name, codes) in expected.items() if fired[key] != codes}
    assert wrong == {}, "case: (fired although it should not, did not fire)"
    own = {rule.code: rule.severity for rule in load_rules() if rule.code.startswith("TRN")}
    severities = {code: kind.severity for code, kind in finding_types().items()} | own
    states = {
        (commune, period): state
        for commune, period, state in conn.execute("select commune_code, period_key, state from audit.submission").fetchall()
    }
    for key, (name, codes) in expected.items():
        returned = any(severities[code] == "error" for code in codes)
        assert states[key] == ("returned" if returned else "accepted"), name
    covered = {code for _, codes in expected.values() for code in codes}
    assert set(own) - covered == set(), "rules without an example"
