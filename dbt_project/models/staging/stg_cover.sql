select
    submission_id,
    as_of_date,
    signed_date
from {{ source('intake', 'cover') }}
