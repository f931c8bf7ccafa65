with reductions as (
    select
        goal_code,
        target_version,
        reading,
        form_code,
        area_key,
        boundary,
        period_year,
        baseline_year,
        baseline_value::numeric(18, 6) as baseline_value,
        actual_value::numeric(18, 6) as actual_value,
        path_value,
        target_year,
        target_value,
        target_pace_pct,
        (actual_value - path_value)::numeric(18, 6) as gap,
        observed_pace_pct,
        required_pace_pct,
        required_compound_pace_pct,
        projected_value,
        case
            when status_reason is not null then 'not_available'
            when t = 0 then 'baseline'
            when actual_value <= target_value then 'achieved'
            -- Nothing was left in a year before and nothing is: the pace is undefined, the goal is not.
            when needs_all_years and has_empty_year then 'achieved'
            when target_value is null and t = span and observed_pace_pct >= target_pace_pct then 'achieved'
            when t = span then 'missed'
            when actual_value > baseline_value then 'worsening'
            when reading = 'every_year' and observed_pace_pct >= target_pace_pct then 'on_track'
            when reading <> 'every_year' and actual_value <= path_value then 'on_track'
            else 'off_track'
        end as status,
        status_reason,
        is_assumed,
        status_reason is null and is_final as is_final
    from {{ ref('int_goal_measure') }}
),

coverage as (
    select
        goal_code,
        target_version,
        reading,
        form_code,
        area_key,
        boundary,
        period_year,
        null::integer as baseline_year,
        null::numeric(18, 6) as baseline_value,
        actual_value::numeric(18, 6) as actual_value,
        100::numeric(18, 6) as path_value,
        target_year,
        100::numeric(18, 6) as target_value,
        null::numeric(9, 6) as target_pace_pct,
        (100 - actual_value)::numeric(18, 6) as gap,
        null::numeric(18, 6) as observed_pace_pct,
        null::numeric(18, 6) as required_pace_pct,
        null::numeric(9, 6) as required_compound_pace_pct,
        null::numeric(18, 6) as projected_value,
        status,
        status_reason,
        is_assumed,
        is_final
    from {{ ref('int_goal_coverage') }}
),

goals as (
    select * from reductions
    union all
    select * from coverage
)

select
    p.area_key,
    p.area_level,
    d.area_code,
    d.area_name,
    p.boundary,
    {{ period_columns('p') }},
    false as is_cumulative,
    m.goal_code,
    m.target_version,
    m.reading,
    m.baseline_year,
    m.baseline_value,
    m.actual_value,
    m.path_value,
    m.target_year,
    m.target_value,
    m.target_pace_pct,
    m.gap,
    m.observed_pace_pct,
    m.required_pace_pct,
    m.required_compound_pace_pct,
    m.projected_value,
    m.status,
    m.status_reason,
    m.is_assumed,
    p.group_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    p.method,
    p.is_estimate,
    case when m.is_final then 'final' else 'provisional' end as maturity
from goals as m
inner join {{ ref('int_area_year') }} as p
    on m.form_code = p.form_code and m.area_key = p.area_key and m.boundary = p.boundary and m.period_year = p.period_year
inner join {{ ref('dim_area') }} as d on p.area_key = d.area_key
