"""Totals of cooperating firms, drawn anew as often as wanted, from everything about them that is uncertain.

Belongs here: putting the draws of links and of values together to totals by place. Does not belong here: single draws
(`methods.draws`), how wrong a calibration factor is (`methods.factor_error`), which places there are (interpretation).

A firm counts where a draw of the links makes it a member, with a value that is drawn on its own: what imputation
guessed, the firm's own ratio around the factor of its cell, how it divides among regions, and the factor of each cell.
Factors are those of the whole cell: members and all others are drawn, and the cells are fitted to their margins again.
So a firm that makes up its cell cannot be wrong by more than the cell is. Links and values are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from methods.draws import draw_links, lognormal_factors, members, normals, one_to_one, redrawn_shares
from methods.factor_error import fit_again

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

VALUES = frozenset({"imputation", "own_ratio", "calibration", "allocation"})
"""What of a firm's value can be drawn."""
SOURCES = VALUES | {"links"}
"""All that can be drawn; what is not drawn counts with its expectation."""
TOTAL = "_T"
LEAST_RATIO = 0.1
"""Least part of itself that the micro sum of a cell may be drawn as: a factor must stay a factor."""


@dataclass(frozen=True)
class Spreads:
    """How far things are drawn from what they are taken for; 0 is not drawn.

    Attributes:
        agreement: of shares by employment with those by wage bill, see `methods.draws.redrawn_shares`.
        cell: see `methods.factor_error.cell_spread`.
        own: see `methods.factor_error.own_spread`.
    """

    agreement: float = 0.0
    cell: float = 0.0
    own: float = 0.0


@dataclass(frozen=True)
class Economy:
    """One year's firms that may be members, and the cells they are calibrated in.

    Attributes:
        year: calendar year.
        pieces: `firm_id`, `region_code`, `activity_code`, `bridged_huf_mn`, `calibrated_huf_mn`, `share_ratio`,
            `is_divided`; a firm in each region it works in, divided if only its employment says how.
        imputed: `firm_id`, `imputed_ratio`, `log_spread`.
        cells: `activity_code`, `region_code`, `micro_huf_mn`, `calibrated_huf_mn`, both positive, and of all other
            firms `outside_imputed_variance` and `outside_square` (sum of squares of their values), HUF mn squared; a
            piece in no cell is not calibrated.
        spreads: how far is drawn.
    """

    year: int
    pieces: pd.DataFrame
    imputed: pd.DataFrame
    cells: pd.DataFrame
    spreads: Spreads = Spreads()


@dataclass(frozen=True)
class Ratios:
    """Drawn value / value taken, of whole firms and of their pieces.

    Attributes:
        firms: firm ids.
        of_firm: shape (firms, draws).
        pieces: (firm, region).
        of_piece: shape (pieces, draws).
    """

    firms: pd.Index
    of_firm: Floats
    pieces: pd.MultiIndex
    of_piece: Floats

    def at(self, position: Numbers) -> Floats:
        """The ratios at positions in `firms` and behind it `pieces`, ones where it is negative; (positions, draws)."""
        count = len(self.firms)
        result = np.ones((len(position), self.of_firm.shape[1]))
        of_firm, of_piece = (position >= 0) & (position < count), position >= count
        result[of_firm] = self.of_firm[position[of_firm]]
        result[of_piece] = self.of_piece[position[of_piece] - count]
        return result


@dataclass(frozen=True)
class Memberships:
    """Who takes part in each draw, or with which expectation.

    Attributes:
        units: (type of cooperation or `TOTAL`, firm).
        inside: 1 or 0, shape (units, draws); or the expectation, shape (units, 1).
    """

    units: pd.MultiIndex
    inside: Floats


def drawn_memberships(links: pd.DataFrame, draws: int, *, seed: int) -> Memberships:
    """Draws who takes part, by type of cooperation and in all.

    Args:
        links: `group_id`, `firm_id`, `type_code`, `probability`, `is_counted_firm`; rows that count within a type of
            cooperation, and whether they also count for the firm as a whole.
        draws: number of draws R.
        seed: a group has the same numbers in every type, year and numerator.
    """
    pairs = one_to_one(pairs_of(links))
    drawn = draw_links(pairs, draws, seed=seed)
    every = pd.concat([links[links["is_counted_firm"]].assign(type_code=TOTAL), links], ignore_index=True)
    at = pd.MultiIndex.from_frame(pairs[["group_id", "firm_id"]]).get_indexer(
        pd.MultiIndex.from_frame(every[["group_id", "firm_id"]])
    )
    codes, units = _coded(every[["type_code", "firm_id"]])
    _, inside = members(pd.DataFrame({"firm_id": codes}), drawn[at])
    return Memberships(units, inside.astype(np.float64))


