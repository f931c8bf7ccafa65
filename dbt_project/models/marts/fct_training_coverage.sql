select
    p.area_key,
    p.area_level,
    d.area_code,
    d.area_name,
    p.boundary,
    {{ period_columns('p') }},
    true as is_cumulative,
    f.household_class,
    f.persons_working_age,
    {%- for column in training_counts() %}
    f.{{ column }},
    {%- endfor %}
    {{ pct('f.trained', 'f.with_need') }} as coverage_pct,
    {{ pct('f.any_service', 'f.with_need') }} as any_service_pct,
    {{ pct('f.all_services', 'f.with_need') }} as all_services_pct,
    {{ pct('f.referred', 'f.with_need') }} as referred_pct,
    {{ pct('f.in_stable_job', 'f.trained') }} as stable_job_pct,
    f.support_vnd,
    p.as_of_quarter,
    p.group_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    p.method,
    p.is_estimate,
    p.maturity
from {{ ref('int_service_period') }} as p
inner join {{ ref('int_training_area') }} as f
    on p.form_code = f.form_code and p.area_key = f.area_key and p.boundary = f.boundary and p.as_of_quarter = f.period_key
inner join {{ ref('dim_area') }} as d on p.area_key = d.area_key
where p.has_begun
