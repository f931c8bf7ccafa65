-- Which ground went into which, over any number of changes, with the share of the people where it is published.
{{ config(materialized='table') }}

with recursive ways as (
    select
        area_key as from_key,
        area_key as to_key,
        1::numeric as share
    from {{ ref('int_ground') }}
    union all
    select
        w.from_key,
        e.to_key,
        w.share * e.share as share
    from ways as w
    inner join {{ ref('int_ground_edge') }} as e on w.to_key = e.from_key
)

select
    from_key,
    to_key,
    -- parts that went different ways may come together again
    case when count(*) = count(share) then sum(share) end as share
from ways
group by from_key, to_key
