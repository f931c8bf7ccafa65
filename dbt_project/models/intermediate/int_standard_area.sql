-- Poor and near-poor households of each area under each standard. The count of a review is null, with its reason, where the class of one of
-- its households is not known; under the standard in force counts are those of int_poverty_area, which knows more of divided communes.
{{ config(materialized='table') }}

with standards as (
    select
        s.standard_version,
        s.review_year_from,
        s.review_year_to,
        bool_or(s.is_provisional) as is_provisional,
        s.standard_version in (select i.standard_version from {{ ref('stg_standard_indicator') }} as i) as has_indicators
    from {{ ref('stg_standard') }} as s
    group by s.standard_version, s.review_year_from, s.review_year_to
),

told as (
    select
        submission_id,
        standard_version,
        count(*) filter (where is_poor) as poor_households,
        count(*) filter (where is_near_poor) as near_poor_households,
        count(*) filter (where is_unknown) as unknown_households
    from {{ ref('int_household_standard') }}
    where basis <> 'recorded'
    group by submission_id, standard_version
),

communes as (
    select
        r.submission_id,
        r.standard_version,
        r.basis,
        r.lacks,
        case
            when r.lacks is null and coalesce(t.unknown_households, 0) = 0 then coalesce(t.poor_households, 0)
        end as poor_households,
        case
            when r.lacks is null and coalesce(t.unknown_households, 0) = 0 then coalesce(t.near_poor_households, 0)
        end as near_poor_households,
        case when r.lacks is null then coalesce(t.unknown_households, 0) end as unknown_households
    from {{ ref('int_review_standard') }} as r
    left join told as t on r.submission_id = t.submission_id and r.standard_version = t.standard_version
),

parts as (
    select
        a.form_code,
        a.area_key,
        a.area_level,
        a.boundary,
        {{ period_columns('a') }},
        a.is_accepted,
        a.is_whole,
        s.standard_version,
        s.is_provisional,
        a.period_year between s.review_year_from and s.review_year_to as is_in_force,
        s.has_indicators,
        c.basis,
        c.lacks,
        c.poor_households,
        c.near_poor_households,
        c.unknown_households
    from {{ ref('int_area_part') }} as a
    cross join standards as s
    left join communes as c on a.submission_id = c.submission_id and a.is_whole and s.standard_version = c.standard_version
    where a.form_code = 'household_review' and a.period_type = 'year'
),

summed as (
    select
        form_code,
        area_key,
        area_level,
        boundary,
        {{ period_columns('parts') }},
        standard_version,
        is_provisional,
        is_in_force,
        is_in_force or has_indicators as is_asked,
        max(basis) as basis,
        {{ sum_of_parts('poor_households') }},
        {{ sum_of_parts('near_poor_households') }},
        {{ sum_of_parts('unknown_households') }},
        case
            when not bool_or(is_accepted) then 'no return in force'
            when bool_or(is_accepted and not is_whole) then 'only in its group'
            when max(lacks) is not null then max(lacks)
            when sum(unknown_households) > 0 then 'income not given for ' || sum(unknown_households) || ' households'
        end as reason
    from parts
    group by
        form_code, area_key, area_level, boundary, {{ period_columns('parts') }}, standard_version, is_provisional, is_in_force,
        has_indicators
)

select
    s.form_code,
    s.area_key,
    s.area_level,
    s.boundary,
    {{ period_columns('s') }},
    s.standard_version,
    s.is_provisional,
    s.is_in_force,
    s.is_asked,
    case when s.is_in_force and p.poor_households is not null then 'recorded' else s.basis end as basis,
    case when s.is_in_force then p.poor_households else s.poor_households end as poor_households,
    case when s.is_in_force then p.near_poor_households else s.near_poor_households end as near_poor_households,
    s.unknown_households,
    case when not s.is_in_force or p.poor_households is null then s.reason end as reason
from summed as s
left join {{ ref('int_poverty_area') }} as p
    on s.form_code = p.form_code and s.area_key = p.area_key and s.boundary = p.boundary and s.period_key = p.period_key
