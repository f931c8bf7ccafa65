-- What the rules on credit read, and how they show it.

create function intake.credit_label_of(code text) returns text
language sql immutable strict parallel safe
return case code
    when 'newly_escaped' then 'Hộ mới thoát nghèo'
    when 'disbursed' then 'Đã giải ngân'
    when 'approved' then 'Đã duyệt'
    when 'refused' then 'Từ chối'
    when 'withdrawn' then 'Rút đề nghị'
    when 'pending' then 'Đang xét'
    when 'central' then '1'
    when 'local' then '2'
    else intake.label_of(code)
end;
comment on function intake.credit_label_of is 'A stored code of the credit form as the workbook writes it. A test compares it with the contract.';

create function intake.show_vnd(value bigint) returns text
language sql immutable parallel safe
return coalesce(translate(to_char(value, 'FM999,999,999,999,999,990'), ',', '.'), '(trống)');
comment on function intake.show_vnd is 'An amount of dong with points between the thousands.';

create view intake.bank_programme as
select
    p.programme_code,
    p.name_vi,
    p.borrower_class,
    p.counts_for_loan_goal,
    p.valid_from,
    coalesce(p.valid_to, 'infinity') as valid_to
from reference.programme as p
where p.load_id = (
    select max(l.load_id) from reference.load as l
    where l.table_name = 'programme'
);
comment on view intake.bank_programme is 'Programmes of the policy bank, from the newest load.';

create view intake.class_loan_cap as
select
    c.programme_code,
    p.borrower_class,
    c.cap_vnd,
    c.legal_basis,
    c.valid_from,
    coalesce(c.valid_to, 'infinity') as valid_to
from reference.loan_cap as c
inner join (
    select distinct
        programme_code,
        borrower_class
    from intake.bank_programme
    where counts_for_loan_goal
) as p using (programme_code)
where c.load_id = (
    select max(l.load_id) from reference.load as l
    where l.table_name = 'loan_cap'
);
comment on view intake.class_loan_cap is 'Most that a household may owe under a programme of the loan goal, with the class that the programme is for.';

-- Of each year up to tonight's: the newest credit return in force of an earlier quarter, of the same commune on the same ground.
create view intake.batch_credit_earlier as
select distinct on (s.submission_id, extract(year from o.period_end_date))
    s.submission_id,
    s.period_year,
    o.submission_id as earlier_submission_id,
    o.period_key as earlier_period_key,
    o.version as earlier_version,
    extract(year from o.period_end_date)::integer as earlier_year
from intake.batch_submission as s
inner join audit.submission_in_force as f on s.form_code = f.form_code and s.commune_code = f.commune_code
inner join intake.submission as o on f.submission_id = o.submission_id
where
    s.form_code = 'credit'
    and s.commune_valid_from = o.commune_valid_from
    and s.commune_footprint_from = o.commune_footprint_from
    and s.period_end_date > o.period_end_date
order by s.submission_id asc, extract(year from o.period_end_date) asc, o.period_end_date desc;
comment on view intake.batch_credit_earlier is 'Tonight''s credit returns with the newest earlier quarter in force of each year, where the commune had the same ground.';
