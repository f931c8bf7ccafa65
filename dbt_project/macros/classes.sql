{#- The class that a household is counted under on a day: that of the decisions in force on it, else the form's. `span` is the row of
    int_class_span that holds the day (null where the household is on no list). Newly escaped is left both lists no more than three
    years ago, that day included (Decision 28/2015); KTĐB and more than three years are no class. A household that was never on a
    list counts by the form. -#}
{% macro class_on(day, span, form_class, form_left_list_date) -%}
case
    when {{ span }}.list_class in ('poor', 'near_poor') then {{ span }}.list_class
    when {{ span }}.list_class = 'outside' and {{ span }}.class_from > '-infinity'::date then null
    when {{ span }}.left_list_date is not null
        then case when {{ day }} <= {{ span }}.left_list_date + interval '3 years' then 'newly_escaped' end
    when {{ form_class }} = 'newly_escaped'
        then case when {{ day }} <= {{ form_left_list_date }} + interval '3 years' then 'newly_escaped' end
    else {{ form_class }}
end
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
