-- Tonight's batch: the submissions frozen in audit.validation_batch for the session's run and round, joined with what they are.
-- Rules start from these views, so that their cost follows what came tonight, not the years stored.

create function intake.fold(value text) returns text
language sql immutable strict parallel safe
return lower(translate(
    regexp_replace(btrim(value), '\s+', ' ', 'g'),
    'ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ',
    'àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ'
));
comment on function intake.fold is 'Vietnamese text as it is compared: lower case whatever the database''s locale, single spaces.';

create function intake.label_of(code text) returns text
language sql immutable strict parallel safe
return coalesce(case code
    when 'poor' then 'Hộ nghèo'
    when 'near_poor' then 'Hộ cận nghèo'
    when 'not_poor' then 'Hộ không nghèo'
    when 'outside' then 'Không thuộc địa bàn'
    when 'unchanged' then 'Giữ nguyên'
    when 'poor_to_near_poor' then 'Thoát nghèo thành cận nghèo'
    when 'escaped_poor' then 'Thoát nghèo'
    when 'escaped_near_poor' then 'Thoát cận nghèo'
    when 'near_poor_to_poor' then 'Cận nghèo thành nghèo'
    when 'relapsed_poor' then 'Tái nghèo'
    when 'newly_poor' then 'Nghèo phát sinh mới'
    when 'relapsed_near_poor' then 'Tái cận nghèo'
    when 'newly_near_poor' then 'Cận nghèo phát sinh mới'
    when 'moved_in' then 'Chuyển đến'
    when 'split_off' then 'Tách hộ'
    when 'other_increase' then 'Tăng khác'
    when 'moved_out' then 'Chuyển đi'
    when 'merged' then 'Nhập hộ'
    when 'single_died' then 'Hộ đơn thân chết'
    when 'other_decrease' then 'Giảm khác'
    when 'rural' then 'NT'
    when 'urban' then 'TT'
    when 'male' then 'Nam'
    when 'female' then 'Nữ'
end, code);
comment on function intake.label_of is 'A stored code as the workbook writes it. A test compares it with the contract.';

create function intake.show_date(value date) returns text
language sql immutable parallel safe
return coalesce(to_char(value, 'DD/MM/YYYY'), '(trống)');

create view intake.batch_submission as
select
    s.*,
    extract(year from s.period_end_date)::integer as period_year
from intake.submission as s
inner join audit.validation_batch as b using (submission_id)
where
    b.run_id = nullif(current_setting('warehouse.run_id', true), '')::uuid
    and b.round = nullif(current_setting('warehouse.round', true), '')::integer;

create view intake.batch_cover as
select
    c.submission_id,
    c.row_number,
    c.refused_fields,
    c.district_name,
    c.commune_name,
    c.as_of_date,
    c.prepared_by,
    c.approved_by,
    c.signed_date,
    c.approver_title,
    c.preparer_title,
    s.form_code,
    s.commune_code,
    s.commune_valid_from,
    s.commune_footprint_from,
    s.period_key,
    s.period_type,
    s.period_year,
    s.period_start_date,
    s.period_end_date,
    s.result_stage,
    s.version,
    s.recorded_at
from intake.cover as c
inner join intake.batch_submission as s using (submission_id);

create view intake.batch_household_list as
select
    l.*,
    s.commune_code,
    s.period_key,
    s.period_year,
    s.period_end_date,
    s.result_stage
from intake.household_list as l
inner join intake.batch_submission as s using (submission_id);

create view intake.batch_member_list as
select
    m.*,
    coalesce(m.birth_year_male, m.birth_year_female)::integer as birth_year,
    s.period_year
from intake.member_list as m
inner join intake.batch_submission as s using (submission_id);

create view intake.batch_summary_7_1 as
select
    f.*,
    s.period_year
from intake.summary_7_1 as f
inner join intake.batch_submission as s using (submission_id);

create view intake.batch_movement_7_2 as
select
    f.*,
    s.period_year
from intake.movement_7_2 as f
inner join intake.batch_submission as s using (submission_id);

create view intake.batch_movement_7_3 as
select
    f.*,
    s.period_year
from intake.movement_7_3 as f
inner join intake.batch_submission as s using (submission_id);

