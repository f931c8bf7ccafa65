"""A year's credit in one commune: who was asked, who needs a loan, what came of it, and how far each stood at a quarter's end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from synthetic.clients import Client, Member, surveyed
from synthetic.records import Row
from synthetic.returns import Quarter

MILLION = 1_000_000
CAP = 100 * MILLION
"""Of programmes 01, 19 and 09 together (reference/loan_cap.csv, in force since 2019)."""
PROGRAMME = {"poor": "01", "near_poor": "19", "newly_escaped": "09"}
AMOUNTS = (15, 20, 30, 40, 50, 50, 60, 80, 100)
PURPOSES = (
    "Chăn nuôi bò", "Chăn nuôi dê", "Chăn nuôi gà, vịt", "Nuôi tôm", "Trồng chanh không hạt", "Trồng khoai mỡ", "Trồng thanh long",
    "Trồng lúa", "Buôn bán nhỏ", "May gia công", "Sửa xe máy",
)  # fmt: skip
OTHER_LOANS = (("06", "Công trình nước sạch", (10, 20, 25)), ("02", "Chi phí học tập", (10, 20)), ("03", "Tạo việc làm", (30, 50)))
"""Programme, purpose, amounts in million: loans that do not count for the goal."""
HOUSING = ("07", "Sửa chữa nhà ở", (25, 40))
INELIGIBLE = ("Không có phương án sản xuất, kinh doanh", "Đang có nợ quá hạn", "Chưa tham gia tổ tiết kiệm và vay vốn")
REFUSALS = ("Còn nợ cũ chưa trả", "Phương án không khả thi", "Hồ sơ không đầy đủ")
NEED_SHARE = {"poor": 0.5, "near_poor": 0.55, "newly_escaped": 0.45}
INELIGIBLE_SHARE, UNASKED_SHARE, SECOND_SHARE = 0.1, 0.02, 0.06
FATES = {"lent": 88.0, "covered": 5.0, "covered_withdrawn": 2.0, "refused": 2.0, "withdrawn": 1.5, "other_programme": 1.5}
"""What a request comes to, per cent; covered: by an older loan."""
NEED_BY_QUARTER = (58, 22, 13, 7)
CAPITAL_BY_QUARTER = (40, 65, 85, 100)
ADULT_BORN_BY = 2002
LAST_DAY = (12, 5)
"""Of the year: what comes later waits for January. The decision after the next review may change the household's class."""


@dataclass(frozen=True)
class Request:
    """One line of the list over the year; what happens only after a quarter's end is not yet on its return."""

    client: Client
    borrower: Member
    needed_on: date | None = None
    ineligible_reason: str | None = None
    asked_on: date | None = None
    amount: int = 0
    programme: str | None = None
    purpose: str | None = None
    outcome: str | None = None
    """What it comes to at last: disbursed, refused, withdrawn; None: an older loan covers it, nothing more is done."""
    approved_on: date | None = None
    ended_on: date | None = None
    refusal_reason: str | None = None
    source: str | None = None
    debt: int | None = None
    """What the household owed before the year under the programmes of the goal; None: the commune does not know."""
    is_second: bool = False
    """Stands on the list only once it is asked for."""

    def paid_by(self, day: date) -> int:
        return self.amount if self.outcome == "disbursed" and self.ended_on is not None and self.ended_on <= day else 0

    @property
    def counts(self) -> bool:
        return self.programme in PROGRAMME.values()


def plan_credit(rng: Random, clients: Iterable[Client], year: int, *, debts: Mapping[str, int | None], is_complete: bool) -> list[Request]:
    """Every request of the year, those of one household side by side, in the order of the hamlets' lists.

    ``debts``: household that was lent to in the year before -> what it owes. It asks for nothing more.
    """
    requests: list[Request] = []
    is_refusing = not is_complete
    for client in surveyed(rng, clients, is_complete=is_complete):
        if client.code in debts:
            requests.append(Request(client, _borrower(rng, client), debt=debts[client.code]))
            continue
        first = _request(rng, client, year)
        if is_refusing and client.can_work:
            # Whoever lists only some of the households has needs that are not met, or one would ask (CRD-17).
            first, is_refusing = _refused_early(rng, client, year), False
        requests.append(first)
        second = _second(rng, first, year)
        requests += [second] if second else []
    return sorted(requests, key=lambda request: request.client.hamlet)


