-- The class of each household between two decisions, after the official reviews in force (intake.class_span, which the rules on
-- loans and training read too).
{{ config(materialized='table') }}

with reviews as (
    select
        submission_id,
        area_key
    from {{ ref('int_commune_period') }}
    where form_code = 'household_review' and result_stage = 'final'
),

spans as (
    select s.*
    from (select array_agg(submission_id) as lists from reviews) as r
    cross join lateral intake.class_span(r.lists) as s
)

select
    r.area_key,
    s.household_code,
    s.class_from,
    s.class_to,
    s.list_class,
    s.left_list_date
from spans as s
inner join reviews as r on s.submission_id = r.submission_id
