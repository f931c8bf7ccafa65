-- Areas add the communes whose return of the quarter is in force. Class `all` adds the three; nobody counts the
-- persons of working age of all.
{{ config(materialized='table') }}

with parts as (
    select
        a.form_code,
        a.area_key,
        a.area_level,
        a.boundary,
        {{ period_columns('a') }},
        a.is_accepted,
        k.household_class,
        c.persons_working_age,
    {%- for column in training_counts() + ['support_vnd'] %}
    c.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ ref('int_area_part') }} as a
    cross join (values ('poor'), ('near_poor'), ('newly_escaped')) as k (household_class)
    left join {{ ref('int_training_commune') }} as c on a.submission_id = c.submission_id and k.household_class = c.household_class
    where a.form_code = 'training' and a.period_type = 'quarter'
),

classed as (
    select * from parts
    union all
    select
        form_code,
        area_key,
        area_level,
        boundary,
        {{ period_columns('parts') }},
        is_accepted,
        'all' as household_class,
        persons_working_age,
    {%- for column in training_counts() + ['support_vnd'] %}
    {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from parts
)

select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('classed') }},
    household_class,
    {{ sum_of_parts('persons_working_age') }},
    {%- for column in training_counts() %}
    {{ sum_of_parts(column) }},
    {%- endfor %}
{%- for column in ['support_vnd'] %}
{{ sum_of_parts(column, 'numeric(18,0)') }}{{ ',' if not loop.last }}
{%- endfor %}
from classed
group by form_code, area_key, area_level, boundary, {{ period_columns('classed') }}, household_class
