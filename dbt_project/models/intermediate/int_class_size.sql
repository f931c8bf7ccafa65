-- Households of each class of a commune that a year's needs are set against: the closing of the review of the year before, in
-- force now, and those that left the lists in the three years before. Null where a review is not on file. In the year in which its
-- ground came to be it is that of the communes before, where they went into it whole.
{{ config(materialized='table') }}

with reviews as (
    select
        area_key,
        period_year,
        is_accepted,
        submission_id
    from {{ ref('int_commune_period') }}
    where form_code = 'household_review' and period_type = 'year'
),

listed as (
    select
        r.area_key,
        r.period_year + 1 as period_year,
        c.poor_households,
        c.near_poor_households
    from reviews as r
    inner join {{ ref('int_poverty_commune') }} as c on r.submission_id = c.submission_id
),

years as (
    select distinct
        r.area_key,
        y.period_year
    from reviews as r
    cross join lateral (values (r.period_year), (r.period_year + 1)) as y (period_year)
),

known as (
    select
        y.area_key,
        y.period_year
    from years as y
    inner join reviews as r
        on y.area_key = r.area_key and r.period_year between y.period_year - 3 and y.period_year - 1 and r.is_accepted
    group by y.area_key, y.period_year
    having count(*) = 3
),

leavers as (
    select
        k.area_key,
        k.period_year,
        count(s.household_code) as newly_escaped
    from known as k
    left join {{ ref('int_class_span') }} as s
        on
            k.area_key = s.area_key
            and make_date(k.period_year, 1, 1) >= s.class_from
            and make_date(k.period_year, 1, 1) < s.class_to
            and s.list_class = 'not_poor'
            and not s.is_alias
            and s.left_list_date + interval '3 years' >= make_date(k.period_year, 1, 1)
    group by k.area_key, k.period_year
),

own as (
    select
        y.area_key,
        y.period_year,
        c.household_class,
        case c.household_class
            when 'poor' then l.poor_households
            when 'near_poor' then l.near_poor_households
            else e.newly_escaped
        end as households_in_class
    from years as y
    cross join (values ('poor'), ('near_poor'), ('newly_escaped')) as c (household_class)
    left join listed as l on y.area_key = l.area_key and y.period_year = l.period_year
    left join leavers as e on y.area_key = e.area_key and y.period_year = e.period_year
),

inherited as (
    select
        o.area_key,
        o.period_year,
        o.household_class,
        case
            when bool_and(p.is_whole) and count(b.households_in_class) = count(*) then sum(b.households_in_class)::bigint
        end as households_in_class
    from own as o
    inner join {{ ref('int_predecessor') }} as p on o.area_key = p.area_key
    left join own as b
        on p.predecessor_key = b.area_key and o.period_year = b.period_year and o.household_class = b.household_class
    where
        not exists (
            select 1 from reviews as r
            where r.area_key = o.area_key and r.period_year = o.period_year - 1
        )
    group by o.area_key, o.period_year, o.household_class
)

select
    o.area_key,
    o.period_year,
    o.household_class,
    coalesce(o.households_in_class, i.households_in_class) as households_in_class
from own as o
left join inherited as i on o.area_key = i.area_key and o.period_year = i.period_year and o.household_class = i.household_class
