"""The files as published: same bytes, identities, identifiers, dirt, and the truth beside them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from stdnum import lei
from stdnum.hu import anum

from sample.economy import cell_margins
from sample.generate import Economy, generate
from sample.national_accounts import YEARS

FIRMS = 3000


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read(path: Path, **options: object) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="session")
def registry(sample_dir: Path) -> pd.DataFrame:
    return read(sample_dir / "registry" / "business_registry.csv")


@pytest.fixture(scope="session")
def accounts(sample_dir: Path) -> pd.DataFrame:
    files = sorted((sample_dir / "accounts").glob("*.csv"))
    assert len(files) == len(YEARS)
    return pd.concat([pd.read_csv(file, dtype={"tax_number": str}) for file in files], ignore_index=True)


def eurostat(path: Path) -> pd.DataFrame:
    frame = read(path, sep="\t")
    keys = frame.columns[0].split("\\")[0].split(",")
    frame[keys] = frame.iloc[:, 0].str.split(",", expand=True)
    long = frame.melt(id_vars=keys, value_vars=[f"{year} " for year in YEARS], var_name="year", value_name="cell")
    long["value"] = long["cell"].str.split().str[0].astype(int)
    long["year"] = long["year"].astype(int)
    return long


def test_same_seed_same_bytes_and_another_seed_other_bytes(tmp_path: Path) -> None:
    generate(1000, 3, tmp_path / "a")
    generate(1000, 3, tmp_path / "b")
    generate(1000, 4, tmp_path / "c")
    first, second, other = (digest(tmp_path / name) for name in "abc")
    assert first == second
    assert len(first) > 40
    changed = {name for name in first if first[name] != other[name]}
    assert {"registry/business_registry.csv", "clusters/cluster_memberships.xlsx", "cordis/cordis-h2020.zip"} <= changed
    # Classifications and national accounts are the same for every economy.
    assert not {name for name in changed if name.startswith(("classifications/", "national_accounts/"))}


def test_archives_carry_no_clock(sample_dir: Path) -> None:
    for file in ("clusters/cluster_memberships.xlsx", "cordis/cordis-horizon.zip"):
        with zipfile.ZipFile(sample_dir / file) as archive:
            assert {entry.date_time[:3] for entry in archive.infolist()} == {(2025, 12, 31)}
    with zipfile.ZipFile(sample_dir / "clusters/cluster_memberships.xlsx") as archive:
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2025-12-31T00:00:00Z") == 2


def test_progress_names_every_step(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    generate(1000, 1, tmp_path, progress=lambda *step: seen.append(step))
    assert [number for _, number, _ in seen] == list(range(1, 8))
    assert seen[2][0] == "accounts"


def test_profit_and_loss_identities(accounts: pd.DataFrame) -> None:
    full = accounts[accounts["layout"] == "total_cost"]
    income = full["net_turnover"] + full["capitalised_own_performance"] + full["other_income"]
    expenses = full["material_expenses"] + full["personnel_expenses"] + full["depreciation"] + full["other_expenses"]
    assert (income - expenses == full["operating_result"]).all()
    production = income - full["other_income_nonoperating"] - full["material_expenses"] - full["taxes_on_production"]
    by_income = (
        full["operating_result"]
        + full["personnel_expenses"]
        + full["depreciation"]
        + (full["other_expenses"] - full["taxes_on_production"])
        - full["other_income_nonoperating"]
    )
    assert (production == by_income).all()
    assert (production > 0).mean() > 0.999
    assert (full["personnel_expenses"] > full["wages"]).all()
    assert (accounts["export_turnover"] <= accounts["net_turnover"]).all()
    assert (full["taxes_on_production"] <= full["other_expenses"]).all()
    assert (full["material_expenses"] >= 0).all()


def test_unusual_accounts_are_as_rare_as_they_should_be(accounts: pd.DataFrame) -> None:
    assert 0.004 < (accounts["layout"] == "cost_of_sales").mean() < 0.02
    assert 0.001 < (accounts["currency"] == "EUR").mean() < 0.015
    moved = ~accounts["period_from"].str.endswith("-01-01") & ~accounts["period_to"].str.endswith("-12-31")
    assert 0.01 < moved.mean() < 0.05
    assert 0 < accounts["is_consolidated"].sum() < 0.01 * len(accounts)
    lacking = accounts.loc[
        accounts["layout"] == "cost_of_sales", ["material_expenses", "personnel_expenses", "depreciation"]
    ]
    assert lacking.isna().all(axis=None)


def test_accounts_stay_below_every_margin_and_cover_most_of_it(
    accounts: pd.DataFrame, registry: pd.DataFrame, economy: Economy
) -> None:
    rate = {2016: 311.44, 2017: 309.19, 2018: 318.89, 2019: 325.30, 2020: 351.25, 2021: 358.52, 2022: 391.29,
            2023: 381.85, 2024: 395.30, 2025: 397.80}  # fmt: skip
    single = accounts[(accounts["is_consolidated"] == 0) & (accounts["layout"] == "total_cost")].copy()
    unit = np.where(single["currency"] == "EUR", single["fiscal_year"].map(rate), 1.0) / 1000
    single["gva"] = unit * (
        single["net_turnover"]
        + single["capitalised_own_performance"]
        + single["other_income"]
        - single["other_income_nonoperating"]
        - single["material_expenses"]
    )
    number = registry.set_index(registry["eu_vat"].str[2:])["firm_id"]
    number = number[~number.index.duplicated()].str[1:].astype(int) - 1
    cell = economy.population.cell[number[single["tax_number"].str[:8]].to_numpy()]
    margins = cell_margins()
    for t, year in enumerate(YEARS):
        rows = (single["fiscal_year"] == year).to_numpy()
        micro = np.bincount(cell[rows], weights=single["gva"][rows], minlength=margins.shape[1])
        assert (micro <= margins[t]).all()
        assert 0.80 < micro.sum() / margins[t].sum() < 0.97


def test_the_largest_firms_file_every_year(sample_dir: Path, accounts: pd.DataFrame, registry: pd.DataFrame) -> None:
    truth = pd.read_parquet(sample_dir / "truth" / "firm.parquet")
    numbers = registry.drop_duplicates("firm_id").set_index("firm_id")["tax_number"]
    single = accounts[accounts["is_consolidated"] == 0]
    for year in YEARS:
        top = truth[truth["year"] == year].nlargest(200, "gva_bp_huf_mn")["firm_id"]
        assert numbers[top].isin(single.loc[single["fiscal_year"] == year, "tax_number"]).all()
    firms = accounts[accounts["is_consolidated"] == 0].groupby("fiscal_year").size()
    expected = truth.groupby("year").size()
    assert (1 - firms / expected).between(0.01, 0.03).all()


def test_identifiers_are_valid_but_for_the_dirt(sample_dir: Path, registry: pd.DataFrame) -> None:
    counts = json.loads((sample_dir / "truth" / "facts.json").read_text())["dirt"]
    broken = ~registry["tax_number"].str[:8].map(anum.is_valid)
    assert broken.sum() == counts["broken_tax_number"]
    assert registry["eu_vat"].map(anum.is_valid).all()
    assert registry.loc[registry["lei"] != "", "lei"].map(lei.is_valid).all()
    assert registry["firm_id"].duplicated().sum() == counts["duplicate_key"]
    assert registry["name"].str.startswith("=").sum() == counts["formula_name"]
    assert sum(counts.values()) / len(registry) < 0.005
    unique = registry.drop_duplicates("firm_id")
    assert unique["eu_vat"].is_unique
    given = unique["registration_number"][unique["registration_number"] != ""]
    assert given.is_unique
    assert given.str.fullmatch(r"\d\d-\d\d-\d{6}").all()
    assert set(registry["institutional_sector"]) == {"S11", "S12", "S13", "S15"}
    assert registry["nuts3_code"].nunique() == 20
    assert (registry["nace_rev21_code"].str.fullmatch(r"\d\d\.\d\d")).all()


def test_dirt_never_touches_members_nor_the_largest(sample_dir: Path, registry: pd.DataFrame) -> None:
    members = pd.read_parquet(sample_dir / "truth" / "participation.parquet")["firm_id"].unique()
    truth = pd.read_parquet(sample_dir / "truth" / "firm.parquet")
    largest = truth.groupby("firm_id")["gva_bp_huf_mn"].max().nlargest(200).index
    clean = registry[registry["firm_id"].isin(members) | registry["firm_id"].isin(largest)]
    assert clean["firm_id"].is_unique
    assert clean["tax_number"].str[:8].map(anum.is_valid).all()
    assert not clean["name"].str.startswith("=").any()
    assert pd.to_datetime(clean["founded_date"], errors="coerce").notna().all()


def test_national_accounts_files_agree_with_each_other(sample_dir: Path) -> None:
    folder = sample_dir / "national_accounts"
    sectors = eurostat(folder / "nasa_10_nf_tr.tsv").pivot(index=["sector", "year"], columns="na_item", values="value")
    assert (sectors["P1"] - sectors["P2"] == sectors["B1G"]).all()
    parts = sectors.drop(index="S1").groupby("year").sum()
    assert (parts[["P1", "P2", "B1G"]] == sectors.loc["S1", ["P1", "P2", "B1G"]]).all(axis=None)
    whole = sectors.loc["S1"]
    assert (whole["B1G"] + whole["D21X31"] == whole["B1GQ"]).all()
    assert whole.loc[2022, "B1GQ"] == 66_075_190
    gdp = eurostat(folder / "nama_10_gdp.tsv").pivot(index=["unit", "year"], columns="na_item", values="value")
    assert (gdp["P1"] - gdp["P2"] == gdp["B1G"]).all()
    assert (gdp["B1G"] + gdp["D21X31"] == gdp["B1GQ"]).all()
    published = eurostat(folder / "nama_10_a64.tsv").pivot(index=["unit", "year"], columns="nace_r2", values="value")
    at_old_prices = published.loc["PYP_MNAC"].dropna(axis=1)
    assert (at_old_prices.drop(columns="TOTAL").sum(axis=1) == at_old_prices["TOTAL"]).all()
    assert (at_old_prices["TOTAL"] == gdp.loc["PYP_MNAC", "B1G"]).all()
    industries = published.loc["CP_MNAC"]
    letters = [code for code in industries.columns if len(code) == 1]
    assert (industries[letters].sum(axis=1) == industries["TOTAL"]).all()
    for letter in "CGJ":
        divisions = [code for code in industries.columns if code.startswith(letter) and len(code) > 1]
        assert (industries[divisions].sum(axis=1) == industries[letter]).all()
    regions = eurostat(folder / "nama_10r_3gva.tsv")
    for length in (4, 5):
        inside = regions[regions["geo"].str.len() == length].groupby(["nace_r2", "year"])["value"].sum()
        nation = regions[regions["geo"] == "HU"].set_index(["nace_r2", "year"])["value"]
        assert (inside == nation.loc[inside.index]).all()
    assert regions[regions["year"] == 2025]["cell"].str.endswith("p ").all()
    margins = read(folder / "s11_gva_margins.csv")
    margins["value"] = margins["OBS_VALUE"].astype(int)
    by_year = margins.groupby("TIME_PERIOD")
    for year, rows in by_year:
        total = rows.loc[(rows["REF_AREA"] == "HU") & (rows["ACTIVITY"] == "_T"), "value"].item()
        assert total == sectors.loc[("S11", int(year)), "B1G"]
        assert rows.loc[(rows["REF_AREA"] == "HU") & (rows["ACTIVITY"] != "_T"), "value"].sum() == total
        assert rows.loc[rows["REF_AREA"] != "HU", "value"].sum() == total


def test_share_follows_from_the_truth_tables(sample_dir: Path) -> None:
    firm = pd.read_parquet(sample_dir / "truth" / "firm.parquet")
    part = pd.read_parquet(sample_dir / "truth" / "participation.parquet")
    both = part.merge(firm, on=["firm_id", "year"])
    both["any_day"] = both["gva_bp_huf_mn"]
    both["day_weighted"] = both["gva_bp_huf_mn"] * both["day_weight_ratio"]
    both["31_december"] = both["gva_bp_huf_mn"] * both["is_december"]
    value = both.groupby(["year", "numerator"])[["any_day", "day_weighted", "31_december"]].sum().stack()
    share = pd.read_csv(sample_dir / "truth" / "share.csv").set_index(["year", "numerator", "time_rule"])
    assert len(share) == len(YEARS) * 2 * 3
    for key, row in share.iterrows():
        assert row["numerator_huf_mn"] == pytest.approx(value[key], rel=1e-9)
        assert row["share_pct"] == pytest.approx(100 * value[key] / row["denominator_huf_mn"], rel=1e-9)
    assert share.loc[(2023, "N1", "any_day"), "share_pct"] == pytest.approx(2.29, abs=1e-9)
    assert (share.xs("N2", level="numerator")["share_pct"] >= share.xs("N1", level="numerator")["share_pct"]).all()


def test_headline_follows_from_the_published_cluster_files(sample_dir: Path) -> None:
    """From deliveries and the log of who is who alone, without the generator's own intervals."""
    members = pd.read_excel(sample_dir / "clusters/cluster_memberships.xlsx", dtype=str, engine="openpyxl")
    log = pd.read_parquet(sample_dir / "truth" / "membership.parquet")
    log = log[log["source_file"] == "clusters/cluster_memberships.xlsx"].sort_values("row")
    assert log["listed_name"].tolist() == members["member_name"].tolist()
    members["firm_id"] = log["firm_id"].tolist()
    labels = read(sample_dir / "clusters" / "cluster_labels.csv")
    labels = labels[labels["scheme"] == "accreditation"].replace("", "9999-12-31")
    both = members.fillna({"valid_to": "9999-12-31"}).merge(labels, on="cluster_id", suffixes=("", "_label"))
    start = both[["valid_from", "valid_from_label"]].max(axis=1).clip(lower="2023-01-01")
    end = both[["valid_to", "valid_to_label"]].min(axis=1).clip(upper="2024-01-01")
    counted = both.loc[(start < end) & (both["member_type"] == "firm"), "firm_id"].unique()
    firm = pd.read_parquet(sample_dir / "truth" / "firm.parquet").query("year == 2023").set_index("firm_id")
    share = pd.read_csv(sample_dir / "truth" / "share.csv").query("year == 2023 and numerator == 'N1'").iloc[0]
    assert firm.loc[counted, "gva_bp_huf_mn"].sum() == pytest.approx(share["numerator_huf_mn"])
    assert len(counted) == share["firms"]


