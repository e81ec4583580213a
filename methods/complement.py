"""Withholding beyond the primary rules, so that a withheld cell is not the total less the published ones.

Belongs here: the complement rule for one total and its parts. Does not belong here: linked tables and hierarchies and
the attacker's intervals, which need optimisation over the whole system.

The sum of all withheld cells is always known to whoever has the total and the open cells. So that sum must itself
satisfy the primary rules; until it does, the smallest open cell is withheld too. Source: Hundepool et al., Handbook on
Statistical Disclosure Control, chapter 4 (secondary suppression); METHODS section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable

import pandas as pd

from methods.disclosure import PrimaryRules, primary


def withhold(
    contributions: pd.DataFrame,
    *,
    cell: str,
    group: str,
    value: str,
    rules: PrimaryRules,
    already: Collection[Hashable] = (),
) -> dict[Hashable, str]:
    """Which parts of a published total are withheld, and why.

    Args:
        contributions: one row per contribution to a part.
        cell: column with the part.
        group: column with the enterprise group.
        value: column with the contribution, any unit.
        rules: the primary rules in force.
        already: parts that are withheld for another reason, for example because they would differ from a published
            part by too few contributors.

    Returns:
        Reason by part: `primary` or `secondary`; parts that may be published are absent. With one part only and the
        total published, the part is as safe as the total and nothing more can be withheld.
    """
    verdicts = {
        name: primary(part[value].to_numpy(), list(part[group]), rules=rules)
        for name, part in contributions.groupby(cell, sort=True)
    }
    withheld: dict[Hashable, str] = {name: "secondary" for name in verdicts if name in already}
    withheld |= {name: "primary" for name, v in verdicts.items() if v.is_unsafe}
    if not withheld:
        return withheld
    # smallest first; equal values by name, so that the choice does not depend on row order
    candidates = sorted((n for n in verdicts if n not in withheld), key=lambda n: (abs(verdicts[n].total), str(n)))
    while True:
        hidden = contributions[contributions[cell].isin(list(withheld))]
        sum_is_unsafe = primary(hidden[value].to_numpy(), list(hidden[group]), rules=rules).is_unsafe
        if len(withheld) >= 2 and not sum_is_unsafe:
            return withheld
        if not candidates:
            return withheld
        withheld[candidates.pop(0)] = "secondary"
