-- Monthly reviews beside the annual one: what the rules compare the lists of the two with.
create or replace view intake.list_in_force as
select
    l.submission_id,
    l.row_number,
    f.commune_code,
    f.commune_valid_from,
    f.period_key,
    s.period_end_date,
    extract(year from s.period_end_date)::integer as period_year,
    l.household_code,
    l.head_name,
    l.head_citizen_id,
    l.opening_class,
    l.closing_class,
    l.movement,
    s.period_type
from audit.submission_in_force as f
inner join intake.submission as s using (submission_id)
inner join intake.household_list as l using (submission_id)
where f.form_code = 'household_review';

-- As before, but that an annual list is no later spell than the months of its own year: it opens before them.
create or replace view intake.batch_household_history as
select
    l.submission_id,
    l.row_number,
    l.period_year,
    f.period_year as earlier_year,
    f.opening_class,
    f.closing_class
from intake.batch_household_list as l
inner join intake.submission as s using (submission_id)
inner join intake.list_in_force as f
    on s.commune_code = f.commune_code and s.commune_valid_from = f.commune_valid_from and s.period_end_date > f.period_end_date
where
    (
        (l.household_code = f.household_code and (l.previous_commune_code is null or f.period_end_date >= s.commune_footprint_from))
        or (l.previous_household_code = f.household_code and l.previous_commune_code is null)
    )
    and (s.period_type = 'month' or l.period_year > f.period_year)
union all
select
    l.submission_id,
    l.row_number,
    l.period_year,
    f.period_year as earlier_year,
    f.opening_class,
    f.closing_class
from intake.batch_household_list as l
inner join intake.submission as s using (submission_id)
inner join intake.list_in_force as f
    on
        l.previous_commune_code = f.commune_code
        and coalesce(l.previous_household_code, l.household_code) = f.household_code
        and s.commune_footprint_from > f.period_end_date
where s.period_type = 'month' or l.period_year > f.period_year;

create function intake.list_stock(list_class text) returns text
language sql immutable parallel safe
return case when list_class in ('poor', 'near_poor') then list_class else 'none' end;
comment on function intake.list_stock is 'Which of the two lists a household of a class stands on: poor, near_poor or none.';

-- Tonight's monthly rows with what the lists in force call their household on the day before its decision; the month's own return does
-- not count. No row where the commune has no list, and none where nobody can tell which household it was.
create view intake.batch_month_before as
with present as (
    select
        s.submission_id,
        s.period_key,
        s.commune_code || '@' || s.commune_footprint_from as area_key
    from intake.batch_submission as s
    where s.form_code = 'household_review' and s.period_type = 'month'
),

ground as (
    select
        p.submission_id,
        p.area_key as list_key
    from present as p
    union all
    select
        p.submission_id,
        b.predecessor_key
    from present as p
    inner join intake.ground_before as b using (area_key)
),

given as (
    select
        g.submission_id,
        o.submission_id as list_id
    from ground as g
    inner join intake.submission as o on g.list_key = o.commune_code || '@' || o.commune_footprint_from
    inner join audit.submission_in_force as f on o.submission_id = f.submission_id
    where
        o.form_code = 'household_review'
        and o.result_stage = 'final'
        and o.period_key not in (select p.period_key from present as p)
),

span as (
    select s.*
    from (
        select
            array(select distinct g.list_id from given as g) as lists,
            array(select distinct p.area_key from present as p) as grounds
    ) as t
    cross join lateral intake.class_span(t.lists, t.grounds, intake.newest_load('unit'), intake.newest_load('succession')) as s
),

dated as (
    select
        l.submission_id,
        l.row_number,
        p.area_key,
        l.household_code,
        l.previous_household_code,
        l.previous_commune_code,
        coalesce(l.decision_date, c.signed_date) - 1 as class_date
    from intake.batch_household_list as l
    inner join present as p using (submission_id)
    inner join intake.cover as c using (submission_id)
    where l.submission_id in (select g.submission_id from given as g)
)

select
    d.submission_id,
    d.row_number,
    d.class_date,
    o.period_key as list_period_key,
    s.list_class
from dated as d
left join span as s
    on
        d.area_key = s.area_key
        and coalesce(d.previous_household_code, d.household_code) = s.household_code
        and d.class_date >= s.class_from
        and d.class_date < s.class_to
left join intake.submission as o on s.submission_id = o.submission_id
where
    s.household_code is not null
    or (
        d.previous_household_code is null
        and d.previous_commune_code is null
        and not exists (
            select 1 from given as g
            inner join intake.household_list as h on g.list_id = h.submission_id
            where g.submission_id = d.submission_id and h.household_code = d.household_code
        )
    );
comment on view intake.batch_month_before is 'Rows of tonight''s monthly lists with the class of their household on the day before, after the lists in force.';

-- What the months between last year's return and tonight's annual list say of each household: its class before the first and after the
-- last of them. A decision after the annual list was signed belongs to the year that follows.
create view intake.batch_months as
with last_year as (
    select
        p.submission_id,
        max(c.signed_date) as signed_date
    from intake.batch_previous as p
    inner join intake.cover as c on p.previous_submission_id = c.submission_id
    group by p.submission_id
),

annual as (
    select
        s.submission_id,
        s.commune_code,
        s.commune_footprint_from,
        s.period_year,
        c.signed_date as until,
        coalesce(y.signed_date, s.period_start_date - 1) as since
    from intake.batch_submission as s
    inner join intake.cover as c using (submission_id)
    left join last_year as y using (submission_id)
    where s.form_code = 'household_review' and s.period_type = 'year'
),

decided as (
    select
        a.submission_id,
        o.period_key,
        o.period_end_date,
        m.household_code,
        m.opening_class,
        m.closing_class,
        m.left_list_date,
        coalesce(m.decision_date, c.signed_date) as decision_date
    from annual as a
    inner join intake.submission as o
        on
            a.commune_code = o.commune_code
            and a.commune_footprint_from = o.commune_footprint_from
            and o.form_code = 'household_review'
            and o.period_type = 'month'
            and extract(year from o.period_end_date) between a.period_year - 1 and a.period_year
    inner join audit.submission_in_force as f on o.submission_id = f.submission_id
    inner join intake.cover as c on o.submission_id = c.submission_id
    inner join intake.household_list as m on o.submission_id = m.submission_id
    where
        o.result_stage = 'final'
        and coalesce(m.decision_date, c.signed_date) > a.since
        and coalesce(m.decision_date, c.signed_date) <= a.until
)

select
    d.submission_id,
    d.household_code,
    (array_agg(d.opening_class order by d.decision_date asc, d.period_end_date asc))[1] as opening_class,
    (array_agg(d.closing_class order by d.decision_date desc, d.period_end_date desc))[1] as closing_class,
    (array_agg(d.left_list_date order by d.decision_date desc, d.period_end_date desc))[1] as left_list_date,
    (array_agg(d.period_key order by d.decision_date desc, d.period_end_date desc))[1] as period_key,
    max(d.decision_date) as decision_date
from decided as d
where d.household_code is not null
group by d.submission_id, d.household_code;
comment on view intake.batch_months is 'Households that the months before tonight''s annual lists speak of, with their class before the first and after the last.';
