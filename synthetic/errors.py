"""Mistakes planted over the newest returns of each form, one rule a commune, and the key that lists every finding they cause."""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import synthetic.mistakes_credit
import synthetic.mistakes_forms
import synthetic.mistakes_history
import synthetic.mistakes_list
import synthetic.mistakes_loans
import synthetic.mistakes_members
import synthetic.mistakes_merged
import synthetic.mistakes_reader
import synthetic.mistakes_training  # noqa: F401  each module registers its mistakes
from synthetic.damage import REASONS
from synthetic.forms import with_rates
from synthetic.generate import Job
from synthetic.ground import ancestors, predecessors
from synthetic.mistake import MISTAKES, Context, Planting, Spot, file, form, is_listed, members_of, recount, where
from synthetic.post import moment
from synthetic.records import LISTED
from synthetic.returns import HouseholdReview, QuarterReturn, Return
from synthetic.workbook import Placed

REVIEW = "household_review"
QUARTERLY = ("credit", "training")
KEPT = {
    "HHR-12", "HHR-13", "HHR-14", "HHR-14B", "HHR-15", "HHR-18", "HHR-19", "HHR-21", "HHR-21B", "HHR-22", "HHR-23", "HHR-23B",
    "HHR-24", "HHR-25", "HHR-26", "HHR-26B", "HHR-30", "HHR-32", "HHR-36", "HHR-37", "HHR-38", "HHR-39", "HHR-39B", "HHR-40",
    "HHR-41", "HHR-42", "HHR-43",
    "CRD-08", "CRD-08B", "CRD-10", "CRD-11", "CRD-13B", "CRD-17", "CRD-19", "CRD-19B", "CRD-20",
    "BTW-01", "BTW-02", "BTW-02B", "BTW-04", "BTW-06", "BTW-07",
    "TRN-04", "TRN-06", "TRN-07", "TRN-09", "TRN-09B", "TRN-11", "TRN-12", "TRN-13", "TRN-15", "TRN-16",
    "BTW-03", "BTW-03B", "BTW-04T", "BTW-08", "BTW-09", "BTW-09T",
}  # fmt: skip
"""Rules without a suffix that are warnings or information: they do not return a file. A suffix W or I says so itself."""


@dataclass
class Planted:
    jobs: list[Job]
    spots: dict[Path, list[Spot]] = field(default_factory=dict)
    reasons: dict[Path, str] = field(default_factory=dict)
    """Files that the reader turns away, with its code."""


class _Communes:
    """One form's returns of a period that are still as they should be, in a random order."""

    def __init__(self, jobs: Iterable[Job], form_code: str, period: str, rng: Random) -> None:
        self._free = [job for job in jobs if (job.sent.form, job.sent.cover["period"]) == (form_code, period)]
        rng.shuffle(self._free)

    def take(self, job: Job) -> None:
        self._free = [other for other in self._free if other.path != job.path]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(list(self._free))

    def any(self) -> Job:
        if not self._free:
            raise ValueError("more mistakes than communes: plant errors in the whole province")
        return self._free.pop()


