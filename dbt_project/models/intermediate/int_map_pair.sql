-- For each map (boundary) and each time between two changes of the communes (era): which commune of the map lies on which commune of the era.
-- share: of the commune's people, on a later map, where it is published. is_divided: the commune of the era lies on several of the map.
{{ config(materialized='table') }}

with maps as (
    select *
    from (values ('2021', '2021-01-01'::date), ('2025', '2025-07-01'::date)) as m (boundary, map_date)
    where boundary = any('{ {{- var("maps") | join(",") -}} }'::text[])
),

eras as (
    select distinct greatest(since, '2021-01-01'::date) as era
    from {{ ref('int_ground') }}
    where until >= '2021-01-01'::date
),

ways as (
    select
        m.boundary,
        m.map_date,
        e.era,
        case when m.map_date >= e.era then f.to_key else f.from_key end as unit_key,
        case when m.map_date >= e.era then f.from_key else f.to_key end as commune_key,
        case when m.map_date >= e.era then f.share end as share
    from maps as m
    cross join eras as e
    cross join {{ ref('int_ground_flow') }} as f
)

select
    w.boundary,
    w.map_date,
    w.era,
    w.unit_key,
    u.unit_code,
    u.district_code,
    w.commune_key,
    w.share,
    count(*) over (partition by w.boundary, w.era, w.commune_key) > 1 as is_divided
from ways as w
inner join {{ ref('int_ground') }} as u on w.unit_key = u.area_key and w.map_date between u.since and u.until
inner join {{ ref('int_ground') }} as c on w.commune_key = c.area_key and w.era between c.since and c.until
