with known as (
    {{ known_rows('calendar') | indent(4) }}
)

select
    form_code,
    period_type,
    result_stage,
    due_month_day,
    due_days_after_end,
    is_optional,
    collection_start,
    valid_from,
    valid_to
from known
