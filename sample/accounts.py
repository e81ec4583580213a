"""What firms report: annual accounts in the total-cost layout, thousand HUF (some in EUR), integers.

With G the true GVA at basic prices, the accounts show `VA_fc + T = c e G`: `c` is the coverage of the firm's activity
x region cell (0.86 to 0.97; the rest is FISIM, own-account research and software, the non-observed economy, none of
which is in accounts), `e` a small firm-year error (at most 2 %), and T the taxes on production booked in VII. So the
micro sum of a cell stays below its margin. The identity A = I + II + III - IV - V - VI - VII holds exactly, and the
production and the income route give the same VA_fc.

Calibrated to the published facts on the members of accredited clusters: about 69,000 employees, turnover above HUF
3,400 bn, 61 % of it exported; here for the firms that count in N1 in 2023 (any day).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample.classification import NUTS2, SECTIONS
from sample.economy import S11_SECTIONS, Population, cell_margins
from sample.national_accounts import YEARS

MEMBER_EMPLOYEES = 69_000
MEMBER_TURNOVER = 3_450_000.0
"""Million HUF; published as "above 3,400 bn"."""
MEMBER_EXPORT_SHARE = 0.61
S11_EMPLOYEES = 2_750_000

REFERENCE_YEAR = YEARS.index(2023)

TURNOVER_PER_VA = {
    "A": 2.6,
    "B": 2.2,
    "C": 3.6,
    "D": 4.0,
    "E": 2.4,
    "F": 3.0,
    "G": 6.0,
    "H": 2.8,
    "I": 2.2,
    "J": 2.1,
    "L": 1.7,
    "M": 1.9,
    "N": 1.9,
    "P": 1.7,
    "Q": 1.7,
    "R": 2.2,
    "S": 2.0,
}
VA_PER_HEAD = {
    "A": 9,
    "B": 20,
    "C": 15,
    "D": 40,
    "E": 12,
    "F": 9,
    "G": 12,
    "H": 13,
    "I": 7,
    "J": 20,
    "L": 30,
    "M": 14,
    "N": 9,
    "P": 7,
    "Q": 9,
    "R": 8,
    "S": 6,
}
EXPORT_SHARE = {"A": 0.15, "B": 0.05, "C": 0.45, "G": 0.12, "H": 0.35, "J": 0.30, "M": 0.18, "N": 0.12, "I": 0.05}


@dataclass
class Traits:
    """What does not change about a firm's books; arrays over firms.

    Attributes:
        coverage: share of true GVA that accounts show.
        turnover_ratio: net turnover per unit of VA_fc, above 1.15.
        export_share: share of turnover exported, below 0.98.
        va_per_head: million HUF of true GVA per employee at 2023's level.
        labour_share: personnel expenses per unit of VA_fc.
        depreciation_share: depreciation per unit of VA_fc.
        own_performance: capitalised own performance per unit of VA_fc, either sign.
        cost_of_sales: True where the cost-of-sales layout is used.
        in_eur: True where the books are kept in EUR.
        start_month: first month of the business year, 1 for calendar years, else 7 or 10.
        top: among the 200 largest of some year; never missing and never unusual.
        consolidated: True for parents that publish consolidated accounts too.
    """

    coverage: np.ndarray
    turnover_ratio: np.ndarray
    export_share: np.ndarray
    va_per_head: np.ndarray
    labour_share: np.ndarray
    depreciation_share: np.ndarray
    own_performance: np.ndarray
    cost_of_sales: np.ndarray
    in_eur: np.ndarray
    start_month: np.ndarray
    top: np.ndarray
    consolidated: np.ndarray


def _by_section(values: dict[str, float] | dict[str, int], cell: np.ndarray) -> np.ndarray:
    picked: np.ndarray = np.array([values.get(SECTIONS[s], 0.02) for s in S11_SECTIONS])[cell // len(NUTS2)]
    return picked


def largest(gva: np.ndarray, count: int = 200) -> np.ndarray:
    """Return True for the firms that are among the `count` largest by GVA in at least one year."""
    top = np.zeros(gva.shape[0], dtype=bool)
    for year in gva.T:
        top[np.argsort(-year, kind="stable")[:count]] = True
    return top


def _largest_part(gva: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Return the largest part of its cell's margin that each firm has in any year."""
    margins = cell_margins()
    part = np.zeros(cell.size)
    for t in range(gva.shape[1]):
        part = np.maximum(part, gva[:, t] / margins[t, cell])
    return part


