-- What stands behind each mart, period by period: all returns that Long An owes for it.
with marts as (
    select *
    from (
        values
        ('fct_poverty', 'household_review'),
        ('fct_poverty_by_standard', 'household_review'),
        ('fct_household_status', 'household_review'),
        ('fct_loan_coverage', 'credit'),
        ('fct_training_coverage', 'training'),
        ('goal_progress', 'household_review'),
        ('submission_compliance', 'household_review')
    ) as m (mart, form_code)
)

select
    m.mart,
    p.period_key,
    p.expected_submissions,
    p.accepted_submissions,
    p.completeness_pct,
    p.newest_accepted_at
from marts as m
inner join {{ ref('int_area_period') }} as p on m.form_code = p.form_code
where p.area_level = 'long_an' and p.boundary = 'at_time' and p.has_begun
