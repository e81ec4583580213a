"""Cooperation events and their participants, among them one in four countries with more than sixteen frontrunners."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sample import dirt
from sample.cooperations import Cooperations
from sample.economy import Population, scale_of
from sample.listing import Lister
from sample.projects import Projects
from sample.publish.files import write_csv
from sample.publish.record import Log

KINDS = ("B2B meeting", "technology day", "good practice exchange", "matchmaking", "study tour", "cluster conference")
COUNTRY_SETS = (
    ("HU",),
    ("HU",),
    ("HU", "AT"),
    ("HU", "SK"),
    ("HU", "RO"),
    ("HU", "SI", "HR"),
    ("HU", "AT", "SK", "SI"),
)


def write_events(
    rng: np.random.Generator,
    out: Path,
    population: Population,
    cooperations: Cooperations,
    projects: Projects,
    lister: Lister,
    log: Log,
) -> None:
    """Write `cooperation_events.csv` and `event_participants.csv`.

    Args:
        rng: stream of events.
        out: directory of the economy.
        population: for the scale.
        cooperations: the clusters that organise events and whose members come.
        projects: foreign organisations.
        lister: names of participants.
        log: takes who is who.
    """
    clusters, memberships = cooperations.clusters, cooperations.memberships
    firms_of = dict(list(memberships[memberships["firm"] >= 0].groupby("cluster")["firm"]))
    abroad = projects.foreign
    by_country = {
        c: np.flatnonzero(abroad["country"] == c) for c in sorted({c for s in COUNTRY_SETS for c in s} - {"HU"})
    }
    events, participants = [], []
    for number in range(max(8, round(90 * scale_of(population.count)))):
        cluster = int(rng.integers(len(clusters)))
        countries = COUNTRY_SETS[-1] if number == 0 else COUNTRY_SETS[int(rng.integers(len(COUNTRY_SETS)))]
        event = f"EV{number + 1:04d}"
        date = np.datetime64("2016-02-01") + int(rng.integers(3570))
        events.append(
            (
                event,
                f"{clusters['name'][cluster]}: {KINDS[int(rng.integers(6))]} {str(date)[:4]}",
                str(date),
                clusters["cluster_id"][cluster],
                ";".join(countries),
            )
        )
        for country in countries:
            pool = firms_of[cluster].unique() if country == "HU" else by_country[country]
            size = min(len(pool), int(rng.integers(6, 20)))
            for order, party in enumerate(rng.choice(pool, size=size, replace=False)):
                entry = lister.listed("event", "firm" if country == "HU" else "foreign", int(party))
                tax = dirt.tax_number(rng, entry.tax_number, lister.other_tax_number()) if entry.tax_number else ""
                frontrunner = bool(rng.random() < 0.25) or (number == 0 and order < 8)
                participants.append((event, country, entry.name, entry.country, tax or None, str(frontrunner).lower()))
                log.add("events/event_participants.csv", len(participants), event, entry.name, entry.unit, entry.kind)
    frame = pd.DataFrame(events, columns=["event_id", "name", "event_date", "cluster_id", "countries"])
    write_csv(pa.Table.from_pandas(frame, preserve_index=False), out / "events" / "cooperation_events.csv")
    columns = ["event_id", "country", "organisation_name", "organisation_country", "tax_number", "is_frontrunner"]
    taking = pa.table({c: pa.array([row[i] for row in participants], type=pa.string()) for i, c in enumerate(columns)})
    write_csv(taking, out / "events" / "event_participants.csv")
