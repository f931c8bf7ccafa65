-- The yearly figure that each reduction goal is measured by, under every standard: a target takes the row of its own, so that the bridge
-- year 2026 ends one goal under the old standard and begins the next under the new. Another goal joins here as one more row of `goals`.
with goals as (
    select *
    from (values ('poverty_reduction'), ('multidimensional_reduction')) as g (goal_code)
),

figures as (
    select
        g.goal_code,
        p.form_code,
        p.area_key,
        p.boundary,
        p.period_key,
        p.standard_version,
        p.reason,
        case g.goal_code
            when 'poverty_reduction' then p.poor_households
            when 'multidimensional_reduction' then p.poor_households + p.near_poor_households
        end::numeric as figure
    from {{ ref('int_standard_area') }} as p
    cross join goals as g
    where p.boundary = 'at_time'
),

dated as (
    select
        f.goal_code,
        f.form_code,
        f.area_key,
        f.boundary,
        a.period_year,
        f.standard_version,
        f.reason,
        f.figure,
        a.expected_submissions,
        a.accepted_submissions,
        a.maturity,
        a.accepted_submissions = a.expected_submissions as is_complete,
        a.has_begun is false or a.is_past_due is false as is_not_yet_due
    from figures as f
    inner join {{ ref('int_area_period') }} as a
        on
            f.form_code = a.form_code
            and f.area_key = a.area_key
            and f.boundary = a.boundary
            and f.period_key = a.period_key
)

select
    goal_code,
    form_code,
    area_key,
    boundary,
    period_year,
    standard_version,
    case when is_complete then figure end as figure,
    maturity,
    case
        when is_complete and figure is not null then null
        when is_complete then coalesce(reason, 'unknown in one return')
        when is_not_yet_due then 'not yet due'
        else 'incomplete (' || accepted_submissions || ' of ' || expected_submissions || ')'
    end as gap_reason
from dated
union all
select
    g.goal_code,
    u.form_code,
    u.area_key,
    u.boundary,
    u.period_year,
    null as standard_version,
    null as figure,
    'provisional' as maturity,
    'not collected' as gap_reason
from {{ ref('int_uncollected_year') }} as u
cross join goals as g
where u.form_code = 'household_review'
