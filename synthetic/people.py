"""Households and the people in them: made once, then living on from year to year."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from synthetic.names import CitizenIds, person_name, surname

CHILD, PUPIL, ELDERLY, WORKING = 16, 3, 60, 18
"""Ages of the survey form: a child is under 16, schooling is asked from 3, a dependant is under 16 or 60 and over."""

ALWAYS_POSSIBLE = (
    "dep_adult_education", "dep_housing_quality", "dep_housing_area", "dep_clean_water", "dep_latrine", "dep_telecom", "dep_info_device",
)  # fmt: skip


@dataclass
class Person:
    name: str
    sex: str
    birth_date: date
    citizen_id: str | None
    relation: str
    only_year: bool
    """Their papers give the year of birth only."""

    @property
    def birth_year(self) -> int:
        return self.birth_date.year

    def number_in(self, year: int) -> str | None:
        """The number on its papers. A 9-digit card is void from 2025 (Law on Identification 2023): until there is a new one, none."""
        is_void = year >= 2025 and self.citizen_id is not None and len(self.citizen_id) == 9
        return None if is_void else self.citizen_id

    def age(self, year: int) -> int:
        """As the review reckons it: the year less the year of birth."""
        return year - self.birth_date.year


@dataclass
class Household:
    code: str
    hamlet: str
    ethnicity: str
    members: list[Person]
    is_merit: bool
    no_labour: bool
    """Nobody in it can work, now and later."""
    deprivations: set[str] = field(default_factory=set)
    """The indicators of the last review: most of them stay."""
    left_in: int = 0
    """The year in which it last left the list."""
    previous: tuple[str, str] | None = None
    """Its code and commune before a merger, until a list of the new commune has named it."""

    @property
    def head(self) -> Person:
        return self.members[0]


class Births:
    """Makes people. One for the whole province, so that no citizen ID is given twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._ids = CitizenIds()
        self._cards = 0

    def person(self, year: int, age: int, sex: str, family_name: str, relation: str) -> Person:
        rng = self._rng
        birth = date(year - age, 1, 1) + timedelta(days=rng.randrange(365))
        # Small children often have no number yet; a few of the old still show the 9-digit card.
        citizen_id: str | None = self._ids.new(sex, birth.year)
        if age < 6 and rng.random() < 0.4:
            citizen_id = None
        elif age >= 60 and rng.random() < 0.03:
            self._cards += 1
            citizen_id = f"30{1_000_000 + self._cards * 37:07d}"
        return Person(person_name(rng, sex, family_name), sex, birth, citizen_id, relation, rng.random() < 0.15)

    def household(self, year: int, code: str, hamlet: str, size: int | None = None) -> Household:
        rng = self._rng
        ethnicity = rng.choices(("Kinh", "Khmer", "Hoa"), (985, 9, 6))[0]
        family = surname(rng, ethnicity)
        size = size or rng.choices((1, 2, 3, 4, 5, 6, 7), (14, 18, 24, 24, 12, 6, 2))[0]
        no_labour = size <= 2 and rng.random() < 0.5
        head_age = rng.randint(66, 88) if no_labour else rng.randint(33, 68)
        head_sex = rng.choice(("male", "female"))
        members = [self.person(year, head_age, head_sex, family, "Chủ hộ")]
        while len(members) < size:
            members.append(self._relative(year, members, head_age, head_sex, family, no_labour))
        return Household(code, hamlet, ethnicity, members, rng.random() < 0.04, no_labour)

    def _relative(self, year: int, members: list[Person], head_age: int, head_sex: str, family: str, no_labour: bool) -> Person:
        rng = self._rng
        if len(members) == 1 and (no_labour or rng.random() < 0.75):
            sex, relation = ("female", "Vợ") if head_sex == "male" else ("male", "Chồng")
            return self.person(year, max(head_age + rng.randint(-4, 4), 66 if no_labour else 20), sex, surname(rng, "Kinh"), relation)
        sex = rng.choice(("male", "female"))
        roll = rng.random()
        if head_age < 58 and roll < 0.12:
            return self.person(year, head_age + rng.randint(22, 30), sex, family, "Cha" if sex == "male" else "Mẹ")
        if head_age >= 55 and roll < 0.45:
            return self.person(year, rng.randint(1, head_age - 45), sex, family, "Cháu")
        return self.person(year, rng.randint(1, head_age - 21), sex, family, "Con")

    def change_members(self, household: Household, year: int) -> None:
        """A birth, or somebody moving out; never the head, never more than one a year."""
        rng = self._rng
        if rng.random() < 0.55 and len(household.members) >= 3:
            household.members.pop(rng.randrange(1, len(household.members)))
        elif not household.no_labour and len(household.members) >= 2:
            family = household.head.name.split()[0]
            relation = "Con" if household.head.age(year) < 45 else "Cháu"
            household.members.append(self.person(year, 0, rng.choice(("male", "female")), family, relation))


def must_depend(household: Household, year: int) -> bool:
    """Children alone are more than half: the dependency indicator has no choice."""
    return 2 * sum(person.age(year) < CHILD for person in household.members) > len(household.members)


def may_depend(household: Household, year: int) -> bool:
    dependants = sum(not CHILD <= person.age(year) < ELDERLY for person in household.members)
    return 2 * dependants > len(household.members)


def possible_deprivations(household: Household, year: int) -> list[str]:
    """Indicators that this household's people allow, dependency apart."""
    ages = [person.age(year) for person in household.members]
    found = list(ALWAYS_POSSIBLE)
    if any(age >= 6 for age in ages):
        found.append("dep_health_insurance")
    if any(age < CHILD for age in ages):
        found.append("dep_nutrition")
    if any(PUPIL <= age < CHILD for age in ages):
        found.append("dep_child_schooling")
    if not household.no_labour and any(WORKING <= age < ELDERLY for age in ages):
        found.append("dep_employment")
    return found


def survey(rng: Random, household: Household, year: int, number: tuple[int, int]) -> set[str]:
    """The indicators found at this year's review: as many as the class asks for, last year's kept where they still can be."""
    least, most = number
    depends = must_depend(household, year) or (most > 1 and may_depend(household, year) and rng.random() < 0.4)
    chosen = {"dep_dependency"} if depends else set()
    possible = possible_deprivations(household, year)
    kept = [name for name in possible if name in household.deprivations]
    fresh = [name for name in possible if name not in household.deprivations]
    rng.shuffle(kept)
    rng.shuffle(fresh)
    wanted = max(rng.randint(least, most), len(chosen))
    chosen.update((kept + fresh)[: wanted - len(chosen)])
    household.deprivations = chosen
    return chosen
