-- What the rules on history compare tonight's lists with: the return of the year before, and every list in force.
create index on intake.household_list (submission_id, household_code);
create index on intake.member_list (submission_id, household_code);

-- The return of the year before that is in force on the same ground: own code and whole predecessors. No row where a part of
-- another commune came in, a predecessor's return is missing, or the year before stands under another standard.
create view intake.batch_previous as
with unit as (
    select u.*
    from reference.unit as u
    where u.unit_level = 'commune' and u.load_id = (
        select max(l.load_id) from reference.load as l
        where l.table_name = 'unit'
    )
),

edge as (
    select e.*
    from reference.succession as e
    where e.load_id = (
        select max(l.load_id) from reference.load as l
        where l.table_name = 'succession'
    )
),

standard as (
    select distinct
        d.standard_version,
        d.review_year_from,
        d.review_year_to
    from reference.standard as d
    where d.load_id = (
        select max(l.load_id) from reference.load as l
        where l.table_name = 'standard'
    )
),

present as (
    select
        s.submission_id,
        s.form_code,
        s.commune_code,
        s.period_year,
        s.period_end_date,
        (s.period_end_date - interval '1 year')::date as previous_end
    from intake.batch_submission as s
    where
        s.period_type = 'year'
        and (
            select d.standard_version from standard as d
            where s.period_year between d.review_year_from and coalesce(d.review_year_to, 9999)
        )
        = (
            select d.standard_version from standard as d
            where s.period_year - 1 between d.review_year_from and coalesce(d.review_year_to, 9999)
        )
),

predecessor as (
    select
        p.submission_id,
        p.form_code,
        p.period_year,
        u.code
    from present as p
    inner join unit as u on p.commune_code = u.code and p.previous_end between u.valid_from and coalesce(u.valid_to, 'infinity')
    where
        not exists (
            select 1 from edge as e
            where
                e.predecessor_code = u.code
                and e.successor_code <> u.code
                and e.effective_date > p.previous_end
                and e.effective_date <= p.period_end_date
        )
    union
    select
        p.submission_id,
        p.form_code,
        p.period_year,
        e.predecessor_code
    from present as p
    inner join
        edge as e
        on p.commune_code = e.successor_code and p.previous_end < e.effective_date and p.period_end_date >= e.effective_date
),

comparable as (
    select p.submission_id
    from present as p
    where not exists (
        select 1 from edge as e
        where
            e.successor_code = p.commune_code
            and e.extent = 'part'
            and e.effective_date > p.previous_end
            and e.effective_date <= p.period_end_date
    )
),

found as (
    select
        p.submission_id,
        p.code,
        f.submission_id as previous_submission_id
    from predecessor as p
    inner join comparable using (submission_id)
    left join audit.submission_in_force as f
        on p.form_code = f.form_code and p.code = f.commune_code and f.period_key = (p.period_year - 1)::text
)

select
    f.submission_id,
    f.previous_submission_id
from found as f
where not exists (
    select 1 from found as g
    where g.submission_id = f.submission_id and g.previous_submission_id is null
);

-- Household rows of every list in force, with their period: what the rules on history compare with.
create view intake.list_in_force as
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
    l.movement
from audit.submission_in_force as f
inner join intake.submission as s using (submission_id)
inner join intake.household_list as l using (submission_id)
where f.form_code = 'household_review';

-- Tonight's households with their row of last year. Codes are a commune's own: where communes merged, previous_commune_code says
-- whose code it was; without it a code that two of them used gives a row for each (candidates > 1), and nobody can tell.
create view intake.batch_household_before as
select
    l.submission_id,
    l.row_number,
    o.submission_id as previous_submission_id,
    o.row_number as previous_row_number,
    o.household_code,
    o.head_name,
    o.head_citizen_id,
    o.closing_class,
    count(*) over (partition by l.submission_id, l.row_number) as candidates
from intake.batch_household_list as l
inner join intake.batch_previous as p using (submission_id)
inner join intake.submission as s on p.previous_submission_id = s.submission_id
inner join intake.household_list as o
    on p.previous_submission_id = o.submission_id and coalesce(l.previous_household_code, l.household_code) = o.household_code
where l.previous_commune_code is null or l.previous_commune_code = s.commune_code;

-- Tonight's households with every earlier row that is surely theirs: under the same unit (a code that came back for another unit is
-- not it), and under previous_commune_code before the unit had its present ground.
create view intake.batch_household_history as
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
    (l.household_code = f.household_code and (l.previous_commune_code is null or f.period_end_date >= s.commune_footprint_from))
    or (l.previous_household_code = f.household_code and l.previous_commune_code is null)
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
        and s.commune_footprint_from > f.period_end_date;

-- Households of each class at opening on tonight's lists, and at closing on last year's list in force on the same ground.
create view intake.batch_opening as
with opening as (
    select
        s.submission_id,
        c.class,
        count(l.row_number) as households
    from intake.batch_submission as s
    cross join (values ('poor'), ('near_poor')) as c (class)
    left join intake.batch_household_list as l on s.submission_id = l.submission_id and c.class = l.opening_class
    group by s.submission_id, c.class
),

closing as (
    select
        p.submission_id,
        c.class,
        count(l.row_number) as households
    from intake.batch_previous as p
    cross join (values ('poor'), ('near_poor')) as c (class)
    left join intake.household_list as l on p.previous_submission_id = l.submission_id and c.class = l.closing_class
    group by p.submission_id, c.class
)

select
    o.submission_id,
    o.class,
    o.households as opening,
    c.households as last_closing
from opening as o
inner join closing as c on o.submission_id = c.submission_id and o.class = c.class;
