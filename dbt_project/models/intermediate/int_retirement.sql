-- The day on which each birth date and sex in the lists reaches retirement (Labour Code 2019, article 169): asked once a date.
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
)

select
    sex,
    born,
    (born + interval '15 years')::date as works_from,
    reference.retirement_date(born, sex, {{ known_load('retirement_age') }}) as retires_on
from births
where sex is not null and born is not null
