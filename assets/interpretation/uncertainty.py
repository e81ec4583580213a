"""How sure cooperation-linked GVA is: intervals of every cell, and what the share's uncertainty is made of.

Three things are drawn anew, each by numbers that belong to it alone: which firm the records of a text mean (whole
groups, one-to-one), what imputation guessed, and how a unit that works in several regions divides where only its
employment is known. What is not drawn: participants without any candidate in the register, the reported accounts, the
margins of national accounts and with them the calibration factors. So the interval is called one of linkage and
imputation uncertainty, and nothing more. A year and a numerator are drawn at a time, which bounds the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.draws import (
    Floats,
    draw_links,
    interval,
    link_variance,
    lognormal_factors,
    members,
    one_to_one,
    redrawn_shares,
    share_variance,
)
from methods.errors import MethodError
from methods.uncertainty import corrected_share

SOURCES = frozenset({"links", "imputation", "allocation"})
"""What can be drawn; what is not drawn counts with its expectation."""

DRAWN_SQL = (
    "interpretation/counted_participation.sql",
    "interpretation/imputed_member.sql",
    "interpretation/divided_member.sql",
    "interpretation/allocation_agreement.sql",
)
DRAWN_INPUTS = (
    "integration.participation",
    "integration.legal_unit",
    "source.local_unit",
    "interpretation.goal_1_cooperation",
    "interpretation.cooperating_firm",
    "interpretation.value_added",
    "interpretation.firm_gva",
    "interpretation.regional_gva",
    "interpretation.imputation_spread",
)
DRAWN_PARAMETERS = (
    "reference_area",
    "first_reference_year",
    "last_reference_year",
    "uncertainty_draws",
    "uncertainty_seed",
    "uncertainty_level_pct",
)
TOTAL = "_T"

LINKS = """
    SELECT link_group_id AS group_id, legal_unit_id AS firm_id, cooperation_type_code AS type_code,
           max(probability) AS probability, bool_or(is_counted_firm) AS is_counted_firm
    FROM _interpretation_counted_participation
    WHERE is_counted_type AND reference_year = $year AND numerator_code = $numerator GROUP BY ALL ORDER BY ALL"""
CELLS = """
    SELECT place_id, cooperation_type_code AS type_code, legal_unit_id AS firm_id, region_code,
           any_day_expected AS expected_ratio, calibrated_huf_mn
    FROM _interpretation_contribution
    WHERE reference_year = $year AND numerator_code = $numerator AND calibrated_huf_mn IS NOT NULL ORDER BY ALL"""
FIRMS = """
    SELECT 0 AS place_id, '_T' AS type_code, legal_unit_id AS firm_id, '_T' AS region_code,
           m.probability AS expected_ratio, g.calibrated_huf_mn
    FROM interpretation.cooperating_firm AS m JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    WHERE m.reference_year = $year AND m.numerator_code = $numerator ORDER BY ALL"""
PARTS = "SELECT DISTINCT reference_year, numerator_code FROM interpretation.cooperating_firm ORDER BY ALL"
KNOWN = """
    SELECT measure_code, value FROM integration.link_quality
    WHERE stratum_code = 'all' AND weight = 'gva' AND measure_code IN ('membership_recall', 'false_membership')"""


@dataclass(frozen=True)
class Part:
    """One year and numerator.

    Attributes:
        year: calendar year.
        links: `group_id`, `firm_id`, `type_code`, `probability`, `is_counted_firm`; rows that count within a type of
            cooperation, and whether they also count for the firm as a whole.
        cells: who is in which place: `place_id`, `type_code`, `firm_id`, `region_code`, `expected_ratio`,
            `calibrated_huf_mn`.
        imputed: `firm_id`, `imputed_ratio`, `log_spread`.
        divided: `firm_id`, `region_code`, `share_ratio`, `calibrated_huf_mn`; units in several regions.
        agreement: see `methods.draws.redrawn_shares`.
    """

    year: int
    links: pd.DataFrame
    cells: pd.DataFrame
    imputed: pd.DataFrame
    divided: pd.DataFrame
    agreement: float


def drawn_totals(part: Part, draws: int, seed: int, sources: frozenset[str] = SOURCES) -> tuple[pd.Index, Floats]:
    """Draws the total of every place.

    Args:
        part: what is drawn.
        draws: number of draws R.
        seed: of the random numbers; a group, unit or part has the same numbers in every place and numerator.
        sources: what of `SOURCES` is drawn.

    Returns:
        The places in ascending order and their totals in HUF mn, shape (places, R).
    """
    from scipy.sparse import csr_array

    cells = part.cells
    unit_codes, units = _coded(cells[["type_code", "firm_id"]])
    drawn = np.zeros((len(units), draws))
    if "links" in sources:
        drawn_units, inside = _drawn_memberships(part.links, draws, seed)
        at = drawn_units.get_indexer(units)
        drawn[at >= 0] = inside[at[at >= 0]]
    else:
        expected = cells.assign(unit=unit_codes).drop_duplicates("unit")
        drawn[:] = expected["expected_ratio"].to_numpy()[:, None]
    firms = units.get_level_values(1)
    if "imputation" in sources and len(part.imputed):
        _multiply(drawn, firms, part.imputed["firm_id"], _imputation_factors(part, draws, seed))
    columns, rows = unit_codes, [drawn]
    if "allocation" in sources and len(part.divided):
        columns, rows = _with_parts(part, unit_codes, units, drawn, seed)
    places, place_codes = np.unique(cells["place_id"].to_numpy(), return_inverse=True)
    values = cells["calibrated_huf_mn"].to_numpy(np.float64)
    matrix = csr_array((values, (place_codes, columns)), shape=(len(places), sum(len(r) for r in rows)))
    return pd.Index(places), np.asarray(matrix @ np.vstack(rows))


def _coded(keys: pd.DataFrame) -> tuple[np.ndarray, pd.MultiIndex]:
    """The position of each row's key among the distinct keys, and those in the order of their appearance."""
    codes = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    return codes, pd.MultiIndex.from_frame(keys.drop_duplicates())


