-- The class of each household still in its commune under each standard that its form can tell: the class recorded for it, else the one that
-- income, area and the standard's own indicators give (the rules ask intake.class_by_facts the same).
with classed as (
    select
        h.submission_id,
        h.row_number,
        r.standard_version,
        r.basis,
        case
            when r.basis = 'recorded' then h.closing_class
            when r.basis = 'recorded_next' and h.next_standard_class is not null then h.next_standard_class
            else intake.class_by_facts(
                h.income_per_head_vnd, s.income_line_vnd, intake.deprived(to_jsonb(h), r.indicators), s.deprivation_line
            )
        end as household_class
    from {{ ref('int_review_standard') }} as r
    inner join {{ ref('stg_household_list') }} as h on r.submission_id = h.submission_id
    left join {{ ref('stg_standard') }} as s on r.standard_version = s.standard_version and h.area_type = s.area_type
    where r.lacks is null and h.closing_class <> 'outside'
)

select
    submission_id,
    row_number,
    standard_version,
    basis,
    household_class,
    coalesce(household_class = 'poor', false) as is_poor,
    coalesce(household_class = 'near_poor', false) as is_near_poor,
    coalesce(household_class in ('poor', 'near_poor'), false) as is_multidimensional,
    household_class is null as is_unknown
from classed