-- (opening, closing, movement) and the cells of forms 7.2 and 7.3 each feeds, beside opening_count and closing_count
-- (Circular 07/2021/TT-BLDTBXH, Annex VII). An applicant who was and is not poor feeds none.
create view intake.allowed_triple (opening_class, closing_class, movement, field_7_2, field_7_3) as
values
('poor', 'poor', 'unchanged', null, null),
('poor', 'near_poor', 'poor_to_near_poor', 'left_to_near_poor', 'joined_from_poor'),
('poor', 'not_poor', 'escaped_poor', 'left_above_near_poor', null),
('poor', 'outside', 'moved_out', 'other_decrease', null),
('poor', 'outside', 'merged', 'other_decrease', null),
('poor', 'outside', 'single_died', 'other_decrease', null),
('poor', 'outside', 'other_decrease', 'other_decrease', null),
('near_poor', 'poor', 'near_poor_to_poor', 'joined_from_near_poor', 'left_to_poor'),
('near_poor', 'near_poor', 'unchanged', null, null),
('near_poor', 'not_poor', 'escaped_near_poor', null, 'left_above_near_poor'),
('near_poor', 'outside', 'moved_out', null, 'other_decrease'),
('near_poor', 'outside', 'merged', null, 'other_decrease'),
('near_poor', 'outside', 'single_died', null, 'other_decrease'),
('near_poor', 'outside', 'other_decrease', null, 'other_decrease'),
('not_poor', 'poor', 'relapsed_poor', 'relapsed', null),
('not_poor', 'poor', 'newly_poor', 'newly_poor', null),
('not_poor', 'near_poor', 'relapsed_near_poor', null, 'relapsed'),
('not_poor', 'near_poor', 'newly_near_poor', null, 'newly_near_poor'),
('not_poor', 'not_poor', 'unchanged', null, null),
('outside', 'poor', 'moved_in', 'other_increase', null),
('outside', 'poor', 'split_off', 'other_increase', null),
('outside', 'poor', 'other_increase', 'other_increase', null),
('outside', 'near_poor', 'moved_in', null, 'other_increase'),
('outside', 'near_poor', 'split_off', null, 'other_increase'),
('outside', 'near_poor', 'other_increase', null, 'other_increase');

