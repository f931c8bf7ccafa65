"""The whole province: every commune's stock of poor and near-poor households, year after year, and its returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from synthetic.flows import COME, GONE, Flows, flows
from synthetic.forms import movements, summary
from synthetic.ground import MERGER_YEARS, Merger, merge
from synthetic.names import hamlets
from synthetic.people import Births, Household
from synthetic.records import LISTED, Row, household_row, member_rows
from synthetic.returns import HouseholdReview
from synthetic.signatures import Signatories, cover, signatories
from synthetic.targets import FIRST_YEAR, LAST_PUBLISHED, LAST_YEAR, Commune, Target, communes, targets, targets_after


@dataclass
class _Village:
    """A commune between two reviews."""

    commune: Commune
    hamlets: tuple[str, ...]
    officers: Signatories
    code_style: str
    stock: dict[str, list[Household]] = field(default_factory=lambda: {"poor": [], "near_poor": []})
    escaped: dict[str, list[Household]] = field(default_factory=lambda: {"poor": [], "near_poor": []})
    """Those who left the list in an earlier year, by the class they left: the next relapses."""
    codes: int = 0

    def next_code(self) -> str:
        self.codes += 1
        return self.code_style.format(commune=self.commune.code, number=self.codes)

    def take_over(self, old: _Village, hamlet: str, name: str) -> None:
        """The households of another village's hamlet, here under ``name``: listed ones with a new code, the others once listed again."""
        for listed in LISTED:
            for household in [one for one in old.stock[listed] if one.hamlet == hamlet]:
                household.previous, household.code, household.hamlet = (household.code, old.commune.code), self.next_code(), name
                self.stock[listed].append(household)
            for household in [one for one in old.escaped[listed] if one.hamlet == hamlet]:
                household.previous, household.hamlet = household.previous or (household.code, old.commune.code), name
                self.escaped[listed].append(household)


_Entry = tuple[Household, tuple[str, str, str], int | None, Row]
"""A household, its (opening, closing, movement), its members at opening, and what its row says besides."""


