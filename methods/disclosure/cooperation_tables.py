"""The published tables of cooperation-linked GVA as one linked system per reference year.

Belongs here: which cells a firm is in, which equations tie the cells of T1 to T8, of the three numerators and of both
versions of NACE to each other, and which of them are unsafe. Does not belong here: the primary rules, the choice of
secondary suppressions and the attack (`methods.disclosure.rules`, `protection`, `attack`), SQL, what is printed.

**Atoms.** Tables that overlap in every direction (size x region x numerator x version) need no list of crossings if
every published cell is written as the sum of the finest parts of the population that exist: all contributions with the
same codes in every dimension, in the same numerators and types of cooperation. These atoms are hidden cells. Every
relation between published cells follows from `cell = sum of its atoms`: totals and breakdowns with their remainders
(units without a code), both versions of NACE, N2 less N1, types that overlap. So no pair of published cells can be
differenced without the attack seeing it.

**What the attacker is assumed to know**: every open cell exactly; of every atom, that is of every combination of codes
and cooperations, whether a firm is in it, that a contribution is not negative, and of a negative one that it is not
below twice its value; the probability of every link where it hardly matters (see `SLIVER`). He does not know how many
firms an atom has and what they are worth. That is more than anybody outside the office knows.

**Numerators.** A published number is an expected total, probability x GVA, and a firm may have another probability in
each numerator (and type of cooperation). Its contribution is cut into layers: the lowest probability counts in all of
its memberships, the step to the next one in those that reach it, and so on. A layer is in the atom of its set of
memberships, so N2 less N1 is the sum of the atoms that only N2 has. Probabilities that differ by less than `SLIVER` of
the larger one are one layer; what is left is taken as known to the attacker (`known` of a cell), because
a free sliver would hide from the audit that two cells have the same firms.

**Differences** of printed cells that are unsafe become hidden primary cells (`cooperation_differences`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from methods.disclosure.cooperation_differences import unsafe_differences
from methods.disclosure.rules import PrimaryRules, primary_cells
from methods.disclosure.system import FloatArray, IntArray, LinkedSystem, linked_system
from methods.errors import MethodError

CELL = [
    "numerator_code",
    "table_code",
    "nace_version_code",
    "activity_code",
    "region_code",
    "cooperation_type_code",
    "size_class_code",
]
"""Key of a published cell within its reference year."""

DIMENSIONS = ["rev2_section", "rev21_section", "a64_code", "size_class", "nuts2_code"]
"""What a part of a firm is broken down by; empty where it is not known."""

PLANNED = (
    # table, version of NACE, activity, by region, by size class, by type of cooperation
    ("T1", "_Z", None, False, False, False),
    ("T2", "NACE_REV2", "rev2_section", False, False, False),
    ("T2", "NACE_REV21", "rev21_section", False, False, False),
    ("T3", "_Z", None, True, False, False),
    ("T4", "_Z", None, False, False, True),
    ("T5", "_Z", None, False, True, False),
    ("T6", "NACE_REV2", "rev2_section", False, True, False),
    ("T7", "NACE_REV2", "rev2_section", True, False, False),
    ("T7", "NACE_REV21", "rev21_section", True, False, False),
    ("T8", "NACE_REV2", "a64_code", False, False, False),
)
"""The published tables, as `sql/interpretation/contribution.sql` plans them."""

SLIVER = 0.05
"""Probabilities closer than this (relative to the larger one) are one layer; the difference counts as known."""

CONSTANT_PRICES = "prices of the previous year"
"""What the name of a total at the prices of the previous year ends with."""

NEGATIVE_FLOOR = 2.0
"""A negative contribution is known not to be below so many times its value."""


@dataclass(frozen=True, eq=False)
class CooperationSystem:
    """The linked system of one reference year.

    Attributes:
        system: the distinct sums, then the atoms that are no published cell themselves; its values are those of the
            levelled probabilities. Cells that are the same sum are one cell of the system, withheld or open together.
        cells: one row per published cell in the order of `CELL`, then one per total at constant prices
            (`is_constant_prices`), then one per hidden difference (`is_difference`, without codes): `CELL`, `name`,
            `number` in the system, `value` (HUF mn, as published), `known` (published less levelled value, which the
            attacker knows: his interval of the published value is that of the system plus this), `contributor_count`
            (groups, candidates included), `is_primary`, `primary_rule`, `protection` (HUF mn).
        facts: counts of what the system is made of.
    """

    system: LinkedSystem
    cells: pd.DataFrame
    facts: dict[str, int]


def cooperation_system(
    parts: pd.DataFrame,
    memberships: pd.DataFrame,
    *,
    rules: PrimaryRules,
    verdicts: pd.DataFrame | None = None,
    headline: str = "N1",
) -> CooperationSystem:
    """The linked system of the published tables of one reference year.

    Args:
        parts: one row per unit and region it works in: `unit`, `group` (legal unit and enterprise group),
            `DIMENSIONS`, `value` (GVA of the part, HUF mn) and `deflator` (current / previous-year prices of the
            unit's section; empty where not known).
        memberships: one row per unit, `numerator_code` and `cooperation_type_code` (`_T` for the union of all types):
            `unit`, `probability` and `is_accepted` (evidence beyond a candidate).
        rules: the primary rules.
        verdicts: further findings on published cells: `CELL`, `rule` and `protection` (HUF mn, NaN for the range of
            the frequency rule), for example of the complement to a total that others publish.
        headline: numerator whose cells are given up last.

    Returns:
        The system; a cell is primary when its contributions, candidates included or accepted links only, are unsafe
        or when `verdicts` has it.

    Raises:
        MethodError: a value or probability that is missing, a verdict on a cell that is not published.
    """
    member = cooperating(memberships)
    found = judged(parts, member, rules=rules, verdicts=verdicts)
    labels = membership_labels(member)
    keys, layer = numbered_atoms([atom_rows(found.parts, member, labels)])
    atoms = _atoms(layer[0], len(keys))
    structure = incidence(places(keys, labels), found.cells, len(keys))
    sums = all_sums(found, atoms, structure, rules, headline)
    system = _system(sums.bodies, sums.cells, atoms)
    cells = sums.cells.drop(columns=["is_hidden", "cost"])
    facts = {
        "cells": len(found.cells),
        "primary_cells": int(found.cells["is_primary"].sum()),
        "distinct_cells": int(cells.loc[~cells["is_difference"], "number"].nunique()),
        "hidden_differences": int(cells["is_difference"].sum()),
        "atoms": len(keys),
        "equations": system.equations.shape[0],
    }
    return CooperationSystem(system, cells, facts)


def cooperating(memberships: pd.DataFrame) -> pd.DataFrame:
    """Memberships that count.

    Raises:
        MethodError: a code or probability is missing.
    """
    _refuse_missing(memberships, ("unit", "numerator_code", "cooperation_type_code", "probability"))
    return memberships[memberships["probability"] > 0].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Judged:
    """The published cells of a release: `CELL`, `value` (HUF mn, exact) and what the rules say of each.

    Attributes:
        parts: the parts, codes as objects.
        cells: one row per cell, by `CELL`.
        real: totals at prices of the previous year by numerator, where every deflator is known.
    """

    parts: pd.DataFrame
    cells: pd.DataFrame
    real: pd.Series


def judged(
    parts: pd.DataFrame, member: pd.DataFrame, *, rules: PrimaryRules | None, verdicts: pd.DataFrame | None = None
) -> Judged:
    """The cells of a release; without rules only their values.

    Raises:
        MethodError: as `cooperation_system`.
    """
    _refuse_missing(parts, ("unit", "group", "value"))
    parts = parts.astype(dict.fromkeys(DIMENSIONS, object))
    contributions = _placed(parts.merge(member, on="unit", sort=False))
    contributions["amount"] = contributions["probability"] * contributions["value"]
    codes, cells = _numbered(contributions)
    if rules is not None:
        cells = _with_verdicts(cells, codes, contributions, rules, verdicts)
    exact = np.bincount(codes, weights=contributions["amount"], minlength=len(cells))
    cells.insert(len(CELL), "value", exact)
    return Judged(parts, cells, _real_totals(contributions))


def cell_name(cell: pd.Series | tuple[Any, ...]) -> str:
    """Name of a published cell in the system: its key, joined."""
    return "|".join(str(code) for code in tuple(cell)[: len(CELL)])


@dataclass(frozen=True, eq=False)
class Atoms:
    """Atoms: value, lower bound, group x atom contributions, current / previous-year prices (nan: not known)."""

    values: FloatArray
    lower: FloatArray
    by_group: Any
    deflator: FloatArray

    @property
    def contributor(self) -> IntArray:
        """(atoms,) number of the only group, else -1."""
        return single_groups(self.by_group)


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of atoms: the published cells, the totals at constant prices, the unsafe differences.

    Attributes:
        bodies: (sums, atoms) sparse weights.
        cells: one row per sum, as `CooperationSystem.cells` has them, with `is_hidden` and `cost`.
    """

    bodies: Any
    cells: pd.DataFrame


def _refuse_missing(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for column in columns:
        if frame[column].isna().any():
            row = frame.index[int(frame[column].isna().to_numpy().argmax())]
            raise MethodError(f"{column} is missing in row {row}")


def membership_labels(member: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of numerator and type of cooperation that occur, in the order of their bits in `members`."""
    pairs = member[["numerator_code", "cooperation_type_code"]].drop_duplicates()
    labels = sorted(pairs.itertuples(index=False, name=None))
    if len(labels) > 62:
        raise MethodError(f"at most 62 numerators and types of cooperation fit a year, got {len(labels)}")
    return labels


def _layers(member: pd.DataFrame, given: list[tuple[str, str]]) -> pd.DataFrame:
    """Layers of every unit: `unit`, `layer` (from the top), `members` (bits of the labels) and `step` (share)."""
    labels = {label: i for i, label in enumerate(given)}
    units, row = np.unique(member["unit"].to_numpy(), return_inverse=True)
    column = [labels[pair] for pair in zip(member["numerator_code"], member["cooperation_type_code"], strict=True)]
    probability = np.zeros((len(units), len(labels)))
    probability[row, column] = member["probability"]
    level = _levelled(probability)
    bits = np.int64(1) << np.arange(len(labels), dtype=np.int64)
    frames: list[pd.DataFrame] = []
    top = level.max(axis=1, initial=0.0)
    while (top > 0).any():
        reached = (level >= top[:, None]) & (top > 0)[:, None]
        below = np.where(level < top[:, None], level, 0.0).max(axis=1, initial=0.0)
        keep = top > 0
        frames.append(
            pd.DataFrame(
                {"unit": units[keep], "layer": len(frames), "members": (reached @ bits)[keep],
                 "step": (top - below)[keep]}
            )
        )  # fmt: skip
        top = below
    if not frames:
        return pd.DataFrame({"unit": [], "layer": [], "members": [], "step": []})
    return pd.concat(frames, ignore_index=True)


def _levelled(probability: FloatArray) -> FloatArray:
    """Probabilities (units, memberships) with those that hardly differ put equal to the largest of them."""
    order = np.argsort(-probability, axis=1, kind="stable")
    ordered = np.take_along_axis(probability, order, axis=1)
    for k in range(1, ordered.shape[1]):
        is_near = ordered[:, k] > (1.0 - SLIVER) * ordered[:, k - 1]
        ordered[:, k] = np.where(is_near, ordered[:, k - 1], ordered[:, k])
    result = np.empty_like(ordered)
    np.put_along_axis(result, order, ordered, axis=1)
    return result


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of parts in every place of every table they belong to, with the columns of `CELL`."""
    is_union = (frame["cooperation_type_code"] == "_T").to_numpy()
    placed = []
    for table, version, activity, by_region, by_size, by_type in PLANNED:
        inside = ~is_union if by_type else is_union
        needed = [c for c, asked in ((activity, activity), ("nuts2_code", by_region), ("size_class", by_size)) if asked]
        for column in needed:
            inside = inside & frame[str(column)].notna().to_numpy()
        rows = frame[inside]
        placed.append(
            rows.assign(
                table_code=table,
                nace_version_code=version,
                activity_code=rows[activity] if activity else "_T",
                region_code=rows["nuts2_code"] if by_region else "_T",
                size_class_code=rows["size_class"] if by_size else "_T",
            )
        )
    return pd.concat(placed, ignore_index=True)


def _numbered(contributions: pd.DataFrame) -> tuple[IntArray, pd.DataFrame]:
    """Number of the cell of each contribution, and the cells in the order of their keys."""
    grouped = contributions.groupby(CELL, sort=True, observed=True)
    return np.asarray(grouped.ngroup(), dtype=np.int64), grouped.size().index.to_frame(index=False)


def atom_rows(parts: pd.DataFrame, member: pd.DataFrame, labels: list[tuple[str, str]]) -> pd.DataFrame:
    """What each layer of each part of a unit contributes: `amount` beside the columns of parts and layers."""
    layer = parts.merge(_layers(member, labels), on="unit", sort=False)
    return layer.assign(amount=layer["step"] * layer["value"], is_negative=layer["value"] < 0)


ATOM = ["members", *DIMENSIONS, "is_negative"]
"""What the contributions of one atom have in common."""


def numbered_atoms(releases: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The atoms of one or more releases, `ATOM`, and the rows of each with the number of their `atom`."""
    rows = pd.concat(releases, ignore_index=True)
    filled = rows.fillna(dict.fromkeys(DIMENSIONS, ""))
    rows["atom"] = filled.groupby(ATOM, sort=True, observed=True).ngroup().to_numpy(np.int64)
    first = rows.iloc[np.unique(rows["atom"], return_index=True)[1]].reset_index(drop=True)
    ends = np.cumsum([len(release) for release in releases])[:-1]
    return first[ATOM], [rows.iloc[at] for at in np.split(np.arange(len(rows)), ends)]


def _atoms(layer: pd.DataFrame, size: int) -> Atoms:
    number = layer["atom"].to_numpy(np.int64)
    # as a number in the order of the groups' names, whatever these are
    group, groups = pd.factorize(layer["group"], sort=True)
    by_group = sp.csr_array((layer["amount"].to_numpy(), (number, group)), shape=(size, len(groups)))
    by_group.sum_duplicates()
    values = np.asarray(by_group.sum(axis=1)).ravel()
    first = layer["deflator"].to_numpy(np.float64)[np.unique(number, return_index=True)[1]]
    return Atoms(values, least(values), by_group, first)


def least(values: FloatArray) -> FloatArray:
    """What everybody knows of contributions: not negative, or not below `NEGATIVE_FLOOR` times their value."""
    return np.where(values < 0, NEGATIVE_FLOOR * values, 0.0)


def single_groups(by_group: Any) -> IntArray:
    """(rows,) number of the only group of a row, else -1."""
    result = np.full(by_group.shape[0], -1, dtype=np.int64)
    single = np.diff(by_group.indptr) == 1
    result[single] = by_group.indices[by_group.indptr[:-1][single]]
    return result


def places(atoms: pd.DataFrame, labels: list[tuple[str, str]]) -> pd.DataFrame:
    """In which cells each atom is: `atom` with the columns of `CELL`."""
    rows = []
    members = atoms["members"].to_numpy(np.int64)
    for bit, (numerator, kind) in enumerate(labels):
        has = np.flatnonzero(members >> bit & 1)
        rows.append(atoms.loc[has, DIMENSIONS].assign(atom=has, numerator_code=numerator, cooperation_type_code=kind))
    return _placed(pd.concat(rows, ignore_index=True))


def incidence(inside: pd.DataFrame, cells: pd.DataFrame, size: int) -> Any:
    """(cells, atoms) of ones: which atoms a published cell is the sum of; cells that are not asked for are left out."""
    at = pd.MultiIndex.from_frame(cells[CELL]).get_indexer(pd.MultiIndex.from_frame(inside[CELL]))
    row, column = at[at >= 0], inside["atom"].to_numpy()[at >= 0]
    return sp.csr_array((np.ones(len(row)), (row, column)), shape=(len(cells), size))


def _with_verdicts(
    cells: pd.DataFrame, codes: IntArray, contributions: pd.DataFrame, rules: PrimaryRules, further: pd.DataFrame | None
) -> pd.DataFrame:
    """Cells with what the primary rules say: of all contributions, of accepted links alone, and `further`."""
    frame = pd.DataFrame({"cell": codes, "group": contributions["group"], "value": contributions["amount"]})
    every = primary_cells(frame, cell="cell", contributor="group", value="value", rules=rules)
    # and in full, as whoever believes the links counts them
    is_accepted = contributions["is_accepted"].to_numpy(bool)
    accepted = primary_cells(
        frame.assign(value=contributions["value"])[is_accepted],
        cell="cell",
        contributor="group",
        value="value",
        rules=rules,
    ).reindex(every.index)
    floor = rules.frequency_range_pct / 100.0 * every["absolute_total"]
    # links under review only: nothing would stand behind the number
    has_none = accepted["contributor_count"].isna()
    rule = np.select(
        [
            every["is_frequency"] | has_none | accepted["is_frequency"].eq(True),
            every["is_primary"] | accepted["is_primary"].eq(True),
        ],
        ["frequency", "p_percent" if rules.p_percent is not None else "dominance"],
        "none",
    )
    level = np.fmax(every["protection_level"], accepted["protection_level"])
    result = cells.assign(
        contributor_count=every["contributor_count"].to_numpy(),
        is_primary=rule != "none",
        primary_rule=rule,
        protection=np.where(rule == "none", 0.0, np.where(level > 0, level, floor)),
    )
    if further is None or further.empty:
        return result
    at = pd.MultiIndex.from_frame(result[CELL]).get_indexer(pd.MultiIndex.from_frame(further[CELL]))
    if (at < 0).any():
        unknown = further[CELL].to_numpy(object)[int(at.argmin())]
        raise MethodError(f"a verdict on {cell_name(tuple(unknown))}, which is no cell")
    asked = further["protection"].to_numpy(np.float64)
    asked = np.where(np.isnan(asked), floor.to_numpy()[at], asked)
    level, names = result["protection"].to_numpy(np.float64).copy(), result["primary_rule"].to_numpy(object).copy()
    np.maximum.at(level, at, asked)
    for cell, found in zip(at.tolist(), further["rule"].tolist(), strict=True):
        names[cell] = found if names[cell] == "none" else names[cell]
    return result.assign(is_primary=names != "none", primary_rule=names, protection=level)


def _real_totals(contributions: pd.DataFrame) -> pd.Series:
    """Totals at prices of the previous year by numerator, where every deflator is known."""
    total = contributions[contributions["table_code"] == "T1"]
    real = (total["amount"] / total["deflator"]).groupby(total["numerator_code"]).agg(lambda s: s.sum(skipna=False))
    return real.dropna()


def all_sums(found: Judged, atoms: Atoms, structure: Any, rules: PrimaryRules, headline: str) -> Sums:
    """The sums of a release that its linked system is about.

    Args:
        found: its cells, judged.
        atoms: the atoms.
        structure: (cells, atoms) as `incidence` gives it.
        rules: the primary rules.
        headline: numerator whose cells are given up last.
    """
    cells, real = found.cells, found.real
    labels = [cell_name(row) for row in cells[CELL].itertuples(index=False, name=None)]
    differences = unsafe_differences(cells, labels, structure, atoms.by_group, rules)
    is_total = (cells["table_code"] == "T1").to_numpy()
    at_totals = np.flatnonzero(is_total & cells["numerator_code"].isin(real.index).to_numpy()).tolist()
    at_real = [structure[[i]].multiply((1.0 / atoms.deflator)[None, :]).tocsr() for i in at_totals]
    totals = cells.loc[at_totals]
    bodies = sp.vstack([structure, *at_real, differences.rows], format="csr")
    value = np.asarray(bodies @ atoms.values)
    exact = np.concatenate([cells["value"], real[totals["numerator_code"]], value[len(cells) + len(totals) :]])
    names = [*labels, *(f"{labels[i]} at {CONSTANT_PRICES}" for i in at_totals), *differences.names]
    ratio = np.divide(
        real[totals["numerator_code"]].to_numpy(np.float64), totals["value"].to_numpy(np.float64),
        out=np.zeros(len(totals)), where=totals["value"].to_numpy() != 0,
    )  # fmt: skip
    weight = np.where(cells["numerator_code"] == headline, 3.0, 1.0)
    # of two ways to withhold, the cheaper one is the version of NACE that has no national accounts yet
    weight = weight * np.where(cells["nace_version_code"] == "NACE_REV21", 0.9, 1.0)
    is_difference = np.arange(len(names)) >= len(cells) + len(totals)
    key = pd.concat([cells, totals], ignore_index=True).assign(
        is_constant_prices=np.arange(len(cells) + len(totals)) >= len(cells)
    )
    frame = pd.concat([key, pd.DataFrame({"is_difference": True}, index=range(int(is_difference.sum())))])
    return Sums(
        bodies,
        frame.reset_index(drop=True).assign(
            is_difference=is_difference,
            name=names,
            number=distinct_sums(bodies),
            known=np.where(np.abs(exact - value) > 1e-9 * np.abs(exact), exact - value, 0.0),
            value=exact,
            is_primary=np.concatenate(
                [cells["is_primary"], totals["is_primary"], is_difference[is_difference]]
            ).astype(bool),
            protection=np.concatenate(
                [cells["protection"], totals["protection"] * np.abs(ratio), differences.protection]
            ).astype(np.float64),
            is_hidden=is_difference,
            cost=np.concatenate(
                [weight * np.abs(value[: len(cells)]), 0.1 * np.abs(real[totals["numerator_code"]]),
                 np.zeros(len(differences.names))]
            ).astype(np.float64),
        ),
    )  # fmt: skip


def distinct_sums(bodies: Any) -> IntArray:
    """(sums,) number of each sum among the distinct ones, in order of first appearance."""
    numbers: dict[bytes, int] = {}
    ends = bodies.indptr[1:-1]
    parts = zip(np.split(bodies.indices, ends), np.split(bodies.data, ends), strict=True)
    return np.array([numbers.setdefault(at.tobytes() + d.tobytes(), len(numbers)) for at, d in parts], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Columns:
    """What the variables of a system are, before it is built: distinct sums, then atoms that are none of them.

    Attributes:
        arrays: arguments of `linked_system` by name, `names` and `values` included, each of them (variables,).
        equations: (sums of several atoms, variables) sparse.
        equation_names: their names.
        variable: (atoms,) the variable that each atom is.
    """

    arrays: dict[str, Any]
    equations: Any
    equation_names: list[str]
    variable: IntArray


def _system(bodies: Any, sums: pd.DataFrame, atoms: Atoms) -> LinkedSystem:
    found = system_columns(bodies, sums.assign(is_public=False), atoms)
    arrays = dict(found.arrays)
    return linked_system(
        arrays.pop("names"), arrays.pop("values"), found.equations, equation_names=found.equation_names, **arrays
    )


def system_columns(bodies: Any, sums: pd.DataFrame, atoms: Atoms) -> Columns:
    """The system of the distinct sums and of the atoms that are no published cell themselves.

    Args:
        bodies: (sums, atoms) weights.
        sums: `name`, `number` among the distinct ones, `is_hidden`, `is_public`, `is_primary`, `protection`, `cost`;
            what is public under one name is public, and no longer protected, under all.
        atoms: the atoms.
    """
    first = np.unique(sums["number"], return_index=True)[1]
    distinct = bodies[first]
    merged = sums.groupby("number", sort=True).agg(
        name=("name", "first"), is_hidden=("is_hidden", "all"), is_public=("is_public", "any"),
        is_primary=("is_primary", "any"), protection=("protection", "max"), cost=("cost", "sum"),
    )  # fmt: skip
    count, size = distinct.shape[0], len(atoms.values)
    single = np.diff(distinct.indptr) == 1
    single[single] = distinct.data[distinct.indptr[:-1][single]] == 1.0
    variable = np.full(size, -1, dtype=np.int64)
    variable[distinct.indices[distinct.indptr[:-1][single]]] = np.flatnonzero(single)
    free = np.flatnonzero(variable < 0)
    variable[free] = count + np.arange(len(free))
    rows, columns, data = _definitions(distinct, np.flatnonzero(~single), variable)
    pad = np.zeros(len(free))
    is_public = np.concatenate([merged["is_public"], pad]) > 0
    is_primary = (np.concatenate([merged["is_primary"], pad]) > 0) & ~is_public
    return Columns(
        {
            "names": [*merged["name"], *(f"atom {i}" for i in free)],
            "values": np.concatenate([distinct @ atoms.values, atoms.values[free]]),
            "lower": np.concatenate([distinct @ atoms.lower, atoms.lower[free]]),
            "upper": np.full(count + len(free), np.inf),
            "cost": np.concatenate([merged["cost"], pad]),
            "is_public": is_public,
            "is_hidden": (np.concatenate([merged["is_hidden"], pad + 1]) > 0) & ~is_public,
            "is_primary": is_primary,
            "protection": np.where(is_primary, np.concatenate([merged["protection"], pad]), 0.0),
            "contributor": np.concatenate([_single(distinct, atoms), atoms.contributor[free]]),
        },
        sp.csr_array((data, (rows, columns)), shape=(int((~single).sum()), count + len(free))),
        [f"{name} is the sum of its parts" for name in merged["name"][~single]],
        variable,
    )


def _definitions(distinct: Any, asked: IntArray, variable: IntArray) -> tuple[list[int], list[int], list[float]]:
    """Equations of sums of several atoms, as triplets: each is written with the largest cells that it contains.

    A total of its sections is the same equation as a total of all their atoms, and a much shorter one.
    """
    inside = [frozenset(part.tolist()) for part in np.split(distinct.indices, distinct.indptr[1:-1])]
    is_plain = np.array([bool((part == 1.0).all()) for part in np.split(distinct.data, distinct.indptr[1:-1])])
    pattern = sp.csr_array((np.ones(len(distinct.data)), distinct.indices, distinct.indptr), shape=distinct.shape)
    shared = sp.csr_array(pattern @ pattern.T)
    size = np.diff(distinct.indptr)
    rows: list[int] = []
    columns: list[int] = []
    data: list[float] = []
    for row, cell in enumerate(asked.tolist()):
        rows.append(row)
        columns.append(cell)
        data.append(1.0)
        left = set(inside[cell])
        if is_plain[cell]:
            near = shared.indices[shared.indptr[cell] : shared.indptr[cell + 1]]
            common = shared.data[shared.indptr[cell] : shared.indptr[cell + 1]]
            within = near[(common == size[near]) & (size[near] < size[cell]) & (size[near] > 1) & is_plain[near]]
            for part in within[np.lexsort((within, -size[within]))].tolist():
                if inside[part] <= left:
                    left -= inside[part]
                    rows.append(row)
                    columns.append(part)
                    data.append(-1.0)
        at = slice(distinct.indptr[cell], distinct.indptr[cell + 1])
        weight = dict(zip(distinct.indices[at].tolist(), distinct.data[at].tolist(), strict=True))
        for atom in sorted(left):
            rows.append(row)
            columns.append(int(variable[atom]))
            data.append(-weight[atom])
    return rows, columns, data


def _single(bodies: Any, atoms: Atoms) -> IntArray:
    """Number of the single contributing group of each sum of atoms, else -1."""
    return single_groups(sp.csr_array((bodies != 0).astype(np.float64) @ (atoms.by_group != 0).astype(np.float64)))
