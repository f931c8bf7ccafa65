-- An empty flag cell is a no: the form knows only the cross and the blank. Of dep_waste_treatment null says that the form did not ask.
select
    submission_id,
    row_number,
    household_code,
    previous_household_code,
    previous_commune_code,
    hamlet,
    area_type,
    opening_class,
    closing_class,
    movement,
    score_b1,
    score_b2,
    {%- for flag in household_flags() %}
    coalesce({{ flag }}, false) as {{ flag }},
    {%- endfor %}
    dep_waste_treatment,
    income_per_head_vnd,
    next_standard_class,
    member_count,
    opening_member_count,
    decision_date,
    left_list_date
from {{ source('intake', 'household_list') }}
