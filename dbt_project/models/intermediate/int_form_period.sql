-- A period of a form has begun on the first day on which its return may come: for the annual review 1 September of its
-- year (Decision 24/2021, article 3), else the period's own first day.
{{ config(materialized='table') }}

with asked as (
    select
        c.form_code,
        c.result_stage,
        c.is_optional,
        p.*,
        case
            when c.due_month_day is not null then (p.period_year || '-' || c.due_month_day)::date
            else p.period_end_date + c.due_days_after_end
        end as due_date
    from {{ ref('stg_calendar') }} as c
    inner join {{ ref('int_period') }} as p
        on c.period_type = p.period_type and {{ in_force_on('c', 'p.period_end_date') }}
    inner join {{ ref('int_period') }} as first_asked
        on c.collection_start = first_asked.period_key and p.period_start_date >= first_asked.period_start_date
),

dated as (
    select
        form_code,
        {{ period_columns('asked') }},
        bool_and(is_optional) as is_optional,
        coalesce(max(due_date) filter (where result_stage = 'final'), max(due_date)) as due_date
    from asked
    group by form_code, {{ period_columns('asked') }}
)

select
    d.*,
    case
        when d.form_code = 'household_review' and d.period_type = 'year'
            then (d.period_year || '-{{ var("review_opens") }}')::date
        else d.period_start_date
    end <= b.today as has_begun,
    d.due_date < b.today as is_past_due
from dated as d
cross join {{ ref('stg_build') }} as b
