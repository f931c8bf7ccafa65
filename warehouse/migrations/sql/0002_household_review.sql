-- Generated from ingestion/forms/household_review.yaml by ingestion.tables; a test compares the two.
create table intake.cover (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('cover') stored,
    refused_fields text[] not null default '{}',
    form_code text,
    form_version text,
    province_name text,
    district_name text,
    commune_name text,
    commune_code text,
    period_type text,
    period text,
    as_of_date date,
    prepared_by text,
    approved_by text,
    signed_date date,
    document_number text,
    result_stage text,
    approver_title text,
    preparer_title text,
    primary key (submission_id, row_number)
);
comment on table intake.cover is 'Bìa: one row per submission.';
comment on column intake.cover.form_code is 'Mã biểu';
comment on column intake.cover.form_version is 'Phiên bản biểu';
comment on column intake.cover.province_name is 'Tỉnh';
comment on column intake.cover.district_name is 'Huyện';
comment on column intake.cover.commune_name is 'Xã/phường/thị trấn';
comment on column intake.cover.commune_code is 'Mã đơn vị hành chính';
comment on column intake.cover.period_type is 'Loại kỳ';
comment on column intake.cover.period is 'Kỳ báo cáo';
comment on column intake.cover.as_of_date is 'Ngày chốt số liệu';
comment on column intake.cover.prepared_by is 'Người lập biểu';
comment on column intake.cover.approved_by is 'Người phê duyệt';
comment on column intake.cover.signed_date is 'Ngày ký';
comment on column intake.cover.document_number is 'Số văn bản';
comment on column intake.cover.result_stage is 'Loại kết quả';
comment on column intake.cover.approver_title is 'Chức vụ người phê duyệt';
comment on column intake.cover.preparer_title is 'Chức vụ người lập biểu';

