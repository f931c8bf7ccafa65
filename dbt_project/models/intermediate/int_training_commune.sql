-- Persons of each training return in force, by class. A class without a row is 0: the return came.
{{ config(materialized='table') }}

with returns as (
    select
        p.submission_id,
        p.area_key,
        p.period_year,
        c.household_class
    from {{ ref('int_commune_period') }} as p
    cross join (values ('poor'), ('near_poor'), ('newly_escaped')) as c (household_class)
    where p.form_code = 'training' and p.is_accepted
),

counted as (
    select
        submission_id,
        household_class,
        {%- for column in training_counts() %}
        count(*) filter (where {{ column }}) as {{ column }},
        {%- endfor %}
        sum(support_vnd) as support_vnd
    from {{ ref('int_trainee') }}
    group by submission_id, household_class
),

reviewed as (
    select
        area_key,
        period_year + 1 as period_year
    from {{ ref('int_commune_period') }}
    where form_code = 'household_review' and period_type = 'year' and is_accepted
)

select
    r.submission_id,
    r.household_class,
    case
        when r.household_class <> 'newly_escaped' and v.area_key is not null then coalesce(w.persons_working_age, 0)
    end as persons_working_age,
    {%- for column in training_counts() %}
    coalesce(c.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    coalesce(c.support_vnd, 0) as support_vnd
from returns as r
left join counted as c on r.submission_id = c.submission_id and r.household_class = c.household_class
left join reviewed as v on r.area_key = v.area_key and r.period_year = v.period_year
left join {{ ref('int_working_age') }} as w
    on r.area_key = w.area_key and r.period_year = w.period_year and r.household_class = w.household_class