def make_traits(
    rng: np.random.Generator, population: Population, gva: np.ndarray, members: np.ndarray, members_2023: np.ndarray
) -> Traits:
    """Draw the traits and calibrate those of members.

    Args:
        rng: stream of accounts.
        population: the legal units.
        gva: true GVA, million HUF, shape (firms, years).
        members: firms that ever count in N1.
        members_2023: firms that count in N1 in 2023.
    """
    n, cell = population.count, population.cell
    top = largest(gva)
    plain = ~top & ~population.large & ~population.anchor
    coverage_of_cell: np.ndarray = rng.uniform(0.86, 0.97, size=(cell_margins().shape[1],))
    coverage = coverage_of_cell[cell]
    turnover_ratio = 1.2 + (_by_section(TURNOVER_PER_VA, cell) - 1.2) * np.exp(0.35 * rng.standard_normal(n))
    per_head = _by_section(VA_PER_HEAD, cell) * np.exp(0.4 * rng.standard_normal(n))
    exports = np.clip(_by_section(EXPORT_SHARE, cell) * np.exp(0.6 * rng.standard_normal(n)), 0, 0.97)
    exports[rng.random(n) < np.where(population.size > 300, 0.15, 0.72)] = 0.0
    # A business year that blends two years may lie above the calendar year: only firms that are at most 1 % of their
    # cell have one, so that the micro sum of the cell stays below its margin all the same.
    minor = plain & (_largest_part(gva, cell) <= 0.01)
    moved = np.where(minor, min(0.10, 0.03 * n / max(int(minor.sum()), 1)), 0.0)
    u: np.ndarray = rng.random((4, n))
    traits = Traits(
        coverage=coverage,
        turnover_ratio=turnover_ratio,
        export_share=exports,
        va_per_head=per_head,
        labour_share=np.clip(0.55 + 0.14 * rng.standard_normal(n), 0.12, 1.05),
        depreciation_share=0.04 + 0.2 * u[0] ** 2,
        own_performance=np.where(u[1] < 0.7, 0.0, rng.uniform(-0.02, 0.06, n)),
        cost_of_sales=plain & (u[2] < 0.01),
        in_eur=(u[3] < 0.005) & (population.size > 20),
        start_month=np.where(rng.random(n) < moved, rng.choice([7, 10], size=n), 1),
        top=top,
        consolidated=(population.group >= 0) & (rng.random(n) < 0.02),
    )
    _calibrate(traits, gva[:, REFERENCE_YEAR], members, members_2023)
    return traits


def _calibrate(traits: Traits, gva: np.ndarray, members: np.ndarray, members_2023: np.ndarray) -> None:
    """Scale heads, turnover and exports: of all firms to employment of S.11, of members to the published facts."""
    traits.va_per_head *= (gva / traits.va_per_head).sum() / S11_EMPLOYEES
    heads = (gva[members_2023] / traits.va_per_head[members_2023]).sum()
    traits.va_per_head[members] *= heads / MEMBER_EMPLOYEES
    value = gva[members_2023] * traits.coverage[members_2023] * 0.98
    for _ in range(60):
        turnover = value * traits.turnover_ratio[members_2023]
        traits.turnover_ratio[members] = np.maximum(
            1.16, traits.turnover_ratio[members] * MEMBER_TURNOVER / turnover.sum()
        )
    turnover = value * traits.turnover_ratio[members_2023]
    share = traits.export_share
    share[members] = np.maximum(share[members], 0.05)
    for _ in range(60):
        exported = (turnover * share[members_2023]).sum()
        share[members] = np.minimum(0.97, share[members] * MEMBER_EXPORT_SHARE * turnover.sum() / exported)


