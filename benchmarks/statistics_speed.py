"""What the statistics cost: wall clock, processor time and peak memory of every table of the interpretation layer.

    python -m benchmarks.statistics_speed --home .coopgva
    python -m benchmarks.statistics_speed --firms 200000

Measured is what a refresh does for a table: computing, writing, checking. The tables before the layer are made first
and not counted. A given home is not changed: its archive and lake are linked into a folder of its own, where the layer
is computed anew. With `--only` the inputs of the named tables are computed too, and listed, but not summed. Disclosure
control (`interpretation.cell_protection` and its certificate) has a benchmark of its own, `benchmarks.disclosure`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assets.catalogue import TABLES
from assets.delivery_state import receive
from assets.interpretation import protection
from assets.workshop import Workshop
from resources.home import Home
from sample.generate import generate

LAYER = "interpretation"
PROTECTED = tuple(table.name for table in protection.TABLES)
RESULTS = Path(__file__).parent / "results"
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
KEPT = ("archive", "lake/source", "lake/integration", "sources.yaml")
CONFIGURATION = ("parameters.yaml", "key_industries.yaml", "cluster_assessment.yaml")


def linked(home: Home, folder: Path) -> Home:
    """A home with the deliveries, configuration and earlier layers of another, without copying a byte where possible.

    Files of the lake and the archive are never written twice under one name, so a hard link cannot change the original.
    """

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:  # another file system
            shutil.copyfile(source, target)

    for name in (*KEPT, *(name for name in CONFIGURATION if (home.root / name).exists())):
        source, target = home.root / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, copy_function=link)
        else:
            shutil.copyfile(source, target)
    return Home(folder)


def forget_peak() -> bool:
    """Start the peak of the resident memory anew; only Linux can."""
    try:
        CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def peak_mb() -> float:
    """Largest resident memory since `forget_peak`, else since the process began."""
    if STATUS.exists():
        lines = STATUS.read_text(encoding="ascii").splitlines()
        return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage / (2**20 if sys.platform == "darwin" else 2**10)


def load_average() -> list[float]:
    """Processes that wanted a processor in the last minute, five and fifteen: what else the machine did."""
    return [round(value, 1) for value in os.getloadavg()]


def units_of(home: Home) -> int:
    """Legal units of the economy."""
    shop = Workshop(home, TABLES, None, "speed")
    version = shop.current("integration.legal_unit")
    return version.rows if version else 0


def inputs_of(names: Sequence[str]) -> list[str]:
    """The named tables and all they are computed and checked from, inputs first."""
    wanted, waiting = set(names), list(names)
    while waiting:
        for one in TABLES[waiting.pop()].dependencies:
            if one not in wanted:
                wanted.add(one)
                waiting.append(one)
    return [name for name in TABLES if name in wanted]


def measure(home: Home, names: Sequence[str], *, fetches: bool) -> dict[str, Any]:
    """Compute the tables in a home that lacks them; figures by table, in order, and their sums.

    Args:
        home: where deliveries are, and perhaps the earlier layers.
        names: tables of the layer.
        fetches: whether deliveries are fetched first; else those of the archive are used.

    Returns:
        `tables`: rows, `wall_s`, `cpu_s` and `peak_mb` (resident memory of the whole process) by table; `total`.
    """
    shop = Workshop(home, TABLES, None, "speed")
    figures: dict[str, dict[str, Any]] = {}
    for name in inputs_of(names):
        if fetches:
            receive(shop, TABLES[name], now=dt.datetime(2026, 11, 1, tzinfo=dt.UTC), may_fall_back=True)
        is_resettable = forget_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        version = shop.materialise(name).version
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if TABLES[name].layer != LAYER:
            print(f"  (before) {name}: {wall:.1f} s", flush=True)
            continue
        figures[name] = {
            "rows": version.rows,
            "wall_s": round(wall, 2),
            "cpu_s": round(cpu, 2),
            "peak_mb": round(peak_mb()),
            "content_sha256": version.content_sha256,
        }
        print(f"{name}: {version.rows:,} rows, {wall:.1f} s, {cpu:.1f} CPU s, {peak_mb():,.0f} MB", flush=True)
    summed = [figures[name] for name in names]
    return {
        "peak_is_by_table": is_resettable,
        "total": {
            "wall_s": round(sum(f["wall_s"] for f in summed), 1),
            "cpu_s": round(sum(f["cpu_s"] for f in summed), 1),
            "peak_mb": max(f["peak_mb"] for f in summed),
        },
        "tables": figures,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    of = parser.add_mutually_exclusive_group(required=True)
    of.add_argument("--home", type=Path, help="a home that was refreshed before")
    of.add_argument("--firms", type=int, help="write a sample economy of so many firms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", metavar="TABLE", help="tables of the layer; all by default")
    parser.add_argument("--keep", type=Path, help="compute in this new folder and keep it")
    parser.add_argument("--out", type=Path, default=RESULTS / "statistics_speed.json")
    chosen = parser.parse_args()
    names = [f"{LAYER}.{name.removeprefix(f'{LAYER}.')}" for name in chosen.only or ()]
    names = names or [name for name in TABLES if TABLES[name].layer == LAYER and name not in PROTECTED]
    if unknown := [name for name in names if name not in TABLES]:
        parser.error(f"no table {', '.join(unknown)}")
    if chosen.keep:
        chosen.keep.mkdir(parents=True)
    # beside the home, because a link does not reach into another file system
    beside = chosen.home.absolute().parent if chosen.home else None
    with tempfile.TemporaryDirectory(dir=beside, prefix="speed-") as temporary:
        folder = chosen.keep or Path(temporary)
        if chosen.firms:
            generate(chosen.firms, chosen.seed, folder)
            home = Home(folder)
        else:
            home = linked(Home(chosen.home.absolute()), folder)
        load = load_average()
        result = measure(home, names, fetches=bool(chosen.firms))
        firms = units_of(home)
    machine = {"processors": os.cpu_count(), "load_before": load, "load_after": load_average()}
    result = {"firms": firms, "seed": chosen.seed, "machine": machine, **result}
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    total = result["total"]
    print(f"in all {total['wall_s']} s, {total['cpu_s']} CPU s, at most {total['peak_mb']:,} MB; {chosen.out}")


if __name__ == "__main__":
    main()
