-- The day on which each birth date and sex in the lists reaches retirement (Labour Code 2019, article 169): asked for all of them at once.
{{ config(materialized='table') }}

with births as (
    select
        sex,
        born
    from {{ ref('stg_member_list') }}
    union
    select
        sex,
        born
    from {{ ref('stg_training_need') }}
    union
    select
        t.sex,
        d.born
    from {{ ref('stg_training_need') }} as t
    cross join
        lateral (
            values (date_trunc('year', t.born)::date), ((date_trunc('year', t.born) + interval '1 year' - interval '1 day')::date)
        ) as d (born)
    where t.has_only_year
),

known as (
    select
        array_agg(sex) as sexes,
        array_agg(born) as births
    from births
    where sex is not null and born is not null
)

select
    d.sex,
    d.born,
    (d.born + interval '15 years')::date as works_from,
    d.retires_on
from known as k
cross join lateral reference.retirement_dates(k.sexes, k.births, {{ known_load('retirement_age') }}) as d