def heads(traits: Traits, population: Population, gva: np.ndarray, t: int) -> np.ndarray:
    """Return average employees of year number `t`: productivity follows the nominal growth of S.11."""
    totals = cell_margins().sum(axis=1)
    level = totals[t] / totals[REFERENCE_YEAR]
    employees: np.ndarray = np.floor(gva[:, t] / (traits.va_per_head * level) + 0.5).astype(np.int64)
    return employees


def profit_and_loss(
    rng: np.random.Generator, traits: Traits, value: np.ndarray, rows: np.ndarray, has_staff: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the items of the profit and loss account in thousand HUF, integers.

    Args:
        rng: stream of accounts.
        traits: traits of all firms.
        value: true GVA of the period in million HUF, shape (r,).
        rows: the firm of each element, shape (r,).
        has_staff: False where nobody is employed.
    """
    r = rows.size
    error = np.clip(0.008 * rng.standard_normal(r), -0.02, 0.02)
    covered = 1000.0 * value * traits.coverage[rows] * (1 + error)
    tax = np.round(covered * rng.uniform(0.012, 0.032, r)).astype(np.int64)
    va = np.maximum(np.round(covered).astype(np.int64) - tax, 1)
    turnover = np.round(va * traits.turnover_ratio[rows] * (1 + 0.01 * np.clip(rng.standard_normal(r), -2, 2)))
    turnover = turnover.astype(np.int64) + 1
    own = np.round(va * traits.own_performance[rows]).astype(np.int64)
    other_income = np.round(turnover * 0.02 * rng.random(r) ** 2).astype(np.int64)
    non_operating = np.floor(other_income * rng.random(r) ** 2).astype(np.int64)
    material = turnover + own + other_income - non_operating - tax - va
    labour = np.where(has_staff, traits.labour_share[rows] * (1 + 0.05 * rng.uniform(-1, 1, r)), 0.06)
    personnel = np.maximum(np.round(va * labour).astype(np.int64), 2)
    depreciation = np.round(va * traits.depreciation_share[rows]).astype(np.int64)
    other_expenses = tax + np.round(va * 0.06 * rng.random(r)).astype(np.int64)
    result = turnover + own + other_income - material - personnel - depreciation - other_expenses
    return {
        "net_turnover": turnover,
        "capitalised_own_performance": own,
        "other_income": other_income,
        "other_income_nonoperating": non_operating,
        "material_expenses": material,
        "personnel_expenses": personnel,
        "wages": np.minimum(np.floor(personnel / 1.135).astype(np.int64), personnel - 1),
        "depreciation": depreciation,
        "other_expenses": other_expenses,
        "taxes_on_production": tax,
        "operating_result": result,
        "export_turnover": np.floor(turnover * traits.export_share[rows]).astype(np.int64),
    }


def balance_in_currency(items: dict[str, np.ndarray], rate: np.ndarray) -> dict[str, np.ndarray]:
    """Convert the items at a rate per row, round to integers, and restore the identity of the operating result."""
    converted = {name: np.round(amount / rate).astype(np.int64) for name, amount in items.items()}
    converted["wages"] = np.minimum(converted["wages"], converted["personnel_expenses"] - 1)
    converted["operating_result"] = (
        converted["net_turnover"]
        + converted["capitalised_own_performance"]
        + converted["other_income"]
        - converted["material_expenses"]
        - converted["personnel_expenses"]
        - converted["depreciation"]
        - converted["other_expenses"]
    )
    return converted
