select
    submission_id,
    row_number,
    household_code,
    case when birth_year_male is not null then 'male' when birth_year_female is not null then 'female' end as sex,
    coalesce(birth_date, make_date(coalesce(birth_date_year, birth_year_male::integer, birth_year_female::integer), 7, 1)) as born
from {{ source('intake', 'member_list') }}
