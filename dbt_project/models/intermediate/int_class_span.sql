-- The class of each household between two decisions, after the official reviews in force, annual and monthly, of its commune and of
-- those that went into its ground (intake.class_span, which the rules on loans and training read too).
{{ config(materialized='table') }}

with asked as (
    select
        array(select r.submission_id from {{ ref('int_class_list') }} as r) as lists,
        array(
            select distinct c.area_key from {{ ref('int_commune_period') }} as c
            where c.is_accepted
        ) as grounds
)

select
    s.area_key,
    s.household_code,
    s.is_alias,
    s.class_from,
    s.class_to,
    s.list_class,
    s.left_list_date
from asked as a
cross join lateral intake.class_span(a.lists, a.grounds, {{ known_load('unit') }}, {{ known_load('succession') }}) as s
