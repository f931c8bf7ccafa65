select
    p.area_key,
    p.area_level,
    d.area_code,
    d.area_name,
    p.boundary,
    {{ period_columns('p') }},
    false as is_cumulative,
    f.standard_version,
    {%- for column in poverty_counts() %}
    f.{{ column }},
    {%- endfor %}
    {{ pct('f.poor_households', 'f.total_households') }} as poor_rate_pct,
    {{ pct('f.near_poor_households', 'f.total_households') }} as near_poor_rate_pct,
    {{ pct('(f.poor_households + f.near_poor_households)', 'f.total_households') }} as multidimensional_rate_pct,
    {%- for column in movement_counts() %}
    f.{{ column }},
    {%- endfor %}
    f.poor_no_labour_households,
    p.group_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    coalesce(f.method, p.method) as method,
    coalesce(f.method = 'published_share', false) as is_estimate,
    p.maturity,
    p.method as totals_method
from {{ ref('int_area_period') }} as p
inner join {{ ref('int_poverty_area') }} as f
    on p.form_code = f.form_code and p.area_key = f.area_key and p.boundary = f.boundary and p.period_key = f.period_key
inner join {{ ref('dim_area') }} as d on p.area_key = d.area_key
where p.has_begun
