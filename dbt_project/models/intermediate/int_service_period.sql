-- The periods of a cumulative form as the marts show them: each quarter, and the year, which is the newest of its quarters whose
-- due date has passed (in a year's first quarter that one). Quarters and maps are never mixed.
{{ config(materialized='table') }}

with quarters as (
    select q.*
    from {{ ref('int_area_period') }} as q
    where q.period_type = 'quarter'
),

newest as (
    -- the year's quarter is one for all areas: a commune of an earlier map has no row in it
    select
        form_code,
        period_year,
        coalesce(max(period_key) filter (where is_past_due), min(period_key)) as as_of_quarter
    from quarters
    group by form_code, period_year
)

select
    q.form_code,
    q.area_key,
    q.area_level,
    q.boundary,
    {{ period_columns('q') }},
    q.period_key as as_of_quarter,
    q.group_key,
    q.expected_submissions,
    q.accepted_submissions,
    q.completeness_pct,
    q.method,
    q.is_estimate,
    q.maturity,
    q.has_begun,
    q.is_past_due,
    q.newest_accepted_at
from quarters as q
union all
select
    q.form_code,
    q.area_key,
    q.area_level,
    q.boundary,
    {{ period_columns('y') }},
    q.period_key as as_of_quarter,
    q.group_key,
    q.expected_submissions,
    q.accepted_submissions,
    q.completeness_pct,
    q.method,
    q.is_estimate,
    q.maturity,
    q.has_begun,
    q.is_past_due,
    q.newest_accepted_at
from quarters as q
inner join newest as n on q.form_code = n.form_code and q.period_key = n.as_of_quarter
inner join {{ ref('int_period') }} as y on q.period_year = y.period_year and y.period_type = 'year'
