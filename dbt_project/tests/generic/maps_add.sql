{#- What holds of a fact on every map and in every period, for the counts named (`classes`: its column of classes, where it has one):
    communes outside groups and the groups add to Long An; a group's communes add to it where all of them are known; and a commune
    outside groups is the sum of the communes of the time that lie on it. Sums, not joins: the fact's table has no statistics yet. -#}
{% test maps_add(model, counts, classes=none) %}
with facts as (
    select
        boundary,
        period_key,
        area_level,
        area_key,
        group_key,
        {{ classes if classes else "''" }} as class,
        accepted_submissions > 0 as came,
        {{ counts | join(', ') }}
    from {{ model }}
    where area_level in ('commune', 'group', 'long_an')
),

totals as (
    select
        boundary,
        period_key,
        'long_an' as area_key,
        class
        {%- for column in counts %},
        sum({{ column }}) filter (where area_level = 'long_an') as {{ column }},
        case
            when count(*) filter (where area_level <> 'long_an' and group_key is null and came and {{ column }} is null) = 0
                then sum({{ column }}) filter (where area_level <> 'long_an' and group_key is null)
        end as {{ column }}_parts
        {%- endfor %}
    from facts
    group by boundary, period_key, class
),

grouped as (
    select
        boundary,
        period_key,
        coalesce(group_key, area_key) as area_key,
        class
        {%- for column in counts %},
        sum({{ column }}) filter (where area_level = 'group') as {{ column }},
        case
            when count(*) filter (where area_level = 'commune') = count({{ column }}) filter (where area_level = 'commune')
                then coalesce(sum({{ column }}) filter (where area_level = 'commune'), sum({{ column }}))
            else sum({{ column }}) filter (where area_level = 'group')
        end as {{ column }}_parts
        {%- endfor %}
    from facts
    where area_level = 'group' or group_key is not null
    group by boundary, period_key, coalesce(group_key, area_key), class
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

laid as (
    select
        f.boundary as map,
        f.area_key as unit_key,
        f.*
    from facts as f
    where f.boundary <> 'at_time' and f.area_level = 'commune' and f.group_key is null
    union all
    select
        null as map,
        l.unit_key,
        f.*
    from facts as f
    inner join lies_on as l on f.area_key = l.commune_key
    where f.boundary = 'at_time' and f.area_level = 'commune'
),

wholes as (
    select
        max(map) as boundary,
        period_key,
        unit_key as area_key,
        class
        {%- for column in counts %},
        sum({{ column }}) filter (where map is not null) as {{ column }},
        case
            when count(*) filter (where map is null and came and {{ column }} is null) = 0
                then sum({{ column }}) filter (where map is null)
        end as {{ column }}_parts
        {%- endfor %}
    from laid
    group by period_key, unit_key, class
    having count(map) = 1
)

select *
from (select * from totals union all select * from grouped union all select * from wholes) as sums
where {% for column in counts %}{{ column }} is distinct from {{ column }}_parts{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}
