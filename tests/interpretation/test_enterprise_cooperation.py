"""Enterprises that cooperate because one of their legal units does, on an economy of six enterprises computed by hand.

| enterprise | legal units, GVA | links |
|---|---|---|
| E1 | A 1000, B 200 | A by identifier |
| E2 | C 100, D 300 | one text means C (0.5) or D (0.3); another means D (0.4) |
| E3 | P 60 until it was absorbed by S 40 in June | P by name |
| E4 | X without a value, Y 500 | X by identifier |
| E5 | Z dissolved in 2020, W 700 | Z by identifier |
| E6 | V 80, U -30 | V by identifier |
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from assets.catalogue import TABLES
from assets.interpretation.enterprise_cooperation import cooperating_enterprises
from assets.table import Build
from tests.interpretation.steps import Step

UNITS: dict[str, tuple[str, float | None]] = {
    "A": ("E1", 1000.0), "B": ("E1", 200.0), "C": ("E2", 100.0), "D": ("E2", 300.0), "P": ("E3", 60.0),
    "S": ("E3", 40.0), "X": ("E4", None), "Y": ("E4", 500.0), "Z": ("E5", None), "W": ("E5", 700.0),
    "V": ("E6", 80.0), "U": ("E6", -30.0),
}  # fmt: skip
LINKS = [
    # legal unit, group, probability, strength
    ("A", "a", 1.0, 3), ("C", "text", 0.5, 1), ("D", "text", 0.3, 0), ("D", "other", 0.4, 1), ("P", "p", 1.0, 2),
    ("X", "x", 1.0, 3), ("Z", "z", 1.0, 3), ("V", "v", 1.0, 3),
]  # fmt: skip
MEMBERS = {"A": (1.0, "identifier"), "C": (0.5, "candidate"), "D": (0.58, "candidate"), "P": (1.0, "name"),
           "X": (1.0, "identifier"), "Z": (1.0, "identifier"), "V": (1.0, "identifier")}  # fmt: skip


def of_2023(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"reference_year": 2023, **columns})


@pytest.fixture
def computed(step: Step) -> Step:
    """The economy with both tables of the subject."""
    valued = {unit: pair for unit, pair in UNITS.items() if pair[1] is not None}
    gva = [value for _, value in valued.values()]
    step.put(
        "integration.legal_unit",
        pd.DataFrame(
            {
                "legal_unit_id": list(UNITS),
                # the register says today's enterprise; P's was another before it was absorbed
                "enterprise_id": [("OLD" if unit == "P" else pair[0]) for unit, pair in UNITS.items()],
                "dissolved_date": [{"P": "2023-06-30", "Z": "2020-03-01"}.get(unit) for unit in UNITS],
            }
        ),
    )
    step.put(
        "interpretation.firm_gva",
        of_2023(
            legal_unit_id=list(valued),
            enterprise_id=[enterprise for enterprise, _ in valued.values()],
            proxy_huf_mn=[0.9 * (v or 0) for v in gva],
            bridged_huf_mn=[0.8 * (v or 0) for v in gva],
            calibrated_huf_mn=gva,
        ),
    )
    step.connection.execute("""CREATE TABLE interpretation.enterprise_gva AS
        SELECT reference_year, enterprise_id, sum(calibrated_huf_mn) AS calibrated_huf_mn
        FROM interpretation.firm_gva GROUP BY ALL""")
    links = pd.DataFrame(LINKS, columns=["legal_unit_id", "link_group_id", "probability", "strength"])
    counted = links.assign(reference_year=2023, numerator_code="N1", is_counted_firm=True)
    weaker = pd.DataFrame(
        [("B", "weak", 0.9, 1)], columns=["legal_unit_id", "link_group_id", "probability", "strength"]
    )
    weaker = weaker.assign(reference_year=2023, numerator_code="N1", is_counted_firm=False)
    step.put("interpretation.counted_participation", pd.concat([counted, weaker], ignore_index=True))
    step.put(
        "interpretation.cooperating_firm",
        of_2023(
            numerator_code="N1",
            legal_unit_id=list(MEMBERS),
            probability=[p for p, _ in MEMBERS.values()],
            evidence=[e for _, e in MEMBERS.values()],
        ),
    )
    step.put(
        "integration.national_account",
        of_2023(
            ref_area="HU",
            sto_code="B1G",
            activity_code="_T",
            sector_code=["S1", "S11"],
            value_huf_mn=[10_000.0, 5000.0],
        ),
    )
    step.put(
        "interpretation.cooperation_gva",
        of_2023(
            numerator_code=["N1"], table_code="T1", attribution_code="full", time_rule="any_day",
            calibrated_huf_mn=1364.0,
        ),
    )  # fmt: skip
    step.put(
        "interpretation.variant_definition",
        pd.DataFrame({"dimension_code": "UNIT", "code": ["LEGAL_UNIT", "ENTERPRISE"]}),
    )
    for name in ("cooperating_enterprise", "enterprise_cooperation_gva"):
        table = TABLES[f"interpretation.{name}"]
        result = table.compute(
            Build(table, step.connection, {name: step.parameters[name] for name in table.parameters})
        )
        if isinstance(result, pd.DataFrame):
            step.put(table.name, result)
        else:
            step.connection.execute(f"CREATE TABLE {table.name} AS FROM _interpretation_{name}")
    return step


CHECKS = [
    check.name
    for name in ("cooperating_enterprise", "enterprise_cooperation_gva")
    for check in TABLES[f"interpretation.{name}"].checks
]


def test_enterprises_cooperate_as_computed_by_hand(computed: Step) -> None:
    found = computed.connection.execute("""
        SELECT enterprise_id, probability, evidence, cooperating_unit_count
        FROM interpretation.cooperating_enterprise ORDER BY 1""").fetchall()
    assert found == [
        ("E1", 1.0, "identifier", 1),
        # the first text means one of both: 0.5 + 0.3; with the second 1 - 0.2 x 0.6
        ("E2", pytest.approx(0.88, abs=1e-9), "candidate", 2),
        ("E3", 1.0, "name", 1),
        ("E4", 1.0, "identifier", 1),
        ("E6", 1.0, "identifier", 1),
    ]


def test_lines_as_computed_by_hand(computed: Step) -> None:
    found = computed.connection.execute("""
        SELECT unit_code, unit_count, legal_unit_count, calibrated_huf_mn, proxy_huf_mn, bridged_huf_mn,
               difference_huf_mn, negative_difference_huf_mn, share_pct, share_s11_pct, difference_pp
        FROM interpretation.enterprise_cooperation_gva ORDER BY 1 DESC""").fetchall()
    units = 1000 + 0.5 * 100 + 0.58 * 300 + 60 + 80
    enterprises = 1200 + 0.88 * 400 + 100 + 500 + 50
    near = pytest.approx
    assert units == near(1364)
    assert found == [
        ("LEGAL_UNIT", 3, 3, near(units), near(0.9 * units), near(0.8 * units), 0, 0, near(13.64), near(27.28), 0),
        (
            "ENTERPRISE", 4, 7, near(enterprises), near(0.9 * enterprises), near(0.8 * enterprises),
            near(enterprises - units), -30, near(enterprises / 100), near(enterprises / 50),
            near((enterprises - units) / 100),
        ),
    ]  # fmt: skip


def test_all_checks_are_content(computed: Step) -> None:
    assert {check: len(computed.violations(check)) for check in CHECKS} == dict.fromkeys(CHECKS, 0)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE cooperating_enterprise SET probability = 0.5 WHERE enterprise_id = 'E2'",
         "enterprise_as_sure_as_its_units"),
        ("DELETE FROM cooperating_enterprise WHERE enterprise_id = 'E1'", "enterprise_as_sure_as_its_units"),
        ("UPDATE enterprise_cooperation_gva SET calibrated_huf_mn = 1365 WHERE unit_code = 'LEGAL_UNIT'",
         "legal_unit_line_is_headline"),
        ("UPDATE enterprise_cooperation_gva SET difference_huf_mn = -31 WHERE unit_code = 'ENTERPRISE'",
         "enterprise_line_not_below_units"),
        ("DELETE FROM enterprise_cooperation_gva WHERE unit_code = 'ENTERPRISE'", "enterprise_line_not_below_units"),
        ("UPDATE enterprise_cooperation_gva SET calibrated_huf_mn = 3402 WHERE unit_code = 'ENTERPRISE'",
         "enterprise_counts_once"),
        ("UPDATE enterprise_cooperation_gva SET unit_count = 5 WHERE unit_code = 'ENTERPRISE'",
         "enterprise_counts_once"),
        ("DELETE FROM variant_definition WHERE code = 'ENTERPRISE'", "every_unit_is_defined"),
        ("DELETE FROM enterprise_cooperation_gva WHERE unit_code = 'ENTERPRISE'", "every_unit_is_defined"),
    ],
)  # fmt: skip
def test_checks_see_damage(computed: Step, damage: str, check: str) -> None:
    computed.connection.execute("SET schema = 'interpretation'")
    computed.connection.execute(damage)
    assert len(computed.violations(check)) > 0


def test_nobody_cooperates() -> None:
    nothing = pd.DataFrame(
        columns=["reference_year", "numerator_code", "enterprise_id", "link_group_id", "legal_unit_id", "probability"]
    )
    assert cooperating_enterprises(nothing).empty


def test_a_text_that_says_more_than_one_is_sure() -> None:
    links = of_2023(
        numerator_code="N1",
        enterprise_id="E",
        link_group_id="g",
        legal_unit_id=["A", "B"],
        probability=[0.8, 0.7],
        strength=1,
    )
    assert cooperating_enterprises(links)["probability"].tolist() == [1.0]
