-- Rule HHR-02 returns a file with another triple; one that came through all the same would be counted in no cell.
select
    h.submission_id,
    h.row_number
from {{ ref('int_household_review') }} as h
left join {{ ref('int_movement_cell') }} as c
    on h.opening_class = c.opening_class and h.closing_class = c.closing_class and h.movement = c.movement
where c.movement is null
