-- Each annual review in force under each standard: whether it is the review's own, and how a household's class under it is told. lacks says
-- why it cannot be told of any: the form did not ask for the facts, or the standard's indicators are not on file.
{{ config(materialized='table') }}

with asked as (
    select
        submission_id,
        array_agg(field) as fields
    from {{ ref('stg_list_column') }}
    group by submission_id
),

indicators as (
    select
        standard_version,
        array_agg(field order by position) as fields
    from {{ ref('stg_standard_indicator') }}
    group by standard_version
),

standards as (
    select distinct
        s.standard_version,
        s.review_year_from,
        s.review_year_to,
        i.fields
    from {{ ref('stg_standard') }} as s
    left join indicators as i on s.standard_version = i.standard_version
),

paired as (
    select
        p.submission_id,
        s.standard_version,
        s.fields as indicators,
        coalesce(a.fields, '{}') as asked,
        s.standard_version = own.standard_version as is_in_force,
        s.review_year_from = own.review_year_to + 1 as is_next
    from {{ ref('int_commune_period') }} as p
    inner join standards as own on p.period_year between own.review_year_from and own.review_year_to
    left join asked as a on p.submission_id = a.submission_id
    cross join standards as s
    where p.form_code = 'household_review' and p.period_type = 'year' and p.is_accepted
),

missing as (
    select
        p.*,
        array_to_string(array(
            select replace(regexp_replace(f.field, '^dep_|_vnd$', '', 'g'), '_', ' ')
            from unnest(array_prepend('income_per_head_vnd', p.indicators)) with ordinality as f (field, place)
            where not f.field = any(p.asked)
            order by f.place
        ), ', ') as not_asked
    from paired as p
)

select
    submission_id,
    standard_version,
    is_in_force,
    indicators,
    case
        when is_in_force then 'recorded'
        when is_next and 'next_standard_class' = any(asked) then 'recorded_next'
        else 'by_facts'
    end as basis,
    case
        when is_in_force then null
        when indicators is null then 'not under the standard ' || standard_version
        when not_asked <> '' then 'form lacks ' || not_asked
    end as lacks
from missing