class _Sent:
    """Everything that is sent, by commune, as it should be."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._by_commune: dict[str, list[Return]] = {}
        for job in jobs:
            self._by_commune.setdefault(job.sent.commune.code, []).append(job.sent)

    def beside(self, job: Job, rng: Random) -> Context:
        """What a return is judged beside. Returns are sent in order."""
        sent = job.sent
        others = [other for other in self._by_commune[sent.commune.code] if other.commune == sent.commune]
        earlier = [other for other in others if other.form == sent.form and other.cover["period"] < sent.cover["period"]]
        if not isinstance(sent, QuarterReturn):
            return Context(rng, earlier)
        reviews = [
            review for review in others if isinstance(review, HouseholdReview) and date(review.year, 12, 31) <= sent.quarter.last_day
        ]
        return Context(rng, earlier, reviews, self._merged(sent) if not any(other.year == sent.year for other in earlier) else [])

    def _merged(self, sent: QuarterReturn) -> list[QuarterReturn]:
        """The last returns of the communes before, where every one that it took whole has sent one this year."""
        codes = predecessors(sent.commune, whole=True)
        found = {
            other.commune.code: other
            for code in codes
            for other in self._by_commune.get(code, ())
            if isinstance(other, QuarterReturn) and other.form == sent.form and other.year == sent.year and other.commune != sent.commune
        }
        return list(found.values()) if len(found) == len(codes) else []


def plant(jobs: list[Job], year: int, seed: int) -> Planted:
    """Spoil reviews of ``year`` and, where they are sent, credit and training returns: each by one mistake and in another commune.

    A mistake in a quarterly return is made in the newest quarter up to the end of ``year``, or, where it does not show there, in
    the newest one after; in a commune whose review is as it should be. The other communes send no return that would be compared
    with the spoilt review: the key would have to tell what comes of one mistake in another form. Mistakes that show only beside
    returns that are not sent are left out. What shows only in a new commune's first return is made there, and nothing else in the
    communes before.
    """
    planted = Planted([])
    changed: dict[Path, Job] = {}
    sent = _Sent(jobs)
    kept = _after_mergers(jobs, sent, Random(f"errors merged {seed}"), changed, planted)
    rng = Random(f"errors {seed}")
    communes = _Communes((job for job in jobs if job.sent.commune.code not in kept), REVIEW, str(year), rng)
    _same_head_twice(communes, changed, planted)
    _by_rule(communes, sent, _mistakes_of(REVIEW), rng, changed, planted)
    _turned_away(communes, changed, planted)
    extra = [_stage_order(communes, planted, rng), _older_version(communes, planted, rng), _before_start(communes, planted, rng)]
    spoilt = {job.sent.commune.code: _outcome(job.path, planted) for job in jobs if job.sent.form == REVIEW and job.path in planted.spots}
    for code in QUARTERLY:
        rng = Random(f"errors {code} {seed}")
        left = {rule: planting for rule, planting in _mistakes_of(code).items() if not planting.needs_merger}
        taken = kept | set(spoilt)
        for period in _periods(jobs, code, year):
            free = [job for job in jobs if job.sent.commune.code not in taken]
            left = _by_rule(_Communes(free, code, period, rng), sent, left, rng, changed, planted)
            taken |= {job.sent.commune.code for job in changed.values() if job.sent.form == code}
    planted.jobs = [changed.get(job.path, job) for job in jobs if not _is_beside_spoilt(job, year, spoilt)] + extra
    return planted


def _is_beside_spoilt(job: Job, year: int, spoilt: dict[str, str]) -> bool:
    """A quarterly return is compared with a review of ``year`` that is accepted in spite of its mistake; one of the next year is made
    from that review, and misses it where it is sent back. ``spoilt``: commune -> what becomes of its review."""
    if not isinstance(job.sent, QuarterReturn):
        return False
    outcomes = {spoilt[code] for code in ancestors(job.sent.commune) & spoilt.keys()}
    since = date(year, 12, 31) if "accepted" in outcomes else date(year + 1, 1, 1)
    return bool(outcomes) and job.sent.quarter.last_day >= since


def _mistakes_of(form_code: str) -> dict[str, Planting]:
    return {rule: planting for rule, planting in MISTAKES.items() if planting.form == form_code}


def _periods(jobs: Iterable[Job], form_code: str, year: int) -> list[str]:
    """The newest quarter beside the reviews, and those after them, the newest first, for what shows only there."""
    quarters = {job.sent.cover["period"] for job in jobs if job.sent.form == form_code}
    after = {quarter for quarter in quarters if quarter[:4] > str(year)}
    return sorted(quarters - after)[-1:] + sorted(after, reverse=True)


def _after_mergers(jobs: list[Job], sent: _Sent, rng: Random, changed: dict[Path, Job], planted: Planted) -> set[str]:
    """Each mistake that needs a merger in a new commune's first return; those of few communes first. Returns all communes concerned."""
    kept: set[str] = set()
    new = sorted((job for job in jobs if predecessors(job.sent.commune)), key=lambda job: (len(ancestors(job.sent.commune)), rng.random()))
    for rule, planting in MISTAKES.items():
        beside = [(job, sent.beside(job, rng)) for job in new if job.sent.form == planting.form and not ancestors(job.sent.commune) & kept]
        shown = [(job, context) for job, context in beside if planting.needs_merger and planting.shows(job.sent, context)]
        if shown:
            job, spots = _spoil(shown, rule)
            kept |= ancestors(job.sent.commune)
            changed[job.path], planted.spots[job.path] = job, spots
    return kept


def _by_rule(
    communes: _Communes, sent: _Sent, plantings: dict[str, Planting], rng: Random, changed: dict[Path, Job], planted: Planted
) -> dict[str, Planting]:
    """Each of these mistakes in a return of its own. Returns those that show in no return of the period."""
    left = {}
    for rule, planting in plantings.items():
        beside = [(job, sent.beside(job, rng)) for job in communes]
        shown = [(job, context) for job, context in beside if planting.shows(job.sent, context)]
        if beside and not shown:
            left[rule] = planting
            continue
        job, spots = _spoil(shown, rule)
        communes.take(job)
        changed[job.path], planted.spots[job.path] = job, spots
    return left


def _spoil(shown: Iterable[tuple[Job, Context]], rule: str) -> tuple[Job, list[Spot]]:
    for job, context in shown:
        sent = deepcopy(job.sent)
        spots = MISTAKES[rule].spoil(sent, context)
        if spots is not None:
            return replace(job, sent=sent), spots
    raise ValueError(f"no commune is left that lends itself to {rule}: plant errors in the whole province")