create table intake.household_list (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('household_list') stored,
    refused_fields text[] not null default '{}',
    row_label text,
    household_code text,
    head_name text,
    head_citizen_id text,
    head_sex text,
    head_birth_date date,
    head_birth_date_year integer,
    ethnicity text,
    hamlet text,
    area_type text,
    member_count bigint,
    score_b1 bigint,
    score_b2 bigint,
    dep_employment boolean,
    dep_dependency boolean,
    dep_nutrition boolean,
    dep_health_insurance boolean,
    dep_adult_education boolean,
    dep_child_schooling boolean,
    dep_housing_quality boolean,
    dep_housing_area boolean,
    dep_clean_water boolean,
    dep_latrine boolean,
    dep_telecom boolean,
    dep_info_device boolean,
    opening_class text,
    closing_class text,
    movement text,
    cause_lack_land boolean,
    cause_lack_capital boolean,
    cause_lack_labour boolean,
    cause_lack_tools boolean,
    cause_lack_knowledge boolean,
    cause_lack_skill boolean,
    cause_illness_accident boolean,
    cause_other boolean,
    is_ethnic_minority boolean,
    is_merit_household boolean,
    has_no_labour_capacity boolean,
    is_average_living_standard boolean,
    review_date date,
    decision_number text,
    decision_date date,
    left_list_date date,
    opening_member_count bigint,
    previous_household_code text,
    previous_commune_code text,
    primary key (submission_id, row_number)
);
comment on table intake.household_list is 'Danh sách hộ: one row per household.';
comment on column intake.household_list.row_label is 'STT';
comment on column intake.household_list.household_code is 'Mã hộ';
comment on column intake.household_list.head_name is 'Họ và tên chủ hộ';
comment on column intake.household_list.head_citizen_id is 'Số CCCD của chủ hộ';
comment on column intake.household_list.head_sex is 'Giới tính (1: Nam; 2: Nữ)';
comment on column intake.household_list.head_birth_date is 'Ngày sinh';
comment on column intake.household_list.head_birth_date_year is 'Ngày sinh';
comment on column intake.household_list.ethnicity is 'Dân tộc';
comment on column intake.household_list.hamlet is 'Ấp/Khu phố';
comment on column intake.household_list.area_type is 'Khu vực (NT: nông thôn; TT: thành thị)';
comment on column intake.household_list.member_count is 'Số nhân khẩu';
comment on column intake.household_list.score_b1 is 'Điểm B1';
comment on column intake.household_list.score_b2 is 'Điểm B2';
comment on column intake.household_list.dep_employment is 'Việc làm';
comment on column intake.household_list.dep_dependency is 'Người phụ thuộc trong hộ';
comment on column intake.household_list.dep_nutrition is 'Dinh dưỡng';
comment on column intake.household_list.dep_health_insurance is 'Bảo hiểm y tế';
comment on column intake.household_list.dep_adult_education is 'Trình độ giáo dục của người lớn';
comment on column intake.household_list.dep_child_schooling is 'Tình trạng đi học của trẻ em';
comment on column intake.household_list.dep_housing_quality is 'Chất lượng nhà ở';
comment on column intake.household_list.dep_housing_area is 'Diện tích nhà ở bình quân đầu người';
comment on column intake.household_list.dep_clean_water is 'Nguồn nước sinh hoạt';
comment on column intake.household_list.dep_latrine is 'Nhà tiêu hợp vệ sinh';
comment on column intake.household_list.dep_telecom is 'Sử dụng dịch vụ viễn thông';
comment on column intake.household_list.dep_info_device is 'Phương tiện phục vụ tiếp cận thông tin';
comment on column intake.household_list.opening_class is 'Phân loại đầu kỳ';
comment on column intake.household_list.closing_class is 'Phân loại cuối kỳ';
comment on column intake.household_list.movement is 'Diễn biến';
comment on column intake.household_list.cause_lack_land is 'Không có đất sản xuất';
comment on column intake.household_list.cause_lack_capital is 'Không có vốn sản xuất, kinh doanh';
comment on column intake.household_list.cause_lack_labour is 'Không có lao động';
comment on column intake.household_list.cause_lack_tools is 'Không có công cụ, phương tiện sản xuất';
comment on column intake.household_list.cause_lack_knowledge is 'Không có kiến thức về sản xuất';
comment on column intake.household_list.cause_lack_skill is 'Không có kỹ năng lao động, sản xuất';
comment on column intake.household_list.cause_illness_accident is 'Có người ốm đau, bệnh nặng, tai nạn';
comment on column intake.household_list.cause_other is 'Nguyên nhân khác';
comment on column intake.household_list.is_ethnic_minority is 'Hộ dân tộc thiểu số';
comment on column intake.household_list.is_merit_household is 'Hộ có thành viên là người có công';
comment on column intake.household_list.has_no_labour_capacity is 'Hộ không có khả năng lao động';
comment on column intake.household_list.is_average_living_standard is 'Hộ làm nông, lâm, ngư, diêm nghiệp có mức sống trung bình';
comment on column intake.household_list.review_date is 'Ngày rà soát';
comment on column intake.household_list.decision_number is 'Số quyết định công nhận';
comment on column intake.household_list.decision_date is 'Ngày quyết định';
comment on column intake.household_list.left_list_date is 'Ngày ra khỏi danh sách';
comment on column intake.household_list.opening_member_count is 'Số nhân khẩu đầu kỳ';
comment on column intake.household_list.previous_household_code is 'Mã hộ kỳ trước';
comment on column intake.household_list.previous_commune_code is 'Mã xã kỳ trước';

