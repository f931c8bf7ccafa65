-- Counts of a divided commune's review on each commune of a map that it lies on. By hamlet where every counted household is known; else by
-- the published share of the people, each count by itself and by largest remainder, so that the parts add to the whole; else no row.
{{ config(materialized='table') }}

with divided as (
    select
        p.boundary,
        p.submission_id,
        p.area_key as unit_key,
        p.share,
        count(*) over part = count(p.share) over part as has_shares
    from {{ ref('int_area_part') }} as p
    where p.form_code = 'household_review' and p.period_type = 'year' and p.is_divided and p.is_accepted
    window part as (partition by p.boundary, p.submission_id)
),

listed as (
    select
        submission_id,
        count(*) as households
    from {{ ref('int_household_review') }}
    where
        submission_id in (select d.submission_id from divided as d)
        and (opening_class in ('poor', 'near_poor') or closing_class in ('poor', 'near_poor'))
    group by submission_id
),

placed as (
    select
        g.boundary,
        g.submission_id,
        count(*) as households
    from {{ ref('int_household_ground') }} as g
    group by g.boundary, g.submission_id
),

counted as (
    select
        g.boundary,
        g.unit_key,
        g.submission_id,
        {{ review_counts() | indent(8) }}
    from {{ ref('int_household_ground') }} as g
    inner join {{ ref('int_household_review') }} as r on g.submission_id = r.submission_id and g.row_number = r.row_number
    group by g.boundary, g.unit_key, g.submission_id
),

methods as (
    select
        d.*,
        case
            when coalesce(l.households, 0) = coalesce(p.households, 0) then 'by_hamlet'
            when d.has_shares then 'published_share'
        end as method
    from divided as d
    left join listed as l on d.submission_id = l.submission_id
    left join placed as p on d.boundary = p.boundary and d.submission_id = p.submission_id
),

shares as (
    select
        m.boundary,
        m.unit_key,
        m.submission_id,
        c.measure,
        c.whole::bigint as whole,
        floor(c.whole::bigint * m.share) as least,
        round(c.whole::bigint * m.share - floor(c.whole::bigint * m.share), 9) as remainder
    from methods as m
    inner join {{ ref('int_poverty_commune') }} as w on m.submission_id = w.submission_id
    cross join lateral jsonb_each_text(to_jsonb(w)) as c (measure, whole)
    where m.method = 'published_share' and c.measure not in ('submission_id', 'period_year')
),

ranked as (
    select
        s.*,
        row_number() over (part order by s.remainder desc, s.unit_key asc) as place,
        s.whole - sum(s.least) over part as left_over
    from shares as s
    window part as (partition by s.boundary, s.submission_id, s.measure)
),

shared as (
    select
        {%- for column in list_counts() %}
        sum(least + (place <= left_over)::integer) filter (where measure = '{{ column }}')::bigint as {{ column }},
        {%- endfor %}
        boundary,
        unit_key,
        submission_id
    from ranked
    group by boundary, unit_key, submission_id
)

select
    m.boundary,
    m.unit_key,
    m.submission_id,
    {%- for column in list_counts() %}
    case
        when m.method = 'published_share' then s.{{ column }}
        when c.submission_id is null then 0
        else c.{{ column }}
    end as {{ column }},
    {%- endfor %}
    m.method
from methods as m
left join counted as c on m.boundary = c.boundary and m.unit_key = c.unit_key and m.submission_id = c.submission_id
left join shared as s on m.boundary = s.boundary and m.unit_key = s.unit_key and m.submission_id = s.submission_id
where m.method is not null
