-- Generated from ingestion/forms/credit.yaml by ingestion.tables; a test compares the two.
create table intake.credit_need (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('credit_need') stored,
    refused_fields text[] not null default '{}',
    row_label text,
    household_code text,
    borrower_name text,
    citizen_id text,
    borrower_class text,
    left_list_date date,
    has_need boolean,
    is_eligible boolean,
    ineligible_reason text,
    request_date date,
    requested_vnd bigint,
    purpose text,
    programme_code text,
    outcome text,
    refusal_reason text,
    disbursed_vnd bigint,
    disbursement_date date,
    capital_source text,
    outstanding_vnd bigint,
    model_code text,
    hamlet text,
    primary key (submission_id, row_number)
);
comment on table intake.credit_need is 'Nhu cầu vay vốn: one row per household and request.';
comment on column intake.credit_need.row_label is 'STT';
comment on column intake.credit_need.household_code is 'Mã hộ';
comment on column intake.credit_need.borrower_name is 'Họ và tên người vay';
comment on column intake.credit_need.citizen_id is 'Số CCCD';
comment on column intake.credit_need.borrower_class is 'Đối tượng';
comment on column intake.credit_need.left_list_date is 'Ngày ra khỏi danh sách';
comment on column intake.credit_need.has_need is 'Có nhu cầu vay';
comment on column intake.credit_need.is_eligible is 'Đủ điều kiện';
comment on column intake.credit_need.ineligible_reason is 'Lý do không đủ điều kiện';
comment on column intake.credit_need.request_date is 'Ngày đề nghị';
comment on column intake.credit_need.requested_vnd is 'Số tiền đề nghị';
comment on column intake.credit_need.purpose is 'Mục đích';
comment on column intake.credit_need.programme_code is 'Chương trình';
comment on column intake.credit_need.outcome is 'Kết quả';
comment on column intake.credit_need.refusal_reason is 'Lý do từ chối';
comment on column intake.credit_need.disbursed_vnd is 'Số tiền giải ngân';
comment on column intake.credit_need.disbursement_date is 'Ngày giải ngân';
comment on column intake.credit_need.capital_source is 'Nguồn vốn (1: Trung ương; 2: Địa phương)';
comment on column intake.credit_need.outstanding_vnd is 'Dư nợ hiện tại';
comment on column intake.credit_need.model_code is 'Mã mô hình liên kết';
comment on column intake.credit_need.hamlet is 'Ấp/Khu phố';

create table intake.credit_capital (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('credit_capital') stored,
    refused_fields text[] not null default '{}',
    borrower_class text,
    capital_source text,
    capital_available_vnd bigint,
    primary key (submission_id, row_number)
);
comment on table intake.credit_capital is 'Nguồn vốn: one row per class and source.';
comment on column intake.credit_capital.borrower_class is 'Đối tượng';
comment on column intake.credit_capital.capital_source is 'Nguồn vốn (1: Trung ương; 2: Địa phương)';
comment on column intake.credit_capital.capital_available_vnd is 'Vốn được giao lũy kế từ 1/1 đến cuối kỳ';

-- Generated from ingestion/forms/training.yaml by ingestion.tables; a test compares the two.
create table intake.training_need (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('training_need') stored,
    refused_fields text[] not null default '{}',
    row_label text,
    household_code text,
    person_name text,
    citizen_id text,
    sex text,
    birth_date date,
    birth_date_year integer,
    household_class text,
    has_need boolean,
    need_date date,
    requested_trade text,
    training_status text,
    enrolment_date date,
    completion_date date,
    training_provider text,
    was_coached boolean,
    was_career_oriented boolean,
    was_referred boolean,
    has_stable_job boolean,
    job_start_date date,
    support_vnd bigint,
    hamlet text,
    primary key (submission_id, row_number)
);
comment on table intake.training_need is 'Đào tạo nghề: one row per person and course.';
comment on column intake.training_need.row_label is 'STT';
comment on column intake.training_need.household_code is 'Mã hộ';
comment on column intake.training_need.person_name is 'Họ và tên';
comment on column intake.training_need.citizen_id is 'Số CCCD';
comment on column intake.training_need.sex is 'Giới tính (1: Nam; 2: Nữ)';
comment on column intake.training_need.birth_date is 'Ngày sinh';
comment on column intake.training_need.birth_date_year is 'Ngày sinh';
comment on column intake.training_need.household_class is 'Đối tượng hộ';
comment on column intake.training_need.has_need is 'Có nhu cầu học nghề';
comment on column intake.training_need.need_date is 'Ngày đăng ký nhu cầu';
comment on column intake.training_need.requested_trade is 'Nghề đăng ký';
comment on column intake.training_need.training_status is 'Đào tạo nghề';
comment on column intake.training_need.enrolment_date is 'Ngày nhập học';
comment on column intake.training_need.completion_date is 'Ngày hoàn thành';
comment on column intake.training_need.training_provider is 'Cơ sở đào tạo';
comment on column intake.training_need.was_coached is 'Tập huấn';
comment on column intake.training_need.was_career_oriented is 'Định hướng nghề nghiệp';
comment on column intake.training_need.was_referred is 'Giới thiệu việc làm';
comment on column intake.training_need.has_stable_job is 'Có việc làm ổn định';
comment on column intake.training_need.job_start_date is 'Ngày có việc làm';
comment on column intake.training_need.support_vnd is 'Kinh phí hỗ trợ';
comment on column intake.training_need.hamlet is 'Ấp/Khu phố';

create index on intake.credit_need (submission_id, household_code);
create index on intake.training_need (submission_id, household_code);

create table reference.loan_cap (
    load_id bigint not null references reference.load,
    programme_code text not null,
    cap_vnd bigint not null,
    legal_basis text not null,
    is_assumed boolean not null,
    valid_from date not null,
    valid_to date,
    primary key (load_id, programme_code, valid_from)
);
comment on table reference.loan_cap is 'Most that one household may owe under a programme.';

create table reference.training_cap (
    load_id bigint not null references reference.load,
    household_class text not null,
    cap_vnd bigint not null,
    legal_basis text not null,
    is_assumed boolean not null,
    valid_from date not null,
    valid_to date,
    primary key (load_id, household_class, valid_from)
);
comment on table reference.training_cap is 'Most that one course of a person may be supported with, by the class of the household.';

create view intake.batch_credit_need as
select
    c.*,
    s.commune_code,
    s.period_key,
    s.period_year,
    s.period_start_date,
    s.period_end_date
from intake.credit_need as c
inner join intake.batch_submission as s using (submission_id);

create view intake.batch_credit_capital as
select
    c.*,
    s.period_year
from intake.credit_capital as c
inner join intake.batch_submission as s using (submission_id);

create view intake.batch_training_need as
select
    t.*,
    s.commune_code,
    s.period_key,
    s.period_year,
    s.period_start_date,
    s.period_end_date
from intake.training_need as t
inner join intake.batch_submission as s using (submission_id);
