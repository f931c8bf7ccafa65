{{ config(materialized='table') }}

with span as (
    select
        least(
            (select min(left(c.collection_start, 4)::integer) from {{ ref('stg_calendar') }} as c),
            (select min(t.baseline_year) from {{ ref('stg_target') }} as t)
        ) as first_year,
        greatest(
            (select max(t.target_year) from {{ ref('stg_target') }} as t),
            extract(year from b.today)::integer
        ) as last_year
    from {{ ref('stg_build') }} as b
),

slices as (
    select *
    from (values ('year', 12), ('half_year', 6), ('quarter', 3), ('month', 1)) as s (period_type, months)
),

numbered as (
    select
        y.period_year,
        s.period_type,
        s.months,
        n.slice
    from span
    cross join lateral generate_series(span.first_year, span.last_year) as y (period_year)
    cross join slices as s
    cross join lateral generate_series(1, 12 / s.months) as n (slice)
)

select
    period_year || case period_type
        when 'year' then ''
        when 'half_year' then '-H' || slice
        when 'quarter' then '-Q' || slice
        else '-' || lpad(slice::text, 2, '0')
    end as period_key,
    period_type,
    period_year,
    make_date(period_year, (slice - 1) * months + 1, 1) as period_start_date,
    (make_date(period_year, (slice - 1) * months + 1, 1) + make_interval(months => months) - interval '1 day')::date as period_end_date
from numbered