def test_log_points_at_the_rows_of_every_file(sample_dir: Path) -> None:
    log = pd.read_parquet(sample_dir / "truth" / "membership.parquet").set_index(["source_file", "row"])["listed_name"]
    listed: dict[str, list[str]] = {}
    for programme in ("h2020", "horizon"):
        with zipfile.ZipFile(sample_dir / f"cordis/cordis-{programme}.zip") as archive:
            text = archive.read("organization.csv")
        assert text.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
        listed[f"cordis/cordis-{programme}.zip"] = [row["name"] for row in rows]
    for period in ("2014_2020", "2021_2027"):
        file = f"projects/structural_funds_{period}.json"
        listed[file] = [row["Pályázó neve"] for row in json.loads((sample_dir / file).read_text("utf-8"))]
    kohesio = (sample_dir / "projects/kohesio_beneficiaries.tsv").read_text("utf-8").splitlines()[1:]
    assert all(line.endswith("\t") for line in kohesio)
    listed["projects/kohesio_beneficiaries.tsv"] = [line.split("\t")[2] for line in kohesio]
    listed["projects/interreg_partners.csv"] = read(sample_dir / "projects/interreg_partners.csv")[
        "partner_name"
    ].tolist()
    events = read(sample_dir / "events/event_participants.csv")
    listed["events/event_participants.csv"] = events["organisation_name"].tolist()
    for file, names in listed.items():
        assert log[file].tolist() == names, file
    first = events[events["event_id"] == "EV0001"]
    assert (first["is_frontrunner"] == "true").sum() > 16
    assert first["country"].nunique() == 4


