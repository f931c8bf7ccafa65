-- A table, not a view: it says inside the schema which build stands there.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

select
    build_id,
    knowledge_at,
    today,
    code_version
from {{ source('audit', 'build') }}
where build_schema = '{{ target.schema }}' and state not in ('replaced', 'failed', 'dropped')
