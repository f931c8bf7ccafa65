-- Every area and period of a mart is described by its dimension.
with used as (
    {%- for mart in ['fct_poverty', 'fct_poverty_by_standard', 'fct_household_status', 'goal_progress', 'submission_compliance'] %}
    select distinct
        area_key,
        period_key
    from {{ ref(mart) }}
    {{ 'union' if not loop.last }}
    {%- endfor %}
)

select u.*
from used as u
left join {{ ref('dim_area') }} as a on u.area_key = a.area_key
left join {{ ref('dim_period') }} as p on u.period_key = p.period_key
where a.area_key is null or p.period_key is null
