with known as (
    {{ known_rows('standard_indicator') | indent(4) }}
)

select
    standard_version,
    position,
    field
from known
