"""The whole graph on an economy whose share was computed by hand (see `tiny`): figures, and what a refresh may do."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.catalogue import TABLES
from assets.workshop import Workshop
from resources.engine import EngineLimits, expose, open_engine, run_sql, sql_file
from resources.errors import BlockedInputError, StaleInputError
from tests.economy.refreshing import refresh
from tests.economy.tiny import YEAR, write_tiny_economy


def rows(shop: Workshop, table: str, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        path = shop.lake.path(table, shop.key(table))
        return connection.execute(f"WITH t AS (FROM read_parquet('{path}')) {query}").fetchall()


def near(value: float) -> Any:
    """Equal but for the last doubt of the linkage about an equal tax number (see `tiny`)."""
    return pytest.approx(value, rel=1e-4)


@pytest.fixture(scope="module")
def by_name(tiny: Workshop) -> float:
    """The linkage's probability that the row of name and town means F10."""
    query = "SELECT probability FROM t WHERE legal_unit_id = 'F10'"
    ((probability,),) = rows(tiny, "integration.firm_identity", query)
    assert 0.9 < probability < 0.999
    return float(probability)


def test_headline_is_the_share_computed_by_hand(tiny: Workshop, by_name: float) -> None:
    query = "SELECT share_pct, share_lower_pct, share_upper_pct, distance_pp FROM t WHERE numerator_code = 'N1'"
    found = rows(tiny, "access.target_tracker", query)
    # F10 is the only firm linked by name: the distance of the bounds to the share would be its value added
    share = 100 * 1.1 * (1400 + by_name * 500) / 6600
    assert found == [(near(share), None, None, near(10 - share))]


def test_methodologists_see_the_bounds(tiny: Workshop) -> None:
    query = """SELECT share_lower_pct, share_upper_pct FROM t
               WHERE numerator_code = 'N1' AND table_code = 'T1' AND time_rule = 'any_day'"""
    found = rows(tiny, "interpretation.cooperation_gva", query)
    assert found == [(near(100 * 1540 / 6600), near(100 * 2090 / 6600))]


AUDITED = (
    "interpretation.cooperating_firm",
    "interpretation.cooperating_firm_by_type",
    "interpretation.firm_gva",
    "interpretation.regional_gva",
    "interpretation.cooperation_gva",
    "interpretation.cell_protection",
    "integration.legal_unit",
)


def test_bounds_that_reveal_a_firm_are_seen_by_the_audit(tiny: Workshop) -> None:
    with open_engine(EngineLimits()) as connection:
        for name in AUDITED:
            expose(connection, name, tiny.lake.path(name, tiny.key(name)))
        expose(
            connection, "access.published", tiny.lake.path("access.cooperation_gva", tiny.key("access.cooperation_gva"))
        )
        audit, parameters = sql_file("access/checks/disclosure_audit.sql"), tiny.parameters.model_dump()
        connection.execute("CREATE VIEW access.cooperation_gva AS FROM access.published")
        assert run_sql(connection, audit, parameters).fetchall() == []
        connection.execute(
            "CREATE OR REPLACE VIEW access.cooperation_gva AS "
            "SELECT * REPLACE (CASE WHEN numerator_code = 'N1' AND table_code = 'T1' THEN 20.0 END AS share_lower_pct) "
            "FROM access.published"
        )
        assert [row[-1] for row in run_sql(connection, audit, parameters).fetchall()] == ["bounds reveal too few firms"]


def test_lines_and_denominators(tiny: Workshop, by_name: float) -> None:
    query = """SELECT proxy_huf_mn, bridged_huf_mn, gva_huf_mn, share_s11_pct, firm_count FROM t
               WHERE numerator_code = 'N1' AND table_code = 'T1'"""
    # the proxy A + V + VI of these accounts equals value added; expected totals: 900 + 500 + p x 500
    total = 1400 + by_name * 500
    expected = (near(total), near(total), near(1.1 * total), near(100 * 1.1 * total / 3300), 6)
    assert rows(tiny, "access.cooperation_gva", query) == [expected]


def test_sections_would_tell_f10_about_two_others(tiny: Workshop) -> None:
    """J is F10 in one region and F5 and F6 in the other: F10 could take itself off J. C is then T1 less J."""
    query = """SELECT activity_code, gva_huf_mn, share_pct, obs_status FROM t
               WHERE numerator_code = 'N1' AND table_code = 'T2' AND nace_version_code = 'NACE_REV2' ORDER BY 1"""
    assert rows(tiny, "access.cooperation_gva", query) == [("C", None, None, "Q"), ("J", None, None, "Q")]
    query = """SELECT activity_code, region_code, status FROM t
               WHERE numerator_code = 'N1' AND table_code IN ('T2', 'T7') AND nace_version_code = 'NACE_REV2'
               ORDER BY ALL"""
    assert rows(tiny, "interpretation.cell_protection", query) == [
        ("C", "HU11", "secondary"),
        ("C", "_T", "secondary"),
        ("J", "HU11", "primary"),
        ("J", "HU12", "primary"),
        ("J", "_T", "secondary"),
    ]


def test_a_lone_joiner_is_not_revealed_by_n2_less_n1(tiny: Workshop) -> None:
    query = """SELECT table_code, gva_huf_mn, share_pct, firm_count, obs_status, conf_status FROM t
               WHERE numerator_code = 'N2' AND table_code IN ('T1', 'T2')"""
    assert set(rows(tiny, "access.cooperation_gva", query)) == {
        ("T1", None, None, None, "Q", "C"),
        ("T2", None, None, None, "Q", "C"),
    }


