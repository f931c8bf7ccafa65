-- Members of poor and near-poor households at a review who are of working age on the 1 January that follows.
{{ config(materialized='table') }}

select
    h.area_key,
    h.period_year + 1 as period_year,
    h.closing_class as household_class,
    count(*) filter (
        where make_date(h.period_year + 1, 1, 1) >= r.works_from and make_date(h.period_year + 1, 1, 1) < r.retires_on
    ) as persons_working_age
from {{ ref('int_household_review') }} as h
inner join {{ ref('stg_member_list') }} as m on h.submission_id = m.submission_id and h.household_code = m.household_code
inner join {{ ref('int_retirement') }} as r on m.sex = r.sex and m.born = r.born
where h.closing_class in ('poor', 'near_poor')
group by h.area_key, h.period_year, h.closing_class
