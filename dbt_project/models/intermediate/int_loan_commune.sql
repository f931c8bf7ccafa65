-- Counts and money of each credit return in force, by class. A class without a row is 0: the return came.
{{ config(materialized='table') }}

with returns as (
    select
        p.submission_id,
        p.area_key,
        p.period_year,
        c.borrower_class
    from {{ ref('int_commune_period') }} as p
    cross join (values ('poor'), ('near_poor'), ('newly_escaped')) as c (borrower_class)
    where p.form_code = 'credit' and p.is_accepted
),

counted as (
    select
        submission_id,
        borrower_class,
        count(*) as households_listed,
        {%- for column in loan_counts() if column != 'households_listed' %}
        count(*) filter (where {{ column }}) as {{ column }},
        {%- endfor %}
        sum(requested_vnd) as requested_vnd,
        sum(disbursed_vnd) as disbursed_vnd
    from {{ ref('int_borrower') }}
    group by submission_id, borrower_class
),

capital as (
    select
        submission_id,
        borrower_class,
        sum(capital_available_vnd) as capital_available_vnd
    from {{ ref('stg_credit_capital') }}
    group by submission_id, borrower_class
)

select
    r.submission_id,
    r.borrower_class,
    s.households_in_class,
    {%- for column in loan_counts() %}
    coalesce(c.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    coalesce(c.requested_vnd, 0) as requested_vnd,
    k.capital_available_vnd,
    coalesce(c.disbursed_vnd, 0) as disbursed_vnd
from returns as r
left join counted as c on r.submission_id = c.submission_id and r.borrower_class = c.borrower_class
left join capital as k on r.submission_id = k.submission_id and r.borrower_class = k.borrower_class
left join {{ ref('int_class_size') }} as s
    on r.area_key = s.area_key and r.period_year = s.period_year and r.borrower_class = s.household_class
