-- The state of every submission as its events give it, and which one is in force: the newest accepted final result of a
-- return, else its newest accepted provisional one (audit.submission_in_force says the same of this moment).
{{ config(materialized='table') }}

with last_event as (
    select distinct on (submission_id)
        submission_id,
        event_type as state
    from {{ ref('stg_submission_event') }}
    where event_type in ('received', 'validated', 'returned', 'held', 'accepted', 'superseded', 'withdrawn')
    order by submission_id asc, event_id desc
),

moments as (
    select
        submission_id,
        min(recorded_at) filter (where event_type = 'accepted') as accepted_at,
        min(recorded_at) filter (where event_type = 'returned') as returned_at
    from {{ ref('stg_submission_event') }}
    group by submission_id
),

ranked as (
    select
        s.*,
        e.state,
        m.accepted_at,
        m.returned_at,
        row_number() over (
            partition by s.form_code, s.commune_code, s.period_key
            order by (e.state = 'accepted') desc, (s.result_stage = 'final') desc, s.version desc
        ) as place
    from {{ ref('stg_submission') }} as s
    inner join last_event as e on s.submission_id = e.submission_id
    inner join moments as m on s.submission_id = m.submission_id
)

select
    submission_id,
    form_code,
    commune_code,
    period_key,
    result_stage,
    version,
    received_at,
    state,
    accepted_at,
    returned_at,
    (state = 'accepted' and place = 1) as is_in_force
from ranked
