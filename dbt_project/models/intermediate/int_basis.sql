-- What kept rows are made from beside their return, as one number each: the code and the reference data of the build; and with them the
-- official reviews in force, whose lists say the class of a household.
{{ config(materialized='table') }}

with known as (
    select
        b.code_version,
        (
            select string_agg(distinct l.table_name || ' ' || l.load_id, ',' order by l.table_name || ' ' || l.load_id)
            from {{ source('reference', 'load') }} as l
            where l.recorded_at <= b.knowledge_at
        ) as loads,
        (
            select string_agg(c.submission_id::text, ',' order by c.submission_id)
            from {{ ref('int_class_list') }} as c
        ) as lists
    from {{ ref('stg_build') }} as b
)

select
    hashtextextended(concat_ws('|', code_version, loads), 0) as reference_basis,
    hashtextextended(concat_ws('|', code_version, loads, lists), 0) as list_basis
from known
