-- Areas add the communes that have a version in force. In the first review under a standard the opening and movement
-- columns are null: the opening list stood under the standard before. In a closed group a commune of a map has its counts where they are
-- known by hamlet or share; totals come by commune of the time and are not known below the group.
{{ config(materialized='table') }}

with standards as (
    select distinct
        standard_version,
        review_year_from,
        review_year_to
    from {{ ref('stg_standard') }}
),

parts as (
    select
        a.form_code,
        a.area_key,
        a.area_level,
        a.boundary,
        {{ period_columns('a') }},
        a.is_whole,
        -- a part that nobody can divide leaves the sum unknown, whether it came or not
        a.is_accepted or not (a.is_whole or a.area_level = 'commune' and (not a.is_divided or d.method is not null)) as is_accepted,
        case
            when a.area_level = 'commune' and not a.is_whole then coalesce(d.method, case when a.is_divided then 'in_group' end)
        end as method,
        {%- for column in total_counts() %}
        case when a.is_whole then c.{{ column }} end as {{ column }},
        {%- endfor %}
        {%- for column in list_counts() if column not in movement_counts() %}
        case when a.is_divided then d.{{ column }} else c.{{ column }} end as {{ column }},
        {%- endfor %}
        {%- for column in movement_counts() %}
        case
            when a.period_year <= s.review_year_from then null
            when a.is_divided then d.{{ column }}
            else c.{{ column }}
        end as {{ column }},
        {%- endfor %}
        s.standard_version
    from {{ ref('int_area_part') }} as a
    left join standards as s on a.period_year between s.review_year_from and s.review_year_to
    left join {{ ref('int_poverty_commune') }} as c
        on a.submission_id = c.submission_id and (a.is_whole or a.area_level = 'commune' and not a.is_divided)
    left join {{ ref('int_poverty_divided') }} as d
        on a.submission_id = d.submission_id and a.boundary = d.boundary and a.area_key = d.unit_key and a.is_divided
    where a.form_code = 'household_review' and a.period_type = 'year'
)

select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('parts') }},
    standard_version,
    {%- for column in total_counts() + list_counts() %}
    {{ sum_of_parts(column) }},
    {%- endfor %}
    case
        when bool_or(method = 'in_group') then 'in_group'
        when bool_or(method = 'published_share') then 'published_share'
        else max(method)
    end as method
from parts
group by form_code, area_key, area_level, boundary, {{ period_columns('parts') }}, standard_version
