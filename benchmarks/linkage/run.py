"""The benchmark: several linkers on one generated registry and list, in one command.

    .venv/bin/python -m benchmarks.linkage.run --firms 100000 --rows 10000 --systems identifiers,exact,ours,tfidf,splink

Belongs here: measuring. Each system runs in a process of its own, so that seconds and peak memory are its own. Printed:
F1, precision and recall of accepted links, share of rows without a firm that were linked, expected calibration error of
the probabilities (ten bins, rows with a firm proposed), seconds, GiB; then the same per kind of damage for `ours`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from benchmarks.linkage.generate import Benchmark, generate
from benchmarks.linkage.rivals import SYSTEMS


def scores(links: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Figures of one system.

    Args:
        links: `record_id`, `firm_id`, `probability`, `status`.
        truth: `record_id`, `firm_id`.
    """
    both = truth.merge(links, on="record_id", suffixes=("_true", ""))
    has = both["firm_id_true"].notna()
    accepted = both["status"] == "accepted"
    right = accepted & (both["firm_id"] == both["firm_id_true"])
    precision = right.sum() / max(accepted.sum(), 1)
    recall = right.sum() / max(has.sum(), 1)
    proposed = both[both["firm_id"].notna()]
    p = proposed["probability"].to_numpy()
    hit = (proposed["firm_id"] == proposed["firm_id_true"]).to_numpy()
    bins = np.minimum((p * 10).astype(int), 9)
    error = sum(abs(p[bins == k].mean() - hit[bins == k].mean()) * (bins == k).mean() for k in np.unique(bins))
    return {
        "F1": 2 * precision * recall / max(precision + recall, 1e-9),
        "precision": precision,
        "recall": recall,
        "false": (accepted & ~has).sum() / max((~has).sum(), 1),
        "ECE": error,
        "review": float((both["status"] == "review").mean()),
    }


def by_damage(links: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Shares right, wrong and under review per kind of row and of damage."""
    both = truth.merge(links, on="record_id", suffixes=("_true", ""))
    accepted = both["status"] == "accepted"
    both["right"] = accepted & (both["firm_id"] == both["firm_id_true"])
    both["wrong"] = accepted & ~both["right"]
    both["review"] = both["status"] == "review"
    damaged = both.assign(what=both["damage"].str.split("+")).explode("what")
    kinds = both.assign(what="kind: " + both["kind"])
    table = pd.concat([kinds, damaged[damaged["firm_id_true"].notna()]])
    grouped = table.groupby("what")[["right", "wrong", "review"]].mean()
    return grouped.assign(rows=table.groupby("what").size()).round(3)


def _one(system: str, benchmark: Benchmark) -> pd.DataFrame:
    started = time.perf_counter()
    links = SYSTEMS[system](benchmark)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    result = scores(links, benchmark.truth) | {"seconds": seconds, "GiB": peak}
    print(json.dumps({name: round(float(value), 4) for name, value in result.items()}))
    return links


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--severity", type=float, default=1.0, help="share of names that are damaged at all")
    parser.add_argument("--systems", default="identifiers,exact,ours")
    parser.add_argument("--damage", action="store_true", help="also print results per kind of damage")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.alone:
        benchmark = generate(chosen.firms, chosen.rows, chosen.seed, chosen.severity)
        links = _one(chosen.systems, benchmark)
        if chosen.damage:
            print(by_damage(links, benchmark.truth).to_string())
        return
    print(f"{chosen.firms:,} firms, {chosen.rows:,} rows, seed {chosen.seed}, severity {chosen.severity}")
    for system in chosen.systems.split(","):
        command = [sys.executable, "-m", "benchmarks.linkage.run", "--alone", "--systems", system]
        command += ["--firms", str(chosen.firms), "--rows", str(chosen.rows), "--seed", str(chosen.seed)]
        command += ["--severity", str(chosen.severity)]
        command += ["--damage"] if chosen.damage and system == "ours" else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        print(f"{system:12s}", lines[0] if lines else done.stderr.strip().splitlines()[-1:], flush=True)
        print("\n".join(lines[1:]), end="\n" if len(lines) > 1 else "")


if __name__ == "__main__":
    main()
