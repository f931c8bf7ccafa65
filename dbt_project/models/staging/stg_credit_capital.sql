select
    submission_id,
    borrower_class,
    capital_source,
    capital_available_vnd
from {{ source('intake', 'credit_capital') }}