def test_listed_tax_numbers_are_usable_for_about_a_third(sample_dir: Path, registry: pd.DataFrame) -> None:
    members = pd.read_excel(sample_dir / "clusters/cluster_memberships.xlsx", dtype=str, engine="openpyxl")
    interreg = read(sample_dir / "projects/interreg_partners.csv").query("country == 'HU'")
    shown = pd.concat([members["tax_number"].fillna(""), interreg["tax_number"]])
    assert 0.26 < (shown != "").mean() < 0.43
    known = set(registry["eu_vat"].str[2:])
    given = shown[shown != ""].str[:8]
    assert given.isin(known).mean() > 0.90


def test_listed_names_are_dirty_but_not_all(sample_dir: Path, registry: pd.DataFrame) -> None:
    log = pd.read_parquet(sample_dir / "truth" / "membership.parquet").query("kind == 'firm'")
    by_id = registry.drop_duplicates("firm_id").set_index("firm_id")
    exact = (log["listed_name"].to_numpy() == by_id.loc[log["firm_id"], "name"].to_numpy()) | (
        log["listed_name"].to_numpy() == by_id.loc[log["firm_id"], "short_name"].to_numpy()
    )
    assert 0.1 < exact.mean() < 0.6
    cordis = log[log["source_file"].str.startswith("cordis/")]["listed_name"]
    assert (cordis == cordis.str.upper()).mean() > 0.85
    assert cordis.str.isascii().mean() > 0.85
    assert log["listed_name"].str.contains("[õû]").any()


