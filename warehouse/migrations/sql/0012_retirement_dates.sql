-- Retirement dates by the set: asked one by one they were a third of a build of the marts.

create function reference.retirement_dates(sexes text[], births date[], load bigint) returns table (sex text, born date, retires_on date)
language sql stable parallel safe
begin atomic
    with span as (
        select
            a.male_years,
            a.male_months,
            a.female_years,
            a.female_months,
            case when lag(a.year) over (order by a.year) is null then '-infinity'::timestamp else make_date(a.year, 1, 1) end as begins,
            coalesce(make_date(lead(a.year) over (order by a.year), 1, 1), 'infinity'::timestamp) as ends
        from reference.retirement_age as a
        where a.load_id = load
    ),

    reached as (
        select
            p.sex,
            p.born,
            s.begins,
            s.ends,
            case p.sex
                when 'male' then p.born + make_interval(years => s.male_years, months => s.male_months)
                when 'female' then p.born + make_interval(years => s.female_years, months => s.female_months)
            end as day
        from unnest(sexes, births) as p (sex, born)
        cross join span as s
    )

    select
        r.sex,
        r.born,
        min(greatest(r.day, r.begins))::date as retires_on
    from reached as r
    where r.day < r.ends
    group by r.sex, r.born;
end;
comment on function reference.retirement_dates is
'First day on which the age of each (sex, birth date) reaches the retirement age of that day''s year and sex. A year without a row takes '
'the row before it; before the first row, the first. No row for an unknown sex or an empty load.';

create or replace function reference.retirement_date(born date, sex text, load bigint) returns date
language sql stable parallel safe
return (select d.retires_on from reference.retirement_dates(array[sex], array[born], load) as d);
comment on function reference.retirement_date is 'What reference.retirement_dates says of one person, or null.';
