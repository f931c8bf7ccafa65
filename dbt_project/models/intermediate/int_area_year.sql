-- Areas year by year, with how much of them is in: of an annual form its own year, of a cumulative one its newest quarter. Years
-- before a form was collected stand there too, where a target asks about them: nobody owed anything. The goals are Long An's: the
-- province of today is wider and has none.
select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('a') }},
    group_key,
    expected_submissions,
    accepted_submissions,
    completeness_pct,
    method,
    is_estimate
from {{ ref('int_area_period') }} as a
where a.period_type = 'year' and a.area_level <> 'province'
union all
select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('s') }},
    group_key,
    expected_submissions,
    accepted_submissions,
    completeness_pct,
    method,
    is_estimate
from {{ ref('int_service_period') }} as s
where s.period_type = 'year' and s.area_level <> 'province'
union all
select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('u') }},
    null::text as group_key,
    expected_submissions,
    accepted_submissions,
    null::numeric(9, 6) as completeness_pct,
    'as_reported' as method,
    false as is_estimate
from {{ ref('int_uncollected_year') }} as u