def pairs_of(links: pd.DataFrame) -> pd.DataFrame:
    """Each group and firm once, whatever the types of cooperation."""
    return links.groupby(["group_id", "firm_id"], as_index=False, sort=True).agg({"probability": "max"})


def expected_memberships(places: pd.DataFrame) -> Memberships:
    """What stands for draws of links: the expectation of each unit.

    Args:
        places: `type_code`, `firm_id`, `expected_ratio`, equal in all rows of a unit.
    """
    units = places.drop_duplicates(["type_code", "firm_id"])
    expected = units["expected_ratio"].to_numpy(np.float64)[:, None]
    return Memberships(pd.MultiIndex.from_frame(units[["type_code", "firm_id"]]), expected)


def drawn_ratios(economy: Economy, draws: int, *, seed: int, sources: frozenset[str] = VALUES) -> Ratios:
    """Draws the values of firms; see `ValueDraws`, which draws several choices of sources from the same numbers."""
    return ValueDraws(economy, draws, seed=seed).ratios(sources)


@dataclass(frozen=True)
class Placement:
    """Which firms are added up to which place, apart from what is drawn of them.

    Attributes:
        places: the places in ascending order.
        place: position of each row's place.
        value: value of each row, HUF mn.
        atom: position of what is drawn for each row, shared by all rows that draw the same.
        unit: of each atom, position in `Memberships.units`; -1 never takes part.
        ratio: of each atom, position in `Ratios.firms` and behind it `Ratios.pieces`; -1 does not move.
    """

    places: pd.Index
    place: Numbers
    value: Floats
    atom: Numbers
    unit: Numbers
    ratio: Numbers

    def totals(self, memberships: Memberships, ratios: Ratios | None, weights: Floats | None = None) -> Floats:
        """The total of every place in every draw, HUF mn, shape (variants, places, draws); arguments as `drawn_totals`.

        The memberships and ratios must have the units, firms and pieces that the placement was made for.
        """
        from scipy.sparse import csr_array

        drawn = np.where((self.unit >= 0)[:, None], memberships.inside[self.unit], 0.0)
        if ratios is not None:
            drawn = drawn * ratios.at(self.ratio)
        chosen = np.ones((len(self.value), 1)) if weights is None else weights
        shape = (len(self.places), len(self.unit))
        totals = [csr_array((self.value * weight, (self.place, self.atom)), shape=shape) @ drawn for weight in chosen.T]
        return np.asarray(totals)


def placement(places: pd.DataFrame, memberships: Memberships, ratios: Ratios | None) -> Placement:
    """Finds what is drawn for every row of `places`; arguments as `drawn_totals`."""
    unit = memberships.units.get_indexer(pd.MultiIndex.from_frame(places[["type_code", "firm_id"]]))
    whole = (places["region_code"] == TOTAL).to_numpy()
    row = np.full(len(places), -1)
    if ratios is not None:
        row = np.where(whole, ratios.firms.get_indexer(pd.Index(places["firm_id"])), -1)
        if not whole.all():
            part = ratios.pieces.get_indexer(pd.MultiIndex.from_frame(places[["firm_id", "region_code"]]))
            row = np.where(~whole & (part >= 0), len(ratios.firms) + part, row)
    atom, atoms = _coded(pd.DataFrame({"unit": unit, "row": row}))
    unit, row = (atoms.get_level_values(name).to_numpy() for name in ("unit", "row"))
    found, place = np.unique(places["place_id"].to_numpy(), return_inverse=True)
    value = places["calibrated_huf_mn"].to_numpy(np.float64)
    return Placement(pd.Index(found), np.asarray(place), value, atom, unit, row)


