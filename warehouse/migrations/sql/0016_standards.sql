-- The household review's second version (periods from 2026), and the class that a household's facts give under any standard.
alter table intake.household_list
add column dep_waste_treatment boolean,
add column income_per_head_vnd numeric(18, 6),
add column next_standard_class text;
comment on column intake.household_list.dep_waste_treatment is 'Xử lý rác thải';
comment on column intake.household_list.income_per_head_vnd is 'Thu nhập bình quân đầu người (đồng/tháng)';
comment on column intake.household_list.next_standard_class is 'Phân loại theo chuẩn 2027-2030';

alter table reference.standard add column deprivation_line integer;
comment on column reference.standard.deprivation_line is
'Indicators of the standard''s own that a household at or below the income line must lack to be poor. Null: it is not told by facts alone.';

create function intake.deprived(household jsonb, fields text[]) returns integer
language sql immutable parallel safe
return (
    select case when bool_and(household ->> f.field is not null) then count(*) filter (where (household ->> f.field)::boolean) end
    from unnest(fields) as f (field)
)::integer;
comment on function intake.deprived is 'How many of these indicators a row of the list is marked in; null where its form does not ask for one of them.';

create function intake.class_by_facts(
    income_per_head_vnd numeric, income_line_vnd bigint, deprived integer, deprivation_line integer
) returns text
language sql immutable parallel safe
return case
    when income_per_head_vnd > income_line_vnd then 'not_poor'
    when income_per_head_vnd <= income_line_vnd and deprived >= deprivation_line then 'poor'
    when income_per_head_vnd <= income_line_vnd and deprived < deprivation_line then 'near_poor'
end;
comment on function intake.class_by_facts is
'The class by income a head a month and indicators lacked, both lines inclusive (Decree 07/2021/ND-CP, article 3; Decree 351/2025/ND-CP). '
'Null where a fact or a line is unknown.';

create function intake.standard_of_review(review_year integer) returns text
language sql stable parallel safe
return (
    select min(d.standard_version)
    from reference.standard as d
    where
        d.load_id = (
            select max(l.load_id) from reference.load as l
            where l.table_name = 'standard'
        )
        and review_year between d.review_year_from and coalesce(d.review_year_to, 9999)
);
comment on function intake.standard_of_review is 'The standard that the review of a year classifies by.';

-- The standard that comes after that of a review, by the years of the reviews that still stand under the one before.
create view intake.next_standard as
with standard as (
    select d.*
    from reference.standard as d
    where d.load_id = (
        select max(l.load_id) from reference.load as l
        where l.table_name = 'standard'
    )
),

indicator as (
    select
        i.standard_version,
        array_agg(i.field order by i.position) as fields
    from reference.standard_indicator as i
    where
        i.load_id = (
            select max(l.load_id) from reference.load as l
            where l.table_name = 'standard_indicator'
        )
    group by i.standard_version
)

select
    before.review_year_from,
    before.review_year_to,
    s.area_type,
    s.standard_version,
    s.income_line_vnd,
    s.deprivation_line,
    i.fields
from standard as before
inner join standard as s on before.area_type = s.area_type and before.review_year_to + 1 = s.review_year_from
inner join indicator as i on s.standard_version = i.standard_version;
comment on view intake.next_standard is 'The standard after that of a review: what next_standard_class is judged by.';