def test_sources_yaml_names_every_published_file(sample_dir: Path) -> None:
    listed = yaml.safe_load((sample_dir / "sources.yaml").read_text("utf-8"))["sources"]
    assert len({source["id"] for source in listed}) == len(listed)
    found = {str(p.relative_to(sample_dir)) for source in listed for p in sample_dir.glob(source["url"])}
    there = {str(p.relative_to(sample_dir)) for p in sample_dir.rglob("*") if p.is_file()}
    assert {name for name in there if not name.startswith("truth/")} - {"sources.yaml"} == found
    for source in listed:
        if "member" in source:
            with zipfile.ZipFile(sample_dir / source["url"]) as archive:
                assert source["member"] in archive.namelist()


def test_a_large_sample_publishes_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(1000, 2, tmp_path)
    monkeypatch.setattr("sample.generate.PARQUET_ABOVE", 999)
    before = read(tmp_path / "accounts" / "annual_accounts_2020.csv")
    generate(1000, 2, tmp_path)
    assert not list(tmp_path.glob("accounts/*.csv"))
    assert not (tmp_path / "registry" / "business_registry.csv").exists()
    after = pd.read_parquet(tmp_path / "accounts" / "annual_accounts_2020.parquet")
    assert after["net_turnover"].astype(str).tolist() == before["net_turnover"].tolist()
    urls = [s["url"] for s in yaml.safe_load((tmp_path / "sources.yaml").read_text("utf-8"))["sources"]]
    assert "accounts/annual_accounts_*.parquet" in urls
