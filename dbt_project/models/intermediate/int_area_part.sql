-- Boundary at_time: an area is the communes in force at the period's end. Other boundaries join the same shape.
with levels as (
    select *
    from (values ('commune'), ('district'), ('long_an')) as l (area_level)
),

keyed as (
    select
        case l.area_level
            when 'commune' then c.area_key
            when 'district' then c.district_code
            else 'long_an'
        end as area_key,
        l.area_level,
        c.area_key as commune_key,
        c.form_code,
        {{ period_columns('c') }},
        c.has_begun,
        c.is_past_due,
        c.submission_id,
        c.result_stage,
        c.accepted_at,
        c.is_accepted
    from {{ ref('int_commune_period') }} as c
    cross join levels as l
)

select
    form_code,
    area_key,
    area_level,
    'at_time' as boundary,
    {{ period_columns('keyed') }},
    commune_key,
    has_begun,
    is_past_due,
    submission_id,
    result_stage,
    accepted_at,
    is_accepted
from keyed
where area_key is not null
