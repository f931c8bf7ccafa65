-- An empty flag cell is a no: the form knows only the cross and the blank. Names and citizen IDs go no further.
select
    submission_id,
    row_number,
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
from {{ source('intake', 'training_need') }}
