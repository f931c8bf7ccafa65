-- Which rows of a training return are one person: person_row is the first of them. By citizen ID, else by household code, name and
-- birth; a row without an ID joins the person of the same three. Names and IDs go no further.
with placed as (
    select
        t.submission_id,
        t.row_number,
        t.citizen_id,
        t.person_name,
        t.household_code || '|' || coalesce(t.birth_date::text, t.birth_date_year::text) as place
    from {{ source('intake', 'training_need') }} as t
),

twinned as (
    select
        p.*,
        p.place is not null and count(*) over (partition by p.submission_id, p.place) > 1 as has_twin
    from placed as p
),

described as (
    -- a name is folded only where there is another to tell it from
    select
        t.*,
        case when t.has_twin then t.place || '|' || intake.fold(t.person_name) end as description
    from twinned as t
),

known as (
    select
        d.*,
        coalesce(
            d.citizen_id,
            case when d.has_twin then max(d.citizen_id) over (partition by d.submission_id, d.description) end,
            d.description,
            d.row_number::text
        ) as person
    from described as d
)

select
    submission_id,
    row_number,
    min(row_number) over (partition by submission_id, person) as person_row
from known
