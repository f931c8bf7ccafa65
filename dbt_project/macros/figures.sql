{#- 100 x part / whole with 6 decimals; null over a whole of 0. -#}
{% macro pct(part, whole, precision=9) -%}
round(100 * {{ part }}::numeric / nullif({{ whole }}, 0), 6)::numeric({{ precision }}, 6)
{%- endmacro %}

{#- Sum over the parts that came (is_accepted). Null where nothing came, and where one part that came does not know its
    value: unknown is never read as 0. -#}
{% macro sum_of_parts(column, data_type='bigint') -%}
case
    when count(*) filter (where is_accepted and {{ column }} is null) = 0 then sum({{ column }}) filter (where is_accepted)
end::{{ data_type }} as {{ column }}
{%- endmacro %}

{#- The day of a moment in Viet Nam. -#}
{% macro local_date(moment) -%}
({{ moment }} at time zone 'Asia/Ho_Chi_Minh')::date
{%- endmacro %}

{#- Sum of a column over the rows of a condition: 0 where there are none, null where one of them does not know its value. -#}
{% macro sum_known(column, condition) -%}
case
    when count(*) filter (where {{ condition }} and {{ column }} is null) = 0
        then coalesce(sum({{ column }}) filter (where {{ condition }}), 0)
end::bigint
{%- endmacro %}
