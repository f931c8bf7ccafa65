with known as (
    {{ known_rows('unit') | indent(4) }}
)

select
    unit_level,
    code as unit_code,
    name_vi as unit_name,
    unit_type,
    area_type,
    district_code,
    province_code,
    valid_from,
    valid_to,
    footprint_from,
    is_long_an,
    case
        when unit_level = 'commune' then code || '@' || footprint_from
        when unit_level = 'district' then code
        else code || '@' || valid_from
    end as area_key
from known
