-- Where each counted household of a divided commune stands on a map, as far as it is known: on a later map by the way of its hamlet; on an
-- earlier one by the commune that it says it was in before the change, else by a hamlet that came from one commune alone.
{{ config(materialized='table') }}

with recursive hamlets as (
    select * from {{ ref('stg_hamlet_succession') }}
),

divided as (
    select distinct
        boundary,
        submission_id,
        commune_key,
        area_key as unit_key
    from {{ ref('int_area_part') }}
    where form_code = 'household_review' and period_type = 'year' and is_divided and is_accepted
),

households as (
    select
        r.submission_id,
        r.row_number,
        r.area_key,
        r.previous_commune_code,
        intake.fold(r.hamlet) as hamlet
    from {{ ref('int_household_review') }} as r
    where
        r.submission_id in (select d.submission_id from divided as d)
        and (r.opening_class in ('poor', 'near_poor') or r.closing_class in ('poor', 'near_poor'))
),

ways as (
    select distinct
        area_key as from_key,
        hamlet,
        area_key as to_key
    from households
    where exists (select 1 from hamlets)
    union
    select
        w.from_key,
        w.hamlet,
        e.to_key
    from ways as w
    inner join {{ ref('int_ground_edge') }} as e on w.to_key = e.from_key
    left join hamlets as h
        on
            e.predecessor_code = h.predecessor_code
            and e.successor_code = h.successor_code
            and e.effective_date = h.effective_date
            and w.hamlet = h.hamlet
    where e.is_whole or h.hamlet is not null
),

-- every hamlet that a list on file names, where hamlets are looked at
named as (
    select distinct
        area_key,
        intake.fold(hamlet) as hamlet
    from {{ ref('int_household_review') }}
    where exists (select 1 from hamlets) and area_key in (select e.from_key from {{ ref('int_ground_edge') }} as e)
),

origins as (
    select
        h.hamlet,
        e.from_key,
        e.to_key
    from hamlets as h
    inner join {{ ref('int_ground_edge') }} as e
        on h.predecessor_code = e.predecessor_code and h.successor_code = e.successor_code and h.effective_date = e.effective_date
    where not exists (
        select 1 from {{ ref('int_ground_edge') }} as o
        where
            o.to_key = e.to_key
            and o.from_key <> e.from_key
            and (
                o.from_key not in (select n.area_key from named as n)
                or o.from_key in (
                    select n.area_key from named as n
                    where n.hamlet = h.hamlet
                )
            )
    )
)

select
    d.boundary,
    d.unit_key,
    h.submission_id,
    h.row_number
from divided as d
inner join households as h on d.submission_id = h.submission_id
inner join ways as w on h.area_key = w.from_key and h.hamlet = w.hamlet and d.unit_key = w.to_key
union all
select
    d.boundary,
    d.unit_key,
    h.submission_id,
    h.row_number
from divided as d
inner join households as h on d.submission_id = h.submission_id
inner join {{ ref('int_ground_edge') }} as e on d.unit_key = e.from_key and d.commune_key = e.to_key
left join origins as o on h.previous_commune_code is null and h.hamlet = o.hamlet and e.from_key = o.from_key and e.to_key = o.to_key
where h.previous_commune_code = e.predecessor_code or o.hamlet is not null
