-- Form 7.1 of a return in force gives one row with the commune's households.
select
    p.submission_id,
    count(t.submission_id) as totals
from {{ ref('int_commune_period') }} as p
left join {{ ref('stg_summary_7_1') }} as t on p.submission_id = t.submission_id
where p.form_code = 'household_review' and p.is_accepted
group by p.submission_id
having count(t.submission_id) <> 1
