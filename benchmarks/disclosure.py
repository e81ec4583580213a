"""How fast and how dear secondary suppression is: the heuristic and `auto` beside the optimum.

    python -m benchmarks.disclosure [--limit 300] [--cases small,large] [--out benchmarks/results/disclosure.json]

Cases are tables of lognormal contributors in enterprise groups, with hierarchies, primary cells by the office's rules
(fewer than 3 contributors, p = 10 %) and single contributors as attackers, and plain two-way tables with random unsafe
cells. Cost is the suppressed value of secondary cells. For small cases the optimum is looked for until `--limit`
seconds; `is_optimal` of `exact` says whether it was proved, `ratio_to_best` compares with the best pattern known,
`ratio_to_bound` with what no pattern can be below. `year` has the shape of a reference year of the published tables
(firms in five dimensions, three numerators, types that overlap, every cell the sum of its atoms).
Times are of the processor, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from methods.disclosure import LinkedSystem, PrimaryRules, certify, linked_system, primary_cells, protect
from methods.disclosure.cooperation_tables import cooperation_system

Tree = dict[str, list[str]]
"""Parts by total, one dimension; leaves are the codes that are no total."""


def tree(letter: str, leaves: int, groups: int = 0) -> Tree:
    """A dimension of so many leaves, with groups between leaves and total where there are any."""
    codes = [f"{letter}{i:02d}" for i in range(leaves)]
    if not groups:
        return {f"{letter}_T": codes}
    parts = {f"{letter}g{g}": codes[g::groups] for g in range(groups)}
    return parts | {f"{letter}_T": list(parts)}


def nodes(dimension: Tree) -> list[str]:
    """All codes of a dimension, leaves first."""
    leaves = [code for part in dimension.values() for code in part if code not in dimension]
    return leaves + list(dimension)


def ancestors(dimension: Tree, code: str) -> list[str]:
    """A code and every total that contains it."""
    up = [total for total, parts in dimension.items() if code in parts]
    return [code, *itertools.chain.from_iterable(ancestors(dimension, total) for total in up)]


def contributor_table(
    dimensions: Sequence[Tree], tables: Sequence[Sequence[int]], contributors: int, seed: int, public: bool = False
) -> LinkedSystem:
    """Linked tables over the same contributors: each table crosses some of the dimensions, the others are total.

    Args:
        dimensions: hierarchies.
        tables: positions of the dimensions of each table.
        contributors: number of units; a third of them form groups of about three.
        seed: of the sample.
        public: the totals of one dimension at a time are public if no unsafe cell is among them.
    """
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(index=range(contributors))
    for number, dimension in enumerate(dimensions):
        leaves = [code for code in nodes(dimension) if code not in dimension]
        weights = rng.dirichlet(np.full(len(leaves), 0.8))
        frame[number] = rng.choice(leaves, size=contributors, p=weights)
    frame["value"] = np.round(rng.lognormal(3.0, 1.6, contributors)) + 1.0
    in_group = rng.random(contributors) < 1 / 3
    frame["group"] = np.where(
        in_group, contributors + rng.integers(0, max(1, contributors // 9), contributors), frame.index
    )
    cells: dict[str, int] = {}
    equations: list[dict[int, float]] = []
    for table in tables:
        own = [nodes(d) if k in table else [list(d)[-1]] for k, d in enumerate(dimensions)]
        for key in itertools.product(*own):
            cells.setdefault("|".join(key), len(cells))
        for k in table:
            others = [codes if j != k else [""] for j, codes in enumerate(own)]
            for key, (total, parts) in itertools.product(itertools.product(*others), dimensions[k].items()):
                at = [cells["|".join([*key[:k], code, *key[k + 1 :]])] for code in (total, *parts)]
                equations.append({at[0]: 1.0} | dict.fromkeys(at[1:], -1.0))
    rows = []
    for row in frame.itertuples(index=False):
        above = [ancestors(d, str(row[k])) for k, d in enumerate(dimensions)]
        for key in itertools.product(*above):
            cell = cells.get("|".join(key))
            if cell is not None:
                rows.append((cell, row[-1], row[-2]))
    parts = pd.DataFrame(rows, columns=["cell", "group", "value"])
    verdict = primary_cells(parts, cell="cell", contributor="group", value="value")
    at = verdict.index.to_numpy()
    values, level, unsafe, single = (
        np.zeros(len(cells)),
        np.zeros(len(cells)),
        np.zeros(len(cells), bool),
        np.full(len(cells), -1),
    )
    values[at], unsafe[at] = verdict["total"], verdict["is_primary"]
    level[at] = verdict["protection_level"]
    alone = verdict.index[verdict["contributor_count"] == 1]
    first = parts.groupby("cell")["group"].first()
    single[alone] = first[alone]
    is_public = values == 0.0
    if public:
        grand = "|".join(list(d)[-1] for d in dimensions)
        is_public[cells[grand]] |= not unsafe[cells[grand]]
    matrix = sp.dok_array((len(equations), len(cells)))
    for number, equation in enumerate({tuple(sorted(e.items())): e for e in equations}.values()):
        for cell, sign in equation.items():
            matrix[number, cell] = sign
    return linked_system(
        list(cells),
        values,
        matrix.tocsr(),
        is_public=is_public,
        is_primary=unsafe,
        protection=level,
        contributor=single,
    )


def two_way(rows: int, columns: int, unsafe_share: float, seed: int, single_share: float = 0.0) -> LinkedSystem:
    """A two-way table with totals whose unsafe cells are drawn; some of them have a single contributor."""
    rng = np.random.default_rng(seed)
    full = np.zeros((rows + 1, columns + 1))
    full[:-1, :-1] = np.round(rng.lognormal(3.0, 1.0, (rows, columns))) + 1.0
    full[-1], full[:, -1] = full.sum(axis=0), full.sum(axis=1)
    full[-1, -1] = full[:-1, :-1].sum()
    number = np.arange(full.size).reshape(full.shape)
    matrix = sp.lil_array((rows + columns + 2, full.size))
    for row, line in enumerate([*number, *number.T]):
        matrix[row, line[:-1]], matrix[row, line[-1]] = -1.0, 1.0
    inner = np.zeros(full.shape, dtype=bool)
    inner[:-1, :-1] = True
    unsafe = inner.ravel() & (rng.random(full.size) < unsafe_share)
    level = np.where(unsafe, full.ravel() * rng.uniform(0.05, 0.3, full.size), 0.0)
    alone = unsafe & (rng.random(full.size) < single_share)
    contributor = np.where(alone, rng.integers(0, full.size // 3, full.size), -1)
    names = [f"{r}|{c}" for r in range(rows + 1) for c in range(columns + 1)]
    return linked_system(
        names, full.ravel(), matrix.tocsr(), is_primary=unsafe, protection=level, contributor=contributor
    )


def year(units: int, seed: int) -> LinkedSystem:
    """One reference year of T1 to T8: units with codes in five dimensions, in numerators and types of cooperation."""
    rng = np.random.default_rng(seed)
    codes = [f"{chr(65 + k // 4)}{k:02d}" for k in range(60)]
    activity = rng.choice(60, size=units, p=rng.dirichlet(np.full(60, 0.5)))
    a64 = np.array(codes)[activity]
    parts = pd.DataFrame(
        {
            "unit": [f"U{k:04d}" for k in range(units)],
            "group": [f"G{k:04d}" for k in np.where(rng.random(units) < 0.1, np.arange(units) // 5, np.arange(units))],
            "rev2_section": [code[0] for code in a64],
            "rev21_section": [chr(66 + ord(code[0]) - 65) if code > "K" else code[0] for code in a64],
            "a64_code": a64,
            "size_class": rng.choice(["0-9", "10-49", "50-249", "GE250"], size=units, p=[0.3, 0.3, 0.25, 0.15]),
            "nuts2_code": rng.choice([f"HU{k}" for k in range(8)], size=units, p=rng.dirichlet(np.full(8, 2.0))),
            "value": np.round(rng.lognormal(5.0, 1.6, units), 2) + 0.01,
            "deflator": 1.1 + 0.01 * (activity // 4),
        }
    )
    members = []
    for unit in parts["unit"]:
        types = rng.random(3) < (0.45, 0.4, 0.3)
        sure = float(rng.choice([1.0, 1.0, 1.0, 0.97, 0.6]))
        for numerator, kinds in (("N1", types[:1]), ("N2", types[:2]), ("N3", types)):
            named = ["_T", *(f"type {k}" for k in np.flatnonzero(kinds))]
            members += [(unit, numerator, kind, sure, sure > 0.8) for kind in named if kinds.any()]
    columns = ["unit", "numerator_code", "cooperation_type_code", "probability", "is_accepted"]
    return cooperation_system(parts, pd.DataFrame(members, columns=columns), rules=PrimaryRules()).system


A20, A40, R8, S6, C4 = tree("A", 20, 4), tree("A", 40, 6), tree("R", 8, 3), tree("S", 6), tree("C", 4)

SMALL: dict[str, Callable[[], LinkedSystem]] = {
    "two-way 10 x 10": lambda: two_way(10, 10, 0.1, 0),
    "two-way 20 x 20": lambda: two_way(20, 20, 0.05, 0),
    "two-way 20 x 20, many unsafe": lambda: two_way(20, 20, 0.2, 0),
    "two-way 40 x 58": lambda: two_way(40, 58, 0.05, 0),
    "regions x sizes": lambda: contributor_table([R8, S6], [(0, 1)], 300, 2),
    "sections x regions": lambda: contributor_table([A20, R8], [(0, 1)], 944, 1),
    "sections, regions, sizes, linked": lambda: contributor_table([A20, R8, S6], [(0, 2), (1, 2)], 944, 3),
    "three-way": lambda: contributor_table([tree("A", 5), tree("R", 4), tree("S", 3)], [(0, 1, 2)], 400, 4),
}
LARGE: dict[str, Callable[[], LinkedSystem]] = {
    "2,400 cells, two-way, single contributors": lambda: two_way(40, 58, 0.39, 0, 0.3),
    "four linked tables": lambda: contributor_table([A20, R8, S6, C4], [(0, 1), (0, 2), (1, 3), (0, 3)], 944, 1),
    "year of the published tables, 600 units": lambda: year(600, 1),
    "sections x regions x sizes, hierarchies": lambda: contributor_table([A40, R8, S6], [(0, 1, 2)], 4200, 1),
}


def measured(system: LinkedSystem, method: str, limit: float | None = None) -> tuple[Any, dict[str, Any]]:
    """A pattern and its time, cost and proof."""
    started = time.process_time()
    result = protect(system, method=method, time_limit_s=limit)  # type: ignore[arg-type]
    seconds = time.process_time() - started
    proof = certify(system, result.suppressed, result.witnesses)
    return result, {
        "seconds": round(seconds, 2),
        "certificate_seconds": round(time.process_time() - started - seconds, 2),
        "secondary_cells": int(result.secondary.sum()),
        "secondary_cost": round(result.secondary_cost, 3),
        "is_optimal": bool(result.is_optimal),
        "gap": round(result.gap, 4) if np.isfinite(result.gap) else None,
        "failing": int((~proof["is_protected"]).sum()),
    }


def main() -> None:
    """Runs the cases and writes what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for the optimum of a small case")
    parser.add_argument("--cases", default="small,large")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/disclosure.json"))
    arguments = parser.parse_args()
    chosen = arguments.cases.split(",")
    report: dict[str, Any] = {}
    for name, build in [*(SMALL.items() if "small" in chosen else []), *(LARGE.items() if "large" in chosen else [])]:
        system = build()
        case: dict[str, Any] = {
            "cells": int((~system.is_public).sum()),
            "primary": int(system.is_primary.sum()),
            "single_contributor": int((system.contributor >= 0).sum()),
        }
        methods = ["heuristic", "joint", "auto", "exact"] if name in SMALL else ["auto"]
        for method in methods:
            case[method] = measured(system, method, arguments.limit if method == "exact" else None)[1]
        if "exact" in case:
            best = min(case[method]["secondary_cost"] for method in methods)
            bound = case["exact"]["secondary_cost"] / (1.0 + (case["exact"]["gap"] or 0.0))
            for method in ("heuristic", "joint", "auto"):
                cost = case[method]["secondary_cost"]
                case[method]["ratio_to_best"] = round(cost / best, 4) if best else 1.0
                case[method]["ratio_to_bound"] = round(cost / bound, 4) if bound else 1.0
        report[name] = case
        sys.stdout.write(f"{name}: {json.dumps(case)}\n")
        sys.stdout.flush()
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
