"""The protection of the published tables of one reference year: the pattern that is printed, and its certificate.

Belongs here: what is held open first, the choice of the cells to withhold, the attack, both put together cell by cell.
Does not belong here: how cells are tied (`cooperation_tables`), how patterns are found (`protection`), the lake. Years
share no equation and are protected in processes of their own: this module imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from methods.disclosure.attack import NOTHING, Attacker, Prior, is_reached, scale_of
from methods.disclosure.certificate import OUTSIDER, certify
from methods.disclosure.components import components
from methods.disclosure.cooperation_tables import CELL, CooperationSystem, cooperation_system
from methods.disclosure.cooperation_vintages import Earlier, TwoReleases, two_releases, with_values
from methods.disclosure.protection import Suppression, protect
from methods.disclosure.rules import PrimaryRules
from methods.disclosure.system import BoolArray, IntArray, LinkedSystem
from methods.errors import MethodError

CURRENT, PREVIOUS_YEAR = "V", "Y"
"""Codes of SDMX PRICES: current prices, prices of the previous year."""

RETRIES = 4
"""Attempts in which what the last one failed for is accepted as well; before the last one all changes are."""

CHANGE, EARLIER_CELL = "change", "earlier"
"""What `primary_rule` says of changes since the earlier release, and of its unsafe cells."""

Totals = frozenset[tuple[str, bool]]
"""Totals of T1: numerator, and whether it is at prices of the previous year."""

KEPT_OPEN: tuple[Totals, ...] = tuple(
    frozenset((numerator, is_constant) for numerator in numerators for is_constant in prices)
    for numerators, prices in (
        (("N1", "N2", "N3"), (False, True)),
        (("N1", "N2", "N3"), (False,)),
        (("N1", "N2"), (False,)),
        (("N1",), (False,)),
        ((), ()),
    )
)
"""Totals that are held open, attempt after attempt."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """What is withheld.

    Attributes:
        system: the linked system that was protected; totals held open and what was given up are public in it.
        chosen: the pattern.
        accepted: (variables,) unsafe changes and sums that somebody learns beside what readers have already.
    """

    system: LinkedSystem
    chosen: Suppression
    accepted: BoolArray


def protected_pattern(release: TwoReleases) -> Pattern:
    """A pattern that leaves the totals open wherever that is possible: a release without its headline is none.

    The totals are held open, of all numerators at both prices, then at current prices only, then those of N1 and N2,
    then of N1 alone; where even that cannot be protected, they are withheld like any other cell. That is asked of the
    release by itself. What readers learn beside what they have already, because these totals are open again, withholds
    no total: a change that nothing could hide is accepted, and so is an unsafe cell that is known with it; both are
    named.

    Args:
        release: the linked system, of one release or of two.

    Raises:
        MethodError: an unsafe cell that cannot be protected whatever is withheld.
    """
    system, changes = release.system, release.changes
    unsafe, moved = np.flatnonzero(system.is_primary), changes["number"].to_numpy(np.int64)
    for kept in KEPT_OPEN:
        held = _held_open(system, release.cells, kept)
        accepted = np.zeros(system.size, dtype=bool)
        accepted[moved[unavoidable(held, moved, release.attackers(moved))]] = True
        for left in range(RETRIES, -1, -1):
            try:
                return _attempt(held, release, accepted)
            except MethodError as error:
                if left == RETRIES:
                    if release.alone is None and not kept:
                        raise
                    if not _is_possible(release.alone, kept):
                        break
                    accepted[unsafe[unavoidable(held, unsafe, release.attackers(unsafe))]] = True
                failed = [f"cell {system.names[cell]} cannot be protected" in str(error) for cell in unsafe.tolist()]
                accepted[unsafe[np.array(failed, dtype=bool)]] = True
                if left == 1:
                    accepted[moved] = accepted[release.before["number"].to_numpy(np.int64)] = True
    raise MethodError("the tables cannot be protected beside what readers have already")


def _held_open(system: LinkedSystem, cells: pd.DataFrame, kept: Totals) -> LinkedSystem:
    """The system in which these totals are open, where they are safe."""
    of_prices = zip(cells["numerator_code"], cells["is_constant_prices"].astype(bool), strict=True)
    is_kept = (cells["table_code"] == "T1").to_numpy(bool) & np.array([one in kept for one in of_prices], dtype=bool)
    totals = cells["number"].to_numpy(np.int64)[is_kept]
    fixed = system.is_public.copy()
    fixed[totals[~system.is_primary[totals]]] = True
    return replace(system, is_public=fixed)


def _is_possible(alone: CooperationSystem | None, kept: Totals) -> bool:
    """Whether the release by itself can be protected with these totals open: then what fails is due to the earlier one.

    Raises:
        MethodError: it cannot be protected even with all totals withheld.
    """
    if alone is None:
        return False
    try:
        protect(_held_open(alone.system, alone.cells, kept), method="joint")
    except MethodError:
        if not kept:
            raise
        return False
    return True


def _attempt(system: LinkedSystem, release: TwoReleases, accepted: BoolArray) -> Pattern:
    asked = without(system, accepted)
    # hundreds of cells and contributors
    return Pattern(asked, protect(asked, preferred=release.withheld_before, method="joint"), accepted)


def without(system: LinkedSystem, given_up: BoolArray) -> LinkedSystem:
    """The system that asks for no protection of some of its unsafe cells."""
    asked = system.is_primary & ~given_up
    return replace(system, is_primary=asked, protection=np.where(asked, system.protection, 0.0))


def unavoidable(system: LinkedSystem, cells: IntArray, groups: Sequence[tuple[int, ...]]) -> BoolArray:
    """(cells,) which unsafe cells somebody works out even with everything withheld that is not public.

    Somebody is an outsider or one of the groups; of these no more is asked than they could not tell before.

    Args:
        system: the linked system.
        cells: numbers of the cells asked for.
        groups: (cells,) contributors to try.
    """
    movable = system.secret(np.ones(system.size, dtype=bool))
    place: dict[int, tuple[Attacker, int]] = {}
    for part in components(system, movable)[0]:
        attacker = Attacker(part, dual=True)
        place.update({int(cell): (attacker, position) for position, cell in enumerate(part.cells)})
    prior = Prior(system)

    def is_out_of_reach(cell: int, suspects: tuple[int, ...], sign: int, need: float) -> bool:
        if cell not in place:
            return True
        attacker, position = place[cell]
        scale = scale_of(need)
        free = attacker.reach(position, sign, enough=need, scale=scale)
        if not is_reached(free.distance, need):
            return True
        contributor = attacker.part.contributor
        knowers = contributor[np.abs(free.deviation) > NOTHING * need]
        for knower in sorted({*knowers.tolist()} & {*suspects} - {int(system.contributor[cell])}):
            known = np.flatnonzero(contributor == knower)
            distance = attacker.reach(position, sign, enough=need, known=known, scale=scale).distance
            if not is_reached(distance, need) and not is_reached(distance, prior.reach(cell, sign, knower, need)):
                return True
        return False

    needs = ((1, system.required_upper - system.values), (-1, system.values - system.required_lower))
    return np.array(
        [
            any(is_out_of_reach(cell, who, sign, need[cell]) for sign, need in needs if need[cell] > 0)
            for cell, who in zip(cells.tolist(), groups, strict=True)
        ],
        dtype=bool,
    )


def protected_year(
    year: int,
    parts: pd.DataFrame,
    memberships: pd.DataFrame,
    verdicts: pd.DataFrame,
    rules: PrimaryRules,
    headline: str,
    earlier: Earlier | None = None,
) -> pd.DataFrame:
    """The cells of one year with their status and what an attacker learns of the unsafe ones.

    A year whose tables are those that readers have already is taken over as it is, with its certificate: nothing new
    would be published. Otherwise what readers have is part of the system, with its contributions where they are known;
    without them only a cell with an equal value is known to be public.

    Args:
        year: the reference year.
        parts: as `cooperation_tables.cooperation_system` takes them.
        memberships: likewise.
        verdicts: likewise.
        rules: the rules in force.
        headline: the numerator that is given up last.
        earlier: what readers have of the year, None for nothing.

    Returns:
        The columns of `interpretation.cell_protection`; first the published cells, then the differences
        that open cells would publish, then the unsafe changes since the earlier release.
    """
    alone = cooperation_system(parts, memberships, rules=rules, verdicts=verdicts, headline=headline)
    tables = alone.system.sha256()
    if earlier is not None and earlier.cells.get("tables_sha256", pd.Series(dtype=object)).eq(tables).any():
        is_old_change = earlier.cells["primary_rule"].isin([CHANGE, EARLIER_CELL])
        return earlier.cells[~is_old_change].assign(reference_year=year).reset_index(drop=True)
    if earlier is None:
        release = TwoReleases.of_one(alone.system, alone.cells)
    elif earlier.parts is None:
        release = replace(with_values(alone.system, alone.cells, earlier), alone=alone)
    else:
        release = two_releases(parts, memberships, earlier, rules=rules, verdicts=verdicts, headline=headline)
        release = replace(release, alone=alone)
    found = protected_pattern(release)
    return _recorded(found, release, rules).assign(tables_sha256=tables, reference_year=year)


def _recorded(found: Pattern, release: TwoReleases, rules: PrimaryRules) -> pd.DataFrame:
    system, chosen, cells, changes = found.system, found.chosen, release.cells, release.changes
    certificate = certify(system, chosen.suppressed, chosen.witnesses)
    # of all attackers the one who learns most stands for the cell
    certificate = certificate.assign(width=certificate["upper"] - certificate["lower"])
    worst = certificate.sort_values(["is_protected", "width", "attacker"], kind="stable").groupby("name").first()
    sums = pd.concat(
        [
            cells.assign(is_published=~cells["is_difference"].astype(bool), is_change=False),
            changes[["name", "number", "value"]].assign(
                is_published=False, is_change=True, known=0.0, is_primary=True, primary_rule=CHANGE
            ),
            release.before[found.accepted[release.before["number"].to_numpy(np.int64)]].assign(
                is_published=False, is_change=True, known=0.0, is_primary=True, primary_rule=EARLIER_CELL
            ),
        ],
        ignore_index=True,
    )
    number, is_change = sums["number"].to_numpy(np.int64), sums["is_change"].to_numpy(bool)
    of = worst.reindex(np.asarray(system.names, dtype=object)[number]).reset_index(drop=True)
    accepted = found.accepted[number] & is_change
    given_up = (found.accepted | release.given_up)[number] & ~is_change
    is_primary = system.is_primary[number] | given_up | accepted
    is_published = sums["is_published"].to_numpy(bool)
    rule = sums["primary_rule"].fillna("difference")
    status = np.select(
        [accepted, given_up, ~is_published, is_primary, chosen.suppressed[number]],
        ["accepted_change", "given_up", "hidden", "primary", "secondary"],
        "open",
    )
    return pd.DataFrame(
        {
            "cell_name": sums["name"],
            "is_published": is_published,
            **{column: sums[column] for column in CELL},
            "price_code": sums["is_constant_prices"].map({True: PREVIOUS_YEAR, False: CURRENT}),
            "value_huf_mn": sums["value"],
            "contributor_count": sums["contributor_count"],
            "is_primary": is_primary,
            # the same sum under another code may have been found by a rule that knows of national accounts
            "primary_rule": rule.where(sums["is_primary"].astype(bool) | ~is_primary, "same_cell"),
            "protection_huf_mn": np.where(is_change, release.system.protection[number], system.protection[number]),
            "status": status,
            "was_open": is_published & (status != "open") & release.was_open[number],
            **{f"{end}_huf_mn": _finite(of[end] + sums["known"]) for end in ("lower", "upper")},
            "attacker": of["attacker"].where(of["attacker"].isin([OUTSIDER]) | of["attacker"].isna(), "contributor"),
            "is_protected": of["is_protected"].astype("boolean"),
            "method": chosen.method,
            "solver": of["solver"],
            "system_sha256": system.sha256(),
        }
    )


def _finite(values: pd.Series) -> pd.Series:
    return values.where(np.isfinite(values.to_numpy(np.float64)))
