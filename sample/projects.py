"""Projects: framework programmes (CORDIS), structural funds, Interreg; who takes part in them and when.

A *joint* project has at least two distinct organisations. Firms that are never anchors and never part of a multi-unit
enterprise take part; about a third of the places go to members of clusters, so that ties inside clusters exist.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample.cooperations import Cooperations, day
from sample.economy import NEVER, Population, institution_kinds, institutions, scale_of

STRUCTURAL_FUND_DAYS = 730
"""The publisher gives only the day of the decision: a project is taken to run two years from it."""

FOREIGN_COUNTRIES = (
    "AT",
    "DE",
    "IT",
    "ES",
    "FR",
    "PL",
    "CZ",
    "SK",
    "SI",
    "HR",
    "RO",
    "NL",
    "BE",
    "UK",
    "EL",
    "SE",
    "FI",
    "PT",
)
NEIGHBOURS = ("AT", "SK", "SI", "HR", "RO", "RS", "UA")
FOREIGN_FORMS = {
    "AT": "GMBH",
    "DE": "GMBH",
    "IT": "SPA",
    "ES": "SL",
    "FR": "SAS",
    "PL": "SP ZOO",
    "CZ": "SRO",
    "SK": "SRO",
    "SI": "DOO",
    "HR": "DOO",
    "RO": "SRL",
    "NL": "BV",
    "BE": "NV",
    "UK": "LTD",
    "EL": "AE",
    "SE": "AB",
    "FI": "OY",
    "PT": "SA",
    "RS": "DOO",
    "UA": "TOV",
}
FOREIGN_CITIES = {
    "AT": "WIEN",
    "DE": "MUNCHEN",
    "IT": "TORINO",
    "ES": "MADRID",
    "FR": "LYON",
    "PL": "KRAKOW",
    "CZ": "BRNO",
    "SK": "BRATISLAVA",
    "SI": "LJUBLJANA",
    "HR": "ZAGREB",
    "RO": "CLUJ-NAPOCA",
    "NL": "EINDHOVEN",
    "BE": "LEUVEN",
    "UK": "CAMBRIDGE",
    "EL": "ATHINA",
    "SE": "STOCKHOLM",
    "FI": "ESPOO",
    "PT": "PORTO",
    "RS": "NOVI SAD",
    "UA": "UZHHOROD",
}
FOREIGN_WORDS = (
    "ALPEN",
    "DANUBE",
    "NORDIC",
    "IBER",
    "ADRIA",
    "RHEIN",
    "BALTIC",
    "VOLTA",
    "SIGMA",
    "TERRA",
    "AQUA",
    "HELIO",
    "CARBO",
    "NEURO",
    "ROBO",
    "OPTI",
    "MICRO",
    "GEO",
    "BIO",
    "CYBER",
)
FOREIGN_ENDS = ("TECH", "SYSTEMS", "LABS", "ENGINEERING", "SOLUTIONS", "RESEARCH", "MOTION", "DATA", "ENERGY", "MEDICA")


@dataclass
class Projects:
    """Projects and places in them.

    Attributes:
        projects: `programme`, `start`, `end` (first day after), `joint`; the index is the project number.
        places: `project`, `kind` (firm, institution, foreign), `party` (index), `order` (1 = coordinator), ordered by
            project and order.
        foreign: foreign organisations `name`, `short_name`, `country`, `city`, `kind`.
    """

    projects: pd.DataFrame
    places: pd.DataFrame
    foreign: pd.DataFrame


def foreign_organisations(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Invent foreign partners: four firms to one university."""
    rows = []
    countries = FOREIGN_COUNTRIES + NEIGHBOURS
    for number in range(count):
        country = countries[int(rng.integers(len(countries)))]
        stem = FOREIGN_WORDS[int(rng.integers(len(FOREIGN_WORDS)))] + FOREIGN_ENDS[int(rng.integers(len(FOREIGN_ENDS)))]
        if rng.random() < 0.2:
            rows.append(
                (f"UNIVERSITY OF {FOREIGN_CITIES[country]} {number + 1}", "", country, FOREIGN_CITIES[country], "HES")
            )
        else:
            name = f"{stem} {number + 1} {FOREIGN_FORMS[country]}"
            rows.append((name, stem, country, FOREIGN_CITIES[country], "PRC"))
    return pd.DataFrame(rows, columns=["name", "short_name", "country", "city", "kind"])


