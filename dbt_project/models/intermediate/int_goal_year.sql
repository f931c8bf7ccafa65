-- Every year of every reading of every target version, with the numbers that the formulas of the goals need.
-- figure = Nt, baseline = N0, previous = N(t-1), fall = r_t, all under the target's own standard. A unit that is younger than the baseline
-- year has no baseline on its ground.
{{ config(materialized='table') }}

with targets as (
    select
        t.goal_code,
        t.target_version,
        r.reading,
        t.baseline_year,
        t.target_year,
        t.standard_version,
        t.is_assumed,
        case
            when t.target_unit = 'pct_of_baseline' then t.target_size / (t.target_year - t.baseline_year)
            else t.target_size
        end as target_pace_pct
    from {{ ref('stg_target') }} as t
    cross join lateral unnest(string_to_array(t.readings, '|')) as r (reading)
    where t.baseline_year is not null
),

years as (
    select
        t.*,
        s.form_code,
        s.area_key,
        s.boundary,
        s.period_year,
        s.period_year - t.baseline_year as t,
        t.target_year - t.baseline_year as span,
        s.figure,
        s.gap_reason,
        s.maturity
    from targets as t
    inner join {{ ref('int_goal_series') }} as s
        on
            t.goal_code = s.goal_code
            and s.period_year between t.baseline_year and t.target_year
            and coalesce(s.standard_version, t.standard_version) = t.standard_version
),

with_previous as (
    select
        y.*,
        max(y.figure) filter (where y.t = 0) over series as baseline,
        lag(y.figure) over series as previous
    from years as y
    window series as (
        partition by y.goal_code, y.target_version, y.reading, y.area_key, y.boundary
        order by y.period_year
    )
),

with_fall as (
    select
        p.*,
        (p.previous - p.figure) / nullif(p.previous, 0) as fall,
        case when p.previous = 0 then p.period_year - 1 end as empty_year
    from with_previous as p
)

select
    f.goal_code,
    f.target_version,
    f.reading,
    f.form_code,
    f.area_key,
    f.boundary,
    f.period_year,
    f.baseline_year,
    f.target_year,
    f.is_assumed,
    f.target_pace_pct,
    f.t,
    f.span,
    f.figure,
    f.baseline,
    f.previous,
    f.gap_reason,
    f.maturity,
    case
        when count(*) filter (where f.t = 0) over series = 0 then 'not in force on this ground'
        else max(f.gap_reason) filter (where f.t = 0) over series
    end as baseline_gap_reason,
    max(f.maturity) filter (where f.t = 0) over series as baseline_maturity,
    coalesce(sum(f.fall) over series, 0) as sum_of_falls,
    min(f.fall) over series as least_fall,
    min(f.empty_year) over series as first_empty_year,
    min(f.period_year) filter (where f.gap_reason is not null) over series as first_gap_year,
    (array_agg(f.gap_reason) filter (where f.gap_reason is not null) over series)[1] as first_gap_reason,
    bool_and(f.maturity = 'final') over series as is_all_final
from with_fall as f
window series as (
    partition by f.goal_code, f.target_version, f.reading, f.area_key, f.boundary
    order by f.period_year
)
