"""Real names whose firm is known: labelled sets and CORDIS rows whose VAT number is hidden from the linker.

Belongs here: reading those files into a registry, records and the truth. Does not belong here: the files, which are not
in this repository; a set whose file is absent is passed over.

| set | registry | records |
|---|---|---|
| cordis | one row per VAT number | other spellings of its name or town, without the number |
| croatian | the most frequent spelling per OIB | its other spellings |
| canadian | the most frequent spelling per group that somebody formed by hand | the other spellings |
| dutch | names of EMM's unit test | the names that are paired with them, right or wrong |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from methods.linkage import link


@dataclass(frozen=True)
class RealSet:
    """Frames as `link` takes them; `truth` has `record_id`, `firm_id`, one row per right pair."""

    registry: pd.DataFrame
    records: pd.DataFrame
    truth: pd.DataFrame


def cordis(data: Path) -> RealSet:
    """Organisations of the CORDIS files of a folder, by their VAT number."""
    files = sorted((data / "cordis").glob("h2020_organizations_latest_*.csv"))
    if not files:
        raise FileNotFoundError(data / "cordis")
    rows = pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in files], ignore_index=True)
    rows = rows[rows["vatNumber"].str.len() >= 8].rename(columns={"vatNumber": "firm_id", "city": "settlement"})
    rows["key"] = rows["name"].str.casefold() + "|" + rows["settlement"].str.casefold()
    rows = rows.drop_duplicates(["firm_id", "key"])[["firm_id", "name", "settlement"]]
    return _split(rows, [])


def croatian(data: Path) -> RealSet:
    """Croatian beneficiaries by OIB, name only."""
    rows = pd.read_csv(data / "linkage" / "hr_oib_beneficiary_name_variants_DERIVED.csv", dtype=str)
    rows = rows[rows["oib"] != "00000000001"].rename(columns={"oib": "firm_id"})
    return _split(rows, ["n"])


def canadian(data: Path) -> RealSet:
    """Clients of Canadian lobbyists, grouped by hand, name only."""
    rows = pd.read_csv(data / "linkage" / "nama_canlobby_client_names_manual.csv", dtype=str)
    return _split(rows.rename(columns={"group": "firm_id", "string": "name", "count": "n"}), ["n"])


def dutch(data: Path) -> RealSet:
    """Pairs of EMM's unit test."""
    rows = pd.read_csv(data / "linkage" / "emm_unittest_sample_namepairs.csv", dtype=str)
    registry = rows.rename(columns={"entity_id": "firm_id"}).drop_duplicates("firm_id")[["firm_id", "name"]]
    records = rows.rename(columns={"gt_uid": "record_id", "gt_name": "text"}).drop_duplicates("record_id")
    right = rows[rows["correct"] == "True"].rename(columns={"gt_uid": "record_id", "entity_id": "firm_id"})
    records = records[["record_id", "text"]].rename(columns={"text": "name"})
    return RealSet(registry, records, right[["record_id", "firm_id"]])


SETS: dict[str, Callable[[Path], RealSet]] = {
    "cordis": cordis, "croatian": croatian, "canadian": canadian, "dutch": dutch,
}  # fmt: skip


def measure(one: RealSet) -> dict[str, float]:
    """Records, accepted links, how many of those are right, precision, recall among records with a firm."""
    found = link(one.registry, one.records).links
    accepted = found[found["status"] == "accepted"]
    right = len(accepted.merge(one.truth, on=["record_id", "firm_id"]))
    return {
        "records": len(one.records),
        "with a firm": one.truth["record_id"].nunique(),
        "accepted": len(accepted),
        "right": right,
        "precision": right / max(len(accepted), 1),
        "recall": right / max(one.truth["record_id"].nunique(), 1),
        "review": int((found["status"] == "review").sum()),
    }


def _split(rows: pd.DataFrame, weight: list[str]) -> RealSet:
    """One spelling of each firm for the registry, the most frequent or the first; the others are the records."""
    rows = rows.dropna(subset=["firm_id", "name"]).reset_index(drop=True)
    if weight:
        rows = rows.assign(often=rows[weight[0]].astype(float)).sort_values("often", ascending=False, kind="stable")
    is_first = ~rows["firm_id"].duplicated()
    kept = [name for name in ("name", "settlement") if name in rows]
    others = rows[~is_first].drop_duplicates(kept)
    others = others.assign(record_id=[f"R{k:06d}" for k in range(len(others))])
    return RealSet(
        rows.loc[is_first, ["firm_id", *kept]], others[["record_id", *kept]], others[["record_id", "firm_id"]]
    )
