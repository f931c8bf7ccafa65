-- Boundary at_time: an area is the communes in force at the period's end. Other boundaries join the same shape.
select
    c.form_code,
    a.area_key,
    a.area_level,
    'at_time' as boundary,
    {{ period_columns('c') }},
    c.area_key as commune_key,
    c.due_date,
    c.has_begun,
    c.is_past_due,
    c.submission_id,
    c.result_stage,
    c.accepted_at,
    c.is_accepted
from {{ ref('int_commune_period') }} as c
cross join lateral (
    values
    (c.area_key, 'commune'),
    (c.district_code, 'district'),
    ('long_an', 'long_an')
) as a (area_key, area_level)
where a.area_key is not null
