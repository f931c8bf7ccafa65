-- Each commune of a map, era by era: alone where whole communes of the era make it up, else in a closed group with those it shares
-- communes of the era with. A group's key is its lowest code and the later of era and map: other members have another key.
{{ config(materialized='table') }}

with recursive touching as (
    select distinct
        a.boundary,
        a.era,
        a.unit_key,
        b.unit_key as other_key,
        b.unit_code as other_code
    from {{ ref('int_map_pair') }} as a
    inner join {{ ref('int_map_pair') }} as b on a.boundary = b.boundary and a.era = b.era and a.commune_key = b.commune_key
),

reached as (
    select
        boundary,
        era,
        unit_key,
        other_key,
        other_code
    from touching
    union
    select
        r.boundary,
        r.era,
        r.unit_key,
        t.other_key,
        t.other_code
    from reached as r
    inner join touching as t on r.boundary = t.boundary and r.era = t.era and r.other_key = t.unit_key
),

members as (
    select
        boundary,
        era,
        unit_key,
        count(*) as n_members,
        min(other_code) as lowest_code
    from reached
    group by boundary, era, unit_key
),

districts as (
    select
        boundary,
        era,
        commune_key,
        count(distinct district_code) as n_districts
    from {{ ref('int_map_pair') }}
    group by boundary, era, commune_key
)

select
    p.boundary,
    p.map_date,
    p.era,
    p.unit_key,
    p.unit_code,
    p.district_code,
    p.commune_key,
    p.share,
    p.is_divided,
    case when m.n_members > 1 then 'group:' || m.lowest_code || '@' || greatest(p.era, p.map_date) end as group_key,
    d.n_districts = 1 as is_in_one_district
from {{ ref('int_map_pair') }} as p
inner join members as m on p.boundary = m.boundary and p.era = m.era and p.unit_key = m.unit_key
inner join districts as d on p.boundary = d.boundary and p.era = d.era and p.commune_key = d.commune_key
