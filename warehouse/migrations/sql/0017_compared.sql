-- What tonight's returns on loans and training are compared with: the lists of the communes before, too.
create view intake.ground_before as
with recursive edge as (
    select
        p.area_key,
        p.predecessor_key
    from intake.predecessor_ground(intake.newest_load('unit'), intake.newest_load('succession')) as p
),

before as (
    select * from edge
    union
    select
        b.area_key,
        e.predecessor_key
    from before as b
    inner join edge as e on b.predecessor_key = e.area_key
)

select
    area_key,
    predecessor_key
from before;
comment on view intake.ground_before is 'Every ground (code@footprint_from) that went into a ground, over any number of changes.';

create or replace view intake.comparable as
with placed as (
    select
        s.*,
        s.commune_code || '@' || s.commune_footprint_from as area_key
    from intake.submission as s
),

given as (
    select p.*
    from placed as p
    inner join audit.submission_in_force using (submission_id)
    where p.result_stage = 'final'
),

pair as (
    select
        s.submission_id,
        o.submission_id as compared_id
    from placed as s
    inner join given as o on s.area_key = o.area_key
    union all
    select
        s.submission_id,
        o.submission_id as compared_id
    from placed as s
    inner join intake.ground_before as b on s.area_key = b.area_key
    inner join given as o on b.predecessor_key = o.area_key
    where o.form_code = 'household_review'
)

select
    s.submission_id,
    s.form_code,
    o.submission_id as compared_id,
    o.form_code as compared_form_code
from pair as p
inner join intake.submission as s on p.submission_id = s.submission_id
inner join intake.submission as o
    on
        p.compared_id = o.submission_id
        and s.form_code <> o.form_code
        and s.period_end_date >= o.period_end_date
        and s.period_end_date - interval '7 years' < o.period_end_date;
comment on view intake.comparable is
'Official returns of other forms in force that a return may be compared with, up to the end of its period: those of its commune on the '
'same ground, and the reviews of the communes that went into it. Lists older than seven years say nothing more of a loan: a household '
'is newly escaped for three years.';

create or replace view intake.batch_compared as
select
    s.submission_id,
    c.compared_id,
    o.form_code,
    o.period_key,
    case when o.period_type = 'year' and k.is_own then extract(year from o.period_end_date)::integer end as compared_year,
    format('%s%s (v%s)', case when not k.is_own then o.commune_code || ' ' end, o.period_key, o.version) as list_name,
    o.commune_code,
    o.period_end_date,
    k.is_own
from audit.validation_compared as c
inner join intake.batch_submission as s using (submission_id)
inner join intake.submission as o on c.compared_id = o.submission_id
cross join
    lateral (
        values (s.commune_code = o.commune_code and s.commune_footprint_from = o.commune_footprint_from)
    ) as k (is_own)
where c.run_id = nullif(current_setting('warehouse.run_id', true), '')::uuid;
comment on view intake.batch_compared is
'Tonight''s returns with each list that they are compared with, named with its version. compared_year only where it is the annual review '
'of the commune itself, on its ground.';

-- Each of these rows with what the lists call its household on that day. No row where nothing is there to be compared with, and none
-- where only the lists of several communes before know the code.
create view intake.batch_listed as
with compared as (
    select
        c.submission_id,
        string_agg(c.list_name, ', ' order by c.list_name) as list_names,
        array_agg(c.compared_year) as years
    from intake.batch_compared as c
    where c.form_code = 'household_review'
    group by c.submission_id
),

span as (
    select s.*
    from (
        select
            array(select distinct c.compared_id from intake.batch_compared as c) as lists,
            array(select distinct b.commune_code || '@' || b.commune_footprint_from from intake.batch_submission as b) as grounds
    ) as t
    cross join lateral intake.class_span(t.lists, t.grounds, intake.newest_load('unit'), intake.newest_load('succession')) as s
),

ever as (
    select distinct
        s.area_key,
        s.household_code
    from span as s
    where s.list_class in ('poor', 'near_poor')
),

elsewhere as (
    select distinct
        c.submission_id,
        l.household_code
    from intake.batch_compared as c
    inner join intake.household_list as l on c.compared_id = l.submission_id
    where not c.is_own and l.submission_id = any(array(
        select b.compared_id from intake.batch_compared as b
        where not b.is_own
    ))
)

select
    r.*,
    intake.listed_class(r.class_date, s.list_class, s.class_from, s.left_list_date) as listed_class,
    s.left_list_date as listed_left_date,
    coalesce(b.list_name, c.list_names) as list_name,
    e.household_code is not null as was_ever_listed,
    (
        select count(*) from unnest(c.years) as u (year)
        where u.year between extract(year from r.class_date) - 3 and extract(year from r.class_date) - 1
    ) = 3 as has_three_reviews
from intake.batch_service as r
inner join compared as c on r.submission_id = c.submission_id
inner join intake.batch_submission as t on r.submission_id = t.submission_id
left join span as s
    on
        t.commune_code || '@' || t.commune_footprint_from = s.area_key
        and r.household_code = s.household_code
        and r.class_date >= s.class_from
        and r.class_date < s.class_to
left join ever as e on t.commune_code || '@' || t.commune_footprint_from = e.area_key and r.household_code = e.household_code
left join intake.batch_compared as b on r.submission_id = b.submission_id and s.submission_id = b.compared_id
left join elsewhere as w on r.submission_id = w.submission_id and r.household_code = w.household_code
where s.household_code is not null or w.household_code is null;
comment on view intake.batch_listed is 'Rows on loans and training with the class of their household on the day, after the lists compared with, and the list that says so.';

create or replace view intake.batch_listed_household as
with listed as (
    select
        c.submission_id,
        c.compared_id,
        c.compared_year,
        c.list_name,
        c.period_end_date,
        c.is_own,
        l.household_code,
        l.has_no_labour_capacity,
        l.review_date,
        greatest(l.member_count, l.opening_member_count) as member_count,
        bool_or(c.is_own) over household as has_own,
        min(c.commune_code) over household <> max(c.commune_code) over household as is_doubtful
    from intake.batch_compared as c
    inner join intake.household_list as l on c.compared_id = l.submission_id
    where l.submission_id = any(array(select b.compared_id from intake.batch_compared as b))
    window household as (partition by c.submission_id, l.household_code)
)

select distinct on (l.submission_id, l.household_code)
    l.submission_id,
    l.compared_id,
    l.compared_year,
    l.list_name,
    l.household_code,
    l.has_no_labour_capacity,
    l.review_date,
    l.member_count
from listed as l
where l.is_own or not (l.has_own or l.is_doubtful)
order by l.submission_id asc, l.household_code asc, l.period_end_date desc, l.compared_year desc nulls last;
comment on view intake.batch_listed_household is
'Households of the lists that tonight''s returns are compared with, each by its newest row: of its own commune, else of the one commune '
'before that has the code.';
