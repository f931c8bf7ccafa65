with known as (
    {{ known_rows('standard') | indent(4) }}
)

select
    standard_version,
    area_type,
    review_year_from,
    coalesce(review_year_to, 9999) as review_year_to,
    income_line_vnd,
    deprivation_line,
    is_provisional
from known
