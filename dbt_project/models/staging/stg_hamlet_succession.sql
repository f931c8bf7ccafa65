with known as (
    {{ known_rows('hamlet_succession') | indent(4) }}
)

select
    predecessor_code,
    intake.fold(hamlet) as hamlet,
    successor_code,
    effective_date
from known
