select
    submission_id,
    household_code,
    previous_household_code,
    hamlet,
    area_key,
    period_key,
    opening_class,
    closing_class,
    movement,
    score_b1,
    score_b2,
    {%- for flag in household_flags() %}
    {{ flag }},
    {%- endfor %}
    member_count,
    opening_member_count,
    left_list_date,
    area_type,
    dep_waste_treatment,
    income_per_head_vnd,
    next_standard_class,
    result_stage as maturity
from {{ ref('int_household_review') }}
