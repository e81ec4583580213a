"""What changed about a firm besides its name: VAT groups it belongs to, and the seat it had before.

Drawn from a stream of their own and used for what lists of participants show, never for what is true: an economy has
the same firms, cooperations and shares with them as without them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sample import dirt
from sample.classification import counties, postcodes, settlements
from sample.economy import NEVER, Population
from sample.identifiers import digits, joined, with_check_digit

GROUP_SHARE = 0.8
"""Share of the enterprise groups that are VAT groups too."""
GROUP_NUMBER_SHOWN = 0.35
"""Probability that a member of a VAT group is listed with the group's tax number."""
MOVED_SHARE = 0.05
OLD_SEAT_SHOWN = 0.35
"""Probability that a firm that moved is listed where it was."""
VAT_CODE_OF_GROUPS = 5


@dataclass
class Histories:
    """Columns of two tables.

    Attributes:
        rng: the stream, for what lists show.
        member: firms in VAT groups, by group and firm.
        group_number: tax number of the group, 8-5-2, in the order of `member`.
        joined_on, left_on: interval of the membership, `NEVER` while it lasts.
        moved: firms that moved, ascending.
        old_postcode: index into `postcodes()`, in the order of `moved`.
        moved_on: first day at the present seat, in the order of `moved`.
    """

    rng: np.random.Generator
    member: np.ndarray
    group_number: pa.Array
    joined_on: np.ndarray
    left_on: np.ndarray
    moved: np.ndarray
    old_postcode: np.ndarray
    moved_on: np.ndarray

    def __post_init__(self) -> None:
        self._group = dict(zip(self.member.tolist(), self.group_number.to_pylist(), strict=True))
        self._old = dict(zip(self.moved.tolist(), self.old_postcode.tolist(), strict=True))

    def shown_tax_number(self, unit: int, shown: str) -> str:
        """Return the number a list shows for a unit, given the one it would show: sometimes that of its VAT group."""
        group = self._group.get(unit)
        if group is None or self.rng.random() >= GROUP_NUMBER_SHOWN:
            return shown
        return str(group)

    def shown_seat(self, unit: int, town: str, postcode: str | None) -> tuple[str, str | None]:
        """Return town and postal code that a list shows, given those it would show: sometimes those of before.

        A town or code that would not be shown stays away.
        """
        at = self._old.get(unit)
        if at is None or self.rng.random() >= OLD_SEAT_SHOWN:
            return town, postcode
        name = str(settlements()["settlement"].iloc[int(postcodes()["settlement_index"].iloc[at])])
        code = str(postcodes()["postcode"].iloc[at])
        return dirt.town(self.rng, name, missing=0.0) if town else "", code if postcode else None


def make_histories(rng: np.random.Generator, population: Population, stem: np.ndarray) -> Histories:
    """Draw VAT groups and former seats.

    Args:
        rng: stream of histories.
        population: the S.11 firms.
        stem: tax number stems of all legal units, none of which a group gets.
    """
    grouped = np.flatnonzero((population.group >= 0) & (population.dissolved == NEVER))
    grouped = grouped[np.argsort(population.group[grouped], kind="stable")]
    names, first, size = np.unique(population.group[grouped], return_index=True, return_counts=True)
    chosen = (rng.random(names.size) < GROUP_SHARE) & (size > 1)
    if not chosen.any():
        chosen = (size > 1) & (np.cumsum(size > 1) == 1)
    position = np.repeat(np.arange(names.size), size)
    member = grouped[chosen[position]]
    at = position[chosen[position]]

    free = np.setdiff1d(with_check_digit(np.arange(1_000_000, 1_000_000 + stem.size + names.size)), stem)
    number = rng.permutation(free)[: names.size]
    area = counties()["tax_area_code"].astype(int).to_numpy()[population.nuts3[grouped[first]]]
    text = joined(digits(number, 8), digits(np.full(names.size, VAT_CODE_OF_GROUPS), 1), digits(area, 2), separator="-")
    begun = np.datetime64("2012-01-01") + rng.integers(0, 3600, names.size)
    joined_on = np.maximum(begun[at], population.founded[member] + 30)
    left = rng.random(member.size) < 0.05
    left_on = np.where(left, joined_on + rng.integers(200, 2000, member.size), NEVER)

    settled = (population.founded < np.datetime64("2014-01-01")) & (population.dissolved == NEVER)
    moved = np.flatnonzero(settled & (rng.random(population.count) < MOVED_SHARE))
    weight = settlements()["weight"].to_numpy()
    codes = postcodes()["settlement_index"].to_numpy()
    chance = weight[codes] / np.bincount(codes)[codes]
    old = rng.choice(codes.size, size=moved.size, p=chance / chance.sum())
    elsewhere = codes[old] != population.settlement[moved]
    moved_on = np.datetime64("2015-01-01") + rng.integers(0, 3800, moved.size)
    return Histories(
        rng, member, text.take(pa.array(at)), joined_on, left_on, moved[elsewhere], old[elsewhere], moved_on[elsewhere]
    )
