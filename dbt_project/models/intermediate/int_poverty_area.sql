-- Areas add the communes that have a version in force. In the first review under a standard the opening and movement
-- columns are null: the opening list stood under the standard before.
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
        a.is_accepted,
        {%- for column in poverty_counts() + ['poor_no_labour_households'] %}
        c.{{ column }},
        {%- endfor %}
        {%- for column in movement_counts() %}
        case when a.period_year > s.review_year_from then c.{{ column }} end as {{ column }},
        {%- endfor %}
        s.standard_version
    from {{ ref('int_area_part') }} as a
    left join standards as s on a.period_year between s.review_year_from and s.review_year_to
    left join {{ ref('int_poverty_commune') }} as c on a.submission_id = c.submission_id and a.is_whole
    where a.form_code = 'household_review' and a.period_type = 'year'
)

select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('parts') }},
    standard_version,
    {%- for column in poverty_counts() + movement_counts() %}
    {{ sum_of_parts(column) }},
    {%- endfor %}
    {{ sum_of_parts('poor_no_labour_households') }}
from parts
group by form_code, area_key, area_level, boundary, {{ period_columns('parts') }}, standard_version
