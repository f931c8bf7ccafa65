-- Members of poor and near-poor households at a review who are of working age on the 1 January that follows.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ drop_what_is_outdated('reference_basis') }}",
    )
}}

with reviews as materialized (
    select
        p.submission_id,
        p.period_year + 1 as period_year,
        p.area_key,
        make_date(p.period_year + 1, 1, 1) as new_year
    from {{ ref('int_commune_period') }} as p
    where p.form_code = 'household_review' and p.submission_id is not null and {{ is_not_kept('p.submission_id') }}
)

select
    p.submission_id,
    p.area_key,
    p.period_year,
    l.closing_class as household_class,
    count(*) filter (where p.new_year >= r.works_from and p.new_year < r.retires_on) as persons_working_age,
    b.reference_basis as basis
from reviews as p
inner join {{ ref('stg_household_list') }} as l on p.submission_id = l.submission_id
inner join {{ ref('stg_member_list') }} as m on l.submission_id = m.submission_id and l.household_code = m.household_code
inner join {{ ref('int_retirement') }} as r on m.sex = r.sex and m.born = r.born
cross join {{ ref('int_basis') }} as b
where l.closing_class in ('poor', 'near_poor')
group by p.submission_id, p.area_key, p.period_year, l.closing_class, b.reference_basis
