-- The allowed triples of the review and the cells of forms 7.2 (poor) and 7.3 (near-poor) that each feeds, as the rules know them.
-- Opening and closing stocks (cells 1 and 9) follow from the classes. Column 2 of 7.3 is leaving upwards: there is no class between.
{{ config(materialized='table') }}

select
    opening_class,
    closing_class,
    movement,
    field_7_2 as poor_cell,
    case field_7_3 when 'left_above_near_poor' then 'left_above' else field_7_3 end as near_poor_cell
from {{ source('intake', 'allowed_triple') }}
