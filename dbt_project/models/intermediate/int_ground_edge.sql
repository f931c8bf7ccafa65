-- One step of ground: into which ground it went at the next change, whole or in part. A commune that was enlarged keeps what it had: its
-- code goes on the next day. On 1/7/2025 codes were used again for other ground, and every commune's way is written down.
-- share: of the people, 1 of a whole commune; of a split one known where the population of every part is published.
{{ config(materialized='table') }}

with known as (
    select
        predecessor_code,
        successor_code,
        effective_date,
        is_whole,
        case
            when is_whole then 1
            when count(*) over way = count(population_moved) over way and count(*) over way > 1
                then population_moved / sum(population_moved) over way
        end as share
    from {{ ref('stg_succession') }}
    window way as (partition by predecessor_code, effective_date)
)

select
    p.area_key as from_key,
    s.area_key as to_key,
    e.predecessor_code,
    e.successor_code,
    e.effective_date,
    e.is_whole,
    e.share
from known as e
inner join {{ ref('int_ground') }} as p on e.predecessor_code = p.unit_code and p.until = e.effective_date - 1
inner join {{ ref('int_ground') }} as s on e.successor_code = s.unit_code and e.effective_date between s.since and s.until
union all
select
    p.area_key as from_key,
    s.area_key as to_key,
    p.unit_code as predecessor_code,
    s.unit_code as successor_code,
    s.since as effective_date,
    true as is_whole,
    1 as share
from {{ ref('int_ground') }} as p
inner join {{ ref('int_ground') }} as s on p.unit_code = s.unit_code and s.since = p.until + 1
where not exists (
    select 1 from known as e
    where e.predecessor_code = p.unit_code and e.effective_date = s.since
)
