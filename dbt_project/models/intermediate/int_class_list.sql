-- The official reviews in force, annual and monthly: their lists say the class of a household on a day.
select submission_id
from {{ ref('int_commune_period') }}
where form_code = 'household_review' and result_stage = 'final'
union all
select submission_id
from {{ ref('int_optional_return') }}
where form_code = 'household_review' and result_stage = 'final'
