select
    submission_id,
    row_number,
    total_households,
    total_persons,
    average_households,
    average_persons
from {{ source('intake', 'summary_7_1') }}
