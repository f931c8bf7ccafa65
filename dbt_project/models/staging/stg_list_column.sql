select
    submission_id,
    field
from {{ source('audit', 'column_map') }}
where sheet = 'household_list'
