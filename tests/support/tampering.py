"""What spoils a build of loans and training, by the gate's check that must find it."""

TAMPERED_SERVICES = {
    "GATE-SERVICE-PART": "update green_marts.fct_training_coverage set trained = with_need + 1 where with_need > 0",
    "GATE-SERVICE-SOURCE": "update intake.credit_capital set capital_available_vnd = capital_available_vnd + 1",
    "GATE-SERVICE-LOST": "update green_marts.fct_loan_coverage set accepted_submissions = 0 where accepted_submissions = 1",
}
