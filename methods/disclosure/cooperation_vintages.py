"""Two releases of the cooperation tables as one linked system: what readers have already, and what comes new.

Belongs here: the parts of firms before and after, the cells of both releases, the changes that would reveal a
contributor. Does not belong here: the tables of one release (`methods.disclosure.cooperation_tables`), the choice of
what is withheld (`cooperation_protection`), two releases of any other table (`differences`).

**Atoms of two releases.** A part of a firm (region, layer of probability) is followed from the earlier release to the
new one; parts with the same codes in both are one atom, apart from those that were revised. A part was revised if it
changed by more than `NOTABLE` of its value and otherwise than its section did: a common factor of calibration does not
make anybody forget what he read last month. What was not revised is one variable in both releases (the attacker is
assumed to know its change), so a cell without revised parts is the same sum in both, and public where readers have it.
A revised atom is two variables, before and after, and the attacker is assumed to know the size of their difference but
for a factor of `CHANGE_FLOOR`. What came and what left stand alone.

**Changes** of published cells are sums as well: where the contributions to a change, group by group, are unsafe by the
primary rules (a single firm filed late), the change must stay as uncertain as a cell. The unsafe cells of the earlier
release must withstand both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from methods.disclosure.cooperation_differences import levels
from methods.disclosure.cooperation_tables import (
    CELL,
    Atoms,
    Columns,
    CooperationSystem,
    Judged,
    Sums,
    all_sums,
    atom_rows,
    cooperating,
    distinct_sums,
    incidence,
    judged,
    least,
    membership_labels,
    numbered_atoms,
    places,
    system_columns,
)
from methods.disclosure.rules import PrimaryRules
from methods.disclosure.system import BoolArray, FloatArray, IntArray, LinkedSystem, linked_system
from methods.errors import MethodError

CHANGE_FLOOR = 2.0
"""The change of an atom is known to be at most so many times as large as the changes of its contributors."""

NOTABLE = 0.01
"""Relative to the larger value, a change that counts as a revision; and of cells that readers have never seen, a change
that is asked for."""

MANY = 5
"""Parts in a section from which their median change is that of the section; with fewer it is that of all parts."""

OPEN_BEFORE = 5.0
"""So many times dearer than any other is it to withhold a cell that readers have from before: patterns are stable, and
what is closed once stays closed."""

FEW = 16
"""So many contributors of a sum, or of all changes, are tried as those who know more of it."""

SAME = 1e-9
"""Relative to the larger, a change that is none."""

RECORDED = 1e-6
"""Relative difference between an earlier value and its contributions that is numerical."""


@dataclass(frozen=True, eq=False)
class Earlier:
    """What readers have of a reference year.

    Attributes:
        cells: rows of `interpretation.cell_protection` of that year in the earlier release: `cell_name`,
            `is_published`, `CELL`, `price_code`, `value_huf_mn`, `is_primary`, `protection_huf_mn`, `status`.
        parts: what its cells were made of, as `cooperation_system` takes it; None where that is no longer known.
        memberships: likewise.
    """

    cells: pd.DataFrame
    parts: pd.DataFrame | None = None
    memberships: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class TwoReleases:
    """The linked system of a new release and of what readers have.

    Attributes:
        system: sums of both releases, atoms, changes of atoms, changes of cells.
        cells: of the new release, as `CooperationSystem.cells`, with numbers of this system.
        changes: one row per unsafe change of a published cell: `name`, `number`, `cell` (row of `cells`), `value`,
            `protection`.
        withheld_before: (variables,) cells of the new release that the earlier one withheld.
        was_open: (variables,) cells of the new release of which readers have a value, of the earlier release or of one
            before it.
        given_up: (variables,) unsafe sums of the new release that are public, unchanged, since the earlier one.
        before: one row per unsafe cell of the earlier release: `name`, `number`, `value`.
        insiders: (variables, groups) sparse: who contributes to a sum; None for a release alone.
        alone: the system of the new release by itself; None for a release alone.
    """

    system: LinkedSystem
    cells: pd.DataFrame
    changes: pd.DataFrame
    withheld_before: BoolArray
    was_open: BoolArray
    given_up: BoolArray
    before: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["name", "number", "value"]))
    insiders: Any = None
    alone: CooperationSystem | None = None

    def attackers(self, cells: IntArray) -> list[tuple[int, ...]]:
        """(cells,) contributors who may know more of a sum than others: those in it, where they are few."""
        if self.insiders is None:
            return [()] * len(cells)
        ends = self.insiders.indptr
        rows = [self.insiders.indices[ends[c] : ends[c + 1]] for c in cells.tolist()]
        return [tuple(row.tolist()) if len(row) <= FEW else () for row in rows]

    @classmethod
    def of_one(cls, system: LinkedSystem, cells: pd.DataFrame) -> TwoReleases:
        """A release of which readers have nothing yet."""
        nothing = np.zeros(system.size, dtype=bool)
        return cls(system, cells, pd.DataFrame(columns=CHANGES), nothing, nothing, nothing)


CHANGES = ["name", "cell", "old", "protection", "contributor", "value", "now", "then", "number"]
"""Columns of `TwoReleases.changes`."""


def with_values(system: LinkedSystem, cells: pd.DataFrame, earlier: Earlier) -> TwoReleases:
    """A release beside an earlier one without contributions: an open cell that has the same value now is public."""
    known = _by_name(cells, earlier.cells)
    value, size = cells["value"].to_numpy(np.float64), system.size
    said = known["value_huf_mn"].to_numpy(np.float64)
    is_open = known["status"].isin(["open", "given_up"]).to_numpy(bool)
    is_known = is_open & (np.abs(said - value) <= SAME * np.maximum(np.abs(said), np.abs(value)))
    number = cells["number"].to_numpy(np.int64)
    public, withheld, was_open = (np.zeros(size, dtype=bool) for _ in range(3))
    public[number[is_known]] = True
    withheld[number[known["status"].notna().to_numpy() & ~is_open & ~cells["is_difference"].to_numpy(bool)]] = True
    was_open[number[_was_open(known)]] = True
    given_up = public & system.is_primary
    hidden = (system.is_hidden | _stays_closed(cells, known, size)) & ~public
    asked = system.is_primary & ~given_up
    return TwoReleases(
        system=replace(
            system, is_public=public, is_hidden=hidden, is_primary=asked,
            protection=np.where(asked, system.protection, 0.0),
        ),
        cells=cells, changes=pd.DataFrame(columns=CHANGES), withheld_before=withheld & ~public, was_open=was_open,
        given_up=given_up,
    )  # fmt: skip


def _by_name(cells: pd.DataFrame, recorded: pd.DataFrame) -> pd.DataFrame:
    """What an earlier release said of cells, in their order."""
    return recorded.drop_duplicates("cell_name").set_index("cell_name").reindex(cells["name"])


def _was_open(known: pd.DataFrame) -> BoolArray:
    """(cells,) readers have a value, of the earlier release or of one before it."""
    before = known["was_open"].eq(True) if "was_open" in known else pd.Series(False, index=known.index)
    return np.asarray(known["status"].eq("open") | before, dtype=bool)


def _stays_closed(cells: pd.DataFrame, known: pd.DataFrame, size: int) -> BoolArray:
    """(variables,) cells that were closed after readers had seen them: what changed since then is not looked at.

    Totals may open again: what they would tell is told by the next release in any case.
    """
    closed = (
        _was_open(known) & ~known["status"].eq("open").to_numpy(bool) & ~cells["table_code"].eq("T1").to_numpy(bool)
    )
    result = np.zeros(size, dtype=bool)
    result[cells["number"].to_numpy(np.int64)[closed]] = True
    return result


def two_releases(
    parts: pd.DataFrame,
    memberships: pd.DataFrame,
    earlier: Earlier,
    *,
    rules: PrimaryRules,
    verdicts: pd.DataFrame | None = None,
    headline: str = "N1",
) -> TwoReleases:
    """The linked system of a new release beside an earlier one with known contributions.

    Args:
        parts: as `cooperation_system`.
        memberships: likewise.
        earlier: what readers have; with contributions.
        rules: the primary rules.
        verdicts: further findings on the new cells.
        headline: numerator whose cells are given up last.

    Raises:
        MethodError: as `cooperation_system`; earlier contributions that do not make the earlier cells.
    """
    if earlier.parts is None or earlier.memberships is None:
        raise MethodError("the contributions of the earlier release are not known")
    member, before = cooperating(memberships), cooperating(earlier.memberships)
    now, then = judged(parts, member, rules=rules, verdicts=verdicts), judged(earlier.parts, before, rules=None)
    then = _recorded(then, earlier.cells)
    labels = membership_labels(pd.concat([member, before], ignore_index=True))
    keys, (new_rows, old_rows) = numbered_atoms(
        [atom_rows(now.parts, member, labels), atom_rows(then.parts, before, labels)]
    )
    base = _both(new_rows, old_rows)
    inside = places(keys, labels)
    size = len(base.atom_now)
    now_at, then_at = (
        sp.csr_array(incidence(inside, found.cells, len(keys)) @ _at(atom, len(keys), size))
        for found, atom in ((now, base.atom_now), (then, base.atom_then))
    )
    sums = all_sums(now, base.atoms, now_at, rules, headline)
    old_sums = all_sums(then, base.atoms, then_at, rules, headline)
    old = _with_status(old_sums.cells, earlier.cells)
    changes = _unsafe_changes(sums.cells, old, now_at, then_at, base.by_group, rules)
    return _assembled(sums, old_sums, old, changes, base, _by_name(sums.cells, earlier.cells))


@dataclass(frozen=True, eq=False)
class _Both:
    """Atoms of two releases, one entry per variable.

    Attributes:
        atom_now: number of the atom in the new release, -1 where it is in none.
        atom_then: likewise in the earlier release.
        values: HUF mn.
        by_group: (variables, groups) contributions.
        deflator: current / previous-year prices, where there are two the new ones.
        tied: (ties, 2) variables of the same atom after and before.
        tie_size: (ties,) sum of the absolute changes of contributors.
    """

    atom_now: IntArray
    atom_then: IntArray
    values: FloatArray
    by_group: Any
    deflator: FloatArray
    tied: IntArray
    tie_size: FloatArray

    @property
    def atoms(self) -> Atoms:
        """As `cooperation_tables` takes them."""
        return Atoms(self.values, least(self.values), self.by_group, self.deflator)


def _at(atom: IntArray, atoms: int, size: int) -> Any:
    """(atoms, variables) of ones: the variables that make up an atom of one release."""
    inside = np.flatnonzero(atom >= 0)
    return sp.csr_array((np.ones(len(inside)), (atom[inside], inside)), shape=(atoms, size))


def _both(now: pd.DataFrame, then: pd.DataFrame) -> _Both:
    """Follows parts of firms, by unit, region and layer, from one release to the next."""
    key = ["unit", "region", "layer"]
    frames = [
        rows.assign(region=rows["nuts2_code"].fillna(""), section=rows["rev2_section"].fillna(""))[
            [*key, "section", "atom", "amount", "group", "deflator"]
        ]
        for rows in (now, then)
    ]
    pair = frames[0].merge(frames[1], on=key, how="outer", suffixes=("_now", "_then"), sort=True)
    atom_now, atom_then = (pair[f"atom_{when}"].fillna(-1).to_numpy(np.int64) for when in ("now", "then"))
    amount_now, amount_then = (pair[f"amount_{when}"].fillna(0.0).to_numpy(np.float64) for when in ("now", "then"))
    is_in_both = (atom_now >= 0) & (atom_then >= 0)
    common = np.where(is_in_both, _common_factor(pair, is_in_both, amount_now, amount_then), 0.0)
    is_same = is_in_both & (_is_near(amount_now, amount_then) | _is_near(amount_now, common * amount_then))
    grouped = pd.DataFrame({"now": atom_now, "then": atom_then, "is_same": is_same}).groupby(
        ["now", "then", "is_same"], sort=True
    )
    number, count = grouped.ngroup().to_numpy(np.int64), int(grouped.ngroups)
    joint = grouped.size().index.to_frame(index=False)
    # who merges into another group between the releases contributes to no change
    group, groups = pd.factorize(pair["group_now"].fillna(pair["group_then"]), sort=True)
    after, prior = (
        sp.csr_array((amount, (number, group)), shape=(count, len(groups))) for amount in (amount_now, amount_then)
    )
    is_now, is_then = (joint["now"] >= 0).to_numpy(), (joint["then"] >= 0).to_numpy()
    at_now = np.flatnonzero(is_now)
    at_then = np.flatnonzero(is_then & ~joint["is_same"].to_numpy(bool))
    by_group = sp.vstack([after[at_now], prior[at_then]], format="csr")
    place = np.concatenate([at_now, at_then])
    same = joint["is_same"].to_numpy(bool)[at_now]
    variable_then = np.full(count, -1, dtype=np.int64)
    variable_then[at_then] = len(at_now) + np.arange(len(at_then))
    tied = np.flatnonzero(is_then[at_now] & ~same)
    moved = np.bincount(number, weights=np.abs(amount_now - amount_then), minlength=count)
    first = np.unique(number, return_index=True)[1]
    deflator = pair["deflator_now"].where(atom_now >= 0, pair["deflator_then"]).to_numpy(np.float64)[first][place]
    return _Both(
        atom_now=np.concatenate([joint["now"].to_numpy()[at_now], np.full(len(at_then), -1)]),
        atom_then=np.concatenate([np.where(same, joint["then"].to_numpy()[at_now], -1), joint["then"][at_then]]),
        values=np.asarray(by_group.sum(axis=1)).ravel(),
        by_group=by_group,
        deflator=deflator,
        tied=np.stack([tied, variable_then[at_now[tied]]], axis=1),
        tie_size=moved[at_now[tied]].astype(np.float64),
    )


def _common_factor(pair: pd.DataFrame, is_in_both: BoolArray, now: FloatArray, then: FloatArray) -> FloatArray:
    """(parts,) by what factor the parts of a section changed, by the median."""
    counts = is_in_both & (now * then > 0)
    ratio = pd.Series(np.divide(now, then, out=np.ones_like(now), where=counts)).where(counts)
    by_section = ratio.groupby(pair["section_now"].fillna(""), sort=True)
    median = by_section.transform("median").where(by_section.transform("count") >= MANY, ratio.median())
    return median.fillna(1.0).to_numpy(np.float64)


def _is_near(now: FloatArray, then: FloatArray) -> BoolArray:
    return np.asarray(np.abs(now - then) <= NOTABLE * np.maximum(np.abs(now), np.abs(then)))


def _recorded(found: Judged, recorded: pd.DataFrame) -> Judged:
    """The earlier cells as their contributions make them, with what their release said of them.

    Raises:
        MethodError: other cells or values than were recorded.
    """
    known = recorded[recorded["is_published"] & (recorded["price_code"] == "V")].set_index(CELL)
    cells = found.cells
    said = known.reindex(pd.MultiIndex.from_frame(cells[CELL]))
    value = said["value_huf_mn"].to_numpy(np.float64)
    computed = cells["value"].to_numpy(np.float64)
    fits = np.abs(value - computed) <= RECORDED * np.maximum(1.0, np.abs(computed))
    if not fits.all() or len(known) != len(cells):
        raise MethodError(
            f"the contributions of the earlier release do not make its cells ({int((~fits).sum())} of {len(known)}"
            " differ)"
        )
    return Judged(
        found.parts,
        cells.assign(
            contributor_count=0,
            is_primary=said["is_primary"].to_numpy(bool),
            primary_rule="earlier",
            protection=said["protection_huf_mn"].to_numpy(np.float64),
        ),
        found.real,
    )


def _with_status(cells: pd.DataFrame, recorded: pd.DataFrame) -> pd.DataFrame:
    """The earlier sums with what is public of them; differences that nobody protected then are not asked for now."""
    said = _by_name(cells, recorded)
    # what was given up is known, whether or not it was printed again
    is_open = said["status"].isin(["open", "given_up"]).to_numpy(bool)
    asked = (said["is_primary"].eq(True) & ~said["status"].isin(["open", "given_up"])).to_numpy(bool)
    return cells.assign(is_public=is_open, is_hidden=~is_open, is_primary=asked, cost=0.0)


def _unsafe_changes(
    cells: pd.DataFrame, old: pd.DataFrame, now_at: Any, then_at: Any, by_group: Any, rules: PrimaryRules
) -> pd.DataFrame:
    """Changes of cells at current prices whose contributors, group by group, are unsafe."""
    row = np.arange(now_at.shape[0])
    match = pd.Index(old["name"].iloc[: then_at.shape[0]]).get_indexer(cells["name"].iloc[: len(row)])
    row, match = row[match >= 0], match[match >= 0]
    after, prior = now_at[row], then_at[match]
    change = sp.csr_array((after - prior) @ by_group)
    size = sp.csr_array((after + prior) @ by_group.__abs__())
    # sums of floating-point numbers seldom cancel to nothing
    noise = sp.csr_array(size.multiply(SAME))
    kept = sp.csr_array(change.multiply((abs(change) > noise).astype(np.float64)))
    kept.eliminate_zeros()
    level, is_unsafe = levels(kept, rules)
    is_notable = abs(kept).sum(axis=1) > NOTABLE * size.sum(axis=1)
    is_asked = is_unsafe & (is_notable | old["is_public"].to_numpy(bool)[match])
    at = np.flatnonzero(is_asked & (np.diff(kept.indptr) > 0))
    names = cells["name"].to_numpy(object)[row[at]]
    single = np.full(len(at), -1, dtype=np.int64)
    alone = np.diff(kept.indptr)[at] == 1
    single[alone] = kept.indices[kept.indptr[at[alone]]]
    return pd.DataFrame(
        {
            "name": [f"change of {name}" for name in names],
            "cell": row[at],
            "old": match[at],
            "protection": level[at],
            "contributor": single,
        }
    )


def _assembled(
    sums: Sums, old_sums: Sums, old: pd.DataFrame, changes: pd.DataFrame, base: _Both, known: pd.DataFrame
) -> TwoReleases:
    cells = sums.cells
    bodies = sp.vstack([sums.bodies, old_sums.bodies], format="csr")
    bodies.sort_indices()
    is_open_before = known["status"].eq("open").to_numpy(bool)
    cost = cells["cost"].to_numpy(np.float64) * np.where(is_open_before, OPEN_BEFORE, 1.0)
    both = pd.concat(
        [cells.assign(is_public=False, cost=cost), old.assign(name="earlier " + old["name"])], ignore_index=True
    ).assign(number=distinct_sums(bodies))
    both["protection"] = np.where(both["is_primary"], both["protection"], 0.0)
    found = system_columns(bodies, both, base.atoms)
    number = both["number"].to_numpy(np.int64)
    of_now, of_then = number[: len(cells)], number[len(cells) :]
    public = found.arrays["is_public"]
    # who is in the same cell with the same value cannot hide there any more
    given_up = np.zeros(len(public), dtype=bool)
    given_up[of_now[cells["is_primary"].to_numpy(bool)]] = True
    given_up &= public
    withheld, was_open = np.zeros(len(public), dtype=bool), np.zeros(len(public), dtype=bool)
    is_closed = known["status"].notna().to_numpy() & ~known["status"].eq("open").to_numpy(bool)
    withheld[of_now[is_closed & ~cells["is_difference"].to_numpy(bool)]] = True
    was_open[of_now[_was_open(known)]] = True
    closed = _stays_closed(cells.assign(number=of_now), known, len(public))
    found.arrays["is_hidden"] = (found.arrays["is_hidden"] | closed) & ~public
    changes = changes.assign(
        value=cells["value"].to_numpy()[changes["cell"]] - old["value"].to_numpy()[changes["old"]],
        now=of_now[changes["cell"]],
        then=of_then[changes["old"]],
    )
    # of a sum that is the same in both releases nothing changed, whatever its contributors did
    changes = changes[changes["now"] != changes["then"]].reset_index(drop=True)
    system = _tied(found, base, changes)
    first = system.size - len(changes)
    extra = np.zeros(system.size - len(public), dtype=bool)
    asked = old["is_primary"].to_numpy(bool) & system.is_primary[of_then] & ~np.isin(of_then, of_now)
    return TwoReleases(
        system=system,
        cells=cells.assign(number=of_now).drop(columns=["is_hidden", "cost"]),
        changes=changes.assign(number=first + np.arange(len(changes))),
        withheld_before=np.concatenate([withheld & ~public, extra]),
        was_open=np.concatenate([was_open, extra]),
        given_up=np.concatenate([given_up, extra]),
        before=pd.DataFrame(
            {"name": "earlier " + old["name"][asked], "number": of_then[asked], "value": old["value"][asked]}
        ),
        insiders=_insiders(bodies, number, base, changes, system.size),
    )


def _insiders(bodies: Any, number: IntArray, base: _Both, changes: pd.DataFrame, size: int) -> Any:
    """(variables, groups) sparse: who may know more of a sum than others: those in it; of a change all who changed."""
    shown, groups = (bodies != 0).astype(np.float64), (base.by_group != 0).astype(np.float64)
    is_shared = (base.atom_now >= 0) & (base.atom_then >= 0)

    def of_sums(weights: Any) -> Any:
        found = sp.csr_array(shown @ weights).tocoo()
        return sp.csr_array((found.data, (number[found.row], found.col)), shape=(size, groups.shape[1]))

    # who changed elsewhere subtracts itself from the change of the total; of very many those in the cell are looked at
    who = np.flatnonzero(groups[~is_shared].sum(axis=0) > 0)
    row = np.repeat(size - len(changes) + np.arange(len(changes)), len(who))
    everybody = sp.csr_array((np.ones(len(row)), (row, np.tile(who, len(changes)))), shape=(size, groups.shape[1]))
    if len(who) > FEW:
        row = np.tile(size - len(changes) + np.arange(len(changes)), 2)
        ends = np.concatenate([changes["now"], changes["then"]]).astype(np.int64)
        ties = sp.csr_array((np.ones(len(row)), (row, ends)), shape=(size, size))
        everybody = sp.csr_array(ties @ of_sums(sp.csr_array(groups.multiply(~is_shared[:, None]))))
        everybody.eliminate_zeros()
    return sp.csr_array(of_sums(groups) + everybody)


def _tied(found: Columns, base: _Both, changes: pd.DataFrame) -> LinkedSystem:
    """The system of all sums with the changes of atoms and those of cells as further variables."""
    arrays = dict(found.arrays)
    names, values = list(arrays.pop("names")), arrays.pop("values")
    tied = found.variable[base.tied]
    ties, count = len(tied), len(changes)
    bound = CHANGE_FLOOR * base.tie_size
    ends = np.concatenate([tied, changes[["now", "then"]].to_numpy(np.int64)])
    size, rows = len(names), np.arange(ties + count)
    pairs = sp.csr_array(
        (
            np.concatenate([np.ones(len(rows)), -np.ones(len(rows)), -np.ones(len(rows))]),
            (np.tile(rows, 3), np.concatenate([ends[:, 0], ends[:, 1], size + rows])),
        ),
        shape=(len(rows), size + len(rows)),
    )
    wide = sp.hstack([found.equations, sp.csr_array((found.equations.shape[0], len(rows)))])
    whole = sp.csr_array((base.by_group[base.tied[:, 0]] != 0) + (base.by_group[base.tied[:, 1]] != 0))
    single = np.where(np.diff(whole.indptr) == 1, whole.indices[whole.indptr[:-1]] if ties else 0, -1)
    further: dict[str, Any] = {
        "lower": np.concatenate([-bound, np.full(count, -np.inf)]),
        "upper": np.concatenate([bound, np.full(count, np.inf)]),
        "cost": np.zeros(len(rows)),
        "is_public": np.zeros(len(rows), dtype=bool),
        "is_hidden": np.ones(len(rows), dtype=bool),
        "is_primary": rows >= ties,
        "protection": np.concatenate([np.zeros(ties), changes["protection"]]),
        "contributor": np.concatenate([single, changes["contributor"]]).astype(np.int64),
    }
    moved = values[ends[:, 0]] - values[ends[:, 1]]
    labels = [*(f"change of atom {i}" for i in range(ties)), *changes["name"]]
    return linked_system(
        [*names, *labels],
        np.concatenate([values, moved]),
        sp.vstack([wide, pairs], format="csr"),
        equation_names=[*found.equation_names, *labels],
        **{name: np.concatenate([arrays[name], column]) for name, column in further.items()},
    )
