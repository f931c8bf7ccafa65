select
    e.event_id,
    e.submission_id,
    e.event_type,
    e.recorded_at
from {{ source('audit', 'submission_event') }} as e
cross join {{ ref('stg_build') }} as b
where e.submission_id is not null and e.recorded_at <= b.knowledge_at
