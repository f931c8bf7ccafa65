-- The class of a household on a day, in one place for rules and marts, and what tonight's returns on loans and training are
-- compared with.

create function intake.class_span(lists uuid[])
returns table (
    submission_id uuid,
    commune_code text,
    commune_footprint_from date,
    household_code text,
    class_from date,
    class_to date,
    list_class text,
    left_list_date date
)
language sql stable parallel safe
as $$
    with decided as (
        select
            l.submission_id,
            s.commune_code,
            s.commune_footprint_from,
            s.period_end_date,
            l.household_code,
            l.opening_class,
            l.closing_class,
            l.left_list_date,
            coalesce(l.decision_date, c.signed_date) as decision_date
        from intake.household_list as l
        inner join intake.submission as s using (submission_id)
        inner join intake.cover as c using (submission_id)
        where l.submission_id = any(lists) and l.household_code is not null
    ),

    numbered as (
        select
            d.*,
            row_number() over household as nth,
            lead(d.decision_date) over household as next_decision_date,
            max(d.left_list_date) over household as last_left_list_date
        from decided as d
        window household as (
            partition by d.commune_code, d.commune_footprint_from, d.household_code order by d.decision_date, d.period_end_date
        )
    )

    select
        n.submission_id,
        n.commune_code,
        n.commune_footprint_from,
        n.household_code,
        n.decision_date,
        coalesce(n.next_decision_date, 'infinity'),
        n.closing_class,
        n.last_left_list_date
    from numbered as n
    union all
    select
        n.submission_id,
        n.commune_code,
        n.commune_footprint_from,
        n.household_code,
        '-infinity',
        n.decision_date,
        n.opening_class,
        null
    from numbered as n
    where n.nth = 1
$$;
comment on function intake.class_span is
'The class of each household between two decisions, from these official reviews: the closing class from a decision on, and before the '
'first one the class at its opening. class_to is the day of the next decision; left_list_date the last day on which the household had '
'left a list by then; submission_id the review that says so. A row without a decision date counts from the day the return was signed.';

create function intake.listed_class(day date, list_class text, class_from date, left_list_date date) returns text
language sql immutable parallel safe
return case
    when list_class in ('poor', 'near_poor') then list_class
    when list_class = 'outside' and class_from > '-infinity'::date then 'outside'
    when left_list_date is not null
        then case when day <= left_list_date + interval '3 years' then 'newly_escaped' else 'left_long_ago' end
end;
comment on function intake.listed_class is
'What the lists call a household on a day, from its row of class_span. Newly escaped: left both lists no more than three years ago, that '
'day included (Decision 28/2015/QD-TTg). Null: on no list on that day.';

create function intake.counted_class(
    day date, list_class text, class_from date, left_list_date date, form_class text, form_left_list_date date
) returns text
language sql immutable parallel safe
return case coalesce(intake.listed_class(day, list_class, class_from, left_list_date), 'on no list')
    when 'on no list'
        then case when form_class <> 'newly_escaped' or day <= form_left_list_date + interval '3 years' then form_class end
    when 'outside' then null
    when 'left_long_ago' then null
    else intake.listed_class(day, list_class, class_from, left_list_date)
end;
comment on function intake.counted_class is
'The class that a household is counted under on a day: that of the lists, and where it is on no list that of its form. Null: none.';

create or replace function intake.credit_label_of(code text) returns text
language sql immutable strict parallel safe
return case code
    when 'newly_escaped' then 'Hộ mới thoát nghèo'
    when 'left_long_ago' then 'Đã ra khỏi danh sách quá 3 năm'
    when 'disbursed' then 'Đã giải ngân'
    when 'approved' then 'Đã duyệt'
    when 'refused' then 'Từ chối'
    when 'withdrawn' then 'Rút đề nghị'
    when 'pending' then 'Đang xét'
    when 'central' then '1'
    when 'local' then '2'
    else intake.label_of(code)
end;

-- ---------------------------------------------------------------- what a round compares with
create table audit.validation_compared (
    run_id uuid not null references audit.run,
    submission_id uuid not null,
    compared_id uuid not null,
    primary key (run_id, submission_id, compared_id)
);
comment on table audit.validation_compared is
'The returns of other forms in force that the rules compared a return with, written down before the round was judged.';

-- Official returns of other forms in force, of the same commune on the same ground, up to the end of the return's period. Lists older
-- than seven years say nothing more of a loan: a household is newly escaped for three years.
create view intake.comparable as
select
    s.submission_id,
    s.form_code,
    o.submission_id as compared_id,
    o.form_code as compared_form_code
from intake.submission as s
inner join audit.submission_in_force as f on s.commune_code = f.commune_code and s.form_code <> f.form_code
inner join intake.submission as o
    on
        f.submission_id = o.submission_id
        and s.commune_footprint_from = o.commune_footprint_from
        and s.period_end_date >= o.period_end_date
        and s.period_end_date - interval '7 years' < o.period_end_date
where o.result_stage = 'final';
comment on view intake.comparable is 'Returns that a return on the same ground may be compared with, whatever their form.';

create view intake.batch_compared as
select
    s.submission_id,
    c.compared_id,
    o.form_code,
    o.period_key,
    extract(year from o.period_end_date)::integer as compared_year,
    format('%s (v%s)', o.period_key, o.version) as list_name
