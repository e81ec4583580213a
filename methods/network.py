"""Ties between organisations that take part in the same projects.

Belongs here: one-mode projection of the organisation-project graph, its sums by pair of regions, its shape, and inward
or outward orientation of ties. Does not belong here: who is the same organisation, where it sits, what it produces.

A project of n organisations gives each pair of them a tie of weight 1 / (n - 1), so each organisation has ties of
total weight one in it and the project n / 2, and big consortia do not dominate. Sums by region need no pairs: between
regions r and s with n_r and n_s members the weight is n_r n_s / (n - 1), within r it is n_r (n_r - 1) / 2 / (n - 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError

_BLOCK = 4_000_000
"""Pairs held at a time where pairs must be looked at one by one: about 100 MB."""


class _Graph(NamedTuple):
    """The bipartite graph, organisations and projects in the order of their ids.

    Attributes:
        incidence: sparse organisations x projects, 1 for each participation.
        names: organisation ids by row.
        weight: Newman weight of a tie by project; 0 for projects of one.
        first: position in the frame of one row of each organisation.
    """

    incidence: Any
    names: pd.Index
    weight: NDArray[np.float64]
    first: NDArray[np.intp]


def _graph(participations: pd.DataFrame) -> _Graph:
    from scipy import sparse

    ids = participations[["project_id", "organisation_id"]]
    if ids.isna().to_numpy().any():
        raise MethodError("a participation has no project_id or no organisation_id")
    project, projects = pd.factorize(ids["project_id"], sort=True)
    organisation, names = pd.factorize(ids["organisation_id"], sort=True)
    shape = (len(names), len(projects))
    # one key per participation: sorted and without repetition, so that the order of the rows changes no bit of a sum
    key = np.unique(organisation.astype(np.int64) * max(len(projects), 1) + project)
    row, column = np.divmod(key, max(len(projects), 1))
    incidence = sparse.csr_array((np.ones(len(key)), (row, column)), shape=shape)
    size = np.bincount(column, minlength=len(projects)).astype(np.float64)
    weight = np.divide(1.0, size - 1.0, out=np.zeros_like(size), where=size > 1)
    _, first = np.unique(organisation, return_index=True)
    return _Graph(incidence, pd.Index(names), weight, first)


def newman_weights(participations: pd.DataFrame) -> pd.DataFrame:
    """Weights of the ties between organisations: the sum of 1 / (n_p - 1) over their joint projects.

    Source: Newman (2001), "Scientific collaboration networks II", Physical Review E 64, 016132; METHODS section 7. A
    project of n_p organisations gives each of them ties of total weight one, so big consortia do not dominate. All
    pairs are in memory at once; `region_ties` and `network_shape` do without.

    Args:
        participations: `project_id`, `organisation_id`; repeated rows count once, projects of one make no tie.

    Returns:
        One row per pair with a tie: `organisation_a` < `organisation_b` in the order of the ids, `weight` (> 0) and
        `project_count`, ordered by the pair.

    Raises:
        MethodError: a missing project or organisation.
    """
    from scipy import sparse

    graph = _graph(participations)
    ties = sparse.triu((graph.incidence * graph.weight) @ graph.incidence.T, k=1).tocoo()
    counts = sparse.triu(graph.incidence @ graph.incidence.T, k=1).tocsr()
    order = np.lexsort((ties.col, ties.row))
    row, column = ties.row[order], ties.col[order]
    return pd.DataFrame(
        {
            "organisation_a": graph.names.take(row),
            "organisation_b": graph.names.take(column),
            "weight": ties.data[order],
            "project_count": np.asarray(counts[row, column]).ravel().astype(np.int64) if len(row) else row,
        }
    )


def region_ties(participations: pd.DataFrame) -> pd.DataFrame:
    """Newman weights summed by pair of regions, with what stands at both ends.

    Source: METHODS section 7; weights as `newman_weights`, in the closed form of this module's head. Two organisations
    with several joint projects are one tie of their summed weight.

    Args:
        participations: `project_id`, `organisation_id`, `region_code`; `gva` (any unit, optional: value added of the
            organisation, missing for those that have none). Repeated rows count once.

    Returns:
        One row per pair of regions with a tie, `region_a` <= `region_b` in the order of the codes, ordered by the pair;
        equal codes are the ties within a region: `weight` (> 0); `tie_count` and `repeated_tie_count` (pairs of
        organisations with a joint project, with two or more); `project_count` (projects with such a tie);
        `organisation_count_a`, `organisation_count_b` (different organisations at each end); `gva_a`, `gva_b` (their
        value added, each organisation once; within a region both ends are the same organisations).

    Raises:
        MethodError: a missing code, or an organisation with two regions or two values.
    """
    from scipy import sparse

    columns = ["region_code", "gva"] if "gva" in participations else ["region_code"]
    if participations["region_code"].isna().any():
        raise MethodError("a participation has no region_code")
    facts = participations[["organisation_id", *columns]].drop_duplicates()
    twice = facts.loc[facts["organisation_id"].duplicated(), "organisation_id"]
    if len(twice):
        raise MethodError(f"organisation '{twice.min()}' has more than one {' or '.join(columns)}")

    graph = _graph(participations)
    own = participations.iloc[graph.first]
    region, codes = pd.factorize(own["region_code"], sort=True)
    gva = own["gva"].fillna(0.0).to_numpy(dtype=np.float64) if "gva" in own else np.zeros(len(own))
    indicator = sparse.csr_array(
        (np.ones(len(region)), (region, np.arange(len(region)))), shape=(len(codes), len(region))
    )
    members = sparse.csr_array(indicator @ graph.incidence)
    members.sort_indices()

    weight = ((members * graph.weight) @ members.T).toarray()
    np.fill_diagonal(weight, (members * (members - members.sign()) / 2) @ graph.weight)
    present = members.sign()
    projects = (present @ present.T).toarray()
    np.fill_diagonal(projects, np.bincount(members.tocoo().row[members.tocoo().data >= 2], minlength=len(codes)))

    # partners of each organisation in each region, counted once per joint project; it is no partner of itself
    itself = sparse.csr_array(indicator.T * (graph.incidence.sum(axis=1))[:, None])
    partners = sparse.csr_array(graph.incidence @ members.T - itself)
    has_partner = sparse.csr_array((partners > 0).astype(np.float64))
    organisations = (indicator @ has_partner).toarray()
    value = ((indicator * gva) @ has_partner).toarray()

    ties, repeated = _ties_by_region(graph, region, len(codes))
    a, b = np.nonzero(np.triu(projects > 0))
    return pd.DataFrame(
        {
            "region_a": pd.Index(codes).take(a),
            "region_b": pd.Index(codes).take(b),
            "weight": weight[a, b],
            "tie_count": ties[a, b],
            "repeated_tie_count": repeated[a, b],
            "project_count": projects[a, b].astype(np.int64),
            "organisation_count_a": organisations[a, b].astype(np.int64),
            "organisation_count_b": organisations[b, a].astype(np.int64),
            "gva_a": value[a, b],
            "gva_b": value[b, a],
        }
    )


def network_shape(participations: pd.DataFrame) -> dict[str, float]:
    """Size, cohesion and repetition of the network of organisations with joint projects.

    Source: METHODS section 7; components and degree as in Newman (2001), part I, Physical Review E 64, 016131.

    Args:
        participations: `project_id`, `organisation_id`; repeated rows count once, projects of one are left out with
            the organisations that have no other.

    Returns:
        `organisations`, `projects`, `participations` (counts); `ties` and `repeated_ties` (pairs of organisations with
        a joint project, with two or more); `weight` (sum of Newman weights); `average_degree` (partners of an
        organisation); `components`, `largest_component` (connected parts, organisations in the largest). Averages of
        nothing are NaN.

    Raises:
        MethodError: a missing project or organisation.
    """
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    graph = _graph(participations)
    joint = graph.incidence[:, np.flatnonzero(graph.weight > 0)]
    joint = sparse.csr_array(joint[np.flatnonzero(joint.sum(axis=1) > 0)])
    organisations, projects = joint.shape
    ties = repeated = 0
    for _, _, count in _joint_projects(joint):
        ties += len(count)
        repeated += int((count >= 2).sum())
    sizes = np.zeros(0, dtype=np.int64)
    if organisations:
        both = sparse.block_array([[None, joint], [joint.T, None]], format="csr")
        label = connected_components(both, directed=False)[1][:organisations]
        sizes = np.bincount(label)
    return {
        "organisations": organisations,
        "projects": projects,
        "participations": int(joint.nnz),
        "ties": ties,
        "repeated_ties": repeated,
        "weight": joint.nnz / 2,  # each organisation has ties of total weight one in each project
        "average_degree": 2 * ties / organisations if organisations else np.nan,
        "components": int((sizes > 0).sum()),
        "largest_component": int(sizes.max(initial=0)),
    }


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


def _joint_projects(incidence: Any) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
    """Pairs of organisations (row < column) with the number of their joint projects, `_BLOCK` pairs or so at a time."""
    cost = np.asarray(incidence @ incidence.sum(axis=0)).ravel().cumsum()
    start = 0
    while start < incidence.shape[0]:
        spent = cost[start - 1] if start else 0.0
        stop = max(int(np.searchsorted(cost, spent + _BLOCK, side="right")), start + 1)
        pairs = (incidence[start:stop] @ incidence.T).tocoo()
        upper = pairs.col > pairs.row + start
        yield pairs.row[upper] + start, pairs.col[upper], pairs.data[upper]
        start = stop


def _ties_by_region(
    graph: _Graph, region: NDArray[np.intp], regions: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Symmetric regions x regions matrices: pairs of organisations with one joint project or more, with two or more."""
    ties = np.zeros(regions * regions, dtype=np.int64)
    repeated = np.zeros_like(ties)
    for row, column, count in _joint_projects(graph.incidence):
        low, high = np.minimum(region[row], region[column]), np.maximum(region[row], region[column])
        cell = low * regions + high
        ties += np.bincount(cell, minlength=len(ties))
        repeated += np.bincount(cell[count >= 2], minlength=len(ties))
    shape = (regions, regions)
    return ties.reshape(shape), repeated.reshape(shape)
