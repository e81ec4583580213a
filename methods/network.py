"""Ties between organisations that take part in the same projects.

Belongs here: one-mode projection of the organisation-project graph and inward/outward orientation of ties. Does not
belong here: who is the same organisation, the GVA at the ends of a tie.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError


def newman_weights(participations: pd.DataFrame) -> pd.DataFrame:
    """Weights of the ties between organisations: the sum of 1 / (n_p - 1) over their joint projects.

    Source: Newman (2001), "Scientific collaboration networks II", Physical Review E 64, 016132; METHODS section 7. A
    project of n_p organisations gives each of them ties of total weight one, so big consortia do not dominate.

    Args:
        participations: `project_id`, `organisation_id`; repeated rows count once, projects of one make no tie.

    Returns:
        One row per pair with a tie: `organisation_a` < `organisation_b` in the order of the ids, `weight` (> 0) and
        `project_count`, ordered by the pair.

    Raises:
        MethodError: a missing project or organisation.
    """
    from scipy import sparse

    ids = participations[["project_id", "organisation_id"]]
    if ids.isna().to_numpy().any():
        raise MethodError("a participation has no project_id or no organisation_id")
    ids = ids.drop_duplicates()
    project, _ = pd.factorize(ids["project_id"])
    organisation, names = pd.factorize(ids["organisation_id"], sort=True)
    size = np.bincount(project).astype(np.float64) if len(ids) else np.zeros(0)
    weight = np.divide(1.0, size - 1.0, out=np.zeros_like(size), where=size > 1)
    shape = (len(names), len(size))
    incidence = sparse.csr_array((np.ones(len(ids)), (organisation, project)), shape=shape)
    weighted = sparse.csr_array((weight[project], (organisation, project)), shape=shape)
    ties = sparse.triu(weighted @ incidence.T, k=1).tocoo()
    counts = sparse.triu(incidence @ incidence.T, k=1).tocsr()
    order = np.lexsort((ties.col, ties.row))
    row, column = ties.row[order], ties.col[order]
    return pd.DataFrame(
        {
            "organisation_a": names.take(row),
            "organisation_b": names.take(column),
            "weight": ties.data[order],
            "project_count": np.asarray(counts[row, column]).ravel().astype(np.int64) if len(row) else row,
        }
    )


def ei_index(external: ArrayLike, internal: ArrayLike) -> float | NDArray[np.float64]:
    """E-I index: (external - internal) / (external + internal), -1 wholly inward to +1 wholly outward.

    Source: Krackhardt and Stern (1988), Social Psychology Quarterly 51(2); METHODS section 7.

    Args:
        external: number or weight of ties that leave the group, >= 0.
        internal: number or weight of ties within it, >= 0.

    Returns:
        Ratio in [-1, 1], NaN without ties; a float for scalars, else an array of the broadcast shape.

    Raises:
        MethodError: a negative weight.
    """
    out, within = np.asarray(external, dtype=np.float64), np.asarray(internal, dtype=np.float64)
    if (out < 0).any() or (within < 0).any():
        raise MethodError("ties have weights >= 0")
    total = np.asarray(out + within)
    index = np.divide(out - within, total, out=np.full(total.shape, np.nan), where=total > 0)
    return float(index) if index.ndim == 0 else index


def group_ei_index(ties: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """External and internal weight and E-I index of every group of organisations.

    Args:
        ties: as `newman_weights` returns them.
        group: group (region, country, cluster) by organisation_id; an organisation without one is outside all groups.

    Returns:
        Frame by group, ordered: `external_weight`, `internal_weight`, `ei_index`. A tie between two groups is external
        to both.
    """
    ends = pd.DataFrame(
        {"a": ties["organisation_a"].map(group), "b": ties["organisation_b"].map(group), "weight": ties["weight"]}
    )
    inside = ends["a"].notna() & (ends["a"] == ends["b"])
    internal = ends[inside].groupby("a")["weight"].sum()
    outside = ends[~inside]
    external = pd.concat([outside.set_index(end)["weight"] for end in ("a", "b")])
    external = external[external.index.notna()].groupby(level=0).sum()
    index = pd.Index(sorted(group.dropna().unique()), name="group")
    result = pd.DataFrame(
        {
            "external_weight": external.reindex(index, fill_value=0.0).to_numpy(dtype=np.float64),
            "internal_weight": internal.reindex(index, fill_value=0.0).to_numpy(dtype=np.float64),
        },
        index=index,
    )
    result["ei_index"] = ei_index(result["external_weight"].to_numpy(), result["internal_weight"].to_numpy())
    return result