create table intake.member_list (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('member_list') stored,
    refused_fields text[] not null default '{}',
    household_no bigint,
    member_no bigint,
    member_name text,
    birth_year_male bigint,
    birth_year_female bigint,
    ethnicity text,
    relation_to_head text,
    is_new boolean,
    is_relapsed boolean,
    is_carried_over boolean,
    is_merit_household boolean,
    is_ethnic_minority boolean,
    has_no_labour_capacity boolean,
    support_health boolean,
    support_education boolean,
    support_production boolean,
    support_credit boolean,
    support_housing boolean,
    support_other boolean,
    household_code text,
    citizen_id text,
    birth_date date,
    birth_date_year integer,
    activity_status text,
    child_dep_nutrition boolean,
    no_health_insurance boolean,
    child_not_in_school boolean,
    primary key (submission_id, row_number)
);
comment on table intake.member_list is 'Thành viên: one row per household member.';
comment on column intake.member_list.household_no is 'STT chủ hộ';
comment on column intake.member_list.member_no is 'STT thành viên';
comment on column intake.member_list.member_name is 'Họ tên chủ hộ và thành viên';
comment on column intake.member_list.birth_year_male is 'Năm sinh Nam';
comment on column intake.member_list.birth_year_female is 'Năm sinh Nữ';
comment on column intake.member_list.ethnicity is 'Dân tộc';
comment on column intake.member_list.relation_to_head is 'Quan hệ với chủ hộ';
comment on column intake.member_list.is_new is 'Nghèo mới';
comment on column intake.member_list.is_relapsed is 'Tái nghèo';
comment on column intake.member_list.is_carried_over is 'Nghèo cũ';
comment on column intake.member_list.is_merit_household is 'Hộ chính sách có công';
comment on column intake.member_list.is_ethnic_minority is 'Hộ dân tộc';
comment on column intake.member_list.has_no_labour_capacity is 'Hộ không có khả năng lao động';
comment on column intake.member_list.support_health is 'Hỗ trợ y tế';
comment on column intake.member_list.support_education is 'Hỗ trợ giáo dục';
comment on column intake.member_list.support_production is 'Hỗ trợ sản xuất';
comment on column intake.member_list.support_credit is 'Hỗ trợ vay vốn tín dụng';
comment on column intake.member_list.support_housing is 'Hỗ trợ nhà ở';
comment on column intake.member_list.support_other is 'Hỗ trợ khác';
comment on column intake.member_list.household_code is 'Mã hộ';
comment on column intake.member_list.citizen_id is 'Số CCCD';
comment on column intake.member_list.birth_date is 'Ngày sinh';
comment on column intake.member_list.birth_date_year is 'Ngày sinh';
comment on column intake.member_list.activity_status is 'Tình trạng việc làm';
comment on column intake.member_list.child_dep_nutrition is 'Trẻ em thiếu hụt dinh dưỡng';
comment on column intake.member_list.no_health_insurance is 'Không có bảo hiểm y tế';
comment on column intake.member_list.child_not_in_school is 'Trẻ em không đi học đúng cấp';

create table intake.summary_7_1 (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('summary_7_1') stored,
    refused_fields text[] not null default '{}',
    row_label text,
    commune_name text,
    total_households bigint,
    total_persons bigint,
    poor_households bigint,
    poor_rate_pct numeric(18, 6),
    near_poor_households bigint,
    near_poor_rate_pct numeric(18, 6),
    average_households bigint,
    average_rate_pct numeric(18, 6),
    poor_persons bigint,
    poor_persons_pct numeric(18, 6),
    near_poor_persons bigint,
    near_poor_persons_pct numeric(18, 6),
    average_persons bigint,
    average_persons_pct numeric(18, 6),
    primary key (submission_id, row_number)
);
comment on table intake.summary_7_1 is 'Mẫu 7.1: one row per commune.';
comment on column intake.summary_7_1.row_label is 'TT';
comment on column intake.summary_7_1.commune_name is 'Phường/Xã';
comment on column intake.summary_7_1.total_households is 'Tổng số hộ dân cư - Số hộ';
comment on column intake.summary_7_1.total_persons is 'Tổng số hộ dân cư - Nhân khẩu';
comment on column intake.summary_7_1.poor_households is 'Hộ nghèo - Số hộ';
comment on column intake.summary_7_1.poor_rate_pct is 'Hộ nghèo - Tỷ lệ';
comment on column intake.summary_7_1.near_poor_households is 'Hộ cận nghèo - Số hộ';
comment on column intake.summary_7_1.near_poor_rate_pct is 'Hộ cận nghèo - Tỷ lệ';
comment on column intake.summary_7_1.average_households is 'Hộ MSTB - Số hộ';
comment on column intake.summary_7_1.average_rate_pct is 'Hộ MSTB - Tỷ lệ';
comment on column intake.summary_7_1.poor_persons is 'Khẩu nghèo - Số khẩu';
comment on column intake.summary_7_1.poor_persons_pct is 'Khẩu nghèo - Tỷ lệ';
comment on column intake.summary_7_1.near_poor_persons is 'Khẩu cận nghèo - Số khẩu';
comment on column intake.summary_7_1.near_poor_persons_pct is 'Khẩu cận nghèo - Tỷ lệ';
comment on column intake.summary_7_1.average_persons is 'Khẩu MSTB - Số khẩu';
comment on column intake.summary_7_1.average_persons_pct is 'Khẩu MSTB - Tỷ lệ';

