-- Household rows of the reviews in force, annual and monthly, with the cells of 7.2 and 7.3 that their triple feeds.
with reviews as (
    {%- for returns in ['int_commune_period', 'int_optional_return'] %}
    select
        submission_id,
        area_key,
        period_key,
        period_year,
        result_stage
    from {{ ref(returns) }}
    where form_code = 'household_review'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    p.submission_id,
    l.row_number,
    p.area_key,
    p.period_key,
    p.period_year,
    p.result_stage,
    l.household_code,
    l.previous_household_code,
    l.previous_commune_code,
    l.hamlet,
    l.opening_class,
    l.closing_class,
    l.movement,
    l.score_b1,
    l.score_b2,
    {%- for flag in household_flags() %}
    l.{{ flag }},
    {%- endfor %}
    l.area_type,
    l.dep_waste_treatment,
    l.income_per_head_vnd,
    l.next_standard_class,
    l.member_count,
    l.opening_member_count,
    l.decision_date,
    l.left_list_date,
    c.poor_cell,
    c.near_poor_cell
from reviews as p
inner join {{ ref('stg_household_list') }} as l on p.submission_id = l.submission_id
left join {{ ref('int_movement_cell') }} as c
    on l.opening_class = c.opening_class and l.closing_class = c.closing_class and l.movement = c.movement
