-- The coverage goals: a duty of 100 in every year, not a ramp. Integers are compared: who is served against who is eligible.
-- Rows begin with the first year after the version's date (its document's, else the day from which it is in force).
with targets as (
    select
        t.goal_code,
        t.target_version,
        r.reading,
        t.target_year,
        t.is_assumed,
        {{ version_year() }} as version_year
    from {{ ref('stg_target') }} as t
    cross join lateral unnest(string_to_array(t.readings, '|')) as r (reading)
    where r.reading = 'ratio'
),

forms as (
    select *
    from (values ('loan_coverage', 'credit'), ('training_coverage', 'training'), ('job_referral', 'training')) as f (goal_code, form_code)
),

measures as (
    select
        'loan_coverage' as goal_code,
        form_code,
        area_key,
        boundary,
        period_key,
        served as part,
        eligible_with_need as whole,
        {{ pct('households_listed', 'households_in_class', 18) }} as need_survey_pct,
        true as has_need_survey
    from {{ ref('int_loan_area') }}
    where borrower_class = 'all' and boundary = 'at_time'
    union all
    select
        g.goal_code,
        t.form_code,
        t.area_key,
        t.boundary,
        t.period_key,
        case g.goal_code when 'training_coverage' then t.trained else t.referred end as part,
        t.with_need as whole,
        null::numeric as need_survey_pct,
        false as has_need_survey
    from {{ ref('int_training_area') }} as t
    cross join (values ('training_coverage'), ('job_referral')) as g (goal_code)
    where t.household_class = 'poor' and t.boundary = 'at_time'
),

years as (
    select
        t.*,
        p.form_code,
        p.area_key,
        p.boundary,
        p.period_year,
        m.part,
        m.whole,
        m.need_survey_pct,
        m.has_need_survey,
        p.maturity,
        case
            when p.accepted_submissions = p.expected_submissions then case when m.whole = 0 then 'no need recorded' end
            when not p.has_begun or not p.is_past_due then 'not yet due'
            else 'incomplete (' || p.accepted_submissions || ' of ' || p.expected_submissions || ')'
        end as missing_reason
    from targets as t
    inner join measures as m on t.goal_code = m.goal_code
    inner join {{ ref('int_service_period') }} as p
        on
            m.form_code = p.form_code
            and m.area_key = p.area_key
            and m.boundary = p.boundary
            and m.period_key = p.as_of_quarter
            and p.period_type = 'year'
            and t.version_year < p.period_year
            and t.target_year >= p.period_year
    union all
    select
        t.*,
        u.form_code,
        u.area_key,
        u.boundary,
        u.period_year,
        null as part,
        null as whole,
        null as need_survey_pct,
        false as has_need_survey,
        'provisional' as maturity,
        'not collected' as missing_reason
    from targets as t
    inner join forms as f on t.goal_code = f.goal_code
    inner join {{ ref('int_uncollected_year') }} as u
        on f.form_code = u.form_code and t.version_year < u.period_year and t.target_year >= u.period_year
)

select
    goal_code,
    target_version,
    reading,
    form_code,
    area_key,
    boundary,
    period_year,
    target_year,
    is_assumed,
    case when missing_reason is null then {{ pct('part', 'whole') }} end as actual_value,
    case
        when missing_reason is not null then 'not_available'
        when part = whole then case when period_year = target_year then 'achieved' else 'on_track' end
        when period_year = target_year then 'missed'
        else 'off_track'
    end as status,
    case
        when missing_reason is not null then missing_reason
        when has_need_survey and need_survey_pct is null then 'need_survey_unknown'
        when has_need_survey and need_survey_pct < 90 then 'need_survey_incomplete'
    end as status_reason,
    missing_reason is null and maturity = 'final' as is_final
from years
