{{ config(materialized='table') }}

with counted as (
    select
        form_code,
        area_key,
        area_level,
        boundary,
        {{ period_columns('p') }},
        bool_and(has_begun) as has_begun,
        bool_and(is_past_due) as is_past_due,
        count(*) as expected_submissions,
        count(*) filter (where is_accepted) as accepted_submissions,
        bool_and(coalesce(result_stage = 'final', false)) as is_final,
        max(accepted_at) as newest_accepted_at,
        max(group_key) as group_key,
        -- an area that a commune overhangs is known only in its group
        case when bool_and(is_whole) then max(method) else 'in_group' end as method
    from {{ ref('int_area_part') }} as p
    group by form_code, area_key, area_level, boundary, {{ period_columns('p') }}
)

select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('counted') }},
    has_begun,
    is_past_due,
    group_key,
    expected_submissions,
    accepted_submissions,
    {{ pct('accepted_submissions', 'expected_submissions') }} as completeness_pct,
    method,
    false as is_estimate,
    case when is_final then 'final' else 'provisional' end as maturity,
    newest_accepted_at
from counted