def drawn_totals(
    places: pd.DataFrame, memberships: Memberships, ratios: Ratios | None, weights: Floats | None = None
) -> tuple[pd.Index, Floats]:
    """The total of every place in every draw.

    Args:
        places: `place_id`, `type_code`, `firm_id`, `region_code`, `calibrated_huf_mn`; a row for each firm in each
            place, `TOTAL` as the region where the whole firm counts.
        memberships: see `drawn_memberships`; a unit without any never takes part.
        ratios: see `drawn_ratios`; None leaves values as they are.
        weights: weight of each row given that the firm takes part, shape (rows, variants); one variant of ones if None.

    Returns:
        The places in ascending order and their totals in HUF mn, shape (variants, places, draws).
    """
    placed = placement(places, memberships, ratios)
    return placed.places, placed.totals(memberships, ratios, weights)


def _coded(keys: pd.DataFrame) -> tuple[Numbers, pd.MultiIndex]:
    """The position of each row's key among the distinct keys, and those in the order of their appearance."""
    codes = keys.groupby(list(keys.columns), sort=False).ngroup()
    return np.asarray(codes, dtype=np.int64), pd.MultiIndex.from_frame(keys.drop_duplicates())


def _summed(code: Numbers, rows: Floats, count: int) -> Floats:
    """Rows added up by their code, shape (count, columns)."""
    from scipy.sparse import csr_array

    adding = csr_array((np.ones(len(code)), (code, np.arange(len(code)))), shape=(count, len(code)))
    return np.asarray(adding @ rows)


