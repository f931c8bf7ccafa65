-- Nobody counts the persons of working age of all: two of the three classes are known.
{{ config(materialized='table') }}

{{ classed_areas(
    'training', ref('int_training_commune'), 'household_class', ['persons_working_age'] + training_counts(), ['support_vnd']
) }}
