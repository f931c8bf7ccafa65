-- An empty flag cell is a no: the form knows only the cross and the blank.
select
    submission_id,
    row_number,
    household_code,
    previous_household_code,
    previous_commune_code,
    hamlet,
    opening_class,
    closing_class,
    movement,
    score_b1,
    score_b2,
    {%- for flag in household_flags() %}
    coalesce({{ flag }}, false) as {{ flag }},
    {%- endfor %}
    member_count,
    opening_member_count,
    decision_date,
    left_list_date
from {{ source('intake', 'household_list') }}
