"""From value added to the three lines: regions, enterprises, previous-year prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from assets.interpretation.regional_gva import regional_shares
from assets.workshop import Workshop
from tests.economy.tiny import YEAR, write_csv, write_tiny_economy
from tests.interpretation.steps import Step, materialise

LINES = (
    "interpretation.firm_gva",
    "interpretation.regional_gva",
    "interpretation.enterprise_gva",
    "interpretation.imputation_rate",
)
Rows = Callable[[Workshop, str], list[Mapping[str, Any]]]


def with_local_units(home: Path, units: list[list[Any]]) -> Path:
    """The tiny economy with a further source."""
    header = "firm_id,year,nuts3_code,employees,wages_huf_mn"
    write_csv(home / "deliveries" / "local_units.csv", header, units)
    listed = yaml.safe_load((home / "sources.yaml").read_text(encoding="utf-8"))
    listed["sources"].append(
        {"id": "local_units", "table": "local_unit", "format": "csv", "url": "deliveries/local_units.csv"}
    )
    (home / "sources.yaml").write_text(yaml.safe_dump(listed, sort_keys=False), encoding="utf-8")
    return home


def failed(shop: Workshop) -> set[tuple[str, str]]:
    versions = ((name, shop.current(name)) for name in (*LINES, "interpretation.reconciliation"))
    return {(name, c.name) for name, v in versions if v is not None for c in v.checks if not c.passed}


def test_without_local_units_every_unit_stands_at_its_seat(tmp_path: Path, rows: Rows) -> None:
    shop = materialise(write_tiny_economy(tmp_path), *LINES)
    firms = {r["legal_unit_id"]: r for r in rows(shop, "interpretation.firm_gva")}
    parts = {r["legal_unit_id"]: r for r in rows(shop, "interpretation.regional_gva")}
    assert firms["F1"]["calibrated_huf_mn"] == pytest.approx(440)
    assert {k: r["calibrated_huf_mn"] for k, r in parts.items()} == {
        k: r["calibrated_huf_mn"] for k, r in firms.items()
    }
    assert {(r["share_ratio"], r["allocation_flag"]) for r in parts.values()} == {(1.0, "seat")}
    assert failed(shop) == set()


def test_local_units_move_value_added_between_cells(tmp_path: Path, rows: Rows) -> None:
    units = [["F1", YEAR - 1, "HU110", 30, 30], ["F1", YEAR - 1, "HU120", 30, 10], ["F2", YEAR, "HU110", 5, 5]]
    units += [["F5", YEAR, "HU110", 10, ""], ["F5", YEAR, "HU120", 20, 9], ["F6", YEAR + 1, "HU110", 1, 1]]
    shop = materialise(with_local_units(write_tiny_economy(tmp_path), units), *LINES)
    parts = {(r["legal_unit_id"], r["nuts3_code"]): r for r in rows(shop, "interpretation.regional_gva")}
    cells = {(r["activity_code"], r["nuts2_code"]): r for r in rows(shop, "interpretation.reconciliation")}
    flags = {k: (pytest.approx(r["share_ratio"]), r["allocation_flag"]) for k, r in parts.items()}
    assert flags[("F1", "HU110")] == (0.75, "wages")
    assert flags[("F1", "HU120")] == (0.25, "wages")
    assert flags[("F5", "HU120")] == (2 / 3, "employment"), "one county lacks its wages"
    assert flags[("F2", "HU110")] == flags[("F6", "HU120")] == (1, "seat"), "a survey of next year is not known yet"
    assert cells[("C", "HU11")]["micro_huf_mn"] == pytest.approx(1000 - 100)
    assert cells[("C", "HU12")]["micro_huf_mn"] == pytest.approx(500 + 100)
    firm = next(r for r in rows(shop, "interpretation.firm_gva") if r["legal_unit_id"] == "F1")
    by_hand = 300 * cells[("C", "HU11")]["factor_ratio"] + 100 * cells[("C", "HU12")]["factor_ratio"]
    assert firm["calibrated_huf_mn"] == pytest.approx(by_hand, rel=1e-9)
    assert firm["factor_ratio"] == pytest.approx(by_hand / 400, rel=1e-9)
    assert failed(shop) == set()


def test_tv3_by_wages() -> None:
    units = pd.DataFrame(
        {
            "legal_unit_id": "F1",
            "nuts3_code": ["HU110", "HU211", "HU331"],
            "is_seat": [True, False, False],
            "employees": [300.0, 80.0, 20.0],
            "wages_huf_mn": [2700.0, 400.0, 120.0],
        }
    )
    shares = regional_shares(units).set_index("nuts3_code")["share_ratio"] * 1200
    assert shares.round(2).tolist() == [1006.21, 149.07, 44.72]
    by_heads = regional_shares(units.assign(wages_huf_mn=[1.0, None, 1.0]))
    assert (by_heads["share_ratio"] * 1200).round(2).tolist() == [900, 240, 60]
    assert regional_shares(units.assign(wages_huf_mn=None, employees=0.0).astype({"wages_huf_mn": float})).empty


def test_last_years_margins_are_late_and_the_lines_say_so(tmp_path: Path, rows: Rows) -> None:
    home = write_tiny_economy(tmp_path)
    path = home / "deliveries" / "national_accounts.csv"
    text = path.read_text(encoding="utf-8")
    # the margins are those of the year before; accounts of that year come from the comparative columns
    late = [line.replace(f",{YEAR},", f",{YEAR - 1},") if ",S11," in line else line for line in text.splitlines()]
    path.write_text("\n".join(late) + "\n", encoding="utf-8")
    accounts = home / "deliveries" / "annual_accounts.csv"
    header, *lines = accounts.read_text(encoding="utf-8").splitlines()
    before = [line.replace(f"{YEAR}-", f"{YEAR - 1}-").replace(f",{YEAR},", f",{YEAR - 1},") for line in lines]
    accounts.write_text("\n".join([header, *lines, *before]) + "\n", encoding="utf-8")
    (home / "parameters.yaml").write_text(f"first_reference_year: {YEAR - 1}\nlast_reference_year: {YEAR}\n")
    shop = materialise(home, *LINES)
    found = {r["reference_year"]: r for r in rows(shop, "interpretation.firm_gva") if r["legal_unit_id"] == "F1"}
    assert found[YEAR]["calibrated_huf_mn"] == pytest.approx(440)
    assert (found[YEAR]["is_extrapolated"], found[YEAR - 1]["is_extrapolated"]) == (True, False)
    assert found[YEAR]["calibration_flag"] == "calibrated"
    assert failed(shop) == set()


def firm_rows(**columns: list[Any]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    defaults = {
        "proxy_huf_mn": 1.0, "bridged_huf_mn": 1.0, "calibrated_pyp_huf_mn": 1.0, "nuts2_code": "HU11",
        "institutional_sector": "S11", "is_imputed": False, "reference_year": 2023,
    }  # fmt: skip
    return frame.assign(**{k: v for k, v in defaults.items() if k not in frame})


def test_enterprises_are_sums_of_their_legal_units(step: Step) -> None:
    firms = firm_rows(
        legal_unit_id=["A", "B", "C"],
        enterprise_id=["E1", "E1", "E2"],
        calibrated_huf_mn=[100.0, 300.0, 5.0],
        average_employees=[30.0, 30.0, None],
        activity_code=["C", "J", "G"],
        is_imputed=[True, False, False],
    )
    step.put("interpretation.firm_gva", firms)
    register = {"enterprise_id": ["E1", "E1", "E2"], "enterprise_group_id": ["X", "X", "Y"], "employees": [1, 1, 300]}
    step.put("integration.legal_unit", pd.DataFrame(register))
    found = step.run("enterprise_gva").set_index("enterprise_id").sort_index()
    assert found.loc["E1", ["legal_unit_count", "calibrated_huf_mn", "size_class", "activity_code"]].tolist() == [
        2, 400.0, "50-249", "J",
    ]  # fmt: skip
    assert found["is_imputed"].tolist() == [True, False]
    assert found.loc["E2", "size_class"] == "250+", "by the register where accounts do not say"
    step.put("interpretation.enterprise_gva", found.reset_index())
    assert step.violations("enterprises_sum_to_units").empty
    step.put("interpretation.enterprise_gva", found.reset_index()[:1])
    assert len(step.violations("enterprises_sum_to_units")) == 1


def test_an_absorbed_unit_belongs_to_its_heir_on_31_december(tmp_path: Path, rows: Rows) -> None:
    home = write_tiny_economy(tmp_path)
    registry = home / "deliveries" / "business_registry.csv"
    text = registry.read_text(encoding="utf-8").splitlines()
    ended = [
        line.replace(",2010-01-01,,active", f",2010-01-01,{YEAR}-11-01,dissolved")
        if line[:3] in ("F1,", "F7,")
        else line
        for line in text
    ]
    registry.write_text("\n".join(ended) + "\n", encoding="utf-8")
    header = "predecessor_firm_id,successor_firm_id,event_kind,event_date"
    events = [["F1", "F2", "merger", f"{YEAR}-11-01"], ["F7", "F8", "merger", f"{YEAR + 1}-02-01"]]
    events += [["F2", "F3", "split", f"{YEAR}-03-01"]]
    write_csv(home / "deliveries" / "events.csv", header, events)
    listed = yaml.safe_load((home / "sources.yaml").read_text(encoding="utf-8"))
    listed["sources"].append(
        {"id": "events", "table": "legal_unit_event", "format": "csv", "url": "deliveries/events.csv"}
    )
    (home / "sources.yaml").write_text(yaml.safe_dump(listed, sort_keys=False), encoding="utf-8")
    shop = materialise(home, *LINES)
    found = {r["enterprise_id"]: r for r in rows(shop, "interpretation.enterprise_gva")}
    assert found["F2"]["legal_unit_count"] == 2
    assert "F1" not in found
    assert found["F7"]["legal_unit_count"] == 1, "its merger is of the next year"
    assert found["F3"]["legal_unit_count"] == 1


def national(rows: list[tuple[str, str, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["unit_measure", "activity_code", "time_period", "obs_value"])
    return frame.assign(
        freq="A", sto="B1G", ref_sector="S1", ref_area="HU", prices="_Z", source_id="estat", direction="_Z"
    )


def test_deflators_published_or_from_chain_linked_volumes(step: Step) -> None:
    published = [("PYP_MNAC", "TOTAL", 2021, 500.0), ("PYP_MNAC", "C", 2021, 200.0)]
    volumes = [("CLV20_MNAC", k, y, v) for k, y, v in (("C", 2020, 90.0), ("C", 2021, 99.0), ("C", 2022, 108.9))]
    volumes += [("CLV15_MNAC", "C", 2021, 7.0), ("CLV15_MNAC", "J", 2022, 7.0), ("CLV10_MNAC", "C", 2022, 8.0)]
    step.put("source.national_account", national(published + volumes))
    current = pd.DataFrame(
        [("_T", 2021, 550.0), ("C", 2021, 210.0), ("C", 2020, 190.0), ("C", 2022, 254.1), ("J", 2022, 5.0)],
        columns=["activity_code", "reference_year", "value_huf_mn"],
    ).assign(sto_code="B1G", sector_code="S1", ref_area="HU")
    step.put("integration.national_account", current)
    found = step.run("price_index").set_index(["reference_year", "activity_code"]).sort_index()
    assert found["deflator_ratio"].to_dict() == pytest.approx(
        {(2021, "C"): 210 / 200, (2021, "_T"): 1.1, (2022, "C"): 254.1 / (210 * 1.1)}
    )
    assert found["method_flag"].to_dict()[(2022, "C")] == "chain_linked"
