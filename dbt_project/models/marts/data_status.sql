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
union all
-- nobody owes these: what came is all there is
select
    m.mart,
    r.period_key,
    0 as expected_submissions,
    count(r.submission_id) as accepted_submissions,
    null as completeness_pct,
    max(r.accepted_at) as newest_accepted_at
from marts as m
inner join {{ ref('int_optional_return') }} as r on m.form_code = r.form_code
where m.mart in ('fct_household_status', 'submission_compliance')
group by m.mart, r.period_key
