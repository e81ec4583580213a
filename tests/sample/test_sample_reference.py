"""The typed reference facts, among themselves and against the official tables where these are at hand."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd

from sample.classification import counties, records, section21, settlements
from sample.publish.classifications import correspondence, nace_codes, nuts_regions


def test_every_code_has_labels_and_a_parent() -> None:
    for version, sections in (("2.0", 21), ("2.1", 22)):
        codes = nace_codes(version)
        assert codes["code"].is_unique
        assert (codes["level"] == 1).sum() == sections
        assert (codes[["label_en", "label_hu"]].apply(lambda column: column.str.len()) > 2).all(axis=None)
        below = codes[codes["level"] > 1]
        assert below["parent"].isin(codes["code"]).all()


def test_targets_of_the_correspondence_exist() -> None:
    pairs = pd.DataFrame(correspondence(), columns=["new", "old"])
    assert pairs["new"].isin(nace_codes("2.1")["code"]).all()
    assert pairs["old"].isin(nace_codes("2.0")["code"]).all()
    assert section21("62.10") == "K"
    assert section21("58.11") == "J"


def test_central_hungary_splits_in_2016() -> None:
    by_version = nuts_regions().groupby("nuts_version")["code"].agg(set)
    assert "HU10" in by_version["2013"]
    assert "HU11" not in by_version["2013"]
    assert {"HU11", "HU12"} <= by_version["2016"]
    assert "HU10" not in by_version["2016"]
    assert all(sum(len(code) == 5 for code in codes) == 20 for codes in by_version)


def test_every_county_has_towns_and_its_seat() -> None:
    towns = settlements().groupby("nuts3_code")["settlement"].agg(list)
    for county in counties().to_dict("records"):
        assert len(towns[county["nuts3_code"]]) >= 1
        if county["nuts3_code"] != "HU120":
            assert county["seat"] in towns[county["nuts3_code"]]


def test_correspondence_agrees_with_the_official_table(shared_data: Path) -> None:
    official = pd.read_csv(shared_data / "classifications" / "NACE2.1_NACE2_Table.tsv", sep="\t", dtype=str)
    official = official[official["LEVEL"] == "4"]
    known = set(zip(official["NACE21_CODE"].str.strip(), official["NACE2_CODE"].str.strip(), strict=True))
    assert set(correspondence()) <= known


def test_regions_agree_with_the_official_lists(shared_data: Path) -> None:
    official = pd.read_csv(shared_data / "classifications" / "all_valid_nuts_codes.csv", dtype=str)
    ours = nuts_regions()
    for version, rows in ours.groupby("nuts_version"):
        valid = set(official.loc[official["nuts"] == f"code_{version}", "geo"])
        assert set(rows["code"]) <= valid


def test_postal_codes_agree_with_the_official_list(shared_data: Path) -> None:
    official = pd.read_csv(
        shared_data / "classifications" / "iranyitoszamok.csv", sep=";", dtype=str, encoding="utf-8-sig"
    )
    known = set(zip(official["Postal Code"], official["Place Name"], strict=True))
    ours = {(code, row["settlement"]) for row in records("settlement") for code in row["postcodes"].split("/")}
    elsewhere = {code for code, name in ours - known if name != "Budapest"}
    assert not elsewhere


def test_legal_forms_agree_with_the_official_list(shared_data: Path) -> None:
    official = pd.read_csv(
        shared_data / "classifications" / "gleif_elf_code_list_v1.5.csv", dtype=str, encoding="utf-8-sig"
    )
    official = official[official["Country Code (ISO 3166-1)"] == "HU"]
    names = dict(zip(official["ELF Code"], official["Entity Legal Form name Local name"], strict=True))
    for form in records("legal_form"):
        # The official list writes one umlaut as two characters.
        assert unicodedata.normalize("NFC", names[form["elf_code"]]) == form["name_local"]
