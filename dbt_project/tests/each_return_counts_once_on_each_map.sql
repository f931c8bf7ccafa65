-- On each map a commune's return stands in one commune outside groups or in one group, and once in Long An.
select
    form_code,
    period_key,
    boundary,
    commune_key,
    count(*) filter (where area_level = 'group' or (area_level = 'commune' and group_key is null)) as places,
    count(*) filter (where area_level = 'long_an') as totals
from {{ ref('int_area_part') }}
group by form_code, period_key, boundary, commune_key
having
    count(*) filter (where area_level = 'group' or (area_level = 'commune' and group_key is null)) <> 1
    or count(*) filter (where area_level = 'long_an') <> 1
