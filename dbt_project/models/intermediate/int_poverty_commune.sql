-- Poor and near-poor are counted from the list, the totals come from form 7.1. Persons are the sum of members.
with listed as (
    select
        submission_id,
        {{ review_counts() | indent(8) }}
    from {{ ref('int_household_review') }}
    group by submission_id
)

select
    p.submission_id,
    p.period_year,
    t.total_households,
    t.total_persons,
    t.average_households,
    t.average_persons,
    {#- A commune without poor or near-poor households sends an empty list: its counts are 0, not unknown. #}
    {%- for column in ['poor_households', 'poor_persons', 'near_poor_households', 'near_poor_persons'] + movement_counts() %}
    coalesce(l.{{ column }}, case when l.submission_id is null then 0 end) as {{ column }},
    {%- endfor %}
    coalesce(l.poor_no_labour_households, 0) as poor_no_labour_households
from {{ ref('int_commune_period') }} as p
left join listed as l on p.submission_id = l.submission_id
left join {{ ref('stg_summary_7_1') }} as t on p.submission_id = t.submission_id
where p.form_code = 'household_review' and p.is_accepted
