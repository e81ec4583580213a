"""The cluster register, labels, members (a workbook) and agreements between clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sample import dirt
from sample.classification import counties
from sample.cooperations import Cooperations
from sample.economy import NEVER
from sample.histories import Histories
from sample.identity import Identity
from sample.listing import Lister
from sample.publish.files import days, write_csv, write_xlsx
from sample.publish.record import Log


def _day(value: object) -> str | None:
    stamp = np.datetime64(str(value)[:10], "D")
    return None if stamp == NEVER else str(stamp)


def write_clusters(
    rng: np.random.Generator,
    out: Path,
    cooperations: Cooperations,
    identity: Identity,
    lister: Lister,
    histories: Histories,
    log: Log,
) -> None:
    """Write the files of `clusters/`.

    Args:
        rng: stream of dirt.
        out: directory of the economy.
        cooperations: clusters and members.
        identity: for the managing organisations.
        lister: names of members.
        histories: VAT groups and former seats that lists show.
        log: takes who is who.
    """
    clusters, labels, agreements = cooperations.clusters, cooperations.labels, cooperations.agreements
    managers = pa.array(clusters["manager"].to_numpy())
    ids = clusters["cluster_id"].to_numpy()
    write_csv(
        pa.table(
            {
                "cluster_id": pa.array(ids),
                "name": pa.array(clusters["name"]),
                "key_industry": pa.array(clusters["key_industry"]),
                "management_organisation": identity.short_name.take(managers),
                "management_tax_number": identity.tax_number.take(managers),
                "settlement": pa.array(clusters["settlement"]),
                "nuts3_code": pa.array(counties()["nuts3_code"].to_numpy()[clusters["nuts3"]]),
                "founded_date": days(clusters["founded"]),
            }
        ),
        out / "clusters" / "clusters.csv",
    )
    write_csv(
        pa.table(
            {
                "cluster_id": pa.array(ids[labels["cluster"]]),
                "scheme": pa.array(labels["scheme"]),
                "level": pa.array(labels["level"]),
                "valid_from": days(labels["valid_from"]),
                "valid_to": days(labels["valid_to"]),
            }
        ),
        out / "clusters" / "cluster_labels.csv",
    )
    _write_members(rng, out, cooperations.memberships, ids, lister, histories, log)
    write_csv(
        pa.table(
            {
                "agreement_id": pa.array(agreements["agreement_id"]),
                "cluster_id": pa.array(ids[agreements["cluster"]]),
                "partner_cluster_name": pa.array(agreements["partner"]),
                "partner_country": pa.array(agreements["country"]),
                "signed_date": days(agreements["signed"]),
                "valid_to": days(agreements["valid_to"]),
                "topic": pa.array(agreements["topic"]),
            }
        ),
        out / "events" / "c2c_agreements.csv",
    )


def _write_members(
    rng: np.random.Generator,
    out: Path,
    memberships: pd.DataFrame,
    ids: np.ndarray,
    lister: Lister,
    histories: Histories,
    log: Log,
) -> None:
    rows = []
    columns = ("cluster", "firm", "institution", "role", "valid_from", "valid_to")
    for cluster, firm, body, role, start, end in zip(*(memberships[name] for name in columns), strict=True):
        entry = lister.listed("cluster", "firm", firm) if firm >= 0 else lister.listed("cluster", "institution", body)
        tax = dirt.tax_number(rng, entry.tax_number, lister.other_tax_number())
        postcode = entry.postcode if entry.postcode and rng.random() < 0.8 else None
        town = dirt.town(rng, entry.settlement)
        tax = histories.shown_tax_number(entry.unit, tax)
        town, postcode = histories.shown_seat(entry.unit, town, postcode)
        rows.append(
            (
                ids[cluster],
                entry.name,
                entry.kind,
                tax or None,
                town or None,
                postcode,
                "HU",
                role,
                _day(start),
                _day(end),
            )
        )
        log.add("clusters/cluster_memberships.xlsx", len(rows), str(ids[cluster]), entry.name, entry.unit, entry.kind)
    header = (
        "cluster_id",
        "member_name",
        "member_type",
        "tax_number",
        "settlement",
        "postcode",
        "country",
        "role",
        "valid_from",
        "valid_to",
    )
    write_xlsx(out / "clusters" / "cluster_memberships.xlsx", "members", header, rows)
