-- Where the hamlets of split communes went, and last year's closing lists compared by them.
create table reference.hamlet_succession (
    load_id bigint not null references reference.load,
    predecessor_code text not null,
    hamlet text not null,
    successor_code text not null,
    effective_date date not null,
    legal_basis text,
    note text,
    primary key (load_id, predecessor_code, hamlet, successor_code, effective_date)
);
comment on table reference.hamlet_succession is
'Hamlets of a commune that was split, with the commune that each went into. Names are compared folded (intake.fold).';

create view intake.hamlet_way as
select
    h.predecessor_code,
    intake.fold(h.hamlet) as hamlet,
    h.successor_code,
    h.effective_date
from reference.hamlet_succession as h
where h.load_id = (
    select max(l.load_id) from reference.load as l
    where l.table_name = 'hamlet_succession'
);
comment on view intake.hamlet_way is 'Hamlets of split communes with the commune that each went into, from the newest load; names folded.';

-- The return of the year before that is in force on the same ground: own code, whole predecessors, and a part of a split predecessor
-- where the hamlet of each household on its closing list is known (is_part). No row where a hamlet of it is not known, a predecessor's
-- return is missing, or the year before stands under another standard.
create or replace view intake.batch_previous as
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
        u.code,
        null::date as split_on
    from present as p
    inner join unit as u on p.commune_code = u.code and p.previous_end between u.valid_from and coalesce(u.valid_to, 'infinity')
    where
        not exists (
            select 1 from edge as e
            where e.predecessor_code = u.code and e.effective_date > p.previous_end and e.effective_date <= p.period_end_date
        )
    union
    select
        p.submission_id,
        p.form_code,
        p.period_year,
        e.predecessor_code,
        case when e.extent = 'part' then e.effective_date end as split_on
    from present as p
    inner join
        edge as e
        on p.commune_code = e.successor_code and p.previous_end < e.effective_date and p.period_end_date >= e.effective_date
),

found as (
    select
        p.submission_id,
        p.code,
        p.split_on,
        f.submission_id as previous_submission_id
    from predecessor as p
    left join audit.submission_in_force as f
        on p.form_code = f.form_code and p.code = f.commune_code and f.period_key = (p.period_year - 1)::text
)

select
    f.submission_id,
    f.previous_submission_id,
    f.split_on is not null as is_part
from found as f
where not exists (
    select 1 from found as g
    where
        g.submission_id = f.submission_id
        and (
            g.previous_submission_id is null
            or g.split_on is not null and exists (
                select 1 from intake.household_list as l
                where
                    l.submission_id = g.previous_submission_id
                    and l.closing_class in ('poor', 'near_poor')
                    and not exists (
                        select 1 from intake.hamlet_way as w
                        where w.predecessor_code = g.code and w.hamlet = intake.fold(l.hamlet) and w.effective_date = g.split_on
                    )
            )
        )
);

-- Households of these lists that are tonight's commune's: of a predecessor that was split, those of the hamlets that it got.
create view intake.batch_previous_household as
select
    p.submission_id,
    p.previous_submission_id,
    s.commune_code as previous_commune_code,
    o.row_number,
    o.household_code,
    o.head_name,
    o.head_citizen_id,
    o.closing_class
from intake.batch_previous as p
inner join intake.submission as t on p.submission_id = t.submission_id
inner join intake.submission as s on p.previous_submission_id = s.submission_id
inner join intake.household_list as o on p.previous_submission_id = o.submission_id
where
    not p.is_part
    or exists (
        select 1 from intake.hamlet_way as w
        where
            w.predecessor_code = s.commune_code
            and w.successor_code = t.commune_code
            and w.hamlet = intake.fold(o.hamlet)
            and w.effective_date > s.period_end_date
            and w.effective_date <= t.period_end_date
    );
comment on view intake.batch_previous_household is 'Households of last year''s lists that stand on the ground of tonight''s communes.';

create or replace view intake.batch_household_before as
select
    l.submission_id,
    l.row_number,
    o.previous_submission_id,
    o.row_number as previous_row_number,
    o.household_code,
    o.head_name,
    o.head_citizen_id,
    o.closing_class,
    count(*) over (partition by l.submission_id, l.row_number) as candidates
from intake.batch_household_list as l
inner join intake.batch_previous_household as o
    on l.submission_id = o.submission_id and coalesce(l.previous_household_code, l.household_code) = o.household_code
where l.previous_commune_code is null or l.previous_commune_code = o.previous_commune_code;

create or replace view intake.batch_opening as
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
        o.submission_id,
        o.closing_class as class,
        count(*) as households
    from intake.batch_previous_household as o
    group by o.submission_id, o.closing_class
),

compared as (
    select distinct submission_id from intake.batch_previous
)

select
    o.submission_id,
    o.class,
    o.households as opening,
    coalesce(c.households, 0) as last_closing
from opening as o
inner join compared as p on o.submission_id = p.submission_id
left join closing as c on o.submission_id = c.submission_id and o.class = c.class;