from audit.validation_compared as c
inner join intake.batch_submission as s using (submission_id)
inner join intake.submission as o on c.compared_id = o.submission_id
where c.run_id = nullif(current_setting('warehouse.run_id', true), '')::uuid;
comment on view intake.batch_compared is 'Tonight''s returns with each list that they are compared with, named with its version.';

create view intake.batch_service as
select
    n.submission_id,
    n.sheet,
    n.row_number,
    n.commune_code,
    n.period_year,
    n.household_code,
    n.borrower_class as form_class,
    n.borrower_name as person_name,
    n.citizen_id,
    coalesce(n.request_date, make_date(n.period_year, 1, 1)) as class_date
from intake.batch_credit_need as n
union all
select
    n.submission_id,
    n.sheet,
    n.row_number,
    n.commune_code,
    n.period_year,
    n.household_code,
    n.household_class as form_class,
    n.person_name,
    n.citizen_id,
    coalesce(n.need_date, make_date(n.period_year, 1, 1)) as class_date
from intake.batch_training_need as n;
comment on view intake.batch_service is 'Rows of tonight''s returns on loans and training, each with the day on which its class counts.';

-- Each of these rows with what the lists call its household on that day. No row where nothing is there to be compared with.
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
    from (select array_agg(distinct c.compared_id) as lists from intake.batch_compared as c) as t
    cross join lateral intake.class_span(t.lists) as s
),

ever as (
    select distinct
        s.commune_code,
        s.household_code
    from span as s
    where s.list_class in ('poor', 'near_poor')
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
left join span as s
    on
        r.commune_code = s.commune_code
        and r.household_code = s.household_code
        and r.class_date >= s.class_from
        and r.class_date < s.class_to
left join ever as e on r.commune_code = e.commune_code and r.household_code = e.household_code
left join intake.batch_compared as b on r.submission_id = b.submission_id and s.submission_id = b.compared_id;
comment on view intake.batch_listed is 'Rows on loans and training with the class of their household on the day, after the lists compared with, and the list that says so.';

create view intake.batch_listed_household as
select distinct on (c.submission_id, l.household_code)
    c.submission_id,
    c.compared_id,
    c.compared_year,
    c.list_name,
    l.household_code,
    l.has_no_labour_capacity,
    l.review_date,
    greatest(l.member_count, l.opening_member_count) as member_count
from intake.batch_compared as c
inner join intake.household_list as l on c.compared_id = l.submission_id
where l.submission_id = any(array(select b.compared_id from intake.batch_compared as b))
order by c.submission_id asc, l.household_code asc, c.compared_year desc;
comment on view intake.batch_listed_household is 'Households of the lists that tonight''s returns are compared with, each by its newest row.';

create view intake.batch_listed_person as
select
    c.submission_id,
    c.compared_year,
    c.list_name,
    m.household_code,
    intake.fold(m.member_name) as folded_name,
    m.citizen_id,
    coalesce(m.support_credit, false) as support_credit
from intake.batch_compared as c
inner join intake.member_list as m on c.compared_id = m.submission_id
where m.submission_id = any(array(select b.compared_id from intake.batch_compared as b));
comment on view intake.batch_listed_person is 'Members on the lists that tonight''s returns are compared with.';

-- Where the commune's ground is new in the quarter: the last return in force, in the same year, of every commune that went into it
-- whole, and of the commune itself.
create view intake.batch_predecessor_return as
with edge as (
    select e.*
    from reference.succession as e
    where e.load_id = (
        select max(l.load_id) from reference.load as l
        where l.table_name = 'succession'
    )
),

predecessor as (
    select
        s.submission_id,
        s.form_code,
        s.period_year,
        e.effective_date,
        e.predecessor_code
    from intake.batch_submission as s
    inner join edge as e on s.commune_code = e.successor_code and e.effective_date between s.period_start_date and s.period_end_date
    where e.extent = 'whole'
    union
    select
        s.submission_id,
        s.form_code,
        s.period_year,
        s.commune_footprint_from as effective_date,
        s.commune_code as predecessor_code
    from intake.batch_submission as s
    where
        s.commune_footprint_from between s.period_start_date and s.period_end_date
        and not exists (
            select 1 from edge as e
            where e.predecessor_code = s.commune_code and e.successor_code <> s.commune_code and e.effective_date = s.commune_footprint_from
        )
)

select distinct on (p.submission_id, p.predecessor_code)
    p.submission_id,
    p.predecessor_code,
    o.submission_id as predecessor_id,
    o.period_key as predecessor_period_key,
    format('%s %s (v%s)', p.predecessor_code, o.period_key, o.version) as return_name
from predecessor as p
inner join audit.submission_in_force as f on p.form_code = f.form_code and p.predecessor_code = f.commune_code
inner join intake.submission as o on f.submission_id = o.submission_id
where p.effective_date > o.period_end_date and p.period_year = extract(year from o.period_end_date)::integer
order by p.submission_id asc, p.predecessor_code asc, o.period_end_date desc;
comment on view intake.batch_predecessor_return is 'Tonight''s first returns on new ground with the last returns of the communes that went into it whole.';
