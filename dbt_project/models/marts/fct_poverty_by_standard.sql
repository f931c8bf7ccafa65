select
    p.area_key,
    p.area_level,
    d.area_code,
    d.area_name,
    p.boundary,
    {{ period_columns('p') }},
    false as is_cumulative,
    f.standard_version,
    f.is_in_force,
    f.is_provisional,
    f.basis,
    f.poor_households,
    f.near_poor_households,
    f.poor_households + f.near_poor_households as multidimensional_households,
    f.unknown_households,
    f.reason,
    p.group_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    p.method,
    p.is_estimate,
    p.maturity
from {{ ref('int_area_period') }} as p
inner join {{ ref('int_standard_area') }} as f
    on p.form_code = f.form_code and p.area_key = f.area_key and p.boundary = f.boundary and p.period_key = f.period_key
inner join {{ ref('dim_area') }} as d on p.area_key = d.area_key
where p.has_begun and f.is_asked