-- What the list says of each cell of 7.2 and 7.3: households, and persons by the rule of rows (leavers by the opening count,
-- entrants and stock by the closing count, a stayer's change to columns 4 and 8). persons is null where a count is unknown.
create view intake.batch_list_cell as
with listed as (
    select
        l.submission_id,
        l.opening_class,
        l.closing_class,
        l.movement,
        l.member_count,
        l.opening_member_count
    from intake.batch_household_list as l
),

contributions as (
    select
        l.submission_id,
        c.sheet,
        c.field,
        c.households,
        c.persons
    from listed as l
    inner join intake.allowed_triple as t
        on l.opening_class = t.opening_class and l.closing_class = t.closing_class and l.movement = t.movement
    cross join
        lateral (
            select
                (l.opening_class = 'poor')::integer as opened_poor,
                (l.closing_class = 'poor')::integer as closed_poor,
                (l.opening_class = 'near_poor')::integer as opened_near,
                (l.closing_class = 'near_poor')::integer as closed_near
        ) as k
    cross join
        lateral (
            values
            ('movement_7_2', 'opening_count', k.opened_poor, case when k.opened_poor = 1 then l.opening_member_count end),
            ('movement_7_2', 'closing_count', k.closed_poor, case when k.closed_poor = 1 then l.member_count end),
            ('movement_7_2', t.field_7_2, 1, case when k.opened_poor = 1 then l.opening_member_count else l.member_count end),
            (
                'movement_7_2',
                'other_decrease',
                0,
                case when k.opened_poor + k.closed_poor = 2 then l.opening_member_count - l.member_count end
            ),
            (
                'movement_7_2',
                'other_increase',
                0,
                case when k.opened_poor + k.closed_poor = 2 then l.member_count - l.opening_member_count end
            ),
            ('movement_7_3', 'opening_count', k.opened_near, case when k.opened_near = 1 then l.opening_member_count end),
            ('movement_7_3', 'closing_count', k.closed_near, case when k.closed_near = 1 then l.member_count end),
            ('movement_7_3', t.field_7_3, 1, case when k.opened_near = 1 then l.opening_member_count else l.member_count end),
            (
                'movement_7_3',
                'other_decrease',
                0,
                case when k.opened_near + k.closed_near = 2 then l.opening_member_count - l.member_count end
            ),
            (
                'movement_7_3',
                'other_increase',
                0,
                case when k.opened_near + k.closed_near = 2 then l.member_count - l.opening_member_count end
            )
        ) as c (sheet, field, households, persons)
    where c.field is not null and (c.households = 1 or c.persons > 0)
),

unknown as (
    select distinct submission_id
    from listed
    where opening_class in ('poor', 'near_poor') and opening_member_count is null
)

select
    c.submission_id,
    c.sheet,
    c.field,
    sum(c.households) as households,
    case when u.submission_id is null then coalesce(sum(c.persons), 0) end as persons
from contributions as c
left join unknown as u using (submission_id)
group by c.submission_id, c.sheet, c.field, u.submission_id;

-- The cells of 7.2 and 7.3 as rows: (submission, sheet, row, unit, field, printed value).
create view intake.batch_movement_cell as
select
    m.submission_id,
    m.sheet,
    m.row_number,
    m.unit,
    c.field,
    c.printed,
    m.refused_fields
from intake.batch_movement_7_2 as m
cross join
    lateral (
        values
        ('opening_count', m.opening_count), ('left_to_near_poor', m.left_to_near_poor), ('left_above_near_poor', m.left_above_near_poor),
        ('other_decrease', m.other_decrease), ('joined_from_near_poor', m.joined_from_near_poor), ('relapsed', m.relapsed),
        ('newly_poor', m.newly_poor), ('other_increase', m.other_increase), ('closing_count', m.closing_count)
    ) as c (field, printed)
union all
select
    m.submission_id,
    m.sheet,
    m.row_number,
    m.unit,
    c.field,
    c.printed,
    m.refused_fields
from intake.batch_movement_7_3 as m
cross join lateral (
    values
    ('opening_count', m.opening_count), ('left_above_near_poor', m.left_above_near_poor), ('left_to_poor', m.left_to_poor),
    ('other_decrease', m.other_decrease), ('joined_from_poor', m.joined_from_poor), ('relapsed', m.relapsed),
    ('newly_near_poor', m.newly_near_poor), ('other_increase', m.other_increase), ('closing_count', m.closing_count)
) as c (field, printed);

-- Column 9 against 1-2-3-4+5+6+7+8 on each row of 7.2 and 7.3, a blank 4 or 8 read as "not entered". A row with a refused cell is
-- left out. is_explained: the list's own counts of the blank columns make up the residual; null where the list cannot tell.
create view intake.batch_movement_residual as
with residual as (
    select
        m.submission_id,
        m.sheet,
        m.row_number,
        m.unit,
        max(m.printed) filter (where m.field = 'closing_count') as closing,
        max(m.printed) filter (where m.field = 'closing_count')
        - coalesce(sum(case
            when m.field = 'closing_count' then 0
            when
                m.field = 'opening_count'
                or m.field in ('joined_from_near_poor', 'joined_from_poor', 'relapsed', 'newly_poor', 'newly_near_poor', 'other_increase')
                then m.printed
            else -m.printed
        end), 0) as residual,
        bool_or(m.field = 'other_decrease' and m.printed is null) as blank_4,
        bool_or(m.field = 'other_increase' and m.printed is null) as blank_8
    from intake.batch_movement_cell as m
    group by m.submission_id, m.sheet, m.row_number, m.unit
    having
        not bool_or(m.printed is null and m.field not in ('other_decrease', 'other_increase'))
        and not bool_or(m.field = any(m.refused_fields))
),

unsure as (
    select distinct l.submission_id
    from intake.batch_household_list as l
    where l.refused_fields && array['opening_class', 'closing_class', 'movement']
),

explained as (
    select
        r.*,
        case
            when not (r.blank_4 or r.blank_8) then false
            when u.submission_id is null
                then
                    r.residual
                    = case when r.blank_8 then coalesce(i.households, 0) else 0 end
                    - case when r.blank_4 then coalesce(d.households, 0) else 0 end
        end as is_explained
    from residual as r
    left join unsure as u using (submission_id)
    left join intake.batch_list_cell as d on r.submission_id = d.submission_id and r.sheet = d.sheet and d.field = 'other_decrease'
    left join intake.batch_list_cell as i on r.submission_id = i.submission_id and r.sheet = i.sheet and i.field = 'other_increase'
)

select e.*
from explained as e;
