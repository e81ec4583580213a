"""How sure cooperation-linked GVA is: intervals of every cell, and what the share's uncertainty is made of.

Five things are drawn anew, each by numbers that belong to it alone: which firm the records of a text mean (whole
groups, one-to-one), what imputation guessed, a firm's own ratio around the factor of its cell, the factor itself, and
how a unit that works in several regions divides where only its employment is known. What is not drawn: participants
without any candidate in the register, the margins of national accounts, dates and durations. How the draws are put
together is `methods.drawn_totals`; here is what they are drawn from. A year is drawn at a time, which bounds the
memory, and the links of a numerator once for all its places and variants.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.interpretation.cooperation_gva import VARIANT, WEIGHTS
from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.drawn_totals import (
    SOURCES,
    VALUES,
    Economy,
    Spreads,
    ValueDraws,
    drawn_memberships,
    drawn_ratios,
    drawn_totals,
    expected_memberships,
    pairs_of,
    placement,
)
from methods.draws import Floats, interval, link_variance, one_to_one, share_variance
from methods.errors import MethodError
from methods.factor_error import cell_spread, crossed_residuals, own_spread
from methods.uncertainty import corrected_share

DRAWN_SQL = (
    "interpretation/imputed_unit.sql",
    "interpretation/member_piece.sql",
    "interpretation/uncertain_cell.sql",
    "interpretation/crossed_cell.sql",
    "interpretation/allocation_agreement.sql",
)
DRAWN_INPUTS = (
    "integration.legal_unit",
    "integration.national_account",
    "source.local_unit",
    "interpretation.counted_participation",
    "interpretation.cooperating_firm",
    "interpretation.value_added",
    "interpretation.firm_gva",
    "interpretation.regional_gva",
    "interpretation.reconciliation",
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

LINKS = """
    SELECT link_group_id AS group_id, legal_unit_id AS firm_id, cooperation_type_code AS type_code,
           max(probability) AS probability, bool_or(is_counted_firm) AS is_counted_firm
    FROM interpretation.counted_participation
    WHERE is_counted_type AND reference_year = $year AND numerator_code = $numerator GROUP BY ALL ORDER BY ALL"""
CELLS = """
    SELECT place_id, cooperation_type_code AS type_code, legal_unit_id AS firm_id, region_code, calibrated_huf_mn,
           any_day_expected AS expected_ratio, COLUMNS('_expected$')
    FROM _interpretation_contribution
    WHERE reference_year = $year AND numerator_code = $numerator AND calibrated_huf_mn IS NOT NULL ORDER BY ALL"""
FIRMS = """
    SELECT 0 AS place_id, '_T' AS type_code, legal_unit_id AS firm_id, '_T' AS region_code,
           m.probability AS expected_ratio, g.calibrated_huf_mn
    FROM interpretation.cooperating_firm AS m JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    WHERE m.reference_year = $year AND m.numerator_code = $numerator ORDER BY ALL"""
PARTS = """
    SELECT DISTINCT reference_year, numerator_code FROM interpretation.cooperating_firm
    WHERE reference_year = $year ORDER BY ALL"""
YEARS = "SELECT DISTINCT reference_year FROM interpretation.cooperating_firm ORDER BY ALL"
KNOWN = """
    SELECT measure_code, value FROM integration.link_quality
    WHERE stratum_code = 'all' AND weight = 'gva' AND measure_code IN ('membership_recall', 'false_membership')"""


@dataclass(frozen=True)
class Part:
    """One numerator in one year.

    Attributes:
        numerator: its code.
        links: see `methods.drawn_totals.drawn_memberships`.
        places: see `methods.drawn_totals.drawn_totals`, with `expected_ratio`.
    """

    numerator: str
    links: pd.DataFrame
    places: pd.DataFrame


def _years(build: Build, places: str) -> Iterator[tuple[Economy, list[Part]]]:
    """What is drawn, a year at a time; `places` is the query for who is in which place."""
    for name in DRAWN_SQL:
        build.sql(name)
    residuals = crossed_residuals(build.frame("FROM _interpretation_crossed_cell ORDER BY ALL"))
    spreads = Spreads(
        agreement=allocation_agreement(build.frame("FROM _interpretation_allocation_agreement ORDER BY ALL")),
        cell=cell_spread(residuals),
        own=own_spread(residuals),
    )
    build.facts["allocation_agreement"] = spreads.agreement
    build.facts["cell_log_spread"] = spreads.cell
    build.facts["own_log_spread"] = spreads.own

    def of_year(query: str, year: int, **more: str) -> pd.DataFrame:
        return build.connection.execute(query, {"year": year, **more}).df()

    for year in build.frame(YEARS)["reference_year"].astype(int):
        economy = Economy(
            year,
            of_year("FROM _interpretation_member_piece WHERE reference_year = $year ORDER BY ALL", year),
            of_year(
                "SELECT legal_unit_id AS firm_id, imputed_ratio, log_spread FROM _interpretation_imputed_unit "
                "SEMI JOIN interpretation.cooperating_firm USING (reference_year, legal_unit_id) "
                "WHERE reference_year = $year ORDER BY ALL",
                year,
            ),
            of_year("FROM _interpretation_uncertain_cell WHERE reference_year = $year ORDER BY ALL", year),
            spreads,
        )
        numerators = of_year(PARTS, year)["numerator_code"]
        yield (
            economy,
            [Part(str(n), of_year(LINKS, year, numerator=n), of_year(places, year, numerator=n)) for n in numerators],
        )


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


def variant_weights(places: pd.DataFrame) -> Floats:
    """Weight of each row in each of `WEIGHTS`, given that the firm takes part: expected weight / probability.

    A firm that takes part by one of several texts may have other days by another; which of them is right is drawn for
    whether it counts, its weight is the mean over them. So draws are centred on the estimate of every variant, but
    where the fractions of many cooperations of one type add up to more than the chance of any: it counts at most once.
    """
    probability = places["expected_ratio"].to_numpy(np.float64)[:, None]
    expected = places[[f"{name}_expected" for name in WEIGHTS.values()]].fillna(0.0).to_numpy(np.float64)
    weights = np.divide(expected, probability, out=np.zeros_like(expected), where=probability > 0)
    return np.asarray(np.minimum(weights, 1.0))


def _gva_interval(build: Build) -> Result:
    for step in ("cooperating_member", "contribution", "denominator"):
        build.sql(f"interpretation/{step}.sql")
    draws, seed, level = _choices(build)
    frames = []
    for economy, parts in _years(build, CELLS):
        ratios = drawn_ratios(economy, draws, seed=seed)
        for part in parts:
            memberships = drawn_memberships(part.links, draws, seed=seed)
            places, totals = drawn_totals(part.places, memberships, ratios, variant_weights(part.places))
            for (variant, name), drawn in zip(WEIGHTS.items(), totals, strict=True):
                of_variant = dict(zip(VARIANT, variant, strict=True))
                frames.append(
                    pd.DataFrame({"place_id": places, **of_variant, "weight_name": name, **summary(drawn, level)})
                )
    result = pd.concat(frames, ignore_index=True) if frames else NO_INTERVALS
    build.connection.register("drawn", result)
    return build.query("interpretation/gva_interval.sql")


NO_INTERVALS = pd.DataFrame(
    {
        "place_id": pd.Series(dtype="int64"),
        **{name: pd.Series(dtype="str") for name in (*VARIANT, "weight_name")},
        **{
            name: pd.Series(dtype="float64")
            for name in ("mean_huf_mn", "standard_error_huf_mn", "low_huf_mn", "high_huf_mn")
        },
    }
)


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
    for economy, parts in _years(build, FIRMS):
        values = ValueDraws(economy, draws, seed=seed)
        everything = values.ratios()
        alone = {source: values.ratios(frozenset({source})) for source in sorted(VALUES)}
        for part in parts:
            key = (economy.year, part.numerator)
            if key not in shares.index:
                continue
            expected = expected_memberships(part.places)
            memberships = drawn_memberships(part.links, draws, seed=seed)
            drawn = placement(part.places, memberships, everything)
            fixed = placement(part.places, expected, everything)
            totals = drawn.totals(memberships, everything)[0]
            single = {source: fixed.totals(expected, ratios)[0] for source, ratios in alone.items()}
            single["links"] = drawn.totals(memberships, None)[0]
            variance = {source: float(moved.var(axis=1, ddof=1).sum()) for source, moved in single.items()}
            pairs = one_to_one(pairs_of(part.links[part.links["is_counted_firm"]]))
            closed = link_variance(pairs, part.places.set_index("firm_id")["calibrated_huf_mn"])
            share = naive_huf_mn.get(key, 0.0) / shares.loc[key, "national_gva_huf_mn"]
            rows.append(
                {
                    "reference_year": economy.year,
                    "numerator_code": part.numerator,
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
    inputs=(
        "interpretation.value_added",
        "interpretation.cooperating_firm",
        "integration.legal_unit",
        "source.annual_account",
    ),
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
    inputs=(*DRAWN_INPUTS, "integration.link_quality"),
    sql=(*DRAWN_SQL, "interpretation/share_by_year.sql", "interpretation/uncertainty.sql"),
    parameters=DRAWN_PARAMETERS,
    check_inputs=("interpretation.gva_interval", "interpretation.cooperation_gva"),
    checks=(
        SqlCheck("draws_centre_on_estimate", "The draws are centred on the published estimate", severity="warn"),
        SqlCheck(
            "closed_form_confirms_draws", "Drawn links vary as the closed form says, within 15 %", severity="warn"
        ),
    ),
)

TABLES = (imputation_spread, gva_interval, uncertainty)
