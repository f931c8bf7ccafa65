-- The class of a household on a day, through its own commune's lists and those of the communes that went into its ground.

create function intake.newest_load(reference_table text) returns bigint
language sql stable parallel safe
as $$
    select max(l.load_id) from reference.load as l
    where l.table_name = reference_table
$$;
comment on function intake.newest_load is 'The load of a reference table that is known now.';

create function intake.predecessor_ground(unit_load bigint, succession_load bigint)
returns table (area_key text, predecessor_key text, is_whole boolean)
language sql stable parallel safe
as $$
    with ground as (
        select
            u.code,
            u.code || '@' || u.footprint_from as area_key,
            min(u.valid_from) as since,
            max(coalesce(u.valid_to, 'infinity'::date)) as until
        from reference.unit as u
        where u.unit_level = 'commune' and u.load_id = unit_load
        group by u.code, u.footprint_from
    ),

    edge as (
        select
            e.predecessor_code,
            e.successor_code,
            e.effective_date,
            e.extent = 'whole' as is_whole
        from reference.succession as e
        where e.load_id = succession_load
    )

    select
        s.area_key,
        p.area_key,
        e.is_whole
    from edge as e
    inner join ground as p on e.predecessor_code = p.code and p.until = e.effective_date - 1
    inner join ground as s on e.successor_code = s.code and e.effective_date between s.since and s.until
    union
    -- a commune that was enlarged keeps what it had
    select
        s.area_key,
        p.area_key,
        true
    from ground as p
    inner join ground as s on p.code = s.code and s.since = p.until + 1
    where not exists (select 1 from edge as e where e.predecessor_code = p.code and e.effective_date = s.since)
$$;
comment on function intake.predecessor_ground is
'The grounds (code@footprint_from) that went into a commune''s ground on the day it came to be, whole or in part, by these loads of '
'reference.unit and reference.succession.';

drop view intake.batch_listed;
drop function intake.class_span(uuid[]);