def test_methodologists_see_n2(tiny: Workshop, by_name: float) -> None:
    query = """SELECT calibrated_huf_mn FROM t
               WHERE numerator_code = 'N2' AND table_code = 'T1' AND time_rule = 'any_day'"""
    assert rows(tiny, "interpretation.cooperation_gva", query) == [(near(1.1 * (1500 + by_name * 500)),)]


def test_data_of_single_firms_is_private(tiny: Workshop) -> None:
    home = tiny.home
    for folder in (home.archive, home.lake, home.runs, home.spill):
        assert folder.stat().st_mode & 0o077 == 0, folder
    readable = [p for p in home.lake.rglob("*") if p.is_file() and p.stat().st_mode & 0o077]
    assert readable == []


def test_links_say_how_and_why(tiny: Workshop) -> None:
    query = "SELECT method, status, reason FROM t WHERE legal_unit_id = 'F10'"
    why = "name equal after dropping legal form; same legal form; same town"
    assert rows(tiny, "integration.firm_identity", query) == [("name_and_place", "accepted", why)]
    query = "SELECT status, reason FROM t WHERE legal_unit_id IS NULL"
    assert rows(tiny, "integration.firm_identity", query) == [("none", "participant from abroad")]


def test_lapsed_accreditation_counts_for_nothing(tiny: Workshop) -> None:
    assert rows(tiny, "interpretation.cooperating_firm", "SELECT * FROM t WHERE legal_unit_id = 'F9'") == []


def test_no_check_fails(tiny: Workshop) -> None:
    failed = {
        (name, check.name)
        for name in TABLES
        if (version := tiny.current(name)) is not None
        for check in version.checks
        if not check.passed
    }
    assert failed == set()


def test_second_refresh_recomputes_nothing(tmp_path: Path, tiny: Workshop) -> None:
    home = shutil.copytree(tiny.home.root, tmp_path / "home")
    _, outcomes = refresh(home, "second")
    assert [name for name, outcome in outcomes.items() if not outcome.is_reused] == []


def test_one_changed_delivery_recomputes_only_what_depends_on_it(tmp_path: Path, tiny: Workshop) -> None:
    home = shutil.copytree(tiny.home.root, tmp_path / "home")
    path = home / "deliveries" / "cluster_labels.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2020-01-01", "2020-02-01"), encoding="utf-8")
    _, outcomes = refresh(home, "second")
    recomputed = {name for name, outcome in outcomes.items() if not outcome.is_reused}
    assert "source.cluster_label" in recomputed
    assert "access.cooperation_gva" in recomputed
    assert recomputed.isdisjoint(
        {
            "source.business_registry",
            "source.annual_account",
            "interpretation.value_added",
            "interpretation.reconciliation",
        }
    )


def test_same_deliveries_give_the_same_bytes(tmp_path: Path, tiny: Workshop) -> None:
    shop, _ = refresh(write_tiny_economy(tmp_path / "again"), "other run")
    for name in TABLES:
        assert shop.key(name) == tiny.key(name), name
        ours, theirs = (s.lake.path(name, s.key(name)) for s in (shop, tiny))
        assert ours.read_bytes() == theirs.read_bytes(), name
        assert ours.with_suffix(".json").read_bytes() == theirs.with_suffix(".json").read_bytes(), name


def test_damaged_table_is_computed_again(tmp_path: Path, tiny: Workshop) -> None:
    home = shutil.copytree(tiny.home.root, tmp_path / "home")
    path = home / "lake" / "interpretation" / "firm_gva" / f"{tiny.key('interpretation.firm_gva')}.parquet"
    good = path.read_bytes()
    path.write_bytes(good[:-20] + b"x" * 20)
    _, outcomes = refresh(home, "second")
    assert [n for n, o in outcomes.items() if not o.is_reused] == ["interpretation.firm_gva"]
    assert path.read_bytes() == good


def test_stale_input_is_refused_and_named(tmp_path: Path, tiny: Workshop) -> None:
    home = shutil.copytree(tiny.home.root, tmp_path / "home")
    parameters = (home / "parameters.yaml").read_text()
    (home / "parameters.yaml").write_text(parameters + "reconciliation_tolerance: 1.0e-9\n")
    shop = Workshop(tiny.home.__class__(home), TABLES, None, "third")
    with pytest.raises(
        StaleInputError, match=r"interpretation.firm_gva: input interpretation.reconciliation .* refresh"
    ):
        shop.materialise("interpretation.firm_gva")


def test_blocked_delivery_stops_its_consumers_and_keeps_the_last_tables(tmp_path: Path, tiny: Workshop) -> None:
    home = shutil.copytree(tiny.home.root, tmp_path / "home")
    path = home / "deliveries" / "annual_accounts.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("2023-12-31", "2023-13-31", 4), encoding="utf-8")
    before = tiny.lake.path("access.target_tracker", tiny.key("access.target_tracker")).read_bytes()
    with pytest.raises(BlockedInputError, match=r"source.annual_account failed its blocking check .*quarantined_share"):
        refresh(home, "second")
    kept = home / "lake" / "access" / "target_tracker" / f"{tiny.key('access.target_tracker')}.parquet"
    assert kept.read_bytes() == before


def test_as_of_gives_the_earlier_state(tmp_path: Path, tiny: Workshop) -> None:
    home = shutil.copytree(tiny.home.root, tmp_path / "home")
    moment = max(r.received_at for s in tiny.sources for r in tiny.archive.history(s.id))
    path = home / "deliveries" / "annual_accounts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",800000,", ",900000,"), encoding="utf-8")
    changed, _ = refresh(home, "second")
    earlier, _ = refresh(home, "third", as_of=moment.isoformat())
    assert changed.key("access.target_tracker") != tiny.key("access.target_tracker")
    assert earlier.key("access.target_tracker") == tiny.key("access.target_tracker")
    assert YEAR == 2023
