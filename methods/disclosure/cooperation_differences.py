"""Differences of printed cells that would reveal a contributor although both cells are safe.

Belongs here: finding them among the sums of `methods.disclosure.cooperation_tables`. Does not belong here: how cells
are made of atoms, the system, the choice of what is withheld.

Two open cells A and B publish A less B. It is looked at where B has nothing that A lacks, or what a single group could
subtract by itself; and a total less all parts of a breakdown (SDC Handbook, chapter 4, linked tables).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from methods.disclosure.rules import PrimaryRules, primary_cells
from methods.disclosure.system import BoolArray, FloatArray

MANY = 4
"""A sum whose largest contribution is less than a quarter has more than four contributors and is safe by the p % rule
up to p = 200: x1 + x2 < X / 2, so X - x1 - x2 > 2 x1."""

MAX_FOREIGN_ATOMS = 12
"""Of pairs that differ both ways, those are compared whose smaller side has at most so many atoms."""

BREAKDOWNS = (
    ("T1", "T2", "NACE_REV2"), ("T1", "T2", "NACE_REV21"), ("T1", "T3", "_Z"), ("T1", "T5", "_Z"),
    ("T2", "T6", "NACE_REV2"), ("T2", "T7", "NACE_REV2"), ("T2", "T7", "NACE_REV21"), ("T2", "T8", "NACE_REV2"),
    ("T3", "T7", "NACE_REV2"), ("T3", "T7", "NACE_REV21"), ("T5", "T6", "NACE_REV2"),
)  # fmt: skip
"""Table of totals, table of parts, version of NACE of the parts."""


@dataclass(frozen=True, eq=False)
class Differences:
    """Sums of atoms that nobody prints and that must be protected.

    Attributes:
        rows: (differences, atoms) sparse, ones.
        names: the two cells, or the total and the table of its parts.
        protection: (differences,) U, HUF mn.
    """

    rows: Any
    names: list[str]
    protection: FloatArray


def unsafe_differences(
    cells: pd.DataFrame, labels: list[str], structure: Any, by_group: Any, rules: PrimaryRules
) -> Differences:
    """Differences of two cells that could both be open, and remainders of breakdowns, whose contributors are unsafe.

    Args:
        cells: published cells with `numerator_code`, `table_code`, `nace_version_code` and `is_primary`.
        labels: (cells,) their names.
        structure: (cells, atoms) sparse ones: the atoms of each cell, in order within a row.
        by_group: (atoms, groups) sparse: contributions, HUF mn.
        rules: the primary rules.

    Returns:
        Each difference once; none that is a published cell itself.
    """
    rows, names = _remainders(cells, structure, labels)
    open_cells = np.flatnonzero(~cells["is_primary"].to_numpy(bool))
    inner = structure[open_cells]
    shared = sp.coo_array(inner @ inner.T)
    held = np.diff(inner.indptr)
    a, b = shared.row, shared.col
    # what B has and A lacks is nothing, or one that could subtract itself
    keep = (shared.data < held[a]) & (held[b] - shared.data <= MAX_FOREIGN_ATOMS)
    order = np.lexsort((b[keep], a[keep]))
    a, b = a[keep][order], b[keep][order]
    both = inner[a].multiply(inner[b])
    foreign = (inner[b] - both).tocsr()
    foreign.eliminate_zeros()
    who = sp.csr_array(foreign @ (by_group != 0).astype(np.float64))
    can_subtract = np.diff(who.indptr) <= 1
    more = (inner[a] - both).tocsr()[can_subtract]
    names += [
        f"{labels[i]} less {labels[j]}"
        for i, j in zip(open_cells[a[can_subtract]], open_cells[b[can_subtract]], strict=True)
    ]
    candidates = sp.vstack([rows, more], format="csr")
    candidates.eliminate_zeros()
    candidates.sort_indices()
    level, is_unsafe = levels(sp.csr_array(candidates @ by_group), rules)
    structure.sort_indices()
    seen = {part.tobytes() for part in np.split(structure.indices, structure.indptr[1:-1])}
    chosen = []
    for i in np.flatnonzero(is_unsafe):
        inside = candidates.indices[candidates.indptr[i] : candidates.indptr[i + 1]]
        if len(inside) and (key := inside.tobytes()) not in seen:
            seen.add(key)
            chosen.append(int(i))
    return Differences(candidates[chosen], [names[i] for i in chosen], level[chosen])


def _remainders(cells: pd.DataFrame, structure: Any, labels: list[str]) -> tuple[Any, list[str]]:
    """What is left of each total when its parts are taken off: atoms without the code."""
    rows, names = [], []
    numerator, table = cells["numerator_code"].to_numpy(), cells["table_code"].to_numpy()
    version = cells["nace_version_code"].to_numpy()
    for totals, parts, of_version in BREAKDOWNS:
        is_total = (table == totals) & np.isin(version, ["_Z", of_version])
        for name in sorted(set(numerator[is_total])):
            part = np.flatnonzero((numerator == name) & (table == parts) & (version == of_version))
            is_left = np.bincount(structure[part].indices, minlength=structure.shape[1]) == 0
            of_totals = np.flatnonzero(is_total & (numerator == name))
            rows.append(structure[of_totals].multiply(is_left[None, :]).tocsr())
            names += [f"{labels[i]} less {parts} {of_version}" for i in of_totals]
    empty = sp.csr_array((0, structure.shape[1]))
    return sp.vstack([empty, *rows], format="csr"), names


def levels(groups: Any, rules: PrimaryRules) -> tuple[FloatArray, BoolArray]:
    """Protection level and verdict of sums given by their groups' contributions (sums, groups)."""
    cell = np.repeat(np.arange(groups.shape[0]), np.diff(groups.indptr))
    # nearly all sums are of many groups of which none matters: only the others are worth the full look
    total = np.bincount(cell, weights=np.abs(groups.data), minlength=groups.shape[0])
    largest = np.zeros(groups.shape[0])
    np.maximum.at(largest, cell, np.abs(groups.data))
    can_skip = (rules.frequency or 0) <= MANY and (rules.p_percent or 0) <= 200 and rules.dominance is None
    is_looked_at = (largest * MANY >= total * can_skip)[cell]
    frame = pd.DataFrame({"cell": cell, "group": groups.indices, "value": groups.data})[is_looked_at]
    level, is_unsafe = np.zeros(groups.shape[0]), np.zeros(groups.shape[0], dtype=bool)
    if len(frame):
        found = primary_cells(frame, cell="cell", contributor="group", value="value", rules=rules)
        level[found.index], is_unsafe[found.index] = found["protection_level"], found["is_primary"]
    return level, is_unsafe
