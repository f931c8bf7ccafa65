select
    s.submission_id,
    s.form_code,
    s.form_version,
    s.commune_code,
    s.period_key,
    s.period_type,
    s.period_start_date,
    s.period_end_date,
    s.result_stage,
    s.version,
    s.received_at
from {{ source('intake', 'submission') }} as s
cross join {{ ref('stg_build') }} as b
where s.recorded_at <= b.knowledge_at
