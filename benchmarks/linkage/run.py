"""The benchmark: several linkers on one generated registry and list, in one command.

    .venv/bin/python -m benchmarks.linkage.run --firms 100000 --rows 10000 --systems identifiers,exact,ours,tfidf,splink

Belongs here: measuring. With `--real` also the real labelled sets (`real`), where their files are; with `--out` all of
it as JSON beside a Markdown table. `ceiling` says what a perfect linker could reach on the same rows, `blocking` in
which share of the rows with a firm the right one is among the candidates. Each system runs in a process of its own, so
that seconds and peak memory are its own. Printed: F1, precision and recall of accepted links, share of rows without a
firm that were linked, expected calibration error of the probabilities (ten bins, rows with a firm), seconds (wall and
processor), GiB; then the same per kind of damage for `ours`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.linkage.ceiling import ceiling
from benchmarks.linkage.generate import Benchmark, generate
from benchmarks.linkage.real import SETS, measure
from benchmarks.linkage.rivals import SYSTEMS

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


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
    started, before = time.perf_counter(), time.process_time()
    links = SYSTEMS[system](benchmark)
    seconds, used = time.perf_counter() - started, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    result = scores(links, benchmark.truth) | {"seconds": seconds, "processor": used, "GiB": peak}
    print(json.dumps({name: round(float(value), 4) for name, value in result.items()}))
    return links


def blocking_recall(b: Benchmark) -> dict[str, float]:
    """Share of the rows with a firm whose firm is among the candidates, found by name alone and with identifiers."""
    from methods.linkage.linker import compare
    from methods.linkage.settings import Settings

    found = compare(b.registry, b.records, Settings(), b.name_history, b.address_history, b.events, b.vat_groups)
    number = pd.Series(np.arange(len(found.registry.ids)), index=found.registry.ids)
    truth = b.truth.set_index("record_id").loc[b.records["record_id"], "firm_id"]
    firm = truth.map(number).fillna(-1).to_numpy(int)
    right = found.firm == firm[found.record]
    all_of, by_name = (np.zeros(len(firm), dtype=bool) for _ in range(2))
    all_of[found.record[right]] = True
    by_name[found.record[right & found.is_by_name]] = True
    has = firm >= 0
    return {
        "recall": float(all_of[has].mean()),
        "recall by name": float(by_name[has].mean()),
        "candidates per row": len(found.record) / max(len(firm), 1),
    }


def markdown(results: dict[str, dict[str, float]]) -> str:
    """A table of results, one system or set per row."""
    columns = list(dict.fromkeys(name for figures in results.values() for name in figures))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for system, figures in results.items():
        shown = [f"{figures[name]:,.4g}" if name in figures else "" for name in columns]
        lines.append(f"| {system} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--severity", type=float, default=1.0, help="share of names that are damaged at all")
    parser.add_argument("--systems", default="identifiers,exact,ours", help="also tfidf, splink, ceiling, blocking")
    parser.add_argument("--damage", action="store_true", help="also print results per kind of damage")
    parser.add_argument("--real", action="store_true", help="also the real labelled sets, where their files are")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of the real sets")
    parser.add_argument("--out", type=Path, help="also write FILE.json and FILE.md")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.alone:
        benchmark = generate(chosen.firms, chosen.rows, chosen.seed, chosen.severity)
        if chosen.systems in ("ceiling", "blocking"):
            print(json.dumps((ceiling if chosen.systems == "ceiling" else blocking_recall)(benchmark)))
            return
        links = _one(chosen.systems, benchmark)
        if chosen.damage:
            print(by_damage(links, benchmark.truth).to_string())
        return
    print(f"{chosen.firms:,} firms, {chosen.rows:,} rows, seed {chosen.seed}, severity {chosen.severity}")
    results: dict[str, dict[str, float]] = {}
    for system in chosen.systems.split(","):
        command = [sys.executable, "-m", "benchmarks.linkage.run", "--alone", "--systems", system]
        command += ["--firms", str(chosen.firms), "--rows", str(chosen.rows), "--seed", str(chosen.seed)]
        command += ["--severity", str(chosen.severity)]
        command += ["--damage"] if chosen.damage and system == "ours" else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        if done.returncode == 0:
            results[system] = json.loads(lines[0])
        print(f"{system:12s}", lines[0] if lines else done.stderr.strip().splitlines()[-1:], flush=True)
        print("\n".join(lines[1:]), end="\n" if len(lines) > 1 else "")
    real = _real(chosen.data) if chosen.real else {}
    if chosen.out is not None:
        what = {name: getattr(chosen, name) for name in ("firms", "rows", "seed", "severity")}
        text = json.dumps({**what, "systems": results, "real": real}, indent=1) + "\n"
        chosen.out.with_suffix(".json").write_text(text, encoding="utf-8")
        tables = markdown(results) + ("\n" + markdown(real) if real else "")
        chosen.out.with_suffix(".md").write_text(tables, encoding="utf-8")


def _real(data: Path) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {}
    for name, read in SETS.items():
        try:
            one = read(data)
        except FileNotFoundError:
            print(f"{name:12s} passed over: its file is not in {data}")
            continue
        results[name] = measure(one)
        print(f"{name:12s}", json.dumps({key: round(value, 4) for key, value in results[name].items()}), flush=True)
    return results


if __name__ == "__main__":
    main()
