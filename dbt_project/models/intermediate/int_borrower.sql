-- One row a household of a credit return in force, whatever its rows: its class on its first request date (1 January where it
-- has none), what it needs, and what came of it. Outstanding debt is the household's own on each of its rows, never their sum.
{# The planner takes the households of twelve quarters for few, and would sort them twice to merge them with their classes. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook=['set local enable_mergejoin = off', "{{ drop_what_is_outdated('list_basis') }}"],
    )
}}

with programmes as (
    select
        programme_code,
        valid_from,
        valid_to
    from {{ ref('stg_programme') }}
    where counts_for_loan_goal
),

requests as (
    select
        n.submission_id,
        n.household_code,
        n.row_number,
        n.borrower_class,
        n.left_list_date,
        n.has_need,
        n.has_need and n.is_eligible as is_eligible_need,
        n.request_date,
        n.requested_vnd,
        n.outcome,
        n.outstanding_vnd,
        coalesce(n.disbursed_vnd, 0) as disbursed_vnd,
        -- under a programme of the goal, in the period of the return (cumulative: from 1 January)
        case
            when g.programme_code is not null and n.disbursement_date between make_date(p.period_year, 1, 1) and p.period_end_date
                then coalesce(n.disbursed_vnd, 0)
            else 0
        end as counted_vnd
    from {{ ref('int_commune_period') }} as p
    inner join {{ ref('stg_credit_need') }} as n on p.submission_id = n.submission_id
    left join programmes as g
        on n.programme_code = g.programme_code and {{ in_force_on('g', 'coalesce(n.disbursement_date, p.period_end_date)') }}
    where p.form_code = 'credit' and {{ is_not_kept('p.submission_id') }}
),

households as (
    select
        submission_id,
        household_code,
        min(request_date) as first_request_date,
        (array_agg(borrower_class order by request_date asc nulls last, row_number asc))[1] as form_class,
        (array_agg(left_list_date order by request_date asc nulls last, row_number asc))[1] as form_left_list_date,
        bool_or(has_need) as with_need,
        bool_or(is_eligible_need) as eligible_with_need,
        sum(counted_vnd) > 0 as is_disbursed,
        bool_and(outcome is null or outcome = 'withdrawn') as is_quiet,
        bool_or(outcome = 'pending' or (outcome = 'approved' and disbursed_vnd = 0)) as is_waiting,
        bool_or(outcome = 'refused') as is_refused,
        max(outstanding_vnd) as outstanding_vnd,
        coalesce(sum(requested_vnd) filter (where has_need), 0) as requested_vnd,
        sum(counted_vnd) as counted_vnd
    from requests
    group by submission_id, household_code
),

dated as (
    select
        h.*,
        p.area_key,
        p.period_key,
        coalesce(h.first_request_date, make_date(p.period_year, 1, 1)) as class_date
    from households as h
    inner join {{ ref('int_commune_period') }} as p on h.submission_id = p.submission_id
),

classed as (
    select
        d.*,
        {{ class_on('d.class_date', 's', 'd.form_class', 'd.form_left_list_date') }} as borrower_class
    from dated as d
    left join {{ ref('int_class_span') }} as s
        on d.area_key = s.area_key and d.household_code = s.household_code and d.class_date >= s.class_from and d.class_date < s.class_to
),

served as (
    select
        c.*,
        c.eligible_with_need and c.is_disbursed as newly_served,
        c.eligible_with_need and not c.is_disbursed and c.is_quiet and c.requested_vnd > 0
        and coalesce(c.outstanding_vnd >= c.requested_vnd, false) as served_by_existing
    from classed as c
)

select
    submission_id,
    area_key,
    period_key,
    household_code,
    class_date,
    borrower_class,
    with_need,
    eligible_with_need,
    newly_served,
    served_by_existing,
    newly_served or served_by_existing as served,
    eligible_with_need and not newly_served and not served_by_existing and coalesce(is_waiting, false) as pending,
    eligible_with_need and not newly_served and not served_by_existing and not coalesce(is_waiting, false)
    and coalesce(is_refused, false) as refused,
    case when eligible_with_need then requested_vnd else 0 end as requested_vnd,
    case when eligible_with_need then counted_vnd else 0 end as disbursed_vnd,
    (select b.list_basis from {{ ref('int_basis') }} as b) as basis
from served
where borrower_class is not null