def _request(rng: Random, client: Client, year: int) -> Request:
    line = Request(client, _borrower(rng, client), debt=_older_debt(rng))
    if not client.can_work or rng.random() > NEED_SHARE[client.client_class]:
        return line
    needed_on = _day_of_quarter(rng, year, rng.choices((0, 1, 2, 3), NEED_BY_QUARTER)[0])
    if rng.random() < INELIGIBLE_SHARE:
        return replace(line, needed_on=needed_on, ineligible_reason=rng.choice(INELIGIBLE))
    asked_on = needed_on + timedelta(days=rng.randrange(25))
    if rng.random() < UNASKED_SHARE or asked_on > _last_day(year):
        return replace(line, needed_on=needed_on)
    amount = rng.choice(AMOUNTS) * MILLION
    line = replace(
        line, needed_on=needed_on, asked_on=asked_on, amount=amount, programme=PROGRAMME[client.client_class], purpose=rng.choice(PURPOSES)
    )
    fate = rng.choices(tuple(FATES), tuple(FATES.values()))[0]
    if fate.startswith("covered"):
        line = replace(line, debt=rng.randrange(amount, CAP + 1, 5 * MILLION))
        return line if fate == "covered" else replace(line, outcome="withdrawn", ended_on=asked_on + timedelta(days=20))
    if fate == "refused":
        return _refused(rng, line)
    if fate == "withdrawn":
        return replace(line, debt=None, outcome="withdrawn", ended_on=asked_on + timedelta(days=rng.randint(3, 40)))
    if fate == "other_programme":
        return _disbursed(rng, _of_programme(rng, line), year)
    if line.debt is not None:
        line = replace(line, debt=min(line.debt, CAP - amount))
    return _disbursed(rng, line, year)


def _disbursed(rng: Random, line: Request, year: int) -> Request:
    """Approved, then paid, within 55 days; approved for January where the year ends first."""
    assert line.asked_on is not None
    approved_on = line.asked_on + timedelta(days=rng.randint(8, 25))
    paid_on = approved_on + timedelta(days=rng.randint(3, 30))
    if paid_on > _last_day(year):
        return replace(line, approved_on=approved_on)
    return replace(
        line, outcome="disbursed", approved_on=approved_on, ended_on=paid_on, source=rng.choices(("central", "local"), (75, 25))[0]
    )


def _refused(rng: Random, line: Request) -> Request:
    assert line.asked_on is not None
    return replace(
        line, outcome="refused", ended_on=line.asked_on + timedelta(days=rng.randint(5, 30)), refusal_reason=rng.choice(REFUSALS)
    )


def _refused_early(rng: Random, client: Client, year: int) -> Request:
    asked_on = date(year, 1, 4) + timedelta(days=rng.randrange(30))
    line = Request(client, _borrower(rng, client), asked_on, None, asked_on, 30 * MILLION, PROGRAMME[client.client_class], PURPOSES[0])
    return _refused(rng, line)


def _of_programme(rng: Random, line: Request) -> Request:
    """The same wish under a programme that does not count for the goal."""
    programme, purpose, amounts = rng.choice((*OTHER_LOANS, HOUSING) if line.client.client_class == "poor" else OTHER_LOANS)
    return replace(line, programme=programme, purpose=purpose, amount=rng.choice(amounts) * MILLION)


def _second(rng: Random, first: Request, year: int) -> Request | None:
    """Now and then a second loan, under another programme; or a second request late in the year, that still waits at its end."""
    if first.outcome != "disbursed" or first.ended_on is None or not first.counts or rng.random() > SECOND_SHARE:
        return None
    again = replace(first, outcome=None, approved_on=None, ended_on=None, source=None, is_second=True)
    october = date(year, 10, 5) + timedelta(days=rng.randrange(60))
    if rng.random() < 0.4 and first.ended_on < october and (first.debt or 0) + first.amount <= CAP // 2:
        return replace(again, needed_on=october, asked_on=october, amount=20 * MILLION, approved_on=date(year + 1, 1, 9))
    asked_on = first.ended_on + timedelta(days=rng.randint(10, 60))
    if asked_on > _last_day(year):
        return None
    return _disbursed(rng, _of_programme(rng, replace(again, needed_on=asked_on, asked_on=asked_on)), year)


