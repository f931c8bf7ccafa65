-- Which ground went into which, over any number of changes. A commune that was enlarged keeps what it had: its code goes on the next day.
-- On 1/7/2025 codes were used again for other ground, and every commune's way is written down.
{{ config(materialized='table') }}

with recursive edges as (
    select
        p.area_key as from_key,
        s.area_key as to_key
    from {{ ref('stg_succession') }} as e
    inner join {{ ref('int_ground') }} as p on e.predecessor_code = p.unit_code and p.until = e.effective_date - 1
    inner join {{ ref('int_ground') }} as s on e.successor_code = s.unit_code and e.effective_date between s.since and s.until
    union
    select
        p.area_key as from_key,
        s.area_key as to_key
    from {{ ref('int_ground') }} as p
    inner join {{ ref('int_ground') }} as s on p.unit_code = s.unit_code and s.since = p.until + 1
    where not exists (
        select 1 from {{ ref('stg_succession') }} as e
        where e.predecessor_code = p.unit_code and e.effective_date = s.since
    )
),

flow as (
    select
        area_key as from_key,
        area_key as to_key
    from {{ ref('int_ground') }}
    union
    select
        f.from_key,
        e.to_key
    from flow as f
    inner join edges as e on f.to_key = e.from_key
)

select
    from_key,
    to_key
from flow
