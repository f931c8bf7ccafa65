-- Where a series does not go on as before: a change of the standard, of the communes, or of the form. Versions of a form are those of the
-- returns in force, so the contract alone says which period has which.
with marts as (
    select *
    from (
        values
        -- classes of loans and training are those of the lists decided at the end of the year before
        ('fct_poverty', 'household_review', 'year', 0),
        ('fct_poverty_by_standard', 'household_review', 'year', null),
        ('fct_loan_coverage', 'credit', 'quarter', 1),
        ('fct_training_coverage', 'training', 'quarter', 1)
    ) as m (mart, form_code, period_type, years_after_review)
),

standards as (
    select
        review_year_from,
        standard_version as to_name,
        lag(standard_version) over (order by review_year_from) as from_name,
        bool_or(is_provisional) as is_provisional
    from {{ ref('stg_standard') }}
    group by review_year_from, standard_version
),

changes as (
    select distinct effective_date
    from {{ ref('stg_succession') }}
),

boundaries as (
    select
        c.effective_date,
        count(*) filter (where {{ in_force_on('u', 'c.effective_date - 1') }}) as communes_before,
        count(*) filter (where {{ in_force_on('u', 'c.effective_date') }}) as communes_after
    from changes as c
    inner join {{ ref('stg_unit') }} as u on u.unit_level = 'commune' and u.is_long_an
    group by c.effective_date
),

versions as (
    select
        s.form_code,
        s.form_version as to_name,
        lag(s.form_version) over (partition by s.form_code order by min(s.period_start_date)) as from_name,
        min(s.period_start_date) as break_date
    from {{ ref('stg_submission') }} as s
    inner join {{ ref('int_commune_period') }} as p on s.submission_id = p.submission_id
    group by s.form_code, s.form_version
),

breaks as (
    select
        m.mart,
        m.form_code,
        m.period_type,
        'standard' as kind,
        make_date(s.review_year_from + m.years_after_review, 1, 1) as break_date,
        s.from_name,
        s.to_name,
        format('Chuẩn nghèo %s%s', s.to_name, case when s.is_provisional then ' (tạm thời)' end) as note_vi,
        format('Poverty standard %s%s', s.to_name, case when s.is_provisional then ' (provisional)' end) as note_en
    from standards as s
    inner join marts as m on m.years_after_review is not null
    union all
    select
        m.mart,
        m.form_code,
        m.period_type,
        'boundary' as kind,
        b.effective_date as break_date,
        b.communes_before::text as from_name,
        b.communes_after::text as to_name,
        format('Sắp xếp đơn vị hành chính: %s xã thành %s xã', b.communes_before, b.communes_after) as note_vi,
        format('Communes merged: %s became %s (boundary at_time)', b.communes_before, b.communes_after) as note_en
    from boundaries as b
    cross join marts as m
    union all
    select
        m.mart,
        m.form_code,
        m.period_type,
        'form_version' as kind,
        v.break_date,
        v.from_name,
        v.to_name,
        format('Biểu %s phiên bản %s', v.form_code, v.to_name) as note_vi,
        format('Form %s, version %s', v.form_code, v.to_name) as note_en
    from versions as v
    inner join marts as m on v.form_code = m.form_code
)

select
    b.mart || ':' || b.kind || ':' || b.break_date as break_key,
    b.mart,
    b.break_date,
    (array_agg(f.period_key order by f.period_start_date) filter (where f.period_end_date >= b.break_date))[1] as first_period_key,
    (min(f.period_year) filter (where f.period_end_date >= b.break_date))::integer as first_period_year,
    b.kind,
    b.from_name,
    b.to_name,
    b.note_vi,
    b.note_en
from breaks as b
inner join {{ ref('int_form_period') }} as f on b.form_code = f.form_code and b.period_type = f.period_type
where b.from_name is not null
group by b.mart, b.break_date, b.kind, b.from_name, b.to_name, b.note_vi, b.note_en
having min(f.period_start_date) < b.break_date and max(f.period_end_date) >= b.break_date
