"""`generate`: one sample economy, published, with its truth beside it.

The same number of firms and the same seed give the same bytes. Register and accounts are CSV up to
`PARQUET_ABOVE` firms, Parquet beyond.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sample.accounts import Traits, heads, make_traits
from sample.classification import postcodes
from sample.cooperations import Cooperations, make_cooperations
from sample.economy import Population, make_population, scale_of
from sample.histories import make_histories
from sample.identity import make_identity
from sample.listing import Lister
from sample.local_units import LocalUnits, make_local_units, settled
from sample.national_accounts import YEARS
from sample.projects import STRUCTURAL_FUND_DAYS, Projects, make_projects
from sample.publish.accounts import write_accounts
from sample.publish.classifications import write_classifications
from sample.publish.clusters import write_clusters
from sample.publish.cordis import write_cordis
from sample.publish.events import write_events
from sample.publish.files import write_csv, write_parquet
from sample.publish.histories import write_histories
from sample.publish.local_units import write_local_units
from sample.publish.national_accounts import write_national_accounts
from sample.publish.projects import write_interreg, write_kohesio, write_structural_funds
from sample.publish.record import Log
from sample.publish.registry import write_registry
from sample.publish.sources import write_sources
from sample.streams import streams
from sample.truth import Participation, intervals, participation, region_shares, shares
from sample.value_added import true_value_added

SMALLEST = 1000
PARQUET_ABOVE = 200_000

Progress = Callable[[str, int, int], None]
"""Called with the subject being written, its number and how many there are."""


@dataclass
class Economy:
    """Everything that is drawn before anything is written.

    Attributes:
        rng: streams by subject, as far as they have been used.
        population: the S.11 firms.
        cooperations: clusters.
        projects: projects.
        taking_part: participation by numerator (`N1`, `N2`).
        gva: true GVA, million HUF, shape (firms, years).
        local_units: who works in several counties.
        traits: what does not change about a firm's books.
    """

    rng: dict[str, np.random.Generator]
    population: Population
    cooperations: Cooperations
    projects: Projects
    taking_part: dict[str, Participation]
    gva: np.ndarray
    local_units: LocalUnits
    traits: Traits


def draw(firms: int, seed: int) -> Economy:
    """Draw an economy without writing it.

    Args:
        firms: number of S.11 legal units, at least `SMALLEST`.
        seed: non-negative integer.

    Raises:
        ValueError: fewer firms than `SMALLEST`.
    """
    if firms < SMALLEST:
        raise ValueError(f"a sample needs at least {SMALLEST} firms, not {firms}")
    rng = streams(seed)
    population = make_population(rng["population"], firms)
    cooperations = make_cooperations(rng["clusters"], population)
    projects = make_projects(rng["projects"], population, cooperations)
    taking_part = {name: participation(frame) for name, frame in intervals(cooperations, projects).items()}
    n1, n2 = taking_part["N1"], taking_part["N2"]
    at_seat = true_value_added(rng["growth"], population, n1, n2)
    local_units = make_local_units(rng["local_units"], population, at_seat, n2.firm)
    gva = settled(at_seat, population, local_units, n2.firm)
    members_2023 = n1.firm[n1.any_day[:, YEARS.index(2023)]]
    traits = make_traits(rng["accounts"], population, gva, n1.firm, members_2023)
    return Economy(rng, population, cooperations, projects, taking_part, gva, local_units, traits)


def generate(firms: int, seed: int, out: Path, *, progress: Progress | None = None) -> None:
    """Write a sample economy and its truth.

    Args:
        firms: number of S.11 legal units, at least `SMALLEST`; institutions and banks come on top.
        seed: non-negative integer; same firms and seed give the same bytes.
        out: directory to write into; created, files of an earlier sample are overwritten.
        progress: told what is being written.

    Raises:
        ValueError: fewer firms than `SMALLEST`.
    """
    steps = ("economy", "registry", "accounts", "national accounts", "participants", "classifications", "truth")

    def tell(number: int) -> None:
        if progress is not None:
            progress(steps[number], number + 1, len(steps))

    tell(0)
    large = firms > PARQUET_ABOVE
    economy = draw(firms, seed)
    rng, population = economy.rng, economy.population
    out.mkdir(parents=True, exist_ok=True)
    _remove_other_format(out, large=large)
    identity = make_identity(rng["identifiers"], rng["names"], population)
    histories = make_histories(rng["histories"], population, identity.stem)

    tell(1)
    last = np.zeros(population.count, dtype=np.int64)
    for t in range(len(YEARS)):
        staff = heads(economy.traits, population, economy.gva, t)
        last = np.where(economy.gva[:, t] > 0, staff, last)
    protected = np.zeros(population.count, dtype=bool)
    protected[economy.taking_part["N2"].firm] = True
    protected[economy.cooperations.memberships.query("firm >= 0")["firm"].to_numpy()] = True
    dirt_counts = write_registry(
        rng["registry"], out, population, identity, economy.traits, last, protected, large=large
    )
    write_histories(out, population, identity, histories)
    write_local_units(out, population, identity, economy.traits, economy.gva, economy.local_units)
    tell(2)
    truth_2023 = write_accounts(rng["accounts"], out, population, identity, economy.traits, economy.gva, large=large)
    tell(3)
    write_national_accounts(out)
    tell(4)
    log = Log()
    lister = Lister(rng["dirt"], population, identity, economy.projects.foreign, postcodes()["postcode"].tolist())
    write_clusters(rng["dirt"], out, economy.cooperations, identity, lister, histories, log)
    write_cordis(rng["dirt"], out, economy.projects, lister, log)
    write_structural_funds(rng["dirt"], out, economy.projects, lister, log)
    write_kohesio(rng["dirt"], out, firms, lister, log)
    write_interreg(rng["dirt"], out, economy.projects, lister, log)
    write_events(rng["events"], out, population, economy.cooperations, economy.projects, lister, log)
    tell(5)
    write_classifications(out)
    write_sources(out, large=large)
    tell(6)
    write_parquet(log.table(), out / "truth" / "membership.parquet")
    share = shares(economy.taking_part, economy.gva)
    write_csv(pa.Table.from_pandas(share, preserve_index=False), out / "truth" / "share.csv")
    region = region_shares(economy.taking_part, economy.gva, population, economy.local_units)
    write_csv(pa.Table.from_pandas(region, preserve_index=False), out / "truth" / "region_share.csv")
    write_parquet(taking_part_table(economy, identity.firm_id), out / "truth" / "participation.parquet")
    facts = facts_2023(economy, truth_2023) | {"seed": seed, "dirt": dirt_counts}
    (out / "truth" / "facts.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8", newline="\n")


def _remove_other_format(out: Path, *, large: bool) -> None:
    """Remove register and accounts that an earlier sample of another size left in the other format."""
    ending = "csv" if large else "parquet"
    for stale in (*out.glob(f"registry/business_registry.{ending}"), *out.glob(f"accounts/annual_accounts_*.{ending}")):
        stale.unlink()


def taking_part_table(economy: Economy, firm_id: pa.Array) -> pa.Table:
    """Return who counts in which numerator: firm_id, year, numerator, day_weight, is_december."""
    parts = []
    for name, part in economy.taking_part.items():
        at, t = np.nonzero(part.any_day)
        parts.append(
            pa.table(
                {
                    "firm_id": firm_id.take(pa.array(part.firm[at])),
                    "year": pa.array(np.array(YEARS, dtype=np.int32)[t]),
                    "numerator": pa.array([name] * at.size, type=pa.string()),
                    "day_weight_ratio": pa.array(part.weight[at, t]),
                    "is_december": pa.array(part.december[at, t]),
                }
            )
        )
    return pa.concat_tables(parts)


def facts_2023(economy: Economy, figures: dict[str, np.ndarray]) -> dict[str, object]:
    """Return the figures of N1 in 2023 (any day) that the published facts are about.

    Args:
        economy: the economy.
        figures: true `net_turnover`, `export_turnover` (million HUF) and `employees` by firm in 2023.
    """
    n1 = economy.taking_part["N1"]
    firms = n1.firm[n1.any_day[:, YEARS.index(2023)]]
    memberships, labels = economy.cooperations.memberships, economy.cooperations.labels
    first, after = pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01")
    running = labels[
        (labels["scheme"] == "accreditation") & (labels["valid_from"] < after) & (labels["valid_to"] > first)
    ]
    bodies = memberships[
        (memberships["institution"] >= 0)
        & memberships["cluster"].isin(running["cluster"])
        & (memberships["valid_from"] < after)
        & (memberships["valid_to"] > first)
    ]["institution"].nunique()
    turnover, exports = figures["net_turnover"][firms].sum(), figures["export_turnover"][firms].sum()
    return {
        "firms_in_sample": economy.population.count,
        "scale_ratio": scale_of(economy.population.count),
        "year": 2023,
        "numerator": "N1",
        "time_rule": "any_day",
        "accredited_clusters": int(running["cluster"].nunique()),
        "member_firms": int(firms.size),
        "members": int(firms.size + bodies),
        "employees": int(figures["employees"][firms].sum()),
        "net_turnover_huf_mn": float(turnover),
        "export_share_pct": float(100 * exports / turnover),
        "structural_fund_days": STRUCTURAL_FUND_DAYS,
    }