class ValueDraws:
    """Draws the values of one year's firms, for any choice of what moves; every number is drawn once for all choices.

    Args:
        economy: what is drawn.
        draws: number of draws R.
        seed: of the random numbers; a firm, piece or cell has the same numbers in every place and numerator.
    """

    def __init__(self, economy: Economy, draws: int, *, seed: int) -> None:
        self._economy, self._draws, self._seed = economy, draws, seed
        self._pieces = economy.pieces.sort_values(["firm_id", "region_code"], ignore_index=True)
        self._firm_of, firm_ids = pd.factorize(self._pieces["firm_id"])
        self._firms = pd.Index(firm_ids)
        self._index = pd.MultiIndex.from_frame(self._pieces[["firm_id", "region_code"]])

    def ratios(self, sources: frozenset[str] = VALUES) -> Ratios:
        """Drawn value / value where `sources` of `VALUES` move and everything else stays."""
        own = self._own_ratios(sources)
        ratio = own[self._firm_of]
        if "allocation" in sources:
            ratio *= self._allocated
        ratio *= self._factor_ratios(ratio, sources)
        value = self._pieces["calibrated_huf_mn"].to_numpy(np.float64)
        whole = np.bincount(self._firm_of, weights=value, minlength=len(self._firms))
        moved = _summed(self._firm_of, value[:, None] * ratio, len(self._firms))
        # a firm whose parts add up to nothing has no ratio of its own: its largest movement is that of its own value
        of_firm = np.divide(moved, whole[:, None], out=own.copy(), where=np.abs(whole[:, None]) > 1e-9)
        return Ratios(self._firms, of_firm, self._index, ratio)

    def _own_ratios(self, sources: frozenset[str]) -> Floats:
        """Drawn value / value of whole firms before any factor: imputed parts, and the firm's own ratio."""
        own = np.ones((len(self._firms), self._draws))
        if "imputation" in sources:
            at, moved = self._imputed
            own[at] = moved
        if "own_ratio" in sources and self._economy.spreads.own > 0 and len(self._firms):
            own *= self._own
        return own

    @cached_property
    def _imputed(self) -> tuple[Numbers, Floats]:
        """Firms with an imputed part, by position, and drawn value / value for it."""
        imputed = self._economy.imputed
        at = self._firms.get_indexer(pd.Index(imputed["firm_id"]))
        imputed, at = imputed[at >= 0], at[at >= 0]
        if imputed.empty:
            return at, np.ones((0, self._draws))
        keys = imputed["firm_id"].astype("str") + f"|{self._economy.year}"
        factors = self._lognormal(keys, imputed["log_spread"].to_numpy(np.float64), "imputation")
        return at, 1.0 + imputed["imputed_ratio"].to_numpy(np.float64)[:, None] * (factors - 1.0)

    @cached_property
    def _own(self) -> Floats:
        keys = pd.Series(self._firms.to_numpy()).astype("str") + f"|{self._economy.year}"
        return self._lognormal(keys, np.full(len(self._firms), self._economy.spreads.own), "own_ratio")

    @cached_property
    def _allocated(self) -> Floats:
        """Drawn share / share of the pieces of divided firms, 1 for all others."""
        result = np.ones((len(self._pieces), self._draws))
        divided = self._pieces[self._pieces["is_divided"]]
        if divided.empty:
            return result
        year, agreement = self._economy.year, self._economy.spreads.agreement
        keys = divided["firm_id"].astype("str") + "|" + divided["region_code"].astype("str") + f"|{year}"
        share = (divided["share_ratio"] / divided.groupby("firm_id")["share_ratio"].transform("sum")).to_numpy()
        drawn = redrawn_shares(keys, divided["firm_id"], share, agreement, self._draws, seed=self._seed)
        result[divided.index] = drawn
        return result

    @cached_property
    def _cells(self) -> pd.DataFrame:
        return self._economy.cells.sort_values(["activity_code", "region_code"], ignore_index=True)

    @cached_property
    def _names(self) -> pd.Series:
        return self._cells["activity_code"].astype("str") + "|" + self._cells["region_code"].astype("str")

    @cached_property
    def _cell_of(self) -> Numbers:
        """Position of the cell of each piece, -1 for none."""
        cells = pd.MultiIndex.from_frame(self._cells[["activity_code", "region_code"]])
        return cells.get_indexer(pd.MultiIndex.from_frame(self._pieces[["activity_code", "region_code"]]))

    @cached_property
    def _noise(self) -> Floats:
        """Standard normal numbers for what moves in each cell beside its possible members."""
        keys = self._names + f"|{self._economy.year}"
        return normals(keys, self._draws, seed=self._seed, purpose="others")

    @cached_property
    def _coverage(self) -> Floats:
        """How the coverage of each cell differs from what its activity and region say."""
        # without the year: what accounts leave out in a cell they leave out every year
        return self._lognormal(self._names, np.full(len(self._cells), self._economy.spreads.cell), "calibration")

    def _factor_ratios(self, ratio: Floats, sources: frozenset[str]) -> Floats:
        """Drawn factor / factor of the cell of each piece, 1 where it is in none.

        The micro sum S of a cell is drawn with all its firms: those that may be members by their own draws, the others
        by the normal distribution of their sum. The cell itself is drawn in proportion to S, times how its coverage
        differs from what its activity and region say, and fitted to the margins again. Factor = fitted cell / S.
        """
        cells, spreads = self._cells, self._economy.spreads
        result = np.ones((len(self._pieces), self._draws))
        if cells.empty:
            return result
        micro = cells["micro_huf_mn"].to_numpy(np.float64)[:, None]
        inside = self._cell_of >= 0
        at = self._cell_of[inside]
        moved = self._pieces["bridged_huf_mn"].to_numpy(np.float64)[inside, None] * (ratio[inside] - 1.0)
        drawn = micro + _summed(at, moved, len(cells))
        variance = np.zeros(len(cells))
        if "imputation" in sources:
            variance += cells["outside_imputed_variance"].to_numpy(np.float64)
        if "own_ratio" in sources:
            variance += cells["outside_square"].to_numpy(np.float64) * np.expm1(spreads.own**2)
        if (variance > 0).any():
            drawn = drawn + np.sqrt(variance)[:, None] * self._noise
        drawn = np.maximum(drawn / micro, LEAST_RATIO)
        calibrated = cells["calibrated_huf_mn"].to_numpy(np.float64)
        cell = calibrated[:, None] * drawn
        if "calibration" in sources and spreads.cell > 0:
            cell = cell * self._coverage
        row, activities = pd.factorize(cells["activity_code"])
        column, regions = pd.factorize(cells["region_code"])
        grid = np.zeros((len(activities), len(regions), self._draws))
        fixed = np.zeros((len(activities), len(regions)))
        grid[row, column], fixed[row, column] = cell, calibrated
        fitted = fit_again(grid, fixed)[row, column] / calibrated[:, None]
        result[inside] = (fitted / drawn)[at]
        return result

    def _lognormal(self, keys: pd.Series, spread: Floats, purpose: str) -> Floats:
        return lognormal_factors(keys, spread, self._draws, seed=self._seed, purpose=purpose)
