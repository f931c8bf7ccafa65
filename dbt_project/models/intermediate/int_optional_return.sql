-- Returns that nobody owes (a month of the household review without changes needs none): the communes of which one was accepted or
-- returned, with what is in force.
{{ config(materialized='table') }}

select distinct on (f.form_code, u.area_key, f.period_key)
    f.form_code,
    u.area_key,
    u.unit_code as commune_code,
    {{ period_columns('f') }},
    f.due_date,
    case when s.is_in_force then s.submission_id end as submission_id,
    case when s.is_in_force then s.result_stage end as result_stage,
    case when s.is_in_force then s.accepted_at end as accepted_at
from {{ ref('int_form_period') }} as f
inner join {{ ref('int_submission') }} as s on f.form_code = s.form_code and f.period_key = s.period_key
inner join {{ ref('stg_unit') }} as u
    on u.unit_level = 'commune' and u.is_long_an and s.commune_code = u.unit_code and {{ in_force_on('u', 'f.period_end_date') }}
where f.is_optional and f.has_begun and s.state in ('accepted', 'returned')
order by f.form_code asc, u.area_key asc, f.period_key asc, s.is_in_force desc
