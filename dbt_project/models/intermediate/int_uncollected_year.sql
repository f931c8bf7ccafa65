-- Years that a target asks about and in which the form was not collected yet: from the first year of any target (baseline, or the
-- first year after the version's date) to the year before the form's collection_start. Nobody owed a return, so nothing is missing.
with targets as (
    select least(min(baseline_year), min({{ version_year() }}) + 1) as first_year
    from {{ ref('stg_target') }}
),

forms as (
    select
        form_code,
        min(left(collection_start, 4)::integer) as first_year
    from {{ ref('stg_calendar') }}
    group by form_code
),

levels as (
    select *
    from (values ('commune'), ('district'), ('long_an')) as l (area_level)
),

areas as (
    select distinct
        f.form_code,
        case l.area_level
            when 'commune' then u.area_key
            when 'district' then u.district_code
            else 'long_an'
        end as area_key,
        l.area_level,
        {{ period_columns('p') }}
    from forms as f
    cross join targets as t
    inner join {{ ref('int_period') }} as p
        on p.period_type = 'year' and t.first_year <= p.period_year and f.first_year > p.period_year
    inner join {{ ref('stg_unit') }} as u
        on u.unit_level = 'commune' and u.is_long_an and {{ in_force_on('u', 'p.period_end_date') }}
    cross join levels as l
)

select
    form_code,
    area_key,
    area_level,
    'at_time' as boundary,
    {{ period_columns('areas') }},
    0::bigint as expected_submissions,
    0::bigint as accepted_submissions
from areas
where area_key is not null
