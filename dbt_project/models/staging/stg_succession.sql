with known as (
    {{ known_rows('succession') | indent(4) }}
)

select
    predecessor_code,
    successor_code,
    effective_date,
    extent = 'whole' as is_whole,
    population_moved
from known