class _Partners:
    """Draws the Hungarian and foreign partners of a project."""

    def __init__(
        self, rng: np.random.Generator, population: Population, cooperations: Cooperations, foreign: pd.DataFrame
    ) -> None:
        self.rng = rng
        settled = (population.dissolved == NEVER) & (population.founded < day("2013-06-01"))
        free = settled & ~population.anchor & ~population.multi_unit & (population.same_as < 0)
        member = cooperations.memberships["firm"].to_numpy()
        self.members = np.unique(member[(member >= 0)])
        self.members = self.members[settled[self.members]]
        free[self.members] = False
        pool = np.flatnonzero(free)
        score = 0.5 * np.log(population.size[pool]) + rng.gumbel(size=pool.size)
        size = max(60, round(2600 * scale_of(population.count)))
        self.pool = np.sort(pool[np.argsort(-score, kind="stable")[:size]])
        self.weight = population.size[self.pool] ** 0.3
        self.running = np.cumsum(self.weight) / self.weight.sum()
        kinds = institution_kinds()
        self.knowledge = np.flatnonzero(np.isin(kinds, ("university", "research_institute")))
        self.towns = np.flatnonzero(kinds == "municipality")
        self.others = np.flatnonzero(kinds == "other")
        self.foreign = np.arange(len(foreign))
        self.near = np.flatnonzero(foreign["country"].isin(NEIGHBOURS))

    def firm(self) -> tuple[str, int]:
        if self.rng.random() < 0.33:
            return "firm", int(self.rng.choice(self.members))
        return "firm", int(self.pool[np.searchsorted(self.running, self.rng.random(), side="right")])

    def body(self) -> tuple[str, int]:
        u = self.rng.random()
        choices = self.knowledge if u < 0.7 else self.towns if u < 0.85 else self.others
        return "institution", int(self.rng.choice(choices))

    def abroad(self, near: bool = False) -> tuple[str, int]:
        return "foreign", int(self.rng.choice(self.near if near else self.foreign))


def make_projects(rng: np.random.Generator, population: Population, cooperations: Cooperations) -> Projects:
    """Draw projects and their partners.

    Args:
        rng: stream of projects.
        population: the legal units.
        cooperations: clusters, whose members take part more often than others.
    """
    scale = scale_of(population.count)
    foreign = foreign_organisations(rng, max(60, round(400 * scale)))
    partners = _Partners(rng, population, cooperations, foreign)
    projects: list[tuple[str, np.datetime64, np.datetime64]] = []
    places: list[tuple[int, str, int, int]] = []

    def add(programme: str, start: np.datetime64, days: int, parties: list[tuple[str, int]]) -> None:
        number = len(projects)
        projects.append((programme, start, start + days))
        distinct = list(dict.fromkeys(parties))
        places.extend((number, kind, party, order + 1) for order, (kind, party) in enumerate(distinct))

    def start_day(first: str, last: str) -> np.datetime64:
        return day(first) + int(rng.integers(int((day(last) - day(first)).astype(int))))

    for programme, count, first, last in (
        ("h2020", max(25, round(600 * scale)), "2014-06-01", "2021-06-01"),
        ("horizon", max(20, round(420 * scale)), "2021-09-01", "2025-11-01"),
    ):
        for _ in range(count):
            start = start_day(first, last)
            if rng.random() < 0.08:
                add(programme, start, int(rng.integers(180, 800)), [partners.firm()])
                continue
            hungarian = [
                partners.firm() if rng.random() < 0.6 else partners.body() for _ in range(1 + int(rng.geometric(0.6)))
            ]
            abroad = [partners.abroad() for _ in range(int(rng.integers(1, 12)))]
            parties = [abroad[0], *hungarian, *abroad[1:]] if rng.random() < 0.8 else [*hungarian, *abroad]
            add(programme, start, int(rng.integers(700, 1600)), parties)
    for programme, first, last in (
        ("structural_2014_2020", "2015-02-01", "2022-03-01"),
        ("structural_2021_2027", "2022-03-01", "2025-11-15"),
    ):
        for _ in range(max(15, round(330 * scale))):
            parties = [
                partners.firm() if rng.random() < 0.7 else partners.body() for _ in range(int(rng.integers(2, 6)))
            ]
            add(programme, start_day(first, last), STRUCTURAL_FUND_DAYS, parties)
        _add_single_grants(rng, population, programme, first, last, projects, places)
    for _ in range(max(10, round(140 * scale))):
        parties = [partners.firm() if rng.random() < 0.35 else partners.body() for _ in range(int(rng.integers(1, 4)))]
        parties += [partners.abroad(near=True) for _ in range(int(rng.integers(1, 6)))]
        add("interreg", start_day("2016-01-01", "2025-06-01"), int(rng.integers(540, 1280)), parties)

    frame = pd.DataFrame(projects, columns=["programme", "start", "end"])
    place = pd.DataFrame(places, columns=["project", "kind", "party", "order"])
    frame["joint"] = place.groupby("project").size().reindex(frame.index).to_numpy() >= 2
    return Projects(frame, place, foreign)


def _add_single_grants(rng, population, programme, first, last, projects, places) -> None:  # type: ignore[no-untyped-def]
    """Grants to one beneficiary: anyone, member or not; they are no cooperation."""
    count = min(12_000, 60 + round(0.006 * population.count))
    start = day(first) + rng.integers(0, int((day(last) - day(first)).astype(int)), count)
    firm = rng.integers(0, population.count, count)
    body = rng.integers(0, len(institutions()), count)
    is_body = rng.random(count) < 0.22
    alive = (population.founded[firm] < start - 60) & (population.dissolved[firm] > start + 60)
    for s, f, b, use_body, ok in zip(start, firm, body, is_body, alive, strict=True):
        if use_body or ok:
            number = len(projects)
            projects.append((programme, s, s + STRUCTURAL_FUND_DAYS))
            places.append((number, "institution", int(b), 1) if use_body else (number, "firm", int(f), 1))
