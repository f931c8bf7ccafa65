"""The cover of a return: who made it, who approved it, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from synthetic.names import CHAIRMEN, TITLES, person_name, surname
from synthetic.records import Row, decision_date
from synthetic.targets import Commune


@dataclass(frozen=True)
class Signatories:
    prepared_by: str
    preparer_title: str
    approved_by: str
    approver_title: str


def signatories(rng: Random) -> Signatories:
    """Two people of a commune; the titles always differ, so that two officers with one name stay two."""

    def somebody() -> str:
        sex = rng.choice(("male", "female"))
        return person_name(rng, sex, surname(rng, "Kinh"))

    return Signatories(somebody(), rng.choice(TITLES), somebody(), rng.choice(CHAIRMEN))


def cover(rng: Random, commune: Commune, year: int, officers: Signatories) -> Row:
    """Signed one to four days after the decision; figures as of the decision."""
    decided = decision_date(year)
    return {
        "form_code": "household_review",
        "form_version": "1",
        "province_name": "Long An",
        "district_name": commune.district_name,
        "commune_name": commune.name,
        "commune_code": commune.code,
        "period_type": "year",
        "period": str(year),
        "as_of_date": decided,
        "prepared_by": officers.prepared_by,
        "approved_by": officers.approved_by,
        "signed_date": date(year, 12, decided.day + rng.randint(1, 4)),
        "document_number": f"{rng.randint(200, 690)}/BC-UBND",
        "result_stage": "final",
        "approver_title": officers.approver_title,
        "preparer_title": officers.preparer_title,
    }
