-- Areas add the communes whose return of the quarter is in force. Class `all` adds the three, and is unknown where one is.
{{ config(materialized='table') }}

with parts as (
    select
        a.form_code,
        a.area_key,
        a.area_level,
        a.boundary,
        {{ period_columns('a') }},
        a.is_accepted,
        k.borrower_class,
        c.households_in_class,
    {%- for column in loan_counts() + loan_amounts() %}
    c.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ ref('int_area_part') }} as a
    cross join (values ('poor'), ('near_poor'), ('newly_escaped')) as k (borrower_class)
    left join {{ ref('int_loan_commune') }} as c on a.submission_id = c.submission_id and k.borrower_class = c.borrower_class
    where a.form_code = 'credit' and a.period_type = 'quarter'
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
        'all' as borrower_class,
        households_in_class,
    {%- for column in loan_counts() + loan_amounts() %}
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
    borrower_class,
    {{ sum_of_parts('households_in_class') }},
    {%- for column in loan_counts() %}
    {{ sum_of_parts(column) }},
    {%- endfor %}
{%- for column in loan_amounts() %}
{{ sum_of_parts(column, 'numeric(18,0)') }}{{ ',' if not loop.last }}
{%- endfor %}
from classed
group by form_code, area_key, area_level, boundary, {{ period_columns('classed') }}, borrower_class