def _pairs(links: pd.DataFrame) -> pd.DataFrame:
    """Each group and firm once, whatever the types of cooperation."""
    return links.groupby(["group_id", "firm_id"], as_index=False, sort=True).agg({"probability": "max"})


def _drawn_memberships(links: pd.DataFrame, draws: int, seed: int) -> tuple[pd.MultiIndex, np.ndarray]:
    """Units (type of cooperation or all, firm) and whether they take part, shape (units, draws)."""
    pairs = one_to_one(_pairs(links))
    drawn = draw_links(pairs, draws, seed=seed)
    every = pd.concat([links[links["is_counted_firm"]].assign(type_code=TOTAL), links], ignore_index=True)
    at = pd.MultiIndex.from_frame(pairs[["group_id", "firm_id"]]).get_indexer(
        pd.MultiIndex.from_frame(every[["group_id", "firm_id"]])
    )
    codes, units = _coded(every[["type_code", "firm_id"]])
    _, inside = members(pd.DataFrame({"firm_id": codes}), drawn[at])
    return units, inside


def _imputation_factors(part: Part, draws: int, seed: int) -> Floats:
    """Drawn value / value of imputed firms: only the imputed part of it moves."""
    keys = part.imputed["firm_id"].astype("str") + f"|{part.year}"
    spread = part.imputed["log_spread"].to_numpy(np.float64)
    factors = lognormal_factors(keys, spread, draws, seed=seed, purpose="imputation")
    return np.asarray(1.0 + part.imputed["imputed_ratio"].to_numpy(np.float64)[:, None] * (factors - 1.0))


