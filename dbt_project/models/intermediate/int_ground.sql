-- The communes of Long An, each on one ground, with the days on which it had it.
select
    area_key,
    unit_code,
    min(district_code) as district_code,
    min(valid_from) as since,
    max(coalesce(valid_to, 'infinity'::date)) as until
from {{ ref('stg_unit') }}
where unit_level = 'commune' and is_long_an
group by area_key, unit_code
