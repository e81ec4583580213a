"""Kinds of damage that other people's lists have: forms of the neighbours, spoiled letters, places, typed numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.linkage.ceiling import ceiling, rivals
from benchmarks.linkage.generate import Benchmark, generate
from benchmarks.linkage.run import scores
from methods.errors import MethodError
from methods.linkage import lexicon, link
from methods.linkage.text import prepare

Ask = Callable[..., pd.Series]


def stem_of(registry: pd.DataFrame, firm: str) -> str:
    return str(registry.loc[registry["firm_id"] == firm, "tax_number"].str.slice(0, 8).tolist()[0])


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("Zentora s. r. o.", lexicon.KFT),
        ("Zentora, spol. s r.o.", lexicon.KFT),
        ("Zentora sp. z o.o.", lexicon.KFT),
        ("ZENTORA Spółka z ograniczoną odpowiedzialnością", lexicon.KFT),
        ("Zentora d.o.o.", lexicon.KFT),
        ("Zentora j.d.o.o.", lexicon.KFT),
        ("Zentora društvo s ograničenom odgovornošću", lexicon.KFT),
        ("S.C. Zentora S.R.L.", lexicon.KFT),
        ("Zentora S.r.l.s.", lexicon.KFT),
        ("Zentora S.p.A.", lexicon.RT),
        ("Zentora a. s.", lexicon.RT),
        ("Zentora Ges.m.b.H.", lexicon.KFT),
        ("Zentora Gesellschaft mit beschränkter Haftung", lexicon.KFT),
        ("ТОВ Зентора", lexicon.KFT),
        ("Зентора д.о.о.", lexicon.KFT),
    ],
)
def test_forms_of_the_neighbours_are_no_part_of_the_name(name: str, bits: int) -> None:
    vocabulary, names = prepare(pd.Series([name]))
    words = [vocabulary.words[k] for k in names.words[0] if k >= 0]
    assert words in (["zentora"], ["зентора"])
    assert names.form[0] & lexicon.FOREIGN
    assert names.form[0] & bits


def test_a_spoiled_word_inside_a_long_form_is_no_part_of_the_name() -> None:
    vocabulary, names = prepare(pd.Series(["Zentora Korl?tolt Fele?ss?g? T?rsas?g"]))
    assert [vocabulary.words[k] for k in names.words[0] if k >= 0] == ["zentora"]
    assert names.form[0] == lexicon.KFT


def test_elf_abbreviations_of_the_neighbours_are_known(shared_data: Path) -> None:
    path = shared_data / "classifications/gleif_elf_code_list_v1.5.csv"
    table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    wanted = table["Entity Legal Form name Local name"].str.contains(
        "beschränkter|ograničenom|omejeno odg|ograniczoną|răspundere limitată|Responsabilità Limitata$", case=False
    )
    column = "Country Code (ISO 3166-1)"
    limited = table[wanted & table[column].isin(["AT", "DE", "HR", "SI", "PL", "RO", "IT"])]
    short = limited["Abbreviations Local language"].str.split(";").explode().str.strip()
    short = short[(short != "") & ~short.str.contains(" mbB|PartG|OHG|&|consort|coop|S.C", case=False)]
    assert len(short) >= 7
    _, names = prepare("Zentora " + short)
    assert (names.words[:, 1] < 0).all(), short[names.words[:, 1] >= 0].tolist()
    assert (names.form & lexicon.FOREIGN > 0).all()


@pytest.mark.parametrize(
    ("name", "columns", "firm"),
    [
        ("Veltrona Logisztikai Korl?tolt Fele?ss?g? T?rsas?g", {"settlement": "Miskolc"}, "F10"),
        ("Logisztikai Veltrona K. F. T.", {"settlement": "Miskolc"}, "F10"),
        ("VELTRONA LOGISTICS LTD.", {"settlement": "Miskolc"}, "F10"),
        ("Veltrona Log. Kft.", {"settlement": "Miskolcz"}, "F10"),
        ("Veltrona Logisztikai Kft.", {"settlement": "Borsod-Abaúj-Zemplén vármegye"}, "F10"),
        ("Veltrona Logisztikai Kft.", {"postcode": "3525", "year": 1066}, "F10"),
        ("Veltrona Logisztikai Kft.", {"settlement": "Miskolc", "year": "folyamatban"}, "F10"),
        ("Kft. Dunagép", {"settlement": "6720 Szeged"}, "F02"),
        ("Duna-gép Kft.", {"settlement": "Szeged"}, "F02"),
    ],
)
def test_what_other_lists_do(ask: Ask, name: str, columns: dict[str, object], firm: str) -> None:
    found = ask(name, **columns)
    assert (found["firm_id"], found["status"]) == (firm, "accepted"), found["reason"]


def test_numbers_as_people_type_them(ask: Ask, registry: pd.DataFrame) -> None:
    stem = stem_of(registry, "F10")
    for typed in (f"{stem[:4]} {stem[4:]}", f"HU {stem}", f"{stem}-2", f"{stem}-2-", f"{stem} 2 03", f"{stem}.0"):
        found = ask("Veltrona", tax_number=typed)
        assert found["firm_id"] == "F10", typed
        assert "tax number valid" in found["reason"], typed
    assert ask("Veltrona", registration_number=stem)["firm_id"] == "F10"


def test_pic_and_euid_are_identifiers(registry: pd.DataFrame) -> None:
    firms = registry.assign(
        pic=[str(900_000_000 + k) for k in range(len(registry))],
        registration_number=[f"01-09-{300_000 + k}" for k in range(len(registry))],
    )
    at = firms["firm_id"].tolist().index("F10")
    euid = f"HUOCCSZ.{firms['registration_number'].iloc[at]}"
    records = pd.DataFrame(
        {"record_id": ["a", "b", "c"], "name": ["Veltrona"] * 3, "pic": [firms["pic"].iloc[at], None, None],
         "euid": [None, euid, None], "tax_number": [None, None, euid]}
    )  # fmt: skip
    links = link(firms, records).links
    assert links["firm_id"].tolist() == ["F10"] * 3
    assert links["method"].tolist() == ["pic", "registration_number", "registration_number"]
    by_euid = firms.drop(columns="registration_number").assign(euid="HUOCCSZ." + firms["registration_number"])
    assert link(by_euid, records).links["method"].tolist()[1] == "registration_number"


def test_an_old_number_counts_in_its_time(registry: pd.DataFrame) -> None:
    identifiers = pd.DataFrame(
        {"firm_id": ["F10"], "kind": ["tax_number"], "value": ["13245672-2-41"], "valid_from": [2005],
         "valid_to": ["2012-06-30"]}
    )  # fmt: skip
    records = pd.DataFrame(
        {"record_id": ["then", "now"], "name": ["Veltrona"] * 2, "tax_number": ["13245672"] * 2, "year": [2010, 2020]}
    )
    found = link(registry, records, identifiers=identifiers)
    assert "tax number valid" in found.links["reason"].iloc[0]
    assert found.links["method"].iloc[0] == "tax_number"
    assert "at another time" in found.links["reason"].iloc[1]
    chance = found.candidates.groupby(["record_id", "firm_id"])["probability"].max()
    without = link(registry, records).candidates.groupby(["record_id", "firm_id"])["probability"].max()
    assert chance["then", "F10"] > chance["now", "F10"] > without.get(("now", "F10"), 0.0)
    with pytest.raises(MethodError, match="identifiers: column value is missing"):
        link(registry, records, identifiers=identifiers.drop(columns="value"))


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    return generate(4_000, 3_000, 12)


def test_labels_teach(benchmark: Benchmark) -> None:
    b = benchmark
    # without identifiers nothing can be learnt from the records themselves
    records = b.records.drop(columns=["tax_number", "registration_number"])
    frames: dict[str, Any] = {"name_history": b.name_history, "address_history": b.address_history, "events": b.events}
    known, rest = b.truth.iloc[:1_500], b.truth.iloc[1_500:]
    plain = link(b.registry, records, **frames).links
    taught = link(b.registry, records, labels=known[["record_id", "firm_id"]], **frames).links
    before, after = scores(plain, rest), scores(taught, rest)
    assert after["F1"] >= before["F1"] - 0.003
    assert after["ECE"] <= before["ECE"] + 0.005
    assert not np.allclose(taught["probability"], plain["probability"])


def test_labels_that_do_not_fit_are_refused(benchmark: Benchmark) -> None:
    b = benchmark
    labels = pd.DataFrame({"record_id": ["R0000000"] * 2, "firm_id": ["F00000001", None]})
    with pytest.raises(MethodError, match="labels: record_id R0000000 has two answers"):
        link(b.registry, b.records, labels=labels)
    with pytest.raises(MethodError, match="labels: column firm_id is missing"):
        link(b.registry, b.records, labels=labels[["record_id"]])


def test_no_linker_is_better_than_the_ceiling(benchmark: Benchmark) -> None:
    number = rivals(benchmark)
    has = benchmark.truth["firm_id"].notna().to_numpy()
    assert (number[has] >= 1).all()
    assert (number[has] > 1).any()
    b = benchmark
    found = link(b.registry, b.records, name_history=b.name_history, address_history=b.address_history, events=b.events,
                 vat_groups=b.vat_groups).links  # fmt: skip
    assert scores(found, b.truth)["F1"] < ceiling(b)["F1"]
