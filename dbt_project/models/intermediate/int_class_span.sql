-- The class of each household between two decisions, from the official reviews in force: the closing class from a decision on, and
-- before the first one the class at its opening. class_to is the day of the next decision. left_list_date is the last day on which
-- the household had left a list by then. A row without a decision date counts from the day on which the return was signed.
{{ config(materialized='table') }}

with decided as (
    select
        h.area_key,
        h.household_code,
        h.period_year,
        h.opening_class,
        h.closing_class,
        h.left_list_date,
        coalesce(h.decision_date, c.signed_date) as decision_date
    from {{ ref('int_household_review') }} as h
    inner join {{ ref('stg_cover') }} as c on h.submission_id = c.submission_id
    where h.result_stage = 'final' and h.household_code is not null
),

numbered as (
    select
        d.*,
        row_number() over household as nth,
        lead(decision_date) over household as next_decision_date,
        max(left_list_date) over household as last_left_list_date
    from decided as d
    window household as (partition by area_key, household_code order by decision_date, period_year)
)

select
    area_key,
    household_code,
    decision_date as class_from,
    coalesce(next_decision_date, 'infinity'::date) as class_to,
    closing_class as list_class,
    last_left_list_date as left_list_date
from numbered
union all
select
    area_key,
    household_code,
    '-infinity'::date as class_from,
    decision_date as class_to,
    opening_class as list_class,
    null::date as left_list_date
from numbered
where nth = 1
