{#- The formulas of the goals (readings), on numeric only. n0 = baseline, nt = count t years later, g = yearly target as a
    fraction. A count of years is cast, so that power() works on numeric, never on float. -#}

{% macro compound_path(n0, g, t) -%}
{{ n0 }} * power(1 - {{ g }}, {{ t }}::numeric)
{%- endmacro %}

{#- A third of 100 % in each of three years is 100 %: what the division left over is rounded away. -#}
{% macro share_path(n0, g, t) -%}
{{ n0 }} * (1 - round({{ g }} * {{ t }}, 15))
{%- endmacro %}

{% macro compound_pace(n0, nt, t) -%}
1 - power({{ nt }} / nullif({{ n0 }}, 0), 1 / nullif({{ t }}, 0)::numeric)
{%- endmacro %}

{#- Yearly fall still needed to stand at the end value: never below 0. nt is over 0. -#}
{% macro required_compound(nt, end_value, years_left) -%}
greatest(1 - power({{ end_value }} / nullif({{ nt }}, 0), 1 / nullif({{ years_left }}, 0)::numeric), 0)
{%- endmacro %}

{#- Year of a target version's date: its document's, else the day from which it is in force. -#}
{% macro version_year() -%}
extract(year from coalesce(document_date, valid_from))::integer
{%- endmacro %}
