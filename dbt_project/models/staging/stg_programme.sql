select
    programme_code,
    borrower_class,
    counts_for_loan_goal,
    valid_from,
    valid_to
from ({{ known_rows('programme') }}) as r
