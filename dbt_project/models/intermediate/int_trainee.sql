-- One row a person of a training return in force who has a need, whatever the rows: the household's class on the first need date,
-- whether of working age on it, and what was given.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ drop_what_is_outdated('list_basis') }}",
    )
}}

with people as (
    select
        p.submission_id,
        p.area_key,
        p.period_key,
        p.period_year,
        p.period_end_date,
        n.person_row,
        min(t.need_date) filter (where t.has_need) as need_date,
        (array_agg(t.household_code order by t.need_date asc nulls last, t.row_number asc))[1] as household_code,
        (array_agg(t.household_class order by t.need_date asc nulls last, t.row_number asc))[1] as form_class,
        min(t.sex) as sex,
        min(t.born) as born,
        bool_and(t.has_only_year) as has_only_year,
        coalesce(bool_or(t.training_status = 'completed' and t.completion_date < make_date(p.period_year, 1, 1)), false) as is_done_before,
        coalesce(
            bool_or(
                t.training_status = 'completed' and t.completion_date between make_date(p.period_year, 1, 1) and p.period_end_date
            ),
            false
        ) as completed,
        coalesce(bool_or(t.training_status = 'studying' and t.enrolment_date <= p.period_end_date), false) as is_studying,
        bool_or(t.was_coached) as coached,
        bool_or(t.was_career_oriented) as oriented,
        bool_or(t.was_referred) as referred,
        bool_or(t.has_stable_job) as has_stable_job,
        coalesce(sum(t.support_vnd), 0) as support_vnd
    from {{ ref('int_commune_period') }} as p
    inner join {{ ref('stg_training_need') }} as t on p.submission_id = t.submission_id
    inner join {{ ref('stg_training_person') }} as n on t.submission_id = n.submission_id and t.row_number = n.row_number
    where p.form_code = 'training' and {{ is_not_kept('p.submission_id') }}
    group by p.submission_id, p.area_key, p.period_key, p.period_year, p.period_end_date, n.person_row
    having bool_or(t.has_need)
),

aged as (
    select
        p.*,
        p.completed or p.is_studying as trained,
        coalesce(p.need_date, make_date(p.period_year, 1, 1)) as class_date,
        p.need_date >= r.works_from and p.need_date < r.retires_on as is_of_age,
        p.has_only_year
        and (p.need_date >= f.works_from and p.need_date < f.retires_on) <> (p.need_date >= l.works_from and p.need_date < l.retires_on)
            as is_uncertain
    from people as p
    left join {{ ref('int_retirement') }} as r on p.sex = r.sex and p.born = r.born
    left join {{ ref('int_retirement') }} as f on p.sex = f.sex and f.born = date_trunc('year', p.born)::date
    left join {{ ref('int_retirement') }} as l
        on p.sex = l.sex and l.born = (date_trunc('year', p.born) + interval '1 year' - interval '1 day')::date
),

classed as (
    select
        a.*,
        -- the form has no day of leaving the list: who is newly escaped by the form alone is counted so
        {{ class_on('a.class_date', 's', 'a.form_class', 'a.class_date') }} as household_class,
        a.need_date <= a.period_end_date and coalesce(a.is_of_age, false) and not a.is_done_before as with_need
    from aged as a
    left join {{ ref('int_class_span') }} as s
        on a.area_key = s.area_key and a.household_code = s.household_code and a.class_date >= s.class_from and a.class_date < s.class_to
)

select
    submission_id,
    area_key,
    period_key,
    person_row,
    need_date,
    household_class,
    coalesce(with_need, false) as with_need,
    coalesce(with_need and trained, false) as trained,
    coalesce(with_need and completed, false) as completed,
    coalesce(with_need and coached, false) as coached,
    coalesce(with_need and oriented, false) as oriented,
    coalesce(with_need and referred, false) as referred,
    coalesce(with_need and trained and has_stable_job, false) as in_stable_job,
    coalesce(with_need and (trained or coached or oriented or referred), false) as any_service,
    coalesce(with_need and trained and coached and oriented, false) as all_services,
    trained and is_of_age is false as trained_outside_age,
    coalesce(with_need and is_uncertain, false) as age_uncertain,
    case when with_need then support_vnd else 0 end as support_vnd,
    (select b.list_basis from {{ ref('int_basis') }} as b) as basis
from classed
where household_class is not null
