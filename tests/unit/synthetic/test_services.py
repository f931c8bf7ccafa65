"""The quarterly returns: of the lists' own households and people, growing from quarter to quarter, the same for the same seed."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import load_form
from ingestion.reader.reading import read_file
from synthetic.clients import clients
from synthetic.credit import CAP, MILLION, PROGRAMME
from synthetic.generate import plan, plan_services, write
from synthetic.post import DUE_DAYS
from synthetic.records import LISTED, Row
from synthetic.returns import CreditReturn, HouseholdReview, Quarter, QuarterReturn, TrainingReturn
from synthetic.services import mark_loans, service_returns
from synthetic.working_age import is_working_age
from tests.unit.synthetic.conftest import Made
from warehouse.settings import Settings

Province = list[list[HouseholdReview]]
OUTCOMES = {None: 0, "pending": 1, "approved": 2, "disbursed": 3, "refused": 3, "withdrawn": 3}
COURSES = {None: 0, "not_started": 0, "studying": 1, "completed": 2, "dropped_out": 2}


@pytest.fixture(scope="module")
def services(province: Province) -> list[QuarterReturn]:
    return service_returns(province, 2023, 11)


def of(services: list[QuarterReturn], form: str) -> dict[str, list[QuarterReturn]]:
    """Commune -> its four returns of the form, in order."""
    found: dict[str, list[QuarterReturn]] = {}
    for sent in services:
        if sent.form == form:
            found.setdefault(sent.commune.code, []).append(sent)
    return found


def credits(services: list[QuarterReturn], number: int = 4) -> list[CreditReturn]:
    return [sent for sent in services if isinstance(sent, CreditReturn) and sent.quarter.number == number]


def trainings(services: list[QuarterReturn], number: int = 4) -> list[TrainingReturn]:
    return [sent for sent in services if isinstance(sent, TrainingReturn) and sent.quarter.number == number]


def test_every_commune_sends_both_forms_every_quarter(services: list[QuarterReturn]) -> None:
    assert len(services) == 2 * 4 * 188
    for form in ("credit", "training"):
        for returns in of(services, form).values():
            assert [sent.quarter for sent in returns] == [Quarter(2023, number) for number in (1, 2, 3, 4)]
            for sent in returns:
                cover = sent.cover
                assert cover["as_of_date"] == sent.quarter.last_day < cover["signed_date"]
                assert (cover["prepared_by"], cover["preparer_title"]) != (cover["approved_by"], cover["approver_title"])
                assert {sheet.name for sheet in load_form(form).tables} <= set(vars(sent))


def test_quarters_end_on_their_last_day() -> None:
    days = [Quarter(2023, number).last_day for number in (1, 2, 3, 4)]
    assert days == [date(2023, 3, 31), date(2023, 6, 30), date(2023, 9, 30), date(2023, 12, 31)]


def test_the_same_seed_is_the_same_year_and_the_reviews_stay(province: Province, services: list[QuarterReturn]) -> None:
    before = deepcopy(province[:2])
    assert service_returns(province, 2023, 11) == services
    assert service_returns(province, 2023, 12) != services
    assert province[:2] == before


def test_a_year_needs_the_review_before_it(province: Province) -> None:
    assert len(service_returns(province, 2022, 1)) == 2 * 4 * 188
    for year in (2021, 2024, 2025):
        with pytest.raises(ValueError, match="need the review"):
            service_returns(province, year, 1)


def test_who_was_lent_to_asks_for_nothing_in_the_next_year(made: Made, services: list[QuarterReturn]) -> None:
    reviews, mergers = made
    returns = of(service_returns(reviews, 2024, 11, services, mergers), "credit")
    assert {sent.quarter.key for sent in returns["27691"]} == {"2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"}
    assert {sent.quarter.key for sent in returns["27688"]} == {"2024-Q1", "2024-Q2", "2024-Q3"}  # then a part of 27694
    seen = 0
    for before in credits(services):
        lent = {row["household_code"]: row["outstanding_vnd"] for row in before.credit_need if row.get("disbursed_vnd")}
        last = returns[before.commune.code][2]
        assert isinstance(last, CreditReturn)
        again = [row for row in last.credit_need if row["household_code"] in lent]
        assert all(row.get("has_need") is None and row["outstanding_vnd"] == lent[row["household_code"]] for row in again)
        seen += len(again)
    assert seen > 1000


def test_a_later_loan_list_never_takes_back(services: list[QuarterReturn]) -> None:
    for returns in of(services, "credit").values():
        for before, after in pairwise(returns):
            assert isinstance(before, CreditReturn) and isinstance(after, CreditReturn)
            later = by_line(after.credit_need)
            for key, row in by_line(before.credit_need).items():
                then = later[key]
                assert OUTCOMES[then.get("outcome")] >= OUTCOMES[row.get("outcome")]
                assert (then.get("disbursed_vnd") or 0) >= (row.get("disbursed_vnd") or 0)
                for field in ("has_need", "is_eligible", "request_date", "requested_vnd", "programme_code", "disbursement_date"):
                    assert not row.get(field) or then[field] == row[field]
            for old, new in zip(before.credit_capital, after.credit_capital, strict=True):
                assert new["capital_available_vnd"] >= old["capital_available_vnd"]


def by_line(rows: list[Row]) -> dict[tuple[str, int], Row]:
    """Household and the number of its line -> the line."""
    return {
        (code, number): row
        for code, group in groupby(rows, lambda row: row["household_code"])
        for number, row in enumerate(group)
    }  # fmt: skip


def test_a_later_training_list_never_takes_back(services: list[QuarterReturn]) -> None:
    for returns in of(services, "training").values():
        for before, after in pairwise(returns):
            assert isinstance(before, TrainingReturn) and isinstance(after, TrainingReturn)
            later = {row["citizen_id"]: row for row in after.training_need}
            for row in before.training_need:
                then = later[row["citizen_id"]]
                assert COURSES[then["training_status"]] >= COURSES[row["training_status"]]
                for field in ("need_date", "enrolment_date", "completion_date", "job_start_date", "was_coached", "was_referred"):
                    assert not row.get(field) or then[field] == row[field]


def test_borrowers_are_those_of_the_lists_before(province: Province, services: list[QuarterReturn]) -> None:
    for reviews, sent in zip(zip(*province[:2], strict=True), credits(services), strict=True):
        first, last = ({row["household_code"]: row for row in review.household_list} for review in reviews)
        for row in sent.credit_need:
            code = row["household_code"]
            if row["borrower_class"] in LISTED:
                assert last[code]["closing_class"] == row["borrower_class"]
                assert row["left_list_date"] is None
            else:
                left = last.get(code) or first[code]
                assert left["closing_class"] == "not_poor"
                assert row["left_list_date"] == left["left_list_date"] is not None
            origin = last.get(code) or first[code]
            assert origin["hamlet"] == row["hamlet"]
            if row.get("has_need"):
                assert not origin["has_no_labour_capacity"]
            if origin["head_name"] == row["borrower_name"]:
                assert origin["head_citizen_id"] == row["citizen_id"]


def test_trainees_are_members_of_working_age(province: Province, services: list[QuarterReturn]) -> None:
    ages = set()
    for reviews, sent in zip(zip(*province[:2], strict=True), trainings(services), strict=True):
        people = {
            (m["household_code"], m["member_name"], m["citizen_id"], m["birth_date"]) for review in reviews for m in review.member_list
        }
        for row in sent.training_need:
            assert (row["household_code"], row["person_name"], row["citizen_id"], row["birth_date"]) in people
            day, born = row["need_date"], row["birth_date"]
            if day is not None and isinstance(born, date):
                assert is_working_age(born, row["sex"], day)
                ages.add(day.year - born.year)
    assert min(ages) <= 16 and max(ages) >= 60  # both edges
    assert any(isinstance(row["birth_date"], int) for sent in trainings(services) for row in sent.training_need)


def test_amounts_are_whole_millions_within_the_caps(services: list[QuarterReturn]) -> None:
    for sent in credits(services):
        lent: dict[str, int] = {}
        for row in sent.credit_need:
            amount = row.get("requested_vnd") or 0
            assert amount % MILLION == 0 and amount <= CAP
            assert (row["outstanding_vnd"] or 0) <= CAP
            if row.get("programme_code") in PROGRAMME.values():
                assert PROGRAMME[row["borrower_class"]] == row["programme_code"]
                lent[row["household_code"]] = lent.get(row["household_code"], 0) + (row.get("disbursed_vnd") or 0)
        assert all(total <= CAP for total in lent.values())
        assert {(row["borrower_class"], row["capital_source"]) for row in sent.credit_capital} == {
            (name, source) for name in PROGRAMME for source in ("central", "local")
        }


def test_shares_are_plausible(province: Province, services: list[QuarterReturn]) -> None:
    rows = [row for sent in credits(services) for row in sent.credit_need if row["borrower_class"] in LISTED]
    listed = len(
        {(id(sent), row["household_code"]) for sent in credits(services) for row in sent.credit_need if row["borrower_class"] in LISTED}
    )
    in_class = sum(client.client_class in LISTED for reviews in zip(*province[:2], strict=True) for client in clients(reviews))
    assert 0.93 < listed / in_class < 1
    need, eligible = (sum(bool(row.get(field)) for row in rows) for field in ("has_need", "is_eligible"))
    assert 0.4 < need / len(rows) < 0.6
    assert 0.85 < eligible / need < 0.95
    assert 0.75 < sum(row.get("outcome") == "disbursed" for row in rows) / eligible < 0.9
    assert {row.get("outcome") for row in rows} == {None, "pending", "approved", "disbursed", "refused", "withdrawn"}
    assert {row.get("programme_code") for row in rows} >= {"01", "19", "07", "06"}
    codes = [(id(sent), row["household_code"]) for sent in credits(services) for row in sent.credit_need]
    assert 0 < len(codes) - len(set(codes)) < 0.03 * len(codes)  # two loans
    people = [row for sent in trainings(services) for row in sent.training_need if row["household_class"] == "poor" and row["has_need"]]
    assert 0.8 < sum(row["training_status"] in ("studying", "completed") for row in people) / len(people) < 0.95
    assert 0.5 < sum(row["was_referred"] for row in people) / len(people) < 0.8


def test_the_reviews_tick_exactly_the_loans(province: Province, services: list[QuarterReturn]) -> None:
    reviews = deepcopy(province[2])
    mark_loans(reviews, services)
    ticked = 0
    for review, before, sent in zip(reviews, province[2], credits(services), strict=True):
        lent = {row["household_code"] for row in sent.credit_need if row.get("disbursed_vnd")}
        for member in review.member_list:
            assert member["support_credit"] == (member["household_code"] in lent)
            ticked += member["support_credit"]
        bare = [[{k: v for k, v in m.items() if k != "support_credit"} for m in r.member_list] for r in (review, before)]
        assert bare[0] == bare[1]
        assert (review.household_list, review.summary_7_1, review.cover) == (before.household_list, before.summary_7_1, before.cover)
    assert ticked > 1000


def test_files_arrive_after_the_quarter_and_one_in_twenty_late(services: list[QuarterReturn]) -> None:
    jobs = plan_services(Path(), services, seed=1)
    assert len({job.path for job in jobs}) == len({job.path.name for job in jobs}) == len(services)
    late = 0
    for job in jobs:
        assert isinstance(job.sent, QuarterReturn)
        assert job.sent.cover["signed_date"] < job.arrives.date()
        late += (job.arrives.date() - job.sent.quarter.last_day).days > DUE_DAYS
    assert 0.03 < late / len(jobs) < 0.07


def test_an_office_keeps_its_habits_in_every_form(province: Province, services: list[QuarterReturn]) -> None:
    habits = {job.sent.commune.code: (job.style.font, job.style.flag, job.style.text_dates) for job in plan(Path(), province, [2023], 1)}
    assert all(
        habits[job.sent.commune.code] == (job.style.font, job.style.flag, job.style.text_dates)
        for job in plan_services(Path(), services, 1)
    )


def test_workbooks_are_read_without_a_remark(tmp_path: Path, services: list[QuarterReturn]) -> None:
    for job in plan_services(tmp_path, services[:60], seed=1):
        job.path.parent.mkdir(exist_ok=True)
        path, placed = write(job)
        reading = read_file(path, path.name, Settings(home=tmp_path, _env_file=None))
        assert reading.faults == [] and reading.findings == [] and reading.reason_code is None
        for table in reading.tables:
            assert table.row_numbers == placed[table.sheet.name]


@pytest.mark.parametrize(
    ("born", "sex", "day", "expected"),
    [
        (date(2008, 5, 10), "male", date(2023, 5, 9), False),
        (date(2008, 5, 10), "male", date(2023, 5, 10), True),
        (date(1962, 8, 10), "male", date(2023, 5, 9), True),  # 60 years and 9 months on 10 May
        (date(1962, 8, 10), "male", date(2023, 5, 10), False),
        (date(1967, 6, 1), "female", date(2023, 5, 31), True),  # 56 years
        (date(1967, 6, 1), "female", date(2023, 6, 1), False),
        (date(1962, 6, 1), "male", date(2023, 1, 15), False),  # 60 years and 6 months in December 2022: retired for good
        (date(1955, 1, 1), "male", date(2019, 1, 1), False),
    ],
)
def test_working_age_at_its_edges(born: date, sex: str, day: date, expected: bool) -> None:
    assert is_working_age(born, sex, day) is expected


@given(st.dates(date(1940, 1, 1), date(2015, 1, 1)), st.sampled_from(["male", "female"]), st.dates(date(2010, 1, 1), date(2040, 1, 1)))
def test_who_has_retired_stays_retired(born: date, sex: str, day: date) -> None:
    if day.year - born.year > 20 and not is_working_age(born, sex, day):
        assert not is_working_age(born, sex, date(day.year + 1, day.month, min(day.day, 28)))