create function intake.class_span(lists uuid[], grounds text[], unit_load bigint, succession_load bigint)
returns table (
    submission_id uuid,
    area_key text,
    household_code text,
    is_alias boolean,
    class_from date,
    class_to date,
    list_class text,
    left_list_date date
)
language sql stable parallel safe rows 100000
-- households met with households: what the planner knows of an array's rows would have it look each up singly
set enable_nestloop = off
as $$
    with recursive asked as (
        select distinct a.area_key from unnest(grounds) as a (area_key)
    ),

    edge as materialized (
        select
            p.area_key,
            p.predecessor_key
        from intake.predecessor_ground(unit_load, succession_load) as p
    ),

    before as (
        select e.* from edge as e
        where e.area_key in (select a.area_key from asked as a)
        union
        select e.*
        from before as b
        inner join edge as e on b.predecessor_key = e.area_key
    ),

    decided as (
        select
            l.submission_id,
            s.commune_code || '@' || s.commune_footprint_from as area_key,
            s.period_end_date,
            s.period_type = 'year' as is_annual,
            l.household_code,
            l.previous_household_code,
            l.previous_commune_code,
            l.opening_class,
            l.closing_class,
            l.left_list_date,
            coalesce(l.decision_date, c.signed_date) as decision_date
        from intake.household_list as l
        inner join intake.submission as s using (submission_id)
        inner join intake.cover as c using (submission_id)
        where l.submission_id = any(lists) and l.household_code is not null
    ),

    -- what a list on new ground says of where its households were, and under which code
    claim as (
        select distinct on (d.area_key, d.household_code)
            d.area_key,
            d.household_code,
            coalesce(d.previous_household_code, d.household_code) as previous_code,
            d.previous_commune_code
        from decided as d
        where d.area_key in (select b.area_key from before as b)
        order by
            d.area_key asc, d.household_code asc,
            (d.previous_household_code is not null or d.previous_commune_code is not null) desc, d.decision_date asc
    ),

    -- rows of the communes before, carried on from ground to ground under the code that the next list claims, else under their own
    carried as (
        select
            d.area_key,
            d.area_key as path,
            d.household_code,
            d.submission_id,
            d.period_end_date,
            d.is_annual,
            d.opening_class,
            d.closing_class,
            d.left_list_date,
            d.decision_date
        from decided as d
        where d.area_key in (select b.predecessor_key from before as b)
        union all
        select
            b.area_key,
            h.path || '>' || b.area_key,
            coalesce(c.household_code, h.household_code),
            h.submission_id,
            h.period_end_date,
            h.is_annual,
            h.opening_class,
            h.closing_class,
            h.left_list_date,
            h.decision_date
        from carried as h
        inner join before as b on h.area_key = b.predecessor_key
        left join claim as c
            on
                b.area_key = c.area_key
                and h.household_code = c.previous_code
                and coalesce(c.previous_commune_code = split_part(h.area_key, '@', 1), true)
        left join claim as o on b.area_key = o.area_key and h.household_code = o.household_code
        where c.household_code is not null or o.household_code is null
    ),

    way as (
        select distinct
            h.area_key,
            h.household_code,
            h.path
        from carried as h
        where h.path <> h.area_key and h.area_key in (select a.area_key from asked as a)
    ),

    -- of two communes that both used the code nobody can tell whose it is: neither is
    clear as (
        select w.* from way as w
        where not exists (
            select 1 from way as o
            where
                o.area_key = w.area_key
                and o.household_code = w.household_code
                and right(o.path, length(w.path)) <> w.path
                and right(w.path, length(o.path)) <> o.path
        )
    ),

    entry as (
        select
            d.area_key,
            d.household_code,
            d.submission_id,
            d.period_end_date,
            d.is_annual,
            d.opening_class,
            d.closing_class,
            d.left_list_date,
            d.decision_date
        from decided as d
        where d.area_key in (select a.area_key from asked as a)
        union all
        select
            h.area_key,
            h.household_code,
            h.submission_id,
            h.period_end_date,
            h.is_annual,
            h.opening_class,
            h.closing_class,
            h.left_list_date,
            h.decision_date
        from carried as h
        inner join clear as w using (area_key, household_code, path)
    ),

    -- a return may still name the household by its code of before, where no other has it
    alias as (
        select
            c.area_key,
            c.previous_code,
            min(c.household_code) as household_code
        from claim as c
        left join claim as o on c.area_key = o.area_key and c.previous_code = o.household_code
        left join way as w on c.area_key = w.area_key and c.previous_code = w.household_code
        where c.previous_code <> c.household_code and o.household_code is null and w.household_code is null
        group by c.area_key, c.previous_code
        having count(distinct c.household_code) = 1
    ),

    keyed as (
        select
            e.*,
            false as is_alias
        from entry as e
        union all
        select
            e.area_key,
            a.previous_code,
            e.submission_id,
            e.period_end_date,
            e.is_annual,
            e.opening_class,
            e.closing_class,
            e.left_list_date,
            e.decision_date,
            true
        from entry as e
        inner join alias as a using (area_key, household_code)
    ),

    numbered as (
        select
            k.*,
            row_number() over household as nth,
            lead(k.decision_date) over household as next_decision_date,
            max(k.left_list_date) over household as last_left_list_date
        from keyed as k
        window household as (
            -- an annual list that repeats the decision of a month is the later word
            partition by k.area_key, k.household_code order by k.decision_date, k.period_end_date, k.is_annual
        )
    )

    select
        n.submission_id,
        n.area_key,
        n.household_code,
        n.is_alias,
        n.decision_date,
        coalesce(n.next_decision_date, 'infinity'),
        n.closing_class,
        n.last_left_list_date
    from numbered as n
    union all
    select
        n.submission_id,
        n.area_key,
        n.household_code,
        n.is_alias,
        '-infinity',
        n.decision_date,
        n.opening_class,
        null
    from numbered as n
    where n.nth = 1
$$;
comment on function intake.class_span is
'The class of each household of these grounds (code@footprint_from) between two decisions, from these official reviews, annual and '
'monthly: the closing class from a decision on, and before the first one the class at its opening. class_to is the day of the next '
'decision; left_list_date the last day on which the household had left a list by then; submission_id the review that says so. A row '
'without a decision date counts from the day the return was signed. Until a commune''s own lists speak of a household, those of the '
'communes that went into its ground do, unless two of them used the code; is_alias: under the code that it had there.';
