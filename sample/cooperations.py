"""Clusters: accreditation, labels, members, cluster-to-cluster agreements.

Calibrated to the facts published with the strategy (press release of November 2023): 26 accredited clusters with 1,028
members of which 944 firms. Here they hold for calendar year 2023, counting distinct organisations that were members of
an accredited cluster on any day of it. Samples below 100,000 firms carry the share `economy.scale_of` of them.

Besides, there are clusters whose accreditation lapsed before 2023, clusters accredited later, and clusters that never
were; accreditations have gaps, firms join, leave and belong to two clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample.classification import activities, counties, nuts2_index
from sample.economy import END_DAY, NEVER, Population, institution_kinds, scale_of

ACCREDITED_CLUSTERS = 26
MEMBER_FIRMS = 944
MEMBERS = 1028

INDUSTRIES = (
    # key industry, name in Hungarian, divisions, home counties
    ("vehicle industry", "Járműipari", "29 30 25 22", "HU221 HU211 HU311 HU331"),
    ("information and communication technology", "Informatikai", "62 63 26 61", "HU110 HU211 HU333"),
    ("health industry", "Egészségipari", "21 72 32 86", "HU321 HU110 HU231"),
    ("mechanical engineering", "Gépipari", "28 25 33", "HU231 HU211 HU332"),
    ("food industry", "Élelmiszeripari", "10 11 01", "HU331 HU321 HU333"),
    ("wood and furniture", "Fa- és Bútoripari", "16 31 02", "HU223 HU221"),
    ("green energy", "Megújuló Energia", "35 38 71", "HU312 HU321 HU110"),
    ("construction", "Építőipari", "41 43 23 71", "HU110 HU231 HU323"),
    ("logistics", "Logisztikai", "49 52 53", "HU120 HU223"),
    ("packaging and plastics", "Csomagolástechnikai", "17 18 22", "HU110 HU311"),
    ("tourism", "Termál- és Gyógyturisztikai", "55 56 93 86", "HU232 HU321 HU222"),
    ("creative industry", "Kreatívipari", "59 58 73 74", "HU110 HU231"),
    ("electronics and mechatronics", "Mechatronikai", "26 27 28", "HU213 HU322 HU211"),
)

BROAD = 5
"""The first industries of `INDUSTRIES` have large cells in manufacturing and information technology."""

CLUSTER_WORDS = ("Klaszter", "Innovációs Klaszter", "Innovációs Pólus Klaszter", "Kompetencia Klaszter")
REGION_WORDS = {
    "HU11": "Budapesti",
    "HU12": "Közép-Magyarországi",
    "HU21": "Közép-Dunántúli",
    "HU22": "Pannon",
    "HU23": "Dél-Dunántúli",
    "HU31": "Észak-Magyarországi",
    "HU32": "Észak-Alföldi",
    "HU33": "Dél-Alföldi",
}

PARTNER_CLUSTERS = (
    ("Automotive Cluster Upper Danube", "AT"),
    ("Slovak Machinery Cluster", "SK"),
    ("Mechatronics Cluster Tyrol", "AT"),
    ("ICT Technology Network", "SI"),
    ("Transylvania Digital Cluster", "RO"),
    ("Health Valley Styria", "AT"),
    ("Bavarian Plastics Cluster", "DE"),
    ("Silesia Automotive Network", "PL"),
    ("Wood Cluster Carinthia", "AT"),
    ("Moravian Engineering Cluster", "CZ"),
    ("Adriatic Food Cluster", "HR"),
    ("Vojvodina ICT Cluster", "RS"),
    ("Packaging Valley South", "DE"),
    ("Green Energy Burgenland", "AT"),
    ("Balkan Logistics Cluster", "BG"),
)
TOPICS = ("joint RDI", "market access", "exchange of good practice", "skills", "joint procurement", "digitalisation")


@dataclass
class Cooperations:
    """Clusters and what belongs to them; days are datetime64, `NEVER` marks an open end.

    Attributes:
        clusters: `cluster_id`, `name`, `key_industry`, `manager` (firm), `nuts3`, `settlement`, `founded`, `kind`.
        labels: `cluster`, `scheme`, `level`, `valid_from`, `valid_to`.
        memberships: `cluster`, `firm` (-1 for institutions), `institution` (-1 for firms), `role`, `valid_from`,
            `valid_to`.
        agreements: `agreement_id`, `cluster`, `partner`, `country`, `signed`, `valid_to`, `topic`.
    """

    clusters: pd.DataFrame
    labels: pd.DataFrame
    memberships: pd.DataFrame
    agreements: pd.DataFrame


def day(text: str) -> np.datetime64:
    """Return a day from ISO text."""
    return np.datetime64(text, "D")


def _between(rng: np.random.Generator, start: np.datetime64, end: np.datetime64) -> np.datetime64:
    width = max(int((end - start).astype(int)), 1)
    return start + int(rng.integers(width))


def _accreditation(
    rng: np.random.Generator, kind: str, founded: np.datetime64
) -> list[tuple[np.datetime64, np.datetime64]]:
    """Periods of two to four years one after another, some with a gap; see `kind` in `_clusters`."""
    if kind == "never":
        return []
    if kind == "later":
        return [(_between(rng, day("2024-01-15"), day("2025-03-01")), day("2028-01-01"))]
    start = _between(rng, max(founded + 300, day("2010-01-01")), day("2015-12-31"))
    stop = _between(rng, day("2017-06-01"), day("2021-09-01")) if kind == "lapsed" else day("2028-01-01")
    periods = []
    while start < stop:
        end = min(start + int(rng.integers(730, 1461)), stop)
        # The published count is for 2023: no accreditation begins or ends around the spring of that year.
        if day("2022-12-01") < end < day("2023-10-01"):
            end = day("2024-02-01") if kind != "lapsed" else end
        periods.append((start, end))
        gap = int(rng.integers(40, 280)) if rng.random() < 0.25 else 0
        start = end + gap
        if day("2022-12-01") < start < day("2023-10-01"):
            start = end
    return periods


def _clusters(rng: np.random.Generator, scale: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    accredited = max(3, round(ACCREDITED_CLUSTERS * scale))
    kinds = ["accredited"] * accredited
    kinds += ["lapsed"] * max(1, round(8 * scale)) + ["later"] * max(1, round(3 * scale))
    kinds += ["never"] * max(2, round(18 * scale))
    county = counties()
    codes = county["nuts3_code"].tolist()
    # Broad industries first: where there are few clusters, their cells must have room for the whole share.
    order = np.concatenate((rng.permutation(BROAD), BROAD + rng.permutation(len(INDUSTRIES) - BROAD)))
    clusters, labels, used = [], [], set()
    for number, kind in enumerate(kinds):
        industry, hungarian, _, homes = INDUSTRIES[order[number % len(INDUSTRIES)]]
        home = str(rng.choice(homes.split()))
        region = REGION_WORDS[home[:4]]
        name = f"{region} {hungarian} {CLUSTER_WORDS[int(rng.integers(len(CLUSTER_WORDS)))]}"
        if name in used:
            name = f"{county['seat'][codes.index(home)]}i {hungarian} Klaszter {number + 1}"
        used.add(name)
        founded = _between(rng, day("2005-03-01"), day("2013-06-01") if kind != "later" else day("2019-06-01"))
        clusters.append(
            (f"CL{number + 1:03d}", name, industry, codes.index(home), county["seat"][codes.index(home)], founded, kind)
        )
        for start, end in _accreditation(rng, kind, founded):
            labels.append((number, "accreditation", "accredited", start, end))
        if rng.random() < 0.45:
            level = int(rng.integers(3))
            start = _between(rng, day("2014-01-01"), day("2022-01-01"))
            labels.append(
                (number, "esca", ("bronze", "silver", "gold")[level], start, start + 3 * 365 - 364 * (level == 0))
            )
    return (
        pd.DataFrame(
            clusters, columns=["cluster_id", "name", "key_industry", "nuts3", "settlement", "founded", "kind"]
        ),
        pd.DataFrame(labels, columns=["cluster", "scheme", "level", "valid_from", "valid_to"]),
    )


class _Picker:
    """Draws firms for clusters by trade, place and size (Gumbel top-k: sampling without replacement by weight)."""

    def __init__(self, rng: np.random.Generator, population: Population) -> None:
        self.rng = rng
        self.division = activities()["division"].to_numpy()[population.activity].astype(int)
        self.region = nuts2_index(population.nuts3)
        # Members are known firms, not the smallest: above 12 million HUF of value added.
        self.log_weight = 0.65 * np.log(np.maximum(population.size, 0.01)) - 6.0 * (population.size < 12)
        self.free = ~population.anchor & ~population.multi_unit & (population.same_as < 0)

    def pick(self, count: int, industry: str, nuts3: int, allowed: np.ndarray) -> np.ndarray:
        divisions = next(d for i, _, d, _ in INDUSTRIES if i == industry)
        pool = np.flatnonzero(allowed & self.free)
        main = np.isin(self.division[pool], [int(d) for d in divisions.split()])
        near = self.region[pool] == nuts2_index(np.array([nuts3]))[0]
        score = self.log_weight[pool] + 4.0 * main + 1.8 * near + self.rng.gumbel(size=pool.size)
        if pool.size > count:
            pool = pool[np.argpartition(-score, count)[:count]]
        self.free[pool] = False
        return np.sort(pool)


@dataclass
class _Rows:
    """Memberships as they are drawn."""

    rng: np.random.Generator
    population: Population
    picker: _Picker
    industry: list[str]
    nuts3: list[int]
    founded: list[np.datetime64]
    rows: list[tuple[int, int, int, str, np.datetime64, np.datetime64]]

    def pick(self, cluster: int, count: int, allowed: np.ndarray) -> list[int]:
        """Draw firms for a cluster that no cluster has yet."""
        picked = self.picker.pick(count, self.industry[cluster], self.nuts3[cluster], allowed)
        return [int(firm) for firm in picked]

    def first_day(self, cluster: int, firm: int) -> np.datetime64:
        """First day on which both the cluster and the firm exist."""
        return max(self.founded[cluster], self.population.founded[firm])

    def add(self, cluster: int, firm: int, start: np.datetime64, end: np.datetime64) -> None:
        """Add a firm; a member of the first year is a founder, nobody outlives its dissolution."""
        role = "founder" if start < self.founded[cluster] + 400 else "member"
        self.rows.append((cluster, firm, -1, role, start, min(end, self.population.dissolved[firm])))

    def members_of_2023(self, cluster: int, count: int, allowed: np.ndarray) -> list[int]:
        """Add members that count in 2023; the largest join early and stay, so that the share does not jump."""
        picked = self.pick(cluster, count, allowed)
        sizes = self.population.size[picked]
        for firm, is_big in zip(picked, sizes >= np.quantile(sizes, 0.7), strict=True):
            low = self.first_day(cluster, firm)
            early = bool(is_big) or self.rng.random() < 0.6
            if low < day("2015-12-01") and early:
                start = _between(self.rng, low, day("2015-12-31"))
            else:
                start = _between(self.rng, max(low, day("2016-01-01")), day("2023-06-15"))
            leaves = not is_big and self.rng.random() < 0.22
            end = _between(self.rng, max(start + 30, day("2023-04-15")), END_DAY) if leaves else NEVER
            self.add(cluster, firm, start, end)
        return picked

    def former_members(self, cluster: int, count: int, allowed: np.ndarray) -> None:
        """Add members that left before 2023."""
        for firm in self.pick(cluster, count, allowed):
            start = _between(self.rng, self.first_day(cluster, firm), day("2018-01-01"))
            self.add(cluster, firm, start, _between(self.rng, max(start + 300, day("2018-06-01")), day("2023-01-01")))

    def later_members(self, cluster: int, count: int, allowed: np.ndarray) -> None:
        """Add members that joined after 2023."""
        for firm in self.pick(cluster, count, allowed):
            self.add(cluster, firm, _between(self.rng, day("2024-01-01"), END_DAY), NEVER)

    def lasting_members(self, cluster: int, count: int, allowed: np.ndarray) -> list[int]:
        """Add members that joined early and stay."""
        picked = self.pick(cluster, count, allowed)
        for firm in picked:
            low = self.first_day(cluster, firm)
            self.add(cluster, firm, _between(self.rng, low, max(low + 100, day("2018-01-01"))), NEVER)
        return picked

    def second_memberships(self, firms: list[int], accredited: list[int], never: list[int]) -> None:
        """Let some firms belong to a second cluster, mostly an accredited one."""
        for at in self.rng.choice(len(firms), size=max(2, len(firms) // 16), replace=False):
            firm = firms[int(at)]
            pool = accredited if self.rng.random() < 0.8 else never
            second = pool[int(self.rng.integers(len(pool)))]
            if all(row[0] != second for row in self.rows if row[1] == firm):
                low = max(self.first_day(second, firm), day("2016-01-01"))
                self.add(second, firm, _between(self.rng, low, day("2023-06-15")), NEVER)

    def institutions(self, count: int, accredited: list[int], never: list[int]) -> None:
        """Add `count` distinct institutions to accredited clusters and a few of them to others as well."""
        kinds = institution_kinds()
        knowledge = np.flatnonzero(kinds != "municipality")
        towns = np.flatnonzero(kinds == "municipality")
        first = knowledge[self.rng.permutation(knowledge.size)][: max(3, round(0.5 * count))]
        chosen = np.concatenate((first, towns[self.rng.permutation(towns.size)][: count - first.size]))
        for position, body in enumerate(chosen):
            cluster = accredited[position % len(accredited)]
            start = _between(self.rng, self.founded[cluster], day("2022-06-01"))
            self.rows.append((cluster, -1, int(body), "member", start, NEVER))
        for body in self.rng.choice(chosen, size=max(1, count // 4), replace=False):
            cluster = never[int(self.rng.integers(len(never)))]
            start = _between(self.rng, day("2014-01-01"), day("2020-01-01"))
            self.rows.append((cluster, -1, int(body), "member", start, NEVER))


def make_cooperations(rng: np.random.Generator, population: Population) -> Cooperations:
    """Draw clusters, members, labels and agreements.

    Args:
        rng: stream of clusters.
        population: the legal units; anchors and multi-unit enterprises stay out, so that the share is the same whether
            membership is counted at the legal unit or rolled up to the enterprise.
    """
    scale = scale_of(population.count)
    clusters, labels = _clusters(rng, scale)
    founded: list[np.datetime64] = [np.datetime64(str(value)[:10], "D") for value in clusters["founded"]]
    picker = _Picker(rng, population)
    rows = _Rows(rng, population, picker, clusters["key_industry"].tolist(), clusters["nuts3"].tolist(), founded, [])
    of_kind = {
        kind: [int(c) for c in np.flatnonzero(clusters["kind"] == kind)]
        for kind in ("accredited", "lapsed", "later", "never")
    }
    firms_2023 = max(36, round(MEMBER_FIRMS * scale))
    others_2023 = max(4, round((MEMBERS - MEMBER_FIRMS) * scale))
    alive_2023 = (population.dissolved >= day("2024-01-01")) & (population.founded < day("2022-06-01"))
    lasting = (population.dissolved == NEVER) & (population.founded < day("2015-01-01")) & ~population.large

    weights = rng.lognormal(0, 0.45, len(of_kind["accredited"]))
    sizes = np.floor(weights / weights.sum() * firms_2023).astype(int)
    sizes[: firms_2023 - sizes.sum()] += 1
    typical = float(sizes.mean())
    managers = np.full(len(clusters), -1)
    members: list[int] = []
    for cluster, count in zip(of_kind["accredited"], sizes, strict=True):
        picked = rows.members_of_2023(cluster, int(count), alive_2023)
        managers[cluster] = picked[int(np.argmin(population.size[picked]))]
        members += picked
    # None of the following counts in 2023: left before, joined after, or not accredited in that year.
    for cluster in of_kind["accredited"]:
        rows.former_members(cluster, max(1, round(typical * 0.2)), lasting)
        rows.later_members(cluster, max(1, round(typical * 0.12)), lasting)
    for kind, share in (("lapsed", 0.5), ("later", 0.4), ("never", 0.4)):
        for cluster in of_kind[kind]:
            managers[cluster] = rows.lasting_members(cluster, max(3, round(typical * share)), lasting)[0]
    rows.second_memberships(members, of_kind["accredited"], of_kind["never"])
    rows.institutions(others_2023, of_kind["accredited"], of_kind["never"])

    memberships = pd.DataFrame(rows.rows, columns=["cluster", "firm", "institution", "role", "valid_from", "valid_to"])
    memberships = memberships[memberships["valid_from"] < memberships["valid_to"]]
    is_manager = memberships["firm"].to_numpy() == managers[memberships["cluster"].to_numpy()]
    memberships.loc[is_manager, "role"] = "management"
    memberships = memberships.sort_values(["cluster", "valid_from", "firm", "institution"], kind="stable")
    clusters["manager"] = managers
    return Cooperations(clusters, labels, memberships.reset_index(drop=True), _agreements(rng, clusters, scale))


def _agreements(rng: np.random.Generator, clusters: pd.DataFrame, scale: float) -> pd.DataFrame:
    rows = []
    names = clusters["name"].tolist()
    candidates = np.flatnonzero(clusters["kind"] != "lapsed")
    for number in range(max(3, round(34 * scale))):
        partner, country = PARTNER_CLUSTERS[int(rng.integers(len(PARTNER_CLUSTERS)))]
        if rng.random() < 0.15:
            partner, country = names[int(rng.choice(candidates))], "HU"
        signed = _between(rng, day("2014-01-01"), day("2025-06-01"))
        end = signed + int(rng.integers(700, 2200)) if rng.random() < 0.7 else NEVER
        cluster = int(rng.choice(candidates))
        if partner != names[cluster]:
            rows.append((f"C2C{number + 1:03d}", cluster, partner, country, signed, end, TOPICS[int(rng.integers(6))]))
    columns = ["agreement_id", "cluster", "partner", "country", "signed", "valid_to", "topic"]
    return pd.DataFrame(rows, columns=columns)
