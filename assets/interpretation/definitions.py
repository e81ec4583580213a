"""What every code of a variant means, and where it is laid down: nothing switches silently.

The definitions are data, so that they travel with the figures. Checks on interpretation.cooperation_gva hold both to
each other: every code in use is defined here, every variant defined here is computed.
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, python_table

GOAL = "METHODS 0; Government Decision 1483/2023"
UNITS = "METHODS 1; Regulation (EEC) 696/93"
IMPUTED = "METHODS 1; Memobust, module Imputation"
WHO = "METHODS 2"
LINES = "METHODS 3"
CONTROL = "METHODS 4"
LINKS = "METHODS 5"
ACTIVITY = "METHODS 8; Regulation (EC) 1893/2006, Delegated Regulation (EU) 2023/137"

DEFINITIONS: dict[str, list[tuple[str, str, str, str]]] = {
    "NUMERATOR": [
        ("N1", "Members of accredited clusters", "Legal units that are members of a cluster while it is accredited. "
         "The headline, and the only numerator comparable with the published 2.29 %.", GOAL),
        ("N2", "All cooperating firms", "N1, and partners in joint RDI, cohesion or Interreg projects (at least two "
         "participants) and members of clusters with a cluster-to-cluster agreement while it lasts.", GOAL),
        ("N3", "Members of cooperations that pass goal 1", "Legal units that take part, on their own account and not "
         "merely in an event, in a cooperation that passes goal 1 in the reference year.", GOAL),
    ],
    "UNIT": [
        ("LEGAL_UNIT", "Legal unit", "The legal units that take part themselves. The headline.", UNITS),
        ("ENTERPRISE", "Enterprise", "All legal units of enterprises of which at least one takes part, by the register "
         "as of 31 December.", UNITS),
    ],
    "ATTRIBUTION": [
        ("full", "Full", "The whole value added of a cooperating firm counts, once, however many its cooperations: GVA "
         "of cooperating players. Not additive over cooperations.", WHO),
        ("day_weighted", "Day-weighted", "Value added counts with the share of the year that the union of the firm's "
         "participations covers. Not additive over cooperations.", WHO),
        ("fractional", "Fractional", "The day-weighted value added divided among the firm's cooperations in proportion "
         "to the days in each. Additive over cooperations; in all it equals day_weighted.", f"{WHO}, TV-5"),
        ("project_share", "Project share", "Value added counts with eligible cost / total cost of the firm's "
         "participation, over several cooperations at most 1; cooperations without known costs count fully.", WHO),
    ],
    "TIME_RULE": [
        ("any_day", "Any day", "A firm counts if it takes part on any day of the year.", WHO),
        ("year_end", "31 December", "A firm counts if it takes part on 31 December, the reference day of the register.",
         WHO),
        ("day_weighted", "Days of the year", "A firm counts for the length of the union of its half-open intervals in "
         "the year / days of the year.", WHO),
        ("_Z", "Not applicable", "The share of cost takes the place of time; the firm takes part on any day.", WHO),
    ],
    "VARIANT": [
        ("full/any_day", "Headline variant", "Full attribution of members on any day of the year.", WHO),
        ("full/year_end", "Members on 31 December", "Full attribution of members on 31 December.", WHO),
        ("day_weighted/day_weighted", "Time-weighted", "Value added in proportion to the days of the union.", WHO),
        ("fractional/day_weighted", "Time-weighted and divided", "The time-weighted value added divided among "
         "cooperations: additive.", WHO),
        ("project_share/_Z", "By share of cost", "Value added in proportion to eligible / total cost.", WHO),
    ],
    "TABLE": [
        ("T1", "Total", "The economy as a whole.", CONTROL),
        ("T2", "By section", "By section of activity, in both versions of NACE.", CONTROL),
        ("T3", "By region", "By NUTS 2 region in which firms work: by wages, employment or the seat.", CONTROL),
        ("T4", "By type of cooperation", "A firm counts once within each type, so types overlap: see "
         "interpretation.cooperation_overlap. Shares are in the whole economy.", CONTROL),
        ("T5", "By size class", "By persons employed. National accounts have no such denominator: contributions only.",
         CONTROL),
        ("T6", "By section and size class", "As T5 within sections of NACE Rev. 2.", CONTROL),
        ("T7", "By section and region", "By section and NUTS 2 region, in both versions of NACE; a share only where "
         "the regional accounts have the section.", CONTROL),
        ("T8", "By A*64 industry", "By the A*64 grouping of the annual national accounts, NACE Rev. 2, national.",
         CONTROL),
    ],
    "NACE_VERSION": [
        ("_Z", "Not applicable", "Not broken down by activity: the same in every version.", ACTIVITY),
        ("NACE_REV2", "NACE Rev. 2", "As national accounts publish it (TEÁOR'08).", ACTIVITY),
        ("NACE_REV21", "NACE Rev. 2.1", "Firms by their own code (TEÁOR'25); denominators converted from NACE Rev. 2 "
         "by interpretation.nace_conversion, with a break flag.", ACTIVITY),
    ],
    "METHOD_FLAG": [
        ("as_published", "As published", "The denominator is a figure of national accounts.", ACTIVITY),
        ("converted", "Converted", "The denominator was converted between versions of NACE: a break.", ACTIVITY),
        ("no_denominator", "No denominator", "National accounts have no figure for the cell: a level, no share.",
         LINES),
    ],
    "LINE": [
        ("proxy", "Proxy", "Operating result + personnel expenses + depreciation, the policy's proxy.", LINES),
        ("bridged", "Bridged", "Value added at basic prices from accounts: at factor cost + D.29 - D.39.", LINES),
        ("calibrated", "Calibrated", "Bridged times the factor of the firm's activity and region, so that all firms "
         "add up to national accounts; the numerator of every share.", LINES),
    ],
    "PRICES": [
        ("V", "Current prices", "The headline share is at current prices.", "METHODS 1"),
        ("Y", "Previous year's prices", "Numerator over denominator, both at previous year's prices; never a ratio of "
         "chained levels.", "METHODS 1"),
    ],
    "DENOMINATOR": [
        ("S1", "Total economy", "GVA of the total economy at basic prices, of the vintage that firms are calibrated "
         "to.", GOAL),
        ("S11", "Non-financial corporations", "GVA of non-financial corporations, beside the headline.", GOAL),
        ("CONTRIBUTION", "Whole economy", "Cell / GVA of the whole economy: what the cell adds to the share of T1.",
         GOAL),
    ],
    "EVIDENCE": [
        ("identifier", "By identifier", "A valid identifier or a person's decision proves a participation.", LINKS),
        ("name", "By name", "A participation is accepted by name and place.", LINKS),
        ("candidate", "Under review", "Best candidate of a record under review; counts with its probability.", LINKS),
        ("possible", "Other candidate", "Another candidate of a record; counts with its probability.", LINKS),
    ],
    "ESTIMATE": [
        ("expected", "Expected total", "Sum of GVA x probability; over time, of the probability on each day.", LINKS),
        ("lower", "Lower bound", "Links by identifier only.", LINKS),
        ("upper", "Upper bound", "Accepted links and the best candidates under review in full, others by probability.",
         LINKS),
    ],
    "COOP_TYPE": [
        ("_T", "All types", "A firm counts once, whatever the types.", WHO),
        ("cluster", "Cluster", "Membership of a cluster.", WHO),
        ("rdi_project", "RDI project", "Joint research, development and innovation project.", WHO),
        ("cohesion_project", "Cohesion project", "Joint project of the structural funds.", WHO),
        ("interreg_project", "Interreg project", "Joint project of territorial cooperation.", WHO),
        ("c2c_agreement", "C2C agreement", "Membership of a cluster with a cluster-to-cluster agreement.", WHO),
        ("_O", "Overlap", "Union less the sum of its parts: what they count more than once, with a minus.",
         f"{WHO}, TV-5"),
    ],
    "REVIEW_REASON": [
        ("accounts", "Accounts", "The firms of a cell report more than its margin.", LINES),
        ("calibration", "Calibration", "The firms of a cell report less than its margin, but come to more than it once "
         "they are calibrated to other margins.", LINES),
        ("negative", "Negative", "The firms of a cell report less than nothing.", LINES),
    ],
    "IMPUTATION_METHOD": [
        ("none", "Reported", "The value follows from the unit's accounts of the year.", IMPUTED),
        ("partial_year", "Partial year", "Accounts cover a part of the days on which the unit existed; the others "
         "follow at the same rate.", IMPUTED),
        ("notes", "Notes", "An account by function: personnel expenses from the wages in its notes, depreciation by "
         "turnover, then the income route.", IMPUTED),
        ("ratio", "Ratio", "Turnover, or personnel expenses where the edit rule failed, x the ratio of the section.",
         IMPUTED),
        ("previous_year", "Previous year", "Own value of the nearest earlier year x growth of section and size class; "
         "no later year is near enough.", IMPUTED),
        ("next_year", "Next year", "Own value of the nearest later year / growth of section and size class; no "
         "earlier year is near enough.", IMPUTED),
        ("neighbour_mean", "Mean of neighbours", "Years on both sides are near enough: the mean of what previous_year "
         "and next_year give.", IMPUTED),
        ("not_imputed", "Not imputed", "The unit existed and has no value, no account of its own being near enough.",
         IMPUTED),
        ("_T", "All methods", "All units, imputed or not.", IMPUTED),
    ],
    "PRIMARY_RULE": [
        ("none", "Safe", "No primary disclosure rule finds the cell unsafe.", CONTROL),
        ("frequency", "Frequency", "Fewer contributing enterprise groups than the parameter.", CONTROL),
        ("p_percent", "p %", "What is left of the cell without its two largest contributors is less than p % of the "
         "largest.", CONTROL),
    ],
}  # fmt: skip
"""Code, name, definition and source by dimension."""


def _variant_definition(build: Build) -> Result:
    rows = [(dimension, *row) for dimension, rows in DEFINITIONS.items() for row in rows]
    return pd.DataFrame(rows, columns=["dimension_code", "code", "name", "definition", "source"])


variant_definition = python_table("interpretation.variant_definition", _variant_definition, inputs=())

TABLES = (variant_definition,)
