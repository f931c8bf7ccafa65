with known as (
    {{ known_rows('succession') | indent(4) }}
)

select
    predecessor_code,
    successor_code,
    effective_date
from known
