{#- Counts of one review of one commune, in the order of the mart. -#}
{% macro poverty_counts() -%}
{{ return([
    'total_households', 'total_persons', 'poor_households', 'poor_persons', 'near_poor_households', 'near_poor_persons',
    'average_households', 'average_persons',
]) }}
{%- endmacro %}

{#- Opening and movement counts: null in the first review under a new standard, whose opening list stood under the old one. -#}
{% macro movement_counts() -%}
{{ return([
    'opening_poor_households', 'opening_poor_persons', 'left_to_near_poor', 'left_above_near_poor', 'other_decrease',
    'joined_from_near_poor', 'relapsed', 'newly_poor', 'other_increase',
    'opening_near_poor_households', 'near_poor_left_above', 'near_poor_left_to_poor', 'near_poor_other_decrease',
    'near_poor_joined_from_poor', 'near_poor_relapsed', 'newly_near_poor', 'near_poor_other_increase',
]) }}
{%- endmacro %}

{#- What form 7.1 alone knows of a commune. -#}
{% macro total_counts() -%}
{{ return(['total_households', 'total_persons', 'average_households', 'average_persons']) }}
{%- endmacro %}

{#- What is counted of a list. -#}
{% macro list_counts() -%}
{{ return(['poor_households', 'poor_persons', 'near_poor_households', 'near_poor_persons'] + movement_counts() + ['poor_no_labour_households']) }}
{%- endmacro %}

{#- These counts of rows of int_household_review. -#}
{% macro review_counts() -%}
count(*) filter (where closing_class = 'poor') as poor_households,
{{ sum_known('member_count', "closing_class = 'poor'") }} as poor_persons,
count(*) filter (where closing_class = 'near_poor') as near_poor_households,
{{ sum_known('member_count', "closing_class = 'near_poor'") }} as near_poor_persons,
count(*) filter (where opening_class = 'poor') as opening_poor_households,
{{ sum_known('opening_member_count', "opening_class = 'poor'") }} as opening_poor_persons,
{%- for cell in ['left_to_near_poor', 'left_above_near_poor', 'other_decrease', 'joined_from_near_poor', 'relapsed',
    'newly_poor', 'other_increase'] %}
count(*) filter (where poor_cell = '{{ cell }}') as {{ cell }},
{%- endfor %}
count(*) filter (where opening_class = 'near_poor') as opening_near_poor_households,
{%- for cell in ['left_above', 'left_to_poor', 'other_decrease', 'joined_from_poor', 'relapsed', 'other_increase'] %}
count(*) filter (where near_poor_cell = '{{ cell }}') as near_poor_{{ cell }},
{%- endfor %}
count(*) filter (where near_poor_cell = 'newly_near_poor') as newly_near_poor,
count(*) filter (where closing_class = 'poor' and has_no_labour_capacity) as poor_no_labour_households
{%- endmacro %}

{#- The 12 indicators of the standard 2022-2026 and the 8 causes, as the form names them. -#}
{% macro household_flags() -%}
{{ return([
    'dep_employment', 'dep_dependency', 'dep_nutrition', 'dep_health_insurance', 'dep_adult_education', 'dep_child_schooling',
    'dep_housing_quality', 'dep_housing_area', 'dep_clean_water', 'dep_latrine', 'dep_telecom', 'dep_info_device',
    'cause_lack_land', 'cause_lack_capital', 'cause_lack_labour', 'cause_lack_tools', 'cause_lack_knowledge',
    'cause_lack_skill', 'cause_illness_accident', 'cause_other',
    'is_ethnic_minority', 'is_merit_household', 'has_no_labour_capacity',
]) }}
{%- endmacro %}

{#- The columns that every fact begins with after its area: its period. -#}
{% macro period_columns(row) -%}
{{ row }}.period_key,
{{ row }}.period_type,
{{ row }}.period_year,
{{ row }}.period_start_date,
{{ row }}.period_end_date
{%- endmacro %}
