"""Independent parts of a linked system: cells that can move together without contradicting what is open.

Belongs here: eliminating what an attacker knows, splitting the rest. Does not belong here: optimisation.

Open cells are constants, so only deviations d of the secret cells from their true values count: A d = 0 over the secret
columns. A secret cell alone in an equation is fixed by it and becomes a constant too, until no such cell is left
(Fischetti and Salazar-Gonzalez 2001, preprocessing). What remains falls apart into connected components.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from methods.disclosure.system import BoolArray, FloatArray, IntArray, LinkedSystem


@dataclass(frozen=True, eq=False)
class Component:
    """Cells that may move together; all arrays by position in `cells`.

    Attributes:
        cells: numbers of the cells in the system, ascending.
        matrix: (rows, cells) sparse, no empty row.
        down: how far a cell may lie below its value, >= 0, may be inf.
        up: how far above.
        need_down: how far below its value a primary cell must seem possible; 0 elsewhere.
        need_up: how far above.
        cost: of suppressing; 0 for hidden cells.
        is_forced: primary and hidden cells, secret whatever is chosen.
        is_hidden: never published.
        is_primary: unsafe cells.
        contributor: the single contributor, else -1.
    """

    cells: IntArray
    matrix: Any
    down: FloatArray
    up: FloatArray
    need_down: FloatArray
    need_up: FloatArray
    cost: FloatArray
    is_forced: BoolArray
    is_hidden: BoolArray
    is_primary: BoolArray
    contributor: IntArray

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.cells)


def components(system: LinkedSystem, movable: BoolArray) -> tuple[list[Component], FloatArray]:
    """Splits the cells that are not known into independent components.

    Args:
        system: the linked system.
        movable: (cells,) cells whose value the attacker does not know.

    Returns:
        The components, by their first cell, and (cells,) the number of the equation that fixes a movable cell, or nan;
        -1 where what everybody knows beforehand leaves no room. Fixed cells are in no component.
    """
    up, down = np.maximum(system.upper - system.values, 0.0), np.maximum(system.values - system.lower, 0.0)
    fixed_by = np.where(movable & (up == 0) & (down == 0), -1.0, np.nan)
    free = movable & np.isnan(fixed_by)
    equations = system.equations
    pattern = sp.csr_array((np.ones_like(equations.data), equations.indices, equations.indptr), shape=equations.shape)
    while True:
        single = np.flatnonzero(np.asarray(pattern @ free.astype(np.float64)) == 1)
        if not len(single):
            break
        for row in single:
            for cell in pattern.indices[pattern.indptr[row] : pattern.indptr[row + 1]]:
                if free[cell]:
                    free[cell], fixed_by[cell] = False, row
    cells = np.flatnonzero(free)
    matrix = equations[:, cells].tocsr()
    matrix = matrix[np.diff(matrix.indptr) > 0]
    size = len(cells)
    links = sp.block_array([[None, matrix.T], [matrix, None]]) if matrix.shape[0] else sp.csr_array((size, size))
    label = connected_components(links, directed=False)[1]
    row_label, cell_label = label[size:], label[:size]
    need_down = np.where(system.is_primary, system.values - system.required_lower, 0.0)
    need_up = np.where(system.is_primary, system.required_upper - system.values, 0.0)
    found = []
    order = np.argsort(cell_label, kind="stable")
    for local in np.split(order, np.flatnonzero(np.diff(cell_label[order])) + 1) if size else []:
        part = cells[local]
        found.append(
            Component(
                cells=part,
                matrix=matrix[np.flatnonzero(row_label == cell_label[local[0]])][:, local].tocsr(),
                down=down[part],
                up=up[part],
                need_down=np.maximum(need_down[part], 0.0),
                need_up=np.maximum(need_up[part], 0.0),
                cost=system.cost[part],
                is_forced=system.is_primary[part] | system.is_hidden[part],
                is_hidden=system.is_hidden[part],
                is_primary=system.is_primary[part],
                contributor=system.contributor[part],
            )
        )
    return sorted(found, key=lambda part: int(part.cells[0])), fixed_by
