{#- What holds of a fact on every map and in every period, for the counts named (`classes`: its column of classes, where it has one):
    communes outside groups and the groups add to Long An; a group's communes add to it where all of them are known; and a commune
    outside groups is the sum of the communes of the time that lie on it. -#}
{% test maps_add(model, counts, classes=none) %}
with cells as (
    select
        f.boundary,
        f.period_key,
        f.area_level,
        f.area_key,
        f.group_key,
        f.accepted_submissions > 0 as came,
        {{ 'f.' ~ classes if classes else "''" }} as class,
        c.measure,
        c.value
    from {{ model }} as f
    cross join lateral (
        values
        {%- for column in counts %}
        ('{{ column }}', f.{{ column }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as c (measure, value)
    where f.area_level in ('commune', 'group', 'long_an')
),

totals as (
    select
        boundary,
        period_key,
        class,
        measure,
        count(*) filter (where area_level <> 'long_an' and group_key is null and came and value is null) as unknown,
        sum(value) filter (where area_level <> 'long_an' and group_key is null) as parts,
        sum(value) filter (where area_level = 'long_an') as whole
    from cells
    group by boundary, period_key, class, measure
),

grouped as (
    select
        g.boundary,
        g.period_key,
        g.area_key,
        g.class,
        g.measure,
        g.value as whole,
        sum(c.value) as parts
    from cells as g
    inner join cells as c
        on g.boundary = c.boundary and g.period_key = c.period_key and g.area_key = c.group_key and g.class = c.class
        and g.measure = c.measure
    where g.area_level = 'group'
    group by g.boundary, g.period_key, g.area_key, g.class, g.measure, g.value
    having count(*) = count(c.value)
),

lies_on as (
    select
        from_key as commune_key,
        to_key as unit_key
    from {{ ref('int_ground_flow') }}
    union
    select
        to_key as commune_key,
        from_key as unit_key
    from {{ ref('int_ground_flow') }}
),

wholes as (
    select
        u.boundary,
        u.period_key,
        u.area_key,
        u.class,
        u.measure,
        u.value as whole,
        case when count(*) filter (where c.came and c.value is null) = 0 then sum(c.value) end as parts
    from cells as u
    inner join lies_on as l on u.area_key = l.unit_key
    inner join cells as c
        on l.commune_key = c.area_key and c.boundary = 'at_time' and c.area_level = 'commune'
        and u.period_key = c.period_key and u.class = c.class and u.measure = c.measure
    where u.boundary <> 'at_time' and u.area_level = 'commune' and u.group_key is null
    group by u.boundary, u.period_key, u.area_key, u.class, u.measure, u.value
)

select
    boundary || ' ' || period_key || ' long_an ' || class || ' ' || measure as fault,
    whole,
    parts
from totals
where whole is distinct from case when unknown = 0 then parts end
union all
select
    boundary || ' ' || period_key || ' ' || area_key || ' ' || class || ' ' || measure as fault,
    whole,
    parts
from grouped
where whole is distinct from parts
union all
select
    boundary || ' ' || period_key || ' ' || area_key || ' ' || class || ' ' || measure as fault,
    whole,
    parts
from wholes
where whole is distinct from parts
{% endtest %}