def _review(job: Job) -> HouseholdReview:
    assert isinstance(job.sent, HouseholdReview)
    return job.sent


def _same_head_twice(communes: _Communes, changed: dict[Path, Job], planted: Planted) -> None:
    """HHR-14B: a household new on one commune's list has the citizen ID of a head on another's, of the same sex and year."""
    seen: dict[str, tuple[Job, int]] = {}
    for job in communes:
        for index in where(_review(job), lambda row: is_listed(row) and len(row["head_citizen_id"] or "") == 12):
            row = _review(job).household_list[index]
            other = seen.setdefault(row["head_citizen_id"][:6], (job, index))
            if row["opening_class"] in LISTED or other[0].path == job.path:
                continue
            sent = deepcopy(_review(job))
            row = sent.household_list[index]
            head = sent.member_list[members_of(sent, row)[0]]
            row["head_citizen_id"] = head["citizen_id"] = _review(other[0]).household_list[other[1]]["head_citizen_id"]
            changed[job.path] = replace(job, sent=sent)
            for spoilt, place in ((job, index), other):
                planted.spots[spoilt.path] = [Spot("household_list", place, "HHR-14B")]
                communes.take(spoilt)
            return
    raise ValueError("no two heads could share a citizen ID: plant errors in the whole province")


def _turned_away(communes: _Communes, changed: dict[Path, Job], planted: Planted) -> None:
    """Files that the reader itself turns away: unreadable, or a return without one of its sheets."""
    for kind, reason in REASONS.items():
        job = communes.any()
        changed[job.path] = replace(job, damage=kind)
        planted.spots[job.path] = [Spot(None, None, reason)]
        planted.reasons[job.path] = reason
    job = communes.any()
    changed[job.path] = replace(job, omit=("movement_7_3",))
    planted.spots[job.path] = form("movement_7_3", None, "MISSING-SHEET")
    planted.reasons[job.path] = "MISSING-SHEET"


def _second(job: Job, sent: Return, suffix: str, rng: Random) -> Job:
    """Another file of a commune that has sent a good one, on the last day of the year."""
    return replace(
        job, path=job.path.with_name(f"{job.path.stem} {suffix}.xlsx"), sent=sent, arrives=moment(rng, date(job.sent.year, 12, 31))
    )


def _stage_order(communes: _Communes, planted: Planted, rng: Random) -> Job:
    job = communes.any()
    second = _second(job, replace(job.sent, cover={**job.sent.cover, "result_stage": "provisional"}), "so bo", rng)
    planted.spots[second.path] = file("STAGE-ORDER")
    return second


def _older_version(communes: _Communes, planted: Planted, rng: Random) -> Job:
    """Signed on the day of the decision: before the one that is in force."""
    job = communes.any()
    second = _second(job, replace(job.sent, cover={**job.sent.cover, "signed_date": job.sent.cover["as_of_date"]}), "ban cu", rng)
    planted.spots[second.path] = file("OLDER-VERSION")
    return second


def _before_start(communes: _Communes, planted: Planted, rng: Random) -> Job:
    """A review of the year before collection began, its forms all noughts."""
    job = communes.any()
    sent = deepcopy(_review(job))
    sent.household_list, sent.member_list = [], []
    recount(sent)
    row = sent.summary_7_1[0]
    row.update({f"{name}_{unit}": 0 for name in LISTED for unit in ("households", "persons")})
    with_rates(row)
    sent.cover.update(period="2020", as_of_date=date(2020, 12, 22), signed_date=date(2020, 12, 28))
    second = _second(job, sent, "nam 2020", rng)
    planted.spots[second.path] = file("BEFORE-START")
    return second


def _outcome(path: Path, planted: Planted) -> str:
    if planted.reasons.get(path) in REASONS.values():
        return "unreadable"
    stops = [spot.rule for spot in planted.spots.get(path, []) if spot.rule not in KEPT and not spot.rule.endswith(("W", "I"))]
    return "returned" if stops else "accepted"


def write_answer_key(path: Path, planted: Planted, placed: dict[Path, Placed]) -> None:
    """Every file with its outcome and the (sheet, row, rule) that must fire, rows as Excel shows them. Nothing else may fire."""
    files: dict[str, Any] = {}
    for job in planted.jobs:
        findings = [
            {
                "sheet": spot.sheet,
                "row": placed[job.path][spot.sheet][spot.index] if spot.sheet is not None and spot.index is not None else None,
                "rule": spot.rule,
            }
            for spot in planted.spots.get(job.path, [])
        ]
        files[job.path.name] = {
            "outcome": _outcome(job.path, planted),
            "reason_code": planted.reasons.get(job.path),
            "findings": findings,
        }
    path.write_text(json.dumps({"files": files}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
