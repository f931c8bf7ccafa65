-- The communes that make up an area in a period. At its time an area is the communes in force at the period's end; on the maps of 2021
-- and 2025 (boundary) it is those that lie on it. Where an area shares a commune with others (is_whole is false) its totals are only in
-- the group; its counts are known where those of each commune that is_divided are.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with eras as (
    select
        era,
        lead(era, 1, 'infinity'::date) over (order by era) as next_era
    from (select distinct era from {{ ref('int_map_area') }}) as e
),

areas as (
    select
        c.form_code,
        c.period_key,
        c.area_key as commune_key,
        'at_time' as boundary,
        l.area_level,
        case l.area_level
            when 'commune' then c.area_key
            when 'district' then c.district_code
            when 'province' then c.province_key
            else 'long_an'
        end as area_key,
        null::text as group_key,
        true as is_whole,
        false as is_divided,
        null::numeric as share,
        'as_reported' as method
    from {{ ref('int_commune_period') }} as c
    cross join (values ('commune'), ('district'), ('long_an'), ('province')) as l (area_level)
    union
    select
        c.form_code,
        c.period_key,
        c.area_key as commune_key,
        m.boundary,
        l.area_level,
        case l.area_level
            when 'commune' then m.unit_key
            when 'group' then m.group_key
            when 'district' then case when c.district_code is not null then m.district_code end
            when 'former_district' then case when c.district_code is null then 'fd:' || m.district_code end
            else 'long_an'
        end as area_key,
        case when l.area_level = 'commune' then m.group_key end as group_key,
        case l.area_level
            when 'commune' then m.group_key is null
            when 'former_district' then m.is_in_one_district
            else true
        end as is_whole,
        l.area_level = 'commune' and m.is_divided as is_divided,
        case when l.area_level = 'commune' then m.share end as share,
        case
            when l.area_level = 'commune' and m.unit_key = c.area_key and m.group_key is null then 'as_reported'
            when l.area_level = 'commune' and m.group_key is not null then 'in_group'
            when l.area_level = 'group' then 'closed_group'
            else 'sum_of_whole'
        end as method
    from {{ ref('int_commune_period') }} as c
    inner join eras as e on c.period_end_date >= e.era and c.period_end_date < e.next_era
    inner join {{ ref('int_map_area') }} as m on e.era = m.era and c.area_key = m.commune_key
    cross join (values ('commune'), ('group'), ('district'), ('former_district'), ('long_an')) as l (area_level)
    -- back from the communes of 2025 no commune of 2021 is known by itself
    where not (l.area_level = 'commune' and m.group_key is not null and m.boundary = '2021' and c.district_code is null)
)

select
    a.form_code,
    a.area_key,
    a.area_level,
    a.boundary,
    {{ period_columns('c') }},
    a.commune_key,
    a.group_key,
    a.is_whole,
    a.is_divided,
    a.share,
    a.method,
    c.has_begun,
    c.is_past_due,
    c.submission_id,
    c.result_stage,
    c.accepted_at,
    c.is_accepted
from areas as a
inner join {{ ref('int_commune_period') }} as c
    on a.form_code = c.form_code and a.period_key = c.period_key and a.commune_key = c.area_key
where a.area_key is not null