def _borrower(rng: Random, client: Client) -> Member:
    """The head; now and then, or where another member has the head's name, another adult."""
    sure = client.unmistakable()
    adults = [member for member in sure if member.citizen_id and member.can_work and member.birth_year <= ADULT_BORN_BY]
    is_other = rng.random() < 0.2 or (client.members and client.head.name not in {member.name for member in sure})
    return rng.choice(adults) if adults and is_other else client.head


def _older_debt(rng: Random) -> int | None:
    roll = rng.random()
    return None if roll < 0.3 else 0 if roll < 0.8 else rng.choice((10, 15, 20, 30)) * MILLION


def _day_of_quarter(rng: Random, year: int, number: int) -> date:
    first = date(year, 1 + 3 * number, 1)
    return first + timedelta(days=rng.randint(2, 65 if number == 3 else 85))


def _last_day(year: int) -> date:
    return date(year, *LAST_DAY)


# ---------------------------------------------------------------------- what a quarter's return says


def credit_rows(requests: Sequence[Request], quarter: Quarter) -> list[Row]:
    day = quarter.last_day
    paid: dict[str, int] = {}
    for request in requests:
        if request.counts:
            paid[request.client.code] = paid.get(request.client.code, 0) + request.paid_by(day)
    known = [request for request in requests if not request.is_second or (request.asked_on or date.max) <= day]
    return [{"row_label": number, **_row(request, day, paid)} for number, request in enumerate(known, start=1)]


def _row(request: Request, day: date, paid: dict[str, int]) -> Row:
    client, borrower = request.client, request.borrower
    row: Row = {
        "household_code": client.code,
        "borrower_name": borrower.name,
        "citizen_id": borrower.citizen_id,
        "borrower_class": client.client_class,
        "left_list_date": client.left_list_date,
        "hamlet": client.hamlet,
        "outstanding_vnd": None if request.debt is None else request.debt + paid.get(client.code, 0),
    }
    if request.needed_on is None or request.needed_on > day:
        return row
    row.update(has_need=True, is_eligible=request.ineligible_reason is None, ineligible_reason=request.ineligible_reason)
    if request.asked_on is None or request.asked_on > day:
        return row
    row.update(
        request_date=request.asked_on, requested_vnd=request.amount, purpose=request.purpose, programme_code=request.programme,
        outcome=_outcome(request, day),
    )  # fmt: skip
    if row["outcome"] == "refused":
        row["refusal_reason"] = request.refusal_reason
    if row["outcome"] == "disbursed":
        row.update(disbursed_vnd=request.amount, disbursement_date=request.ended_on, capital_source=request.source)
    return row


def _outcome(request: Request, day: date) -> str | None:
    if request.ended_on is not None and request.ended_on <= day:
        return request.outcome
    if request.approved_on is not None:
        return "approved" if request.approved_on <= day else "pending"
    # Refused or withdrawn later: it waits until then. Without an end an older loan covers it.
    return "pending" if request.ended_on is not None else None


def capital_rows(rng: Random, requests: Sequence[Request], quarters: Sequence[Quarter]) -> list[list[Row]]:
    """For each quarter the capital assigned since 1 January: never less than was paid, never less than the quarter before."""
    found: list[list[Row]] = [[] for _ in quarters]
    for name in PROGRAMME:
        for source in ("central", "local"):
            loans = [r for r in requests if r.counts and r.client.client_class == name and r.source == source]
            spare = rng.choice((0, 0, 20, 50)) * MILLION
            whole = sum(request.amount for request in loans) + (spare if loans or source == "central" else 0)
            for quarter, rows in zip(quarters, found, strict=True):
                assigned = whole * CAPITAL_BY_QUARTER[quarter.number - 1] // 100 // (5 * MILLION) * 5 * MILLION
                paid = sum(request.paid_by(quarter.last_day) for request in loans)
                rows.append({"borrower_class": name, "capital_source": source, "capital_available_vnd": max(assigned, paid)})
    return found
