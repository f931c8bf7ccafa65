with judged as (
    select
        m.*,
        round(m.path_value, 6) as path,
        round(m.end_value, 6) as end_figure,
        coalesce(m.missing_reason, m.empty_reason) as status_reason,
        round(100 * m.observed_pace, 6) as observed_pace_pct
    from {{ ref('int_goal_measure') }} as m
)

select
    p.area_key,
    p.area_level,
    d.area_code,
    d.area_name,
    p.boundary,
    {{ period_columns('p') }},
    false as is_cumulative,
    j.goal_code,
    j.target_version,
    j.reading,
    j.baseline_year,
    j.baseline::numeric(18, 6) as baseline_value,
    j.figure::numeric(18, 6) as actual_value,
    j.path::numeric(18, 6) as path_value,
    j.target_year,
    j.end_figure::numeric(18, 6) as target_value,
    round(j.target_pace_pct, 6)::numeric(9, 6) as target_pace_pct,
    (j.figure - j.path)::numeric(18, 6) as gap,
    j.observed_pace_pct::numeric(18, 6) as observed_pace_pct,
    round(100 * j.required_pace, 6)::numeric(18, 6) as required_pace_pct,
    round(100 * j.required_compound_pace, 6)::numeric(9, 6) as required_compound_pace_pct,
    round(j.projected_value, 6)::numeric(18, 6) as projected_value,
    case
        when j.status_reason is not null then 'not_available'
        when j.t = 0 then 'baseline'
        when j.figure <= j.end_figure then 'achieved'
        when j.needs_all_years and j.first_empty_year is not null then 'achieved'
        when j.end_figure is null and j.t = j.span and j.observed_pace_pct >= j.target_pace_pct then 'achieved'
        when j.t = j.span then 'missed'
        when j.figure > j.baseline then 'worsening'
        when j.reading = 'every_year' and j.observed_pace_pct >= j.target_pace_pct then 'on_track'
        when j.reading <> 'every_year' and j.figure <= j.path then 'on_track'
        else 'off_track'
    end as status,
    j.status_reason,
    j.is_assumed,
    p.group_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    p.method,
    p.is_estimate,
    case
        when j.status_reason is not null then 'provisional'
        when j.needs_all_years and j.is_all_final then 'final'
        when not j.needs_all_years and j.baseline_maturity = 'final' and j.maturity = 'final' then 'final'
        else 'provisional'
    end as maturity
from judged as j
inner join {{ ref('int_area_period') }} as p
    on
        j.form_code = p.form_code
        and j.area_key = p.area_key
        and j.boundary = p.boundary
        and j.period_year = p.period_year
        and p.period_type = 'year'
inner join {{ ref('dim_area') }} as d on p.area_key = d.area_key
