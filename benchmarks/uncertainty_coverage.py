"""How often the interval of the N1 share covers the truth: one sample economy per seed.

    python -m benchmarks.uncertainty_coverage --seeds 100 --firms 2000

Each economy is written, its tables are computed up to interpretation.uncertainty in a home of their own, and the
interval is held against the truth twice: against the true share, and against the calibrated GVA of the true members.
The second is what the interval speaks of; the first also holds what calibration to margins gets wrong, of which no
interval here knows. Years of one economy share their links: the standard error of the coverage is that of the seeds.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from assets.catalogue import TABLES
from assets.delivery_state import receive
from assets.workshop import Workshop
from resources.home import Home
from resources.parameters import load_parameters
from sample.generate import generate

TABLE = "interpretation.uncertainty"
FIRMS = "interpretation.firm_gva"
NUMERATOR = "N1"
TRUTHS = ("true_share_pct", "true_members_share_pct")
RESULTS = Path(__file__).parent / "results"


def needed(name: str) -> list[str]:
    """The table and what it is computed from, inputs first; tables that only checks read are left out."""
    wanted, waiting = {name}, list(TABLES[name].inputs)
    while waiting:
        one = waiting.pop()
        if one not in wanted:
            wanted.add(one)
            waiting += TABLES[one].dependencies
    return [table for table in TABLES if table in wanted]


def intervals(seed: int, firms: int, folder: Path) -> pd.DataFrame:
    """Interval, estimate and truth of the share by year, in percent, of one sample economy."""
    generate(firms, seed, folder)
    # the checks of the last table read tables that the interval does not need
    tables = {**TABLES, TABLE: replace(TABLES[TABLE], checks=(), check_inputs=())}
    shop = Workshop(Home(folder), tables, None, "coverage")
    for name in needed(TABLE):
        receive(shop, tables[name], now=dt.datetime(2026, 11, 1, tzinfo=dt.UTC), may_fall_back=True)
        shop.materialise(name)
    found = pd.read_parquet(shop.lake.path(TABLE, shop.key(TABLE)))
    values = pd.read_parquet(shop.lake.path(FIRMS, shop.key(FIRMS)))
    members = pd.read_parquet(folder / "truth" / "participation.parquet")
    members = members[members["numerator"] == NUMERATOR]
    of_members = members.merge(
        values, left_on=["firm_id", "year"], right_on=["legal_unit_id", "reference_year"], validate="one_to_one"
    )
    calibrated = of_members.groupby("year")["calibrated_huf_mn"].sum().rename("members_huf_mn").reset_index()
    truth = pd.read_csv(folder / "truth" / "share.csv").merge(calibrated, on="year", validate="many_to_one")
    truth["true_members_share_pct"] = 100 * truth["members_huf_mn"] / truth["denominator_huf_mn"]
    truth = truth[(truth["numerator"] == NUMERATOR) & (truth["time_rule"] == "any_day")]
    found = found[found["numerator_code"] == NUMERATOR].merge(
        truth[["year", "share_pct", "true_members_share_pct"]],
        left_on="reference_year",
        right_on="year",
        validate="one_to_one",
    )
    names = ["reference_year", "expected_share_pct", "ci_low_share_pct", "ci_high_share_pct", *TRUTHS]
    return found.rename(columns={"share_pct": "true_share_pct"})[names].assign(seed=seed)


def coverage(rows: pd.DataFrame, truth: str) -> dict[str, float | dict[str, float] | None]:
    """Share of intervals that contain the truth, by year and over all; errors and width in percentage points."""
    true, estimate = rows[truth], rows["expected_share_pct"]
    inside = true.between(rows["ci_low_share_pct"], rows["ci_high_share_pct"])
    by_seed = inside.groupby(rows["seed"]).mean()
    by_year = 100 * inside.groupby(rows["reference_year"]).mean()
    error = round(100 * float(by_seed.std(ddof=1) / np.sqrt(len(by_seed))), 2) if len(by_seed) > 1 else None
    return {
        "coverage_pct": round(100 * float(inside.mean()), 2),
        "coverage_standard_error_pct": error,
        "coverage_by_year_pct": {str(year): round(float(value), 1) for year, value in by_year.items()},
        "truth_below_pct": round(100 * float((true < rows["ci_low_share_pct"]).mean()), 2),
        "truth_above_pct": round(100 * float((true > rows["ci_high_share_pct"]).mean()), 2),
        "mean_error_pp": round(float((estimate - true).mean()), 4),
        "root_mean_square_error_pp": round(float(np.sqrt(((estimate - true) ** 2).mean())), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--firms", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no further seed after this time")
    parser.add_argument("--out", type=Path, default=RESULTS / "uncertainty_coverage.json")
    chosen = parser.parse_args()
    parameters = load_parameters()
    settings = {
        "firms": chosen.firms,
        "first_seed": chosen.first_seed,
        "numerator": NUMERATOR,
        "level_pct": parameters.uncertainty_level_pct,
        "draws": parameters.uncertainty_draws,
    }
    frames: list[pd.DataFrame] = []
    started = time.monotonic()
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
        if time.monotonic() - started > 60 * chosen.minutes:
            break
        with tempfile.TemporaryDirectory() as folder:
            frames.append(intervals(seed, chosen.firms, Path(folder)))
        rows = pd.concat(frames, ignore_index=True)
        width = round(float((rows["ci_high_share_pct"] - rows["ci_low_share_pct"]).mean()), 4)
        result = {truth: coverage(rows, truth) for truth in TRUTHS}
        shown = ", ".join(f"{truth} {figures['coverage_pct']} %" for truth, figures in result.items())
        print(f"{len(frames)} seeds: {shown}", flush=True)
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        content = {**settings, "seeds": len(frames), "mean_width_pp": width, **result}
        chosen.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
