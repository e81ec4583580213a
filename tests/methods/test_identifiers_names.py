"""Identifiers and names: every spelling seen in real files, and the fast column form against the slow one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.hu import anum

from methods.identifiers import normalise, parse
from methods.names import LEGAL_FORMS, normalise_names, repair_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("23460694-2-13", ("hu_tax_number", "23460694-2-13", True)),
        (" 23460694 / 2 / 13 ", ("hu_tax_number", "23460694-2-13", True)),
        ("23460694213", ("hu_tax_number", "23460694-2-13", True)),
        ("hu 23460694", ("hu_tax_number", "23460694", True)),
        ("23460695-2-13", ("hu_tax_number", "23460695-2-13", False)),
        ("23460694-7-13", ("hu_tax_number", "23460694-7-13", False)),
        ("23460694-2-99", ("hu_tax_number", "23460694-2-99", False)),
        ("01-09-296700", ("hu_registration_number", "01-09-296700", True)),
        ("Cg.01-09-296700", ("hu_registration_number", "01-09-296700", True)),
        ("0109296700", ("hu_registration_number", "01-09-296700", True)),
        ("21-09-296700", ("hu_registration_number", "21-09-296700", False)),
        ("9909296700", ("unknown", "9909296700", False)),
        ("ATU 57194903", ("eu_vat", "ATU57194903", True)),
        ("BE697449992", ("eu_vat", "BE0697449992", True)),
        ("GR094259216", ("eu_vat", "EL094259216", True)),
        ("huoccsz.01-09-296700", ("euid", "HUOCCSZ.01-09-296700", True)),
        ("HUOCCSZ.21-09-296700", ("euid", "HUOCCSZ.21-09-296700", False)),
        ("HUXX.01-09-296700", ("euid", "HUXX.01-09-296700", False)),
        ("DKCVR.24256790", ("euid", "DKCVR.24256790", True)),
        ("ATU571.94903", ("eu_vat", "ATU57194903", True)),
        ("ATU57194904", ("eu_vat", "ATU57194904", False)),
        ("UK132423649", ("foreign_vat", "GB132423649", True)),
        ("CHE-107.787.577 IVA", ("foreign_vat", "CHE107787577IVA", True)),
        ("PS732100037", ("foreign_vat", "PS732100037", False)),
        ("097900BID10000147476", ("lei", "097900BID10000147476", True)),
        ("097900BID10000147477", ("lei", "097900BID10000147477", False)),
        ("999627875", ("pic", "999627875", True)),
        ("099627875", ("pic", "099627875", False)),
        ("MISSING", ("missing", None, False)),
        ("n/a", ("missing", None, False)),
        ("nincs", ("missing", None, False)),
        ("  ", ("missing", None, False)),
        (None, ("missing", None, False)),
        ("11111111-1-11", ("dummy", None, False)),
        ("99999999", ("dummy", None, False)),
        ("11111111-2-41", ("dummy", None, False)),
        ("HU00000000", ("dummy", None, False)),
        ("12345678", ("dummy", None, False)),
        ("00000000001", ("dummy", None, False)),
        ("Kossuth utca 3.", ("unknown", "KOSSUTHUTCA3", False)),
    ],
)
def test_parse(text: str | None, expected: tuple[str, str | None, bool]) -> None:
    assert tuple(parse(text)) == expected
    row = normalise(pd.Series([text, text], index=[7, 8], dtype=object)).loc[8]
    assert (row["kind"], None if pd.isna(row["value"]) else row["value"], row["is_valid"]) == expected


@given(st.lists(st.from_regex(r"(HU)?[0-9]{8}(-?[0-9]-?[0-9]{2})?", fullmatch=True), min_size=1, max_size=30))
@settings(max_examples=80, deadline=None)
def test_column_form_agrees_with_stdnum_and_with_parse(texts: list[str]) -> None:
    result = normalise(pd.Series(texts))
    for text, row in zip(texts, result.to_dict("records"), strict=True):
        one = parse(text)
        assert (row["kind"], row["is_valid"]) == (one.kind, one.is_valid)
        assert (None if pd.isna(row["value"]) else row["value"]) == one.value
        if one.is_valid:
            assert anum.is_valid(one.value[:8] if one.value else "")


REGISTRATION = st.sampled_from(["11-11-111111", "12-34-567890", "20-23-000001", "21-09-000001", "01-24-000001"])


@given(st.lists(REGISTRATION | st.from_regex(r"[012][0-9]-[0-2][0-9]-[01]{6}", fullmatch=True), min_size=1))
@settings(max_examples=80, deadline=None)
def test_column_form_of_registration_numbers_agrees_with_parse(texts: list[str]) -> None:
    for text, row in zip(texts, normalise(pd.Series(texts)).to_dict("records"), strict=True):
        one = parse(text)
        assert (row["kind"], row["is_valid"]) == (one.kind, one.is_valid)
        assert (None if pd.isna(row["value"]) else row["value"]) == one.value


def test_stem_joins_all_spellings_but_not_vat_groups() -> None:
    result = normalise(pd.Series(["HU23460694", "23460694-2-13", "10537914-5-44", "23460695", "ATU57194903", None]))
    assert result["hu_tax_stem"].astype(object).where(result["hu_tax_stem"].notna(), None).tolist() == [
        "23460694",
        "23460694",
        None,
        None,
        None,
        None,
    ]
    assert normalise(pd.Series([], dtype="str")).empty


def test_real_cordis_vat_numbers(shared_data: Path) -> None:
    path = shared_data / "cordis" / "h2020_organizations_latest_2023-05-29.csv"
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    result = normalise(frame["vatNumber"]).assign(country=frame["country"])
    # 495 empty and 17 "MISSING", and two spelled otherwise.
    assert (result["kind"] == "missing").sum() >= 512
    eu = result[result["kind"] == "eu_vat"]
    assert len(eu) > 3500
    assert eu["is_valid"].mean() > 0.99
    hungarian = result[(result["country"] == "HU") & (result["kind"] != "missing")]
    assert (hungarian["kind"] == "hu_tax_number").all()
    assert hungarian["is_valid"].all()
    assert normalise(frame["organisationID"])["kind"].eq("pic").all()


def test_real_accounts_and_lei(shared_data: Path) -> None:
    filings = [
        json.loads(p.read_text(encoding="utf-8")) for p in (shared_data / "accounts" / "ebeszamolo_hu").glob("*.json")
    ]
    for field, kind in (("taxNumber", "hu_tax_number"), ("registrationNumber", "hu_registration_number")):
        result = normalise(pd.Series([f[field] for f in filings]))
        assert result["kind"].eq(kind).all()
        assert result["is_valid"].all()
    records = json.loads((shared_data / "registers" / "gleif_lei2_intraday_20240505.json").read_text(encoding="utf-8"))
    lei = normalise(pd.Series([r["LEI"]["$"] for r in records["records"]]))
    assert (lei["kind"].eq("lei") & lei["is_valid"]).all()


GYORI = ("gyori szerszamgep", "kft")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Győri Szerszámgép Kft.", GYORI),
        ("Gyõri  SZERSZÁMGÉP KFT", GYORI),
        ("„Győri Szerszámgép” Korlátolt Felelősségű Társaság", GYORI),
        ('"Gyori" Szerszámgép Korlátolt Felelőségű Társaság', GYORI),
        ("Győri Szerszámgép Korlátolt Fellelősségü Társaság_x000D_", GYORI),
        ("GYŐRI SZERSZÁMGÉP kotlátolt felelősségű társaság", GYORI),
        ("Győri Szerszámgép Korlártolt Felelősségű Táraság", GYORI),
        ("GyÅ\u2018ri SzerszÃ¡mgÃ©p K.F.T.", GYORI),
        ("Győri Szerszámgép, Kft. (f.a.)", GYORI),
        ("Kft. Győri Szerszámgép", GYORI),
        ("Győri Szerszámgép Közhasznú Nonprofit Kft.", ("gyori szerszamgep", "nonprofit_kft")),
        ("Győri Szerszámgép Nonprofit Korlátolt Felelősségű Társaság", ("gyori szerszamgep", "nonprofit_kft")),
        ("A.B.C. Zártkörűen Működő Részvénytársaság", ("abc", "zrt")),
        ("ABC zárkörűen működő részvénytársaság", ("abc", "zrt")),
        ("ABC Zártkörű Részvénytársaság", ("abc", "zrt")),
        ("ABC Nyílvánosan Működő Rt.", ("abc", "nyrt")),
        ("ABC Zártkörűen Működő Nonprofit Részvénytársaság", ("abc", "nonprofit_zrt")),
        ("ABC Rt.", ("abc", "rt")),
        ("Kovács és Társa Betéti Társaság", ("kovacs es tarsa", "bt")),
        ("ABC Közkereseti Társaság", ("abc", "kkt")),
        ("ABC Kiemelkedően Közhasznú Társaság", ("abc", "kht")),
        ("Fritz László Egyéni Cég", ("fritz laszlo", "egyeni_ceg")),
        ("Mészáros Árpád e.v.", ("meszaros arpad", "ev")),
        ("Mészáros Árpád egyéni vállalkozó", ("meszaros arpad", "ev")),
        ("City Taxi Szövetkezet", ("city taxi", "szovetkezet")),
        ("Autóipari Közhasznú Alapítvány", ("autoipari", "alapitvany")),
        ("Autóipari Egyesület", ("autoipari", "egyesulet")),
        ("Egyesület", ("egyesulet", None)),
        ("Eger Város Önkormányzata", ("eger varos onkormanyzata", None)),
        ("Zöld Fa", ("zold fa", None)),
        ("ALFA REY s.r.o.", ("alfa rey", "sro")),
        ("ALFA REY, spol. s r. o.", ("alfa rey", "sro")),
        ("Škoda Auto a.s.", ("skoda auto", "as")),
        ("Bär & Söhne GmbH & Co. KG", ("bar sohne", "gmbh_co_kg")),
        ("Bär GmbH", ("bar", "gmbh")),
        ("ALTERIX LTD", ("alterix", "private_ltd")),
        ("Acme LLC", ("acme", "llc")),
        ("Zeta Sp. z o.o.", ("zeta", "sp_zoo")),
        ("Filix d.o.o.", ("filix", "doo")),
        ("Laigo Bio B.V.", ("laigo bio", "bv")),
        ("Движение ЕООД", ("движение", "eood")),
        ("UAB Baltic", ("baltic", "uab")),
        ("O'Neil Kft", ("oneil", "kft")),
        ("---", (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_names(name: str | None, expected: tuple[str | None, str | None]) -> None:
    result = normalise_names(pd.Series([name, "X Kft."], dtype=object)).astype(object)
    first = result.where(result.notna(), None).to_dict("records")[0]
    assert (first["name_key"], first["legal_form"]) == expected


def test_keys_do_not_depend_on_order_and_are_stable() -> None:
    names = pd.Series(["B Kft.", None, "A Zrt.", "B Kft.", "C"], index=list("vwxyz"))
    result = normalise_names(names)
    assert result.index.tolist() == names.index.tolist()
    pd.testing.assert_frame_equal(normalise_names(names.iloc[::-1]).iloc[::-1], result)
    again = normalise_names(result["name_key"])
    pd.testing.assert_series_equal(again["name_key"], result["name_key"])
    assert normalise_names(pd.Series([], dtype="str")).empty


def test_repair_text() -> None:
    result = repair_text(
        pd.Series(["Gyõr", "GyÅ\u2018r  _x000D_", None, " Szûcs\tPéter", "PÃ©cs"], index=list("edcba"))
    )
    assert result.drop("c").to_dict() == {"e": "Győr", "d": "Győr", "b": "Szűcs Péter", "a": "Pécs"}
    assert pd.isna(result["c"])
    assert repair_text(pd.Series(["Võru"]), hungarian=False).tolist() == ["Võru"]


def test_real_hungarian_names(shared_data: Path) -> None:
    """No legal form of a firm stays in the key of a real name, but for names in which it is not at the end."""
    names: list[str] = []
    for path in sorted((shared_data / "projects" / "eu_structural_funds_hu").glob("*.json")):
        names += [row["Pályázó neve"] for row in json.loads(path.read_text(encoding="utf-8"))]
    with (shared_data / "projects" / "kohesio_cee_beneficiaries.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    names += [row[2] for row in rows if row[0].upper() == "HUNGARY"]
    series = pd.Series(names)
    result = normalise_names(series)
    assert len(series) == 12_935
    assert result["name_key"].notna().all()
    assert set(result["legal_form"].dropna()) <= set(LEGAL_FORMS)
    text = series.str.lower()
    named = text.str.contains(r"\b(?:kft|zrt|bt|nyrt)\b|korlátolt fel|részvénytársaság")
    assert named.sum() > 4500
    missed = series[named & result["legal_form"].isna()].unique()
    assert len(missed) <= 20
    assert result["name_key"].nunique() < series.nunique() * 0.95


def test_a_name_that_only_opens_like_a_romanian_one_has_no_form() -> None:
    found = normalise_names(pd.Series(["SC Metal", "ŠC Ravne", "SC Metal SRL"]))
    assert found["legal_form"].isna().tolist() == [True, True, False]
    assert found["name_key"].notna().all()
