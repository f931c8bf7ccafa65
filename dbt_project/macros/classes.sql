{#- The class that a household is counted under on a day: that of the decisions in force on it, else the form's. `span` is the row of
    int_class_span that holds the day (null where the household is on no list). The rules ask intake.listed_class the same. -#}
{% macro class_on(day, span, form_class, form_left_list_date) -%}
intake.counted_class(
    {{ day }}, {{ span }}.list_class, {{ span }}.class_from, {{ span }}.left_list_date, {{ form_class }}, {{ form_left_list_date }}
)
{%- endmacro %}

{#- The classes of a household, in their order. -#}
{% macro household_classes() -%}
{{ return(['poor', 'near_poor', 'newly_escaped']) }}
{%- endmacro %}

{#- Counts of one credit return and class, and its money in VND. -#}
{% macro loan_counts() -%}
{{ return([
    'households_listed', 'with_need', 'eligible_with_need', 'newly_served', 'served_by_existing', 'served', 'pending', 'refused',
]) }}
{%- endmacro %}

{% macro loan_amounts() -%}
{{ return(['requested_vnd', 'capital_available_vnd', 'disbursed_vnd']) }}
{%- endmacro %}

{#- Counts of one training return and class: persons. -#}
{% macro training_counts() -%}
{{ return([
    'with_need', 'trained', 'completed', 'coached', 'oriented', 'referred', 'in_stable_job', 'any_service', 'all_services',
    'trained_outside_age', 'age_uncertain',
]) }}
{%- endmacro %}

{#- A cumulative form's counts by area, quarter and class: areas add the communes whose return of the quarter is in force. Class `all`
    adds the three, and is unknown where one is. `counts` are bigint, `amounts` numeric(18,0). -#}
{% macro classed_areas(form_code, commune_counts, class_column, counts, amounts) -%}
with parts as (
    select
        a.form_code,
        a.area_key,
        a.area_level,
        a.boundary,
        {{ period_columns('a') }},
        a.is_accepted,
        k.{{ class_column }}
        {%- for column in counts + amounts %},
        c.{{ column }}
        {%- endfor %}
    from {{ ref('int_area_part') }} as a
    cross join (values ('poor'), ('near_poor'), ('newly_escaped')) as k ({{ class_column }})
    left join {{ commune_counts }} as c on a.submission_id = c.submission_id and a.is_whole and k.{{ class_column }} = c.{{ class_column }}
    where a.form_code = '{{ form_code }}' and a.period_type = 'quarter'
),

classed as (
    select * from parts
    union all
    select
        form_code,
        area_key,
        area_level,
        boundary,
        {{ period_columns('parts') }},
        is_accepted,
        'all' as {{ class_column }}
        {%- for column in counts + amounts %},
        {{ column }}
        {%- endfor %}
    from parts
)

select
    form_code,
    area_key,
    area_level,
    boundary,
    {{ period_columns('classed') }},
    {{ class_column }}
    {%- for column in counts %},
    {{ sum_of_parts(column) }}
    {%- endfor %}
    {%- for column in amounts %},
    {{ sum_of_parts(column, 'numeric(18,0)') }}
    {%- endfor %}
from classed
group by form_code, area_key, area_level, boundary, {{ period_columns('classed') }}, {{ class_column }}
{%- endmacro %}
