select
    goal_code,
    target_version,
    readings,
    target_size::numeric(18, 6) as value,
    target_unit as unit,
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
from {{ ref('stg_target') }}
