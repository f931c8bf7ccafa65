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
    m.baseline_value::numeric(18, 6) as baseline_value,
    m.actual_value::numeric(18, 6) as actual_value,
    m.path_value,
    m.target_year,
    m.target_value,
    m.target_pace_pct,
    (m.actual_value - m.path_value)::numeric(18, 6) as gap,
    m.observed_pace_pct,
    m.required_pace_pct,
    m.required_compound_pace_pct,
    m.projected_value,
    case
        when m.status_reason is not null then 'not_available'
        when m.t = 0 then 'baseline'
        when m.actual_value <= m.target_value then 'achieved'
        -- Nothing was left in a year before and nothing is: the pace is undefined, the goal is not.
        when m.needs_all_years and m.has_empty_year then 'achieved'
        when m.target_value is null and m.t = m.span and m.observed_pace_pct >= m.target_pace_pct then 'achieved'
        when m.t = m.span then 'missed'
        when m.actual_value > m.baseline_value then 'worsening'
        when m.reading = 'every_year' and m.observed_pace_pct >= m.target_pace_pct then 'on_track'
        when m.reading <> 'every_year' and m.actual_value <= m.path_value then 'on_track'
        else 'off_track'
    end as status,
    m.status_reason,
    m.is_assumed,
    p.group_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    p.method,
    p.is_estimate,
    case when m.status_reason is null and m.is_final then 'final' else 'provisional' end as maturity
from {{ ref('int_goal_measure') }} as m
inner join {{ ref('int_area_period') }} as p
    on
        m.form_code = p.form_code
        and m.area_key = p.area_key
        and m.boundary = p.boundary
        and m.period_year = p.period_year
        and p.period_type = 'year'
inner join {{ ref('dim_area') }} as d on p.area_key = d.area_key
