"""The cover of a return: who made it, who approved it, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from synthetic.names import CHAIRMEN, TITLES, person_name, surname
from synthetic.records import Row, decision_date
from synthetic.returns import Quarter
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


def signatories_of(cover: Row) -> Signatories:
    """The officers who signed a return."""
    return Signatories(cover["prepared_by"], cover["preparer_title"], cover["approved_by"], cover["approver_title"])


def cover(rng: Random, commune: Commune, year: int, officers: Signatories) -> Row:
    """Of a review: signed one to four days after the decision; figures as of the decision."""
    decided = decision_date(year)
    period = {"form_code": "household_review", "period_type": "year", "period": str(year), "as_of_date": decided}
    return _cover(rng, commune, officers, period, days=rng.randint(1, 4))


def quarter_cover(rng: Random, commune: Commune, form: str, quarter: Quarter, officers: Signatories) -> Row:
    """Of a quarterly return: figures as of the quarter's last day, signed five to nine days later."""
    period = {"form_code": form, "period_type": "quarter", "period": quarter.key, "as_of_date": quarter.last_day}
    return _cover(rng, commune, officers, period, days=rng.randint(5, 9))


def _cover(rng: Random, commune: Commune, officers: Signatories, period: Row, days: int) -> Row:
    return {
        **period,
        "form_version": "1",
        "province_name": commune.province_name,
        "district_name": commune.district_name,
        "commune_name": commune.name,
        "commune_code": commune.code,
        "prepared_by": officers.prepared_by,
        "approved_by": officers.approved_by,
        "signed_date": period["as_of_date"] + timedelta(days=days),
        "document_number": f"{rng.randint(200, 690)}/BC-UBND",
        "result_stage": "final",
        "approver_title": officers.approver_title,
        "preparer_title": officers.preparer_title,
    }
