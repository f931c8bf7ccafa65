{{ config(materialized='table') }}

with province_size as (
    -- a province owes a return of each of its communes, also of those that are not on Long An's ground and send none here
    select
        v.area_key,
        f.period_end_date,
        count(distinct u.unit_code) as communes
    from (select distinct period_end_date from {{ ref('int_form_period') }}) as f
    inner join {{ ref('stg_unit') }} as v on v.unit_level = 'province' and {{ in_force_on('v', 'f.period_end_date') }}
    inner join {{ ref('stg_unit') }} as u
        on u.unit_level = 'commune' and v.unit_code = u.province_code and {{ in_force_on('u', 'f.period_end_date') }}
    group by v.area_key, f.period_end_date
),

counted as (
    select
        p.form_code,
        p.area_key,
        p.area_level,
        p.boundary,
        {{ period_columns('p') }},
        bool_and(p.has_begun) as has_begun,
        bool_and(p.is_past_due) as is_past_due,
        coalesce(max(s.communes), count(*)) as expected_submissions,
        count(*) filter (where p.is_accepted) as accepted_submissions,
        count(*) filter (where p.result_stage = 'final') as final_submissions,
        max(p.accepted_at) as newest_accepted_at,
        max(p.group_key) as group_key,
        -- an area that a commune overhangs is known only in its group
        case when bool_and(p.is_whole) then max(p.method) else 'in_group' end as method
    from {{ ref('int_area_part') }} as p
    left join province_size as s on p.area_level = 'province' and p.area_key = s.area_key and p.period_end_date = s.period_end_date
    group by p.form_code, p.area_key, p.area_level, p.boundary, {{ period_columns('p') }}
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
    case when final_submissions = expected_submissions then 'final' else 'provisional' end as maturity,
    newest_accepted_at
from counted
