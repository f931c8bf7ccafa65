-- Who owes which return: the communes on Long An's ground that are in force at the period's end, with what is in force.
{{ config(materialized='table') }}

select
    f.form_code,
    u.area_key,
    u.unit_code as commune_code,
    u.district_code,
    v.area_key as province_key,
    {{ period_columns('f') }},
    f.due_date,
    f.has_begun,
    f.is_past_due,
    s.submission_id,
    s.result_stage,
    s.accepted_at,
    s.submission_id is not null as is_accepted
from {{ ref('int_form_period') }} as f
inner join {{ ref('stg_unit') }} as u
    on u.unit_level = 'commune' and u.is_long_an and {{ in_force_on('u', 'f.period_end_date') }}
left join {{ ref('stg_unit') }} as v
    on v.unit_level = 'province' and u.province_code = v.unit_code and {{ in_force_on('v', 'f.period_end_date') }}
left join {{ ref('int_submission') }} as s
    on f.form_code = s.form_code and u.unit_code = s.commune_code and f.period_key = s.period_key and s.is_in_force
where not f.is_optional
