"""A clerk who knows the truth of a sample economy: fills the files of `coopgva link sample`, and tests what they say.

    coopgva sample --out H && coopgva refresh --home H
    .venv/bin/python -m benchmarks.linkage.clerk --home H --size 400 --seeds 40
    .venv/bin/python -m benchmarks.linkage.clerk --home H --fill sample.csv --out filled.csv

The first compares, for many samples, the estimates and their intervals with precision and recall of all records; the
second fills one file, which can be delivered as a source of the table clerical_review.

Belongs here: the clerk. Does not belong here: the sample (`pipelines.link_sample`), the estimators.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from methods.link_quality import NO_FIRM, read_verdicts, sampled
from pipelines.link_sample import clerks_file, proposals
from resources.home import Home

FILES = {
    "cluster_memberships": "clusters/cluster_memberships.xlsx",
    "cordis_h2020_organisation": "cordis/cordis-h2020.zip",
    "cordis_horizon_organisation": "cordis/cordis-horizon.zip",
    "event_participants": "events/event_participants.csv",
    "interreg_partners": "projects/interreg_partners.csv",
    "structural_funds_2014_2020": "projects/structural_funds_2014_2020.json",
    "structural_funds_2021_2027": "projects/structural_funds_2021_2027.json",
}
"""File of the sample economy that each source delivers."""

MEASURES = ("precision", "recall", "membership_recall", "false_membership", "calibration_error")


def truth_of(home: Home, frame: pd.DataFrame) -> pd.DataFrame:
    """What each record means: `record_id`, `firm_id` (missing: no firm of the register), `is_known`.

    The truth names a row of a file; a record is found there by file, cooperation and name. Where that fits rows of
    different firms (two of one name in one project) the clerk cannot tell.
    """
    log = pd.read_parquet(home.root / "truth" / "membership.parquet")
    has_project = ~log["source_file"].str.contains("structural_funds")
    log["project"] = log["row_key"].str.split("|").str[0].where(has_project, "")
    log["key"] = log["source_file"] + "|" + log["project"] + "|" + log["listed_name"].map(_plain)
    project = frame["cooperation"].str.split(":", n=1).str[1]
    project = project.where(~frame["cooperation"].str.startswith("COHESION:"), "")
    keys = frame["source"].map(FILES) + "|" + project + "|" + frame["name"].map(_plain)
    firms = log.groupby("key")["firm_id"].agg(lambda ids: sorted(set(ids.dropna())) + [""] * bool(ids.isna().any()))
    found = keys.map(firms)
    is_known = found.map(lambda ids: isinstance(ids, list) and len(ids) == 1)
    firm = found.where(is_known).map(lambda ids: ids[0] if isinstance(ids, list) else None)
    with duckdb.connect(str(home.warehouse / "warehouse.duckdb"), read_only=True) as connection:
        register = connection.execute("SELECT legal_unit_id FROM integration.legal_unit").df()["legal_unit_id"]
    return pd.DataFrame(
        {"record_id": frame["record_id"], "firm_id": firm.where(firm.isin(register), None), "is_known": is_known}
    )


def fill(file: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """The clerk's file with verdicts."""
    known = file[["record_id"]].merge(truth, on="record_id", how="left")
    firm = known["firm_id"].fillna("").to_numpy(object)
    shown = file["shown_legal_unit_id"].fillna("").to_numpy(object)
    can_tell = known["is_known"].fillna(False).to_numpy(bool)
    verdict = np.where(~can_tell, "cannot_tell", np.where(firm == shown, "right", "wrong"))
    right = np.where(verdict == "wrong", np.where(firm == "", NO_FIRM, firm), "")
    return file.assign(verdict=verdict, right_legal_unit_id=right, who="the sample economy", when="2026-11-23", why="")


def figures(frame: pd.DataFrame, filled: pd.DataFrame, sizes: pd.Series) -> pd.DataFrame:
    """Estimates from one filled file: rows of `methods.link_quality.sampled` by measure, stratum and weight."""
    records = frame.rename(columns={"shown_legal_unit_id": "best_unit_id"}).assign(
        best_probability=frame["probability"], best_status=frame["status"], unit_id=frame["shown_legal_unit_id"]
    )
    reviews = filled.assign(
        stratum_code=filled["stratum"],
        shown_unit_id=filled["shown_legal_unit_id"],
        verdict=filled["verdict"].str.upper(),
        right_unit_id=filled["right_legal_unit_id"].replace("", None),
        is_unit_known=filled["right_legal_unit_id"].ne(""),
    )[["sample_id", "record_id", "stratum_code", "stratum_size", "shown_unit_id", "verdict", "right_unit_id",
       "is_unit_known"]]  # fmt: skip
    table = sampled(records, read_verdicts(records, reviews), sizes)
    chosen = table[table["measure_code"].isin(MEASURES) & (table["stratum_code"] == "all")]
    return chosen.set_index(["measure_code", "weight"])[["value", "interval_low", "interval_high", "sample_size"]]


def compare(home: Home, size: int, seeds: int) -> pd.DataFrame:
    """Truth against estimates over many samples, one row per measure and weight."""
    frame = proposals(home)
    truth = truth_of(home, frame)
    with duckdb.connect(str(home.warehouse / "warehouse.duckdb"), read_only=True) as connection:
        sizes = connection.execute("SELECT legal_unit_id, gva_proxy_huf_mn FROM integration.firm_size").df()
    by_unit = sizes.set_index("legal_unit_id")["gva_proxy_huf_mn"]
    # the population is what the clerk can tell of, so that the census is the truth of the very same records
    told = frame[truth["is_known"].to_numpy()].reset_index(drop=True)
    print(f"{len(frame):,} records, {len(told):,} of known truth")
    census = figures(told, fill(clerks_file(told, len(told), 1), truth), by_unit)
    runs = [figures(told, fill(clerks_file(told, size, seed), truth), by_unit) for seed in range(1, seeds + 1)]
    rows = []
    for place, (key, line) in enumerate(census.iterrows()):
        drawn = pd.concat([run.reindex(census.index).iloc[[place]] for run in runs]).dropna(subset=["value"])
        low, high = drawn["interval_low"], drawn["interval_high"]
        true = float(line["value"])
        rows.append(
            {
                "measure": " ".join(map(str, key)) if isinstance(key, tuple) else str(key),
                "truth": true,
                "mean estimate": drawn["value"].mean(),
                "mean low": low.mean(),
                "mean high": high.mean(),
                "covers": ((low <= true + 1e-9) & (true <= high + 1e-9)).mean() if low.notna().any() else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _plain(text: object) -> str:
    return " ".join(str(text).split()).removeprefix("'").casefold()


def main() -> None:
    """Reads the command line and prints the comparison, or fills a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--size", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--fill", type=Path)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    home = Home.from_environment(chosen.home)
    if chosen.fill:
        file = pd.read_csv(chosen.fill, sep=";", dtype=str, encoding="utf-8-sig")
        filled = fill(file, truth_of(home, file))
        filled.to_csv(chosen.out, sep=";", index=False, encoding="utf-8-sig")
        print(filled["verdict"].value_counts().to_string())
    else:
        print(compare(home, chosen.size, chosen.seeds).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