class Province:
    """The same seed makes the same province."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = Random(f"province {seed}")
        self._births = Births(Random(f"births {seed}"))
        self._targets = targets(seed)
        self._villages = [self._settle(commune) for commune in communes()]
        self._movers: dict[str, list[tuple[Household, str]]] = {}
        self.mergers: dict[int, Merger] = {}
        """Of the years made so far."""

    def years(self, last: int = LAST_YEAR) -> list[list[HouseholdReview]]:
        """The returns of every commune, a list a year, from 2021 to ``last``. To be asked once: the households live on."""
        return [self._year(year) for year in range(FIRST_YEAR, last + 1)]

    def _settle(self, commune: Commune) -> _Village:
        rng = self._rng
        style = rng.choice(("{commune}-{number:03d}", "HGD{number:04d}", "LA.{commune}.{number}", "H-{number:03d}"))
        village = _Village(commune, hamlets(rng, commune.unit_type), signatories(rng), style)
        opening = self._targets[FIRST_YEAR - 1][commune.code]
        for name, count in (("poor", opening.poor), ("near_poor", opening.near_poor)):
            village.stock[name] = [self._household(village, FIRST_YEAR - 1) for _ in range(count)]
        return village

    def _household(self, village: _Village, year: int) -> Household:
        return self._births.household(year, village.next_code(), self._rng.choice(village.hamlets))

    def _merge(self, year: int) -> None:
        """Each hamlet comes to its new commune. What opens the year there is what closed the last one in the hamlets it took."""
        villages = {village.commune.code: village for village in self._villages}
        rng = Random(f"ground {self._seed} {year}")
        merger = self.mergers[year] = merge(rng, year, {code: village.hamlets for code, village in villages.items()})
        totals = self._targets[year - 1]
        opening = {}
        self._villages = []
        for commune in communes(year):
            village, total = villages.get(commune.code), 0
            if village is None or village.commune != commune:
                moved = {before: name for before, (code, name) in merger.moves.items() if code == commune.code}
                village = _Village(commune, tuple(moved.values()), signatories(rng), f"{{commune}}/{year % 100}-{{number:04d}}")
                for (code, hamlet), name in moved.items():
                    total += round(totals[code].total_households / len(villages[code].hamlets))
                    village.take_over(villages[code], hamlet, name)
            else:
                total = totals[commune.code].total_households
            self._villages.append(village)
            opening[commune.code] = Target(total, len(village.stock["poor"]), len(village.stock["near_poor"]))
        self._targets[year - 1] = opening

    def _year(self, year: int) -> list[HouseholdReview]:
        if year in MERGER_YEARS:
            self._merge(year)
        if year > LAST_PUBLISHED:
            self._targets[year] = targets_after(self._seed, year, self._targets[year - 1])
        self._movers = {name: [] for name in LISTED}
        plans = []
        for village in self._villages:
            code = village.commune.code
            flow = flows(self._rng, self._targets[year - 1][code], self._targets[year][code])
            plans.append((village, flow, self._leavers(village, flow, year)))
        return [self._return(village, year, entries + self._entrants(village, flow, year)) for village, flow, entries in plans]

    def _leavers(self, village: _Village, flow: Flows, year: int) -> list[_Entry]:
        """Everybody on the list at opening: those who leave it, those who change class, those who stay."""
        rng = self._rng
        entries: list[_Entry] = []
        for name, other, stream, turned, movement in (
            ("poor", "near_poor", flow.poor, flow.poor_to_near, "poor_to_near_poor"),
            ("near_poor", "poor", flow.near_poor, flow.near_to_poor, "near_poor_to_poor"),
        ):
            stock = village.stock[name]
            rng.shuffle(stock)
            for _ in range(stream.gone):
                entries.append(self._gone(name, village, stock))
            for _ in range(stream.escaped):
                household = stock.pop()
                household.left_in = year
                entries.append((household, (name, "not_poor", f"escaped_{name}"), len(household.members), {}))
                village.escaped[name].append(household)
            changed = [(stock.pop(), other, movement) for _ in range(turned)]
            stayed = [(household, name, "unchanged") for household in stock]
            for household, closing, how in changed + stayed:
                before = len(household.members)
                if rng.random() < 0.06:
                    self._births.change_members(household, year)
                entries.append((household, (name, closing, how), before, {}))
        for name in LISTED:
            village.stock[name] = [household for household, (_, closing, _), _, _ in entries if closing == name]
        return entries

    def _gone(self, name: str, village: _Village, stock: list[Household]) -> _Entry:
        movement = self._rng.choice(GONE)
        alone = next((i for i, household in enumerate(stock) if len(household.members) == 1), None)
        if movement == "single_died" and alone is None:
            movement = "merged"
        household = stock.pop(alone if movement == "single_died" and alone is not None else -1)
        if movement == "moved_out":
            self._movers[name].append((household, village.commune.code))
        return household, (name, "outside", movement), len(household.members), {}

    def _entrants(self, village: _Village, flow: Flows, year: int) -> list[_Entry]:
        rng = self._rng
        entries: list[_Entry] = []
        for name, stream in (("poor", flow.poor), ("near_poor", flow.near_poor)):
            for _ in range(stream.relapsed):
                household = self._relapsing(village, name, year)
                entries.append((household, ("not_poor", name, f"relapsed_{name}"), None, {}))
            for _ in range(stream.newly):
                entries.append((self._household(village, year), ("not_poor", name, f"newly_{name}"), None, {}))
            for _ in range(stream.come):
                entries.append(self._coming(village, name, year))
            village.stock[name] += [household for household, (_, closing, _), _, _ in entries if closing == name]
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            entries.append((self._household(village, year), ("not_poor", "not_poor", "unchanged"), None, {}))
        return entries

    def _relapsing(self, village: _Village, name: str, year: int) -> Household:
        """One that left this class before the year; else one whose earlier spell is older than our lists."""
        current = village.escaped[name]
        earlier = [household for household in current if household.left_in < year]
        if not earlier or self._rng.random() < 0.3:
            return self._household(village, year)
        current.remove(earlier[0])
        if earlier[0].previous is not None:
            earlier[0].code = village.next_code()
        return earlier[0]

    def _coming(self, village: _Village, name: str, year: int) -> _Entry:
        movement = self._rng.choice(COME)
        mover = next((pair for pair in self._movers[name] if pair[1] != village.commune.code), None)
        if movement == "moved_in" and mover is not None:
            self._movers[name].remove(mover)
            old, commune_code = mover
            code, hamlet = village.next_code(), self._rng.choice(village.hamlets)
            before = {"previous_household_code": old.code, "previous_commune_code": commune_code}
            return replace(old, code=code, hamlet=hamlet, previous=None), ("outside", name, movement), None, before
        return self._household(village, year), ("outside", name, movement), None, {}

    def _return(self, village: _Village, year: int, entries: list[_Entry]) -> HouseholdReview:
        rng, commune = self._rng, village.commune
        number = f"{rng.randint(90, 480)}/QĐ-UBND"
        entries.sort(key=lambda entry: (village.hamlets.index(entry[0].hamlet), LISTED.index(entry[1][1]) if entry[1][1] in LISTED else 2))
        listed, members = [], []
        for label, (household, triple, before, more) in enumerate(entries, start=1):
            row = household_row(rng, household, year, commune.area_type, triple, before, number)
            if household.previous is not None:
                more = dict(zip(("previous_household_code", "previous_commune_code"), household.previous, strict=True))
                household.previous = None
            listed.append({"row_label": label, **row, **more})
            if triple[1] in LISTED:
                members += [{"household_no": label, "hamlet": household.hamlet, **m} for m in member_rows(rng, household, year, row)]
        total = self._targets[year][commune.code].total_households
        return HouseholdReview(
            commune,
            year,
            cover(rng, commune, year, village.officers),
            listed,
            members,
            [summary(rng, commune, listed, total)],
            movements(commune, listed, "poor"),
            movements(commune, listed, "near_poor"),
        )
