-- The readings' formulas (docs/indicators/poverty_reduction.md). Fractions keep all their digits; what leaves has 6 decimals.
-- compound and share_of_baseline need years 0 and t; simple_mean and every_year need every year up to t.
with known as (
    select
        y.*,
        y.target_pace_pct / 100 as g,
        y.reading in ('simple_mean', 'every_year') as needs_all_years,
        y.sum_of_falls - coalesce((y.previous - y.figure) / nullif(y.previous, 0), 0) as sum_of_falls_before,
        y.baseline_gap_reason is not null or coalesce(y.first_gap_year < y.period_year, false) as has_gap_before,
        coalesce(y.first_empty_year < y.period_year - 1, false) as has_empty_before,
        case
            when y.gap_reason is not null then y.gap_reason
            when y.baseline_gap_reason is not null then y.baseline_gap_reason || ' in ' || y.baseline_year
            when y.reading in ('simple_mean', 'every_year') and y.first_gap_year is not null
                then y.first_gap_reason || ' in ' || y.first_gap_year
        end as missing_reason
    from {{ ref('int_goal_year') }} as y
),

measured as (
    select
        k.*,
        k.span - k.t as years_left,
        case
            when k.reading = 'compound' then {{ compound_path('k.baseline', 'k.g', 'k.span') }}
            when k.reading = 'share_of_baseline' then {{ share_path('k.baseline', 'k.g', 'k.span') }}
        end as end_value,
        case
            when k.t = 0 then k.baseline
            when k.reading = 'compound' then {{ compound_path('k.baseline', 'k.g', 'k.t') }}
            when k.reading = 'share_of_baseline' then {{ share_path('k.baseline', 'k.g', 'k.t') }}
            when k.gap_reason = 'not yet due' or k.has_gap_before then null
            when k.reading = 'every_year' then k.previous * (1 - k.g)
            when not k.has_empty_before then k.previous * (1 - (k.g * k.t - k.sum_of_falls_before))
        end as path_value,
        case when k.t > 0 and k.missing_reason is null then {{ compound_pace('k.baseline', 'k.figure', 'k.t') }} end as compound_pace,
        case
            when k.t > 0 and k.missing_reason is null and k.needs_all_years and k.figure <> 0 and k.first_empty_year is not null
                then 'no households in ' || k.first_empty_year
        end as empty_reason
    from known as k
),

paced as (
    select
        m.*,
        m.figure * power(1 - m.compound_pace, m.years_left) as projection,
        case
            when m.t = 0 or m.missing_reason is not null then null
            when m.reading = 'compound' then m.compound_pace
            when m.reading = 'share_of_baseline' then (m.baseline - m.figure) / nullif(m.baseline * m.t, 0)
            when m.first_empty_year is not null then null
            when m.reading = 'simple_mean' then m.sum_of_falls / m.t
            when m.reading = 'every_year' then m.least_fall
        end as observed_pace,
        case
            when m.t = 0 or m.years_left = 0 or m.missing_reason is not null or m.empty_reason is not null then null
            when m.figure = 0 then 0
            when m.reading = 'compound' then {{ required_compound('m.figure', 'm.end_value', 'm.years_left') }}
            when m.reading = 'share_of_baseline' and m.baseline > 0
                then greatest((m.figure - m.end_value) / (m.baseline * m.years_left), 0)
            when m.reading = 'share_of_baseline' then null
            when m.reading = 'simple_mean' then greatest((m.g * m.span - m.sum_of_falls) / m.years_left, 0)
            when m.reading = 'every_year' then m.g
        end as required_pace,
        case
            when m.t = 0 or m.years_left = 0 or m.missing_reason is not null or m.end_value is null then null
            when m.figure = 0 then 0
            else {{ required_compound('m.figure', 'm.end_value', 'm.years_left') }}
        end as required_compound_pace
    from measured as m
)

select
    goal_code,
    target_version,
    reading,
    form_code,
    area_key,
    boundary,
    period_year,
    baseline_year,
    target_year,
    t,
    span,
    is_assumed,
    needs_all_years,
    first_empty_year is not null as has_empty_year,
    case
        when needs_all_years then is_all_final
        else baseline_maturity = 'final' and maturity = 'final'
    end as is_final,
    coalesce(missing_reason, empty_reason) as status_reason,
    baseline as baseline_value,
    figure as actual_value,
    round(path_value, 6)::numeric(18, 6) as path_value,
    round(end_value, 6)::numeric(18, 6) as target_value,
    round(target_pace_pct, 6)::numeric(9, 6) as target_pace_pct,
    round(100 * observed_pace, 6)::numeric(18, 6) as observed_pace_pct,
    round(100 * required_pace, 6)::numeric(18, 6) as required_pace_pct,
    round(100 * required_compound_pace, 6)::numeric(9, 6) as required_compound_pace_pct,
    case
        when years_left > 0 and projection < {{ var('largest_projection') }} then round(projection, 6)
    end::numeric(18, 6) as projected_value
from paced
