with known as (
    {{ known_rows('target') | indent(4) }}
)

select
    goal_code,
    target_version,
    readings,
    value as target_size,
    unit as target_unit,
    baseline_year,
    target_year,
    standard_version,
    lead_agency,
    document_number,
    document_date,
    is_assumed,
    note_vi,
    valid_from,
    valid_to
from known
