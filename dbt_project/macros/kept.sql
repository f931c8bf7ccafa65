{#- Rows of a return are worked out once and kept in their colour as long as what they are made from is the same: the returns themselves never
    change, and `basis` (int_basis) on each row says from which code, reference data and lists it was made. After a build by other code, or
    one that did not end well, all of them are made anew (warehouse/builds.py). -#}
{% macro drop_what_is_outdated(basis) -%}
{% if is_incremental() %}
delete from {{ this }} as k
where
    k.basis <> (select b.{{ basis }} from {{ ref('int_basis') }} as b)
    or not exists (select 1 from {{ ref('int_commune_period') }} as p where k.submission_id = p.submission_id)
{% endif %}
{%- endmacro %}

{#- True of a return whose rows are not kept. -#}
{% macro is_not_kept(submission_id) -%}
{% if is_incremental() -%}
not exists (select 1 from {{ this }} as kept where kept.submission_id = {{ submission_id }})
{%- else -%}
true
{%- endif %}
{%- endmacro %}
