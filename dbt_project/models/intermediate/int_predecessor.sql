-- The grounds that went into each commune's ground on the day it came to be, as the function that classes households reads them.
{{ config(materialized='table') }}

select
    area_key,
    predecessor_key,
    bool_and(is_whole) as is_whole
from intake.predecessor_ground({{ known_load('unit') }}, {{ known_load('succession') }})
group by area_key, predecessor_key
