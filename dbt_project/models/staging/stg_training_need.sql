-- An empty flag cell is a no: the form knows only the cross and the blank. person_row is the first row of the person: by citizen ID,
-- else by household code, name and birth; a row without an ID joins the person of the same three. Names and IDs go no further.
with keyed as (
    select
        t.*,
        t.household_code || '|' || intake.fold(t.person_name) || '|' || coalesce(t.birth_date::text, t.birth_date_year::text) as described
    from {{ source('intake', 'training_need') }} as t
),

known as (
    select
        k.*,
        coalesce(k.citizen_id, max(k.citizen_id) over (partition by k.submission_id, k.described), k.described, k.row_number::text)
            as person
    from keyed as k
)

select
    submission_id,
    row_number,
    min(row_number) over (partition by submission_id, person) as person_row,
    household_code,
    household_class,
    sex,
    birth_date is null as has_only_year,
    coalesce(birth_date, make_date(birth_date_year, 7, 1)) as born,
    coalesce(has_need, false) as has_need,
    need_date,
    training_status,
    enrolment_date,
    completion_date,
    coalesce(was_coached, false) as was_coached,
    coalesce(was_career_oriented, false) as was_career_oriented,
    coalesce(was_referred, false) as was_referred,
    coalesce(has_stable_job, false) as has_stable_job,
    support_vnd
from known
