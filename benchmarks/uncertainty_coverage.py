"""How often the interval of the share covers the truth: one sample economy per seed, N1 and N2 apart.

    python -m benchmarks.uncertainty_coverage --seeds 100 --firms 2000

Each economy is written, its tables are computed up to interpretation.uncertainty in a home of their own, and the
interval is held against the truth twice: against the true share, which is what it is to cover, and against the
calibrated GVA of the true members, which leaves out what values and factors get wrong. Years of one economy share
their links: the standard error of the coverage is that of the seeds. A seed of 2,000 firms takes about 15 s on a core
of its own, 30 s beside other work. Results are written after every seed (`--out`, and beside it each interval as
`.csv`), so that a run may be stopped, and continued with `--first-seed` into another file.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assets.catalogue import TABLES
from assets.delivery_state import receive
from assets.table import Table
from assets.workshop import Workshop
from resources.home import Home
from resources.parameters import load_parameters
from sample.generate import generate

TABLE = "interpretation.uncertainty"
FIRMS = "interpretation.firm_gva"
NUMERATORS = ("N1", "N2")
TRUTHS = ("true_share_pct", "true_members_share_pct")
PARTS = (
    "links_variance_pct",
    "imputation_variance_pct",
    "own_ratio_variance_pct",
    "calibration_variance_pct",
    "allocation_variance_pct",
)
RESULTS = Path(__file__).parent / "results"


def needed(name: str) -> dict[str, Table]:
    """The table and what it is computed from, inputs first, without checks and without what only checks read."""
    tables = {name: replace(table, checks=(), check_inputs=()) for name, table in TABLES.items()}
    wanted, waiting = {name}, list(tables[name].inputs)
    while waiting:
        one = waiting.pop()
        if one not in wanted:
            wanted.add(one)
            waiting += tables[one].inputs
    return {one: tables[one] for one in tables if one in wanted}


def intervals(seed: int, firms: int, folder: Path) -> pd.DataFrame:
    """Interval, estimate and truth of the shares by year, in percent, of one sample economy."""
    generate(firms, seed, folder)
    tables = needed(TABLE)
    shop = Workshop(Home(folder), {**TABLES, **tables}, None, "coverage")
    for name in tables:
        receive(shop, tables[name], now=dt.datetime(2026, 11, 1, tzinfo=dt.UTC), may_fall_back=True)
        shop.materialise(name)
    found = pd.read_parquet(shop.lake.path(TABLE, shop.key(TABLE)))
    values = pd.read_parquet(shop.lake.path(FIRMS, shop.key(FIRMS)))
    truth = pd.read_csv(folder / "truth" / "share.csv")
    truth = truth[(truth["time_rule"] == "any_day") & truth["numerator"].isin(NUMERATORS)]
    of_members = pd.read_parquet(folder / "truth" / "participation.parquet").merge(
        values, left_on=["firm_id", "year"], right_on=["legal_unit_id", "reference_year"], validate="many_to_one"
    )
    key = ["numerator", "year"]
    calibrated = of_members.groupby(key)["calibrated_huf_mn"].sum().rename("members_huf_mn").reset_index()
    truth = truth.merge(calibrated, on=key, how="left", validate="one_to_one")
    truth["true_members_share_pct"] = 100 * truth["members_huf_mn"] / truth["denominator_huf_mn"]
    truth = truth.rename(
        columns={"share_pct": "true_share_pct", "numerator": "numerator_code", "year": "reference_year"}
    )
    key = ["numerator_code", "reference_year"]
    found = found.merge(truth[[*key, *TRUTHS]], on=key, validate="one_to_one")
    names = ["expected_share_pct", "ci_low_share_pct", "ci_high_share_pct", *TRUTHS, *PARTS]
    return found[[*key, *names]].assign(seed=seed)


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


def measured(rows: pd.DataFrame) -> dict[str, Any]:
    """Coverage of both truths, width in percentage points and mean parts of the variance of one numerator."""
    width = float((rows["ci_high_share_pct"] - rows["ci_low_share_pct"]).mean())
    return {
        "mean_width_pp": round(width, 4),
        **{name: round(float(rows[name].median()), 2) for name in PARTS},
        **{truth: coverage(rows, truth) for truth in TRUTHS},
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
        "level_pct": parameters.uncertainty_level_pct,
        "draws": parameters.uncertainty_draws,
    }
    frames: list[pd.DataFrame] = []
    started = time.monotonic()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
        if time.monotonic() - started > 60 * chosen.minutes:
            break
        with tempfile.TemporaryDirectory() as folder:
            frames.append(intervals(seed, chosen.firms, Path(folder)))
        rows = pd.concat(frames, ignore_index=True)
        rows.to_csv(chosen.out.with_suffix(".csv"), index=False)
        result = {code: measured(rows[rows["numerator_code"] == code]) for code in NUMERATORS}
        shown = "; ".join(
            f"{code} " + ", ".join(f"{truth} {found[truth]['coverage_pct']} %" for truth in TRUTHS)
            for code, found in result.items()
        )
        print(f"{len(frames)} seeds, {time.monotonic() - started:.0f} s: {shown}", flush=True)
        content = {**settings, "seeds": len(frames), **result}
        chosen.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
