with numbered as (
    select
        *,
        min(version) filter (where returned_at is not null) over (partition by form_code, commune_code, period_key) as first_returned
    from {{ ref('int_submission') }}
),

versions as (
    select
        form_code,
        commune_code,
        period_key,
        count(*) as versions,
        min(received_at) as first_received_at,
        min(received_at) filter (where result_stage = 'final') as first_final_received_at,
        (array_agg(state order by version desc))[1] as last_event,
        (array_agg(returned_at is null order by version asc) filter (where accepted_at is not null or returned_at is not null))[1]
            as is_first_pass_valid,
        min(returned_at) filter (where version = first_returned) as returned_at,
        min(accepted_at) filter (where version > first_returned) as fixed_at
    from numbered
    group by form_code, commune_code, period_key
),

returns as (
    select
        form_code,
        area_key,
        commune_code,
        period_key,
        due_date,
        result_stage,
        accepted_at,
        is_past_due,
        false as is_optional
    from {{ ref('int_commune_period') }}
    where has_begun
    union all
    select
        form_code,
        area_key,
        commune_code,
        period_key,
        due_date,
        result_stage,
        accepted_at,
        null::boolean as is_past_due,
        true as is_optional
    from {{ ref('int_optional_return') }}
)

select
    c.form_code,
    c.area_key,
    c.period_key,
    c.due_date,
    v.first_received_at,
    c.accepted_at,
    coalesce(v.versions, 0) as versions,
    case
        when c.result_stage = 'final' then 'accepted'
        when c.result_stage = 'provisional' then 'provisional'
        when v.last_event = 'returned' or c.is_optional then 'returned'
        when c.is_past_due then 'missing'
        else 'not_due'
    end as state,
    v.last_event,
    {{ local_date('v.first_final_received_at') }} <= c.due_date as is_on_time,
    v.is_first_pass_valid,
    ({{ local_date('v.fixed_at') }} - {{ local_date('v.returned_at') }})::bigint as days_to_fix,
    c.is_optional
from returns as c
left join versions as v on c.form_code = v.form_code and c.commune_code = v.commune_code and c.period_key = v.period_key