create table intake.movement_7_2 (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('movement_7_2') stored,
    refused_fields text[] not null default '{}',
    row_label text,
    commune_name text,
    unit text,
    opening_count bigint,
    left_to_near_poor bigint,
    left_above_near_poor bigint,
    other_decrease bigint,
    joined_from_near_poor bigint,
    relapsed bigint,
    newly_poor bigint,
    other_increase bigint,
    closing_count bigint,
    primary key (submission_id, row_number)
);
comment on table intake.movement_7_2 is 'Mẫu 7.2: one row per unit (households, persons).';
comment on column intake.movement_7_2.row_label is 'TT';
comment on column intake.movement_7_2.commune_name is 'Phường/Xã';
comment on column intake.movement_7_2.unit is 'Phân tổ';
comment on column intake.movement_7_2.opening_count is 'Tổng số hộ nghèo đầu kỳ';
comment on column intake.movement_7_2.left_to_near_poor is 'Thoát nghèo - Trở thành hộ cận nghèo';
comment on column intake.movement_7_2.left_above_near_poor is 'Thoát nghèo - Vượt chuẩn cận nghèo';
comment on column intake.movement_7_2.other_decrease is 'Giảm khác';
comment on column intake.movement_7_2.joined_from_near_poor is 'Cận nghèo trở thành hộ nghèo';
comment on column intake.movement_7_2.relapsed is 'Tái nghèo';
comment on column intake.movement_7_2.newly_poor is 'Phát sinh mới';
comment on column intake.movement_7_2.other_increase is 'Tăng khác';
comment on column intake.movement_7_2.closing_count is 'Tổng số hộ nghèo cuối kỳ';

create table intake.movement_7_3 (
    submission_id uuid not null references intake.submission,
    row_number integer not null,
    sheet text not null generated always as ('movement_7_3') stored,
    refused_fields text[] not null default '{}',
    row_label text,
    commune_name text,
    unit text,
    opening_count bigint,
    left_above_near_poor bigint,
    left_to_poor bigint,
    other_decrease bigint,
    joined_from_poor bigint,
    relapsed bigint,
    newly_near_poor bigint,
    other_increase bigint,
    closing_count bigint,
    primary key (submission_id, row_number)
);
comment on table intake.movement_7_3 is 'Mẫu 7.3: one row per unit (households, persons).';
comment on column intake.movement_7_3.row_label is 'TT';
comment on column intake.movement_7_3.commune_name is 'Phường/Xã';
comment on column intake.movement_7_3.unit is 'Phân tổ';
comment on column intake.movement_7_3.opening_count is 'Tổng số hộ cận nghèo đầu kỳ';
comment on column intake.movement_7_3.left_above_near_poor is 'Thoát cận nghèo';
comment on column intake.movement_7_3.left_to_poor is 'Cận nghèo trở thành hộ nghèo';
comment on column intake.movement_7_3.other_decrease is 'Giảm khác';
comment on column intake.movement_7_3.joined_from_poor is 'Hộ nghèo trở thành hộ cận nghèo';
comment on column intake.movement_7_3.relapsed is 'Tái cận nghèo';
comment on column intake.movement_7_3.newly_near_poor is 'Phát sinh mới';
comment on column intake.movement_7_3.other_increase is 'Tăng khác';
comment on column intake.movement_7_3.closing_count is 'Tổng số hộ cận nghèo cuối kỳ';
