"""Mistakes in credit returns; each says every finding that must come of it."""

from __future__ import annotations

from collections import Counter
from datetime import date

from synthetic.mistake import Context, Spot, first, form, plants
from synthetic.records import Row
from synthetic.returns import CreditReturn

Found = list[Spot] | None
THOUSAND = 1000
AMOUNTS = ("requested_vnd", "disbursed_vnd", "outstanding_vnd")


@plants("CRD-06", form="credit")
def loan_without_its_day(sent: CreditReturn, _: Context) -> Found:
    index = first(index for index, row in enumerate(sent.credit_need) if row.get("disbursed_vnd"))
    if index is None:
        return None
    sent.credit_need[index]["disbursement_date"] = None
    return form("credit_need", index, "CRD-06")


@plants("CRD-19", form="credit")
def loan_in_thousands(sent: CreditReturn, _: Context) -> Found:
    """A loan of the last quarter: an earlier one would fall below what the quarter before said (CRD-16)."""
    begins = date(sent.year, 3 * sent.quarter.number - 2, 1)
    rows = Counter(row["household_code"] for row in sent.credit_need)

    def is_fresh(row: Row) -> bool:
        return bool(row.get("disbursed_vnd")) and row["disbursement_date"] >= begins and rows[row["household_code"]] == 1

    index = first(index for index, row in enumerate(sent.credit_need) if is_fresh(row))
    if index is None:
        return None
    row = sent.credit_need[index]
    row.update({name: row[name] // THOUSAND for name in AMOUNTS if row.get(name)})
    return form("credit_need", index, "CRD-19")
