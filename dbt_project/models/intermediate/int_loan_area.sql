{{ config(materialized='table') }}

{{ classed_areas('credit', ref('int_loan_commune'), 'borrower_class', ['households_in_class'] + loan_counts(), loan_amounts()) }}
