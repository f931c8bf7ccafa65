select
    period_key,
    period_type,
    period_year,
    period_start_date,
    period_end_date,
    case period_type
        when 'year' then 'Năm ' || period_year
        when 'half_year' then '6 tháng ' || case right(period_key, 1) when '1' then 'đầu' else 'cuối' end || ' năm ' || period_year
        when 'quarter' then 'Quý ' || right(period_key, 1) || '/' || period_year
        else 'Tháng ' || right(period_key, 2) || '/' || period_year
    end as label_vi
from {{ ref('int_period') }}
