select
    p.area_key,
    p.area_level,
    d.area_code,
    d.area_name,
    p.boundary,
    {{ period_columns('p') }},
    true as is_cumulative,
    f.borrower_class,
    f.households_in_class,
    f.households_listed,
    {{ pct('f.households_listed', 'f.households_in_class', 18) }} as need_survey_pct,
    f.with_need,
    f.eligible_with_need,
    f.newly_served,
    f.served_by_existing,
    f.served,
    f.pending,
    f.refused,
    {{ pct('f.served', 'f.eligible_with_need') }} as coverage_pct,
    {{ pct('f.newly_served', 'f.eligible_with_need') }} as new_disbursement_pct,
    f.requested_vnd,
    f.capital_available_vnd,
    f.disbursed_vnd,
    {{ pct('f.capital_available_vnd', 'f.requested_vnd', 18) }} as capital_coverage_pct,
    p.as_of_quarter,
    p.group_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    p.method,
    p.is_estimate,
    p.maturity
from {{ ref('int_service_period') }} as p
inner join {{ ref('int_loan_area') }} as f
    on p.form_code = f.form_code and p.area_key = f.area_key and p.boundary = f.boundary and p.as_of_quarter = f.period_key
inner join {{ ref('dim_area') }} as d on p.area_key = d.area_key
where p.has_begun