def _with_parts(
    part: Part, unit_codes: np.ndarray, units: pd.MultiIndex, drawn: np.ndarray, seed: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Columns of units, followed by columns of the regional parts of divided units; the parts move their unit."""
    divided = part.divided.sort_values(["firm_id", "region_code"], ignore_index=True)
    keys = divided["firm_id"].astype("str") + "|" + divided["region_code"].astype("str") + f"|{part.year}"
    share = divided.groupby("firm_id")["share_ratio"].transform(lambda s: s / s.sum()).to_numpy()
    ratio = redrawn_shares(keys, divided["firm_id"], share, part.agreement, drawn.shape[1], seed=seed)
    of_part = pd.MultiIndex.from_frame(divided[["firm_id", "region_code"]]).get_indexer(
        pd.MultiIndex.from_frame(part.cells[["firm_id", "region_code"]])
    )
    wanted = pd.DataFrame({"unit": unit_codes, "part": of_part})[of_part >= 0].drop_duplicates()
    parts = drawn[wanted["unit"]] * ratio[wanted["part"]]
    columns = unit_codes.copy()
    at = pd.MultiIndex.from_frame(wanted).get_indexer(
        pd.MultiIndex.from_arrays([unit_codes[of_part >= 0], of_part[of_part >= 0]])
    )
    columns[of_part >= 0] = len(drawn) + at
    value = divided["calibrated_huf_mn"].to_numpy(np.float64)
    whole = divided.groupby("firm_id")["calibrated_huf_mn"].sum()
    moved = pd.DataFrame(value[:, None] * ratio).groupby(divided["firm_id"].to_numpy(object)).sum()
    factor = moved.to_numpy() / whole.to_numpy()[:, None]
    # a unit that is worth nothing stays so
    _multiply(drawn, units.get_level_values(1), whole.index.to_series(), np.nan_to_num(factor, nan=1.0))
    return columns, [drawn, parts]


def _multiply(drawn: np.ndarray, firms: pd.Index, known: pd.Series, factors: Floats) -> None:
    at = pd.Index(known).get_indexer(firms)
    drawn[at >= 0] *= factors[at[at >= 0]]


def _parts(build: Build, cells: str) -> Iterator[tuple[int, str, Part]]:
    """What is drawn, a year and a numerator at a time; `cells` is the query for the places."""
    for name in DRAWN_SQL:
        build.sql(name)
    imputed = _with_spread(
        build.frame("FROM _interpretation_imputed_member ORDER BY ALL"),
        build.frame("SELECT spread_code, distance, log_spread FROM interpretation.imputation_spread ORDER BY ALL"),
    ).rename(columns={"legal_unit_id": "firm_id"})
    divided = build.frame("FROM _interpretation_divided_member ORDER BY ALL").rename(
        columns={"legal_unit_id": "firm_id"}
    )
    agreement = allocation_agreement(build.frame("FROM _interpretation_allocation_agreement ORDER BY ALL"))
    for year, numerator in build.frame(PARTS).itertuples(index=False):
        chosen = {"year": int(year), "numerator": str(numerator)}
        links, places = (build.connection.execute(query, chosen).df() for query in (LINKS, cells))
        yield (
            int(year),
            str(numerator),
            Part(
                int(year),
                links,
                places,
                imputed[imputed["reference_year"] == year],
                divided[divided["reference_year"] == year],
                agreement,
            ),
        )


def _with_spread(imputed: pd.DataFrame, spread: pd.DataFrame) -> pd.DataFrame:
    """Imputed firms with the spread of their method; where too few units tell, the largest of the others."""
    result = imputed.merge(spread, on=["spread_code", "distance"], how="left", validate="many_to_one")
    largest = float(spread["log_spread"].max()) if len(spread) else 0.0
    return result.assign(log_spread=result["log_spread"].fillna(largest))


def allocation_agreement(both: pd.DataFrame) -> float:
    """How far shares by employment are from shares by wage bill; 0 where no unit reports both, so nothing is drawn.

    Args:
        both: `reference_year`, `legal_unit_id`, `employees`, `wages_huf_mn` by region of units in several regions.
    """
    if both.empty:
        return 0.0
    whole = both.groupby(["reference_year", "legal_unit_id"])[["employees", "wages_huf_mn"]].transform("sum")
    known = (whole > 0).all(axis=1)
    share = (both.loc[known, ["employees", "wages_huf_mn"]] / whole[known]).to_numpy(np.float64)
    return share_variance(share[:, 0], share[:, 1])


def _gva_interval(build: Build) -> Result:
    for step in ("cooperating_member", "contribution", "denominator"):
        build.sql(f"interpretation/{step}.sql")
    draws, seed, level = _choices(build)
    frames = []
    for _, _, part in _parts(build, CELLS):
        places, totals = drawn_totals(part, draws, seed)
        frames.append(pd.DataFrame({"place_id": places, **summary(totals, level)}))
    columns = ["place_id", "mean_huf_mn", "standard_error_huf_mn", "low_huf_mn", "high_huf_mn"]
    result = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns, dtype="float64")
    build.connection.register("drawn", result)
    return build.sql("interpretation/gva_interval.sql")


def summary(totals: Floats, level: float) -> dict[str, Floats]:
    """Mean, standard error and limits of drawn totals, shape (places, draws)."""
    low, high = interval(totals, level=level)
    return {
        "mean_huf_mn": totals.mean(axis=1),
        "standard_error_huf_mn": totals.std(axis=1, ddof=1),
        "low_huf_mn": low,
        "high_huf_mn": high,
    }


def _uncertainty(build: Build) -> Result:
    shares = build.sql("interpretation/share_by_year.sql").df().set_index(["reference_year", "numerator_code"])
    draws, seed, level = _choices(build)
    known = build.frame(KNOWN).set_index("measure_code")["value"]
    naive = build.frame("""
        SELECT reference_year, numerator_code, exact_sum(g.calibrated_huf_mn) AS naive_huf_mn
        FROM interpretation.cooperating_firm JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
        WHERE evidence IN ('identifier', 'name') GROUP BY ALL""")
    naive_huf_mn = naive.set_index(["reference_year", "numerator_code"])["naive_huf_mn"]
    rows = []
    for year, numerator, part in _parts(build, FIRMS):
        if (year, numerator) not in shares.index:
            continue
        variance = {
            source: float(drawn_totals(part, draws, seed, frozenset({source}))[1].var(axis=1, ddof=1).sum())
            for source in sorted(SOURCES)
        }
        totals = drawn_totals(part, draws, seed)[1]
        firms = part.links[part.links["is_counted_firm"]]
        pairs = one_to_one(_pairs(firms))
        closed = link_variance(pairs, part.cells.set_index("firm_id")["calibrated_huf_mn"])
        share = naive_huf_mn.get((year, numerator), 0.0) / shares.loc[(year, numerator), "national_gva_huf_mn"]
        rows.append(
            {
                "reference_year": year,
                "numerator_code": numerator,
                **{name: float(values.sum()) for name, values in summary(totals, level).items()},
                "variance": float(totals.var(axis=1, ddof=1).sum()),
                **{f"{source}_variance": value for source, value in variance.items()},
                "link_standard_error_huf_mn": float(np.sqrt(max(closed, 0.0))),
                "drawn_link_standard_error_huf_mn": float(np.sqrt(variance["links"])),
                "corrected_share_pct": 100.0 * corrected(float(share), known),
            }
        )
    build.connection.register("drawn", pd.DataFrame(rows, columns=DECOMPOSED))
    return build.sql("interpretation/uncertainty.sql")


DECOMPOSED = [
    "reference_year",
    "numerator_code",
    "mean_huf_mn",
    "standard_error_huf_mn",
    "low_huf_mn",
    "high_huf_mn",
    "variance",
    *(f"{source}_variance" for source in sorted(SOURCES)),
    "link_standard_error_huf_mn",
    "drawn_link_standard_error_huf_mn",
    "corrected_share_pct",
]


def corrected(naive: float, known: pd.Series) -> float:
    """The share behind a naive one, NaN where no clerical sample says how good the links are, or it says nothing.

    Args:
        naive: ratio.
        known: `membership_recall` and `false_membership` by measure, where there is a sample.
    """
    if not {"membership_recall", "false_membership"} <= set(known.index) or not 0.0 <= naive <= 1.0:
        return float("nan")
    try:
        return float(corrected_share(naive, known["membership_recall"], known["false_membership"]))
    except MethodError:
        return float("nan")  # as many false members as true ones: the links carry no information


def _choices(build: Build) -> tuple[int, int, float]:
    chosen = build.parameters
    return chosen["uncertainty_draws"], chosen["uncertainty_seed"], chosen["uncertainty_level_pct"] / 100.0


imputation_spread = sql_table(
    "interpretation.imputation_spread",
    inputs=("interpretation.value_added", "integration.legal_unit", "source.annual_account"),
    parameters=("first_reference_year", "last_reference_year", "imputation_max_years"),
)

gva_interval = python_table(
    "interpretation.gva_interval",
    _gva_interval,
    inputs=(
        *DRAWN_INPUTS,
        "interpretation.cooperating_firm_by_type",
        "interpretation.member_attribution",
        "interpretation.nace_conversion",
        "interpretation.price_index",
        "integration.national_account",
    ),
    sql=(
        *DRAWN_SQL,
        "interpretation/cooperating_member.sql",
        "interpretation/contribution.sql",
        "interpretation/denominator.sql",
        "interpretation/gva_interval.sql",
    ),
    parameters=DRAWN_PARAMETERS,
)

uncertainty = python_table(
    "interpretation.uncertainty",
    _uncertainty,
    inputs=(*DRAWN_INPUTS, "integration.link_quality", "integration.national_account"),
    sql=(*DRAWN_SQL, "interpretation/share_by_year.sql", "interpretation/uncertainty.sql"),
    parameters=DRAWN_PARAMETERS,
    check_inputs=("interpretation.gva_interval", "interpretation.cooperation_gva"),
    checks=(
        SqlCheck("interval_contains_estimate", "Every cell has an interval, and it contains the estimate"),
        SqlCheck("draws_centre_on_estimate", "The draws are centred on the published estimate", severity="warn"),
        SqlCheck(
            "closed_form_confirms_draws", "Drawn links vary as the closed form says, within 15 %", severity="warn"
        ),
    ),
)

TABLES = (imputation_spread, gva_interval, uncertainty)
