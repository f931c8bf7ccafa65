-- An empty flag cell is a no: the form knows only the cross and the blank.
select
    submission_id,
    row_number,
    household_code,
    borrower_class,
    left_list_date,
    coalesce(has_need, false) as has_need,
    coalesce(is_eligible, false) as is_eligible,
    request_date,
    requested_vnd,
    programme_code,
    outcome,
    disbursed_vnd,
    disbursement_date,
    outstanding_vnd
from {{ source('intake', 'credit_need') }}
