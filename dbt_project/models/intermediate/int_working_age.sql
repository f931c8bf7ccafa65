-- Members of poor and near-poor households at a review who are of working age on the 1 January that follows.
{{ config(materialized='table') }}

select
    p.area_key,
    p.period_year + 1 as period_year,
    l.closing_class as household_class,
    count(*) filter (
        where make_date(p.period_year + 1, 1, 1) >= r.works_from and make_date(p.period_year + 1, 1, 1) < r.retires_on
    ) as persons_working_age
from {{ ref('int_commune_period') }} as p
inner join {{ ref('stg_household_list') }} as l on p.submission_id = l.submission_id
inner join {{ ref('stg_member_list') }} as m on l.submission_id = m.submission_id and l.household_code = m.household_code
inner join {{ ref('int_retirement') }} as r on m.sex = r.sex and m.born = r.born
where p.form_code = 'household_review' and l.closing_class in ('poor', 'near_poor')
group by p.area_key, p.period_year, l.closing_class
