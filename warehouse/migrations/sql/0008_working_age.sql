-- Working age (Labour Code 45/2019/QH14, articles 3 and 169; Decree 135/2020/ND-CP), in one place for rules and marts.

create function reference.retirement_date(born date, sex text, load bigint) returns date
language sql stable parallel safe
return (
    with span as (
        select
            case sex
                when 'male' then born + make_interval(years => a.male_years, months => a.male_months)
                when 'female' then born + make_interval(years => a.female_years, months => a.female_months)
            end as reached,
            case when lag(a.year) over (order by a.year) is null then '-infinity'::timestamp else make_date(a.year, 1, 1) end as begins,
            coalesce(make_date(lead(a.year) over (order by a.year), 1, 1), 'infinity'::timestamp) as ends
        from reference.retirement_age as a
        where a.load_id = load
    )

    select min(greatest(s.reached, s.begins))::date
    from span as s
    where s.reached < s.ends
);
comment on function reference.retirement_date is
'First day on which a person''s age reaches the retirement age of that day''s year and sex. A year without a row takes the row before it; '
'before the first row, the first. Null for an unknown sex or an empty load.';

create function reference.is_working_age(born date, sex text, day date, load bigint) returns boolean
language sql stable parallel safe
return day >= born + interval '15 years' and day < reference.retirement_date(born, sex, load);
comment on function reference.is_working_age is 'From the 15th birthday to the day before retirement. Null where the retirement date decides and is unknown.';
