-- Administrative units, each on one ground, and the footprint of former Long An. A unit re-opened without a change of its
-- ground keeps its key: its newest row describes it.
with units as (
    select distinct on (area_key)
        area_key,
        unit_level,
        unit_code,
        unit_name,
        unit_type,
        area_type,
        district_code,
        province_code,
        min(valid_from) over (partition by area_key) as valid_from,
        last_value(valid_to) over (
            partition by area_key
            order by valid_from rows between unbounded preceding and unbounded following
        ) as valid_to,
        footprint_from,
        is_long_an
    from {{ ref('stg_unit') }}
    order by area_key asc, stg_unit.valid_from desc
),

provinces as (
    select
        unit_code,
        area_key,
        valid_from,
        valid_to
    from units
    where unit_level = 'province'
)

select
    u.area_key,
    u.unit_level as area_level,
    u.unit_code as area_code,
    u.unit_name as area_name,
    u.unit_type,
    u.area_type,
    case
        when u.unit_level = 'commune' then coalesce(u.district_code, p.area_key)
        when u.unit_level = 'district' then p.area_key
    end as parent_area_key,
    u.district_code,
    u.province_code,
    u.valid_from,
    u.valid_to,
    u.footprint_from,
    u.is_long_an
from units as u
left join provinces as p
    on u.unit_level <> 'province' and u.province_code = p.unit_code and {{ in_force_on('p', 'coalesce(u.valid_to, u.valid_from)') }}
union all
select
    'long_an' as area_key,
    'long_an' as area_level,
    'long_an' as area_code,
    'Long An' as area_name,
    'footprint' as unit_type,
    null as area_type,
    null as parent_area_key,
    null as district_code,
    null as province_code,
    min(valid_from) as valid_from,
    null as valid_to,
    min(footprint_from) as footprint_from,
    true as is_long_an
from units
where is_long_an
union all
select
    g.group_key as area_key,
    'group' as area_level,
    split_part(split_part(g.group_key, ':', 2), '@', 1) as area_code,
    'Nhóm ' || string_agg(distinct u.unit_name, ', ' order by u.unit_name) as area_name,
    'group' as unit_type,
    null as area_type,
    null as parent_area_key,
    null as district_code,
    null as province_code,
    min(g.era) as valid_from,
    null as valid_to,
    min(split_part(g.group_key, '@', 2)::date) as footprint_from,
    true as is_long_an
from {{ ref('int_map_area') }} as g
inner join units as u on g.unit_key = u.area_key
where g.group_key is not null
group by g.group_key
union all
select
    'fd:' || u.unit_code as area_key,
    'former_district' as area_level,
    u.unit_code as area_code,
    u.unit_name as area_name,
    u.unit_type,
    null as area_type,
    null as parent_area_key,
    null as district_code,
    u.province_code,
    u.valid_to + 1 as valid_from,
    null as valid_to,
    u.footprint_from,
    u.is_long_an
from units as u
where u.unit_level = 'district' and u.is_long_an and u.valid_to is not null
