{#- Rows of a reference table as they were known at the build's moment: its newest load recorded by then. -#}
{% macro known_rows(table) -%}
select r.*
from {{ source('reference', table) }} as r
where r.load_id = (
    select max(l.load_id)
    from {{ source('reference', 'load') }} as l
    cross join {{ ref('stg_build') }} as b
    where l.table_name = '{{ table }}' and l.recorded_at <= b.knowledge_at
)
{%- endmacro %}

{#- True where a dated row (valid_from and valid_to inclusive, null = still) is in force on a day. -#}
{% macro in_force_on(row, day) -%}
{{ row }}.valid_from <= {{ day }} and coalesce({{ row }}.valid_to, 'infinity'::date) >= {{ day }}
{%- endmacro %}

{#- The newest load of a reference table known at the build's moment: for functions that read the table themselves. -#}
{% macro known_load(table) -%}
(
    select max(l.load_id)
    from {{ source('reference', 'load') }} as l
    cross join {{ ref('stg_build') }} as b
    where l.table_name = '{{ table }}' and l.recorded_at <= b.knowledge_at
)
{%- endmacro %}
