"""The dbt project itself: its unit tests pass, and every model keeps the house's habits."""

# ruff: noqa: SIM905 (columns are easier to read as words)
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse.dbt_runner import DBT_DIR, run_dbt
from warehouse.mart_contracts import load_marts
from warehouse.settings import Settings

MODELS = sorted((DBT_DIR / "models").rglob("*.sql"))
TYPES = {"text", "bigint", "integer", "boolean", "date", "timestamptz", "uuid", "numeric(9,6)", "numeric(18,6)", "numeric(18,0)"}
AREA = """area_key area_level area_code area_name boundary period_key period_type period_year period_start_date
period_end_date is_cumulative""".split()
TAIL = "group_key expected_submissions accepted_submissions completeness_pct method is_estimate maturity publication_id".split()
MARTS_MD = {
    "fct_poverty": [
        *AREA,
        *"""standard_version total_households total_persons poor_households poor_persons near_poor_households near_poor_persons
        average_households average_persons poor_rate_pct near_poor_rate_pct multidimensional_rate_pct opening_poor_households
        opening_poor_persons left_to_near_poor left_above_near_poor other_decrease joined_from_near_poor relapsed newly_poor
        other_increase opening_near_poor_households near_poor_left_above near_poor_left_to_poor near_poor_other_decrease
        near_poor_joined_from_poor near_poor_relapsed newly_near_poor near_poor_other_increase poor_no_labour_households""".split(),
        *TAIL[:-1],
        "totals_method",
        TAIL[-1],
    ],
    "fct_poverty_by_standard": [
        *AREA,
        *"""standard_version is_in_force is_provisional basis poor_households near_poor_households multidimensional_households
        unknown_households reason""".split(),
        *TAIL,
    ],
    "fct_loan_coverage": [
        *AREA,
        *"""borrower_class households_in_class households_listed need_survey_pct with_need eligible_with_need newly_served
        served_by_existing served pending refused coverage_pct new_disbursement_pct requested_vnd capital_available_vnd disbursed_vnd
        capital_coverage_pct as_of_quarter""".split(),
        *TAIL,
    ],
    "fct_training_coverage": [
        *AREA,
        *"""household_class persons_working_age with_need trained completed coached oriented referred in_stable_job any_service
        all_services trained_outside_age age_uncertain coverage_pct any_service_pct all_services_pct referred_pct stable_job_pct
        support_vnd as_of_quarter""".split(),
        *TAIL,
    ],
    "goal_progress": [
        *AREA,
        *"""goal_code target_version reading baseline_year baseline_value actual_value path_value target_year target_value
        target_pace_pct gap observed_pace_pct required_pace_pct required_compound_pace_pct projected_value status status_reason
        is_assumed""".split(),
        *TAIL,
    ],
    "dim_area": """area_key area_level area_code area_name unit_type area_type parent_area_key district_code province_code valid_from
        valid_to footprint_from is_long_an""".split(),
    "dim_target": """goal_code target_version readings value unit baseline_year target_year standard_version lead_agency
        document_number document_date is_assumed note_vi valid_from valid_to""".split(),
    "submission_compliance": """form_code area_key period_key due_date first_received_at accepted_at versions state last_event
        is_on_time is_first_pass_valid days_to_fix is_optional""".split(),
    "data_status": """mart period_key publication_id published_at expected_submissions accepted_submissions completeness_pct
        newest_accepted_at""".split(),
}


def described_models() -> dict[str, dict[str, Any]]:
    return {
        model["name"]: model
        for path in (DBT_DIR / "models").rglob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    }


def test_unit_tests_hold_at_every_boundary(warehouse: Settings) -> None:
    from tests.support.mart_fixtures import at
    from warehouse.builds import build

    build(warehouse, at(warehouse))
    results = run_dbt(warehouse, "blue", unit_tests=True).results
    assert len(results) >= 22
    assert [f"{r.node}: {r.message}" for r in results if not r.is_good] == []


def test_marts_have_the_columns_that_do_not_move() -> None:
    marts = {mart.name: [column.name for column in mart.columns] for mart in load_marts()}
    for name, columns in MARTS_MD.items():
        assert marts[name] == columns
    assert marts["fct_poverty_default"] == marts["fct_poverty"]
    household = next(mart for mart in load_marts() if mart.name == "fct_household_status")
    assert household.schema == "marts_restricted"
    assert not {"head_name", "head_citizen_id", "head_birth_date", "citizen_id", "member_name"} & {c.name for c in household.columns}


def test_types_are_exact() -> None:
    for mart in load_marts():
        for column in mart.columns:
            assert column.data_type in TYPES, f"{mart.name}.{column.name}"
            if column.name.endswith("_pct"):
                assert column.data_type in ("numeric(9,6)", "numeric(18,6)")
            if column.name.endswith(("_households", "_persons", "_submissions")):
                assert column.data_type == "bigint"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_is_short_deterministic_and_states_its_grain(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = re.sub(r"--.*", "", text)
    assert len(text.splitlines()) <= 120
    assert not re.search(
        r"\bnow\(|current_(date|timestamp)|clock_timestamp|statement_timestamp|random\(|gen_random|\bfloat|\bdouble\b|\breal\b", code
    )
    assert "one row" in described_models()[path.stem]["description"].lower()


def test_every_mart_has_its_key_and_describes_every_column() -> None:
    for path in (DBT_DIR / "models" / "marts").glob("*.sql"):
        model = described_models()[path.stem]
        assert any(constraint["type"] == "primary_key" for constraint in model["constraints"])
        assert all(column["description"].endswith((".", "...")) for column in model["columns"])
