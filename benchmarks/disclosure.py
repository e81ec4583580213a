"""How fast and how dear secondary suppression is: the heuristic beside the optimum, on tables of sample contributors.

    python -m benchmarks.disclosure [--limit 300] [--out benchmarks/results/disclosure.json]

Every case is a magnitude table of lognormal contributors in enterprise groups, with hierarchies, primary cells by the
office's rules (fewer than 3 contributors, p = 10 %), single contributors as attackers, and the national totals public
where the case says so. Cost is the suppressed value of secondary cells. The optimum is looked for until `--limit`
seconds; where it is not proven, the ratio is to the lower bound and only says how bad it can be at most.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp

from methods.disclosure import LinkedSystem, linked_system, primary_cells

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
