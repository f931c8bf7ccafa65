-- The allowed triples of the review and the cells of forms 7.2 (poor) and 7.3 (near-poor) that each feeds
-- (Circular 07/2021, Annex VII). Opening and closing stocks (cells 1 and 9) follow from the classes.
select
    opening_class,
    closing_class,
    movement,
    poor_cell,
    near_poor_cell
from (
    values
    ('poor', 'poor', 'unchanged', null, null),
    ('poor', 'near_poor', 'poor_to_near_poor', 'left_to_near_poor', 'joined_from_poor'),
    ('poor', 'not_poor', 'escaped_poor', 'left_above_near_poor', null),
    ('poor', 'outside', 'moved_out', 'other_decrease', null),
    ('poor', 'outside', 'merged', 'other_decrease', null),
    ('poor', 'outside', 'single_died', 'other_decrease', null),
    ('poor', 'outside', 'other_decrease', 'other_decrease', null),
    ('near_poor', 'poor', 'near_poor_to_poor', 'joined_from_near_poor', 'left_to_poor'),
    ('near_poor', 'near_poor', 'unchanged', null, null),
    ('near_poor', 'not_poor', 'escaped_near_poor', null, 'left_above'),
    ('near_poor', 'outside', 'moved_out', null, 'other_decrease'),
    ('near_poor', 'outside', 'merged', null, 'other_decrease'),
    ('near_poor', 'outside', 'single_died', null, 'other_decrease'),
    ('near_poor', 'outside', 'other_decrease', null, 'other_decrease'),
    ('not_poor', 'poor', 'relapsed_poor', 'relapsed', null),
    ('not_poor', 'poor', 'newly_poor', 'newly_poor', null),
    ('not_poor', 'near_poor', 'relapsed_near_poor', null, 'relapsed'),
    ('not_poor', 'near_poor', 'newly_near_poor', null, 'newly_near_poor'),
    ('not_poor', 'not_poor', 'unchanged', null, null),
    ('outside', 'poor', 'moved_in', 'other_increase', null),
    ('outside', 'poor', 'split_off', 'other_increase', null),
    ('outside', 'poor', 'other_increase', 'other_increase', null),
    ('outside', 'near_poor', 'moved_in', null, 'other_increase'),
    ('outside', 'near_poor', 'split_off', null, 'other_increase'),
    ('outside', 'near_poor', 'other_increase', null, 'other_increase')
) as t (opening_class, closing_class, movement, poor_cell, near_poor_cell)
