"""Organisations: what unites records, what keeps them apart, and ids that depend on nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.organisation_names import compared_names, similar_names
from methods.organisations import BASES, COLUMNS, group_organisations

EMPTY: dict[str, Any] = {**dict.fromkeys(COLUMNS), "country": "AT", "is_refused": False, "is_ambiguous": False}
UNI = "Montanuniversitaet Leoben"


def records(*rows: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([EMPTY | {"record_id": f"r{k}"} | dict(row) for k, row in enumerate(rows)], columns=COLUMNS)


def ids(*rows: Mapping[str, Any]) -> list[str]:
    return group_organisations(records(*rows))["organisation_id"].tolist()


def bases(*rows: Mapping[str, Any]) -> list[str]:
    return group_organisations(records(*rows))["basis"].tolist()


def test_a_pic_unites_whatever_the_name() -> None:
    rows = {"pic": "999", "name": "Uni A"}, {"pic": "999", "name": "University of Elsewhere", "country": "DE"}
    assert ids(*rows) == ["PIC:999", "PIC:999"]
    assert bases(*rows) == ["pic", "pic"]


def test_the_lowest_pic_is_the_id_as_a_number() -> None:
    same = {"name": UNI, "identifier": "VAT:ATU1"}
    assert ids(same | {"pic": "1000"}, same | {"pic": "999"}) == ["PIC:999", "PIC:999"]


def test_an_identifier_of_two_names_does_not_unite_two_pics() -> None:
    vat = {"identifier": "VAT:UK100202606", "country": "UK"}
    got = ids(vat | {"pic": "1", "name": "RINA TECH UK LTD"}, vat | {"pic": "2", "name": "RINA CONSULTING DEFENCE LTD"})
    assert got == ["PIC:1", "PIC:2"]


def test_the_name_decides_which_pic_of_a_vat_group_a_record_means() -> None:
    vat = {"identifier": "VAT:UK1", "country": "UK"}
    rows = (
        vat | {"pic": "1", "name": "Rsk Environment Limited"},
        vat | {"pic": "2", "name": "Rsk Adas Limited"},
        vat | {"name": "RSK ADAS"},
        vat | {"name": "Somebody Else"},
    )
    assert ids(*rows) == ["PIC:1", "PIC:2", "PIC:2", "VAT:UK1"]
    assert bases(*rows)[2:] == ["identifier", "identifier"]


def test_two_pics_of_one_name_form_and_place_are_one_unless_an_identifier_contradicts() -> None:
    one, two = ({"pic": pic, "name": "Alpen Tech GmbH", "place": "WIEN"} for pic in "12")
    assert ids(one, two) == ["PIC:1", "PIC:1"]
    assert ids(one, two | {"place": "GRAZ"}) == ["PIC:1", "PIC:2"]
    assert ids(one | {"identifier": "VAT:A"}, two | {"identifier": "VAT:B"}) == ["PIC:1", "PIC:2"]
    assert ids(one, two | {"name": "Alpen Tech GmbH & Co. KG"}) == ["PIC:1", "PIC:2"]


def test_a_contradiction_breaks_the_chain_over_a_third_pic() -> None:
    a = {"pic": "1", "name": "Alpen Tech GmbH", "place": "WIEN", "identifier": "VAT:A"}
    middle = {"pic": "2", "name": "Alpen Tech GmbH", "place": "WIEN"}
    renamed = {"pic": "2", "name": "Donau Werk GmbH", "place": "LINZ"}
    b = {"pic": "3", "name": "Donau Werk GmbH", "place": "LINZ", "identifier": "VAT:B"}
    assert ids(a, middle, renamed, b) == ["PIC:1", "PIC:2", "PIC:2", "PIC:3"]


def test_identifiers_unite_what_has_no_pic() -> None:
    rows = {"identifier": "VAT:ATU1", "name": "A"}, {"identifier": "VAT:ATU1", "name": "B"}
    assert ids(*rows) == ["VAT:ATU1", "VAT:ATU1"]
    assert ids({"identifier": "VAT:ATU1", "pic": "7"}, {"identifier": "VAT:ATU1"}) == ["PIC:7", "PIC:7"]


@pytest.mark.parametrize(
    "other",
    [
        "MONTANUNIVERSITÄT LEOBEN",
        "Leoben, Montanuniversitat",
        "Montanuniversitat  Leoben GmbH",
        "Montan-Universität Leoben",
    ],
)
def test_spellings_of_a_name_follow_the_pic(other: str) -> None:
    assert ids({"pic": "1", "name": UNI}, {"name": other}) == ["PIC:1", "PIC:1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Obec Helcmanovce", "Obec Hermanovce"),
        ("Gymnazium 2 Zvolen", "Gymnazium 3 Zvolen"),
        ("I. Gimnazija Zagreb", "V. Gimnazija Zagreb"),
        ("Institute of Biophysics", "Institute of Geophysics"),
        ("Storengy SA", "Storengy SAS"),
        ("Labor Zvolen 1234567", "Labor Zvolen 1234568"),
        ("xxx", "xxx"),
    ],
)
def test_other_names_stay_apart(one: str, other: str) -> None:
    common = ({"name": f"{one.split()[0]} {chr(97 + k) * 7}"} for k in range(26))
    assert len(set(ids({"name": one}, {"name": other}, *common)[:2])) == 2


def test_a_typing_error_is_believed_beside_a_rare_word_or_at_the_same_place() -> None:
    assert len(set(ids({"name": "Institut Sonnenforschung"}, {"name": "Institut Sonnenforschnug"}))) == 1
    single = {"name": "Heliotechnik"}, {"name": "Heliotecnik"}
    assert len(set(ids(*single))) == 2
    assert len(set(ids(*({**row, "place": "WIEN"} for row in single)))) == 1


def test_a_typing_error_is_not_believed_between_legal_forms() -> None:
    got = ids({"name": "Alpen Hydrotechnik GmbH"}, {"name": "Alpen Hydrotehcnik AG"}, {"name": "Alpen Hydrotehcnik"})
    assert got[0] != got[1]


def test_names_do_not_chain() -> None:
    names = ["Donau Aaaaaabbbb", "Donau Aaaaaabbbbcc", "Donau Aaaaaabbbbccdd"]
    got = ids(*({"name": name} for name in names))
    assert got[0] == got[1] != got[2]


def test_equal_names_of_two_countries_are_two_organisations() -> None:
    assert len(set(ids({"name": UNI}, {"name": UNI, "country": "DE"}))) == 2


def test_a_name_of_two_pics_goes_by_its_place_or_stays_alone() -> None:
    firm = {"name": "Alpen Tech GmbH"}
    rows = (
        firm | {"pic": "1", "place": "WIEN"},
        firm | {"pic": "2", "place": "GRAZ"},
        firm | {"place": "GRAZ"},
        firm | {"place": "LINZ"},
        firm,
    )
    got = ids(*rows)
    assert got[:3] == ["PIC:1", "PIC:2", "PIC:2"]
    assert got[3] == got[4]
    assert got[3].startswith("NAME:AT:")


def test_an_accepted_link_is_the_organisation_and_draws_its_pic_along() -> None:
    linked = {"legal_unit_id": "F1", "pic": "5", "name": "Novara Kft.", "country": "HU"}
    rows = linked, linked | {"legal_unit_id": None, "name": "Novarra"}, {"name": "NOVARA KFT", "country": "HU"}
    assert ids(*rows) == ["F1", "F1", "F1"]
    assert bases(*rows) == ["legal_unit", "pic", "name"]


def test_no_record_follows_a_misspelt_name_to_a_legal_unit() -> None:
    got = ids(
        {"legal_unit_id": "F1", "name": "Novara Hidrotechnika Kft.", "country": "HU"},
        {"name": "Novara Hidrotehcnika Kft.", "country": "HU"},
    )
    assert got[0] == "F1"
    assert got[1].startswith("NAME:HU:")


def test_what_a_person_refused_follows_neither_pic_nor_name() -> None:
    linked: dict[str, Any] = {"legal_unit_id": "F1", "pic": "5", "name": "Novara Kft.", "country": "HU"}
    refused = linked | {"legal_unit_id": None, "is_refused": True}
    assert ids(linked, refused, refused | {"pic": None})[0] == "F1"
    assert "F1" not in ids(linked, refused, refused | {"pic": None})[1:]
    assert ids(linked, refused | {"pic": None})[1] != "F1"


def test_the_pic_follows_the_unit_that_most_of_its_records_mean() -> None:
    row: dict[str, Any] = {"pic": "5", "country": "HU"}
    got = ids(*(row | {"legal_unit_id": unit} for unit in ("F2", "F1", "F2", None)))
    assert got == ["F2", "F1", "F2", "F2"]


def test_an_ambiguous_name_needs_its_place() -> None:
    vass = {"name": "Vass Kft.", "country": "HU", "is_ambiguous": True}
    got = ids(vass | {"place": "GYOR"}, vass | {"place": "GYOR"}, vass | {"place": "PECS"}, vass, vass)
    assert got[0] == got[1]
    assert len(set(got)) == 4


def test_identifiers_that_names_would_chain_stay_apart() -> None:
    pic = {"pic": "1", "name": UNI}
    also = {"pic": "1", "name": "Leoben Mining School"}
    got = ids(pic, also, {"identifier": "VAT:A", "name": UNI}, {"identifier": "VAT:B", "name": "Leoben Mining School"})
    assert got == ["PIC:1", "PIC:1", "VAT:A", "VAT:B"]


def test_a_record_of_which_nothing_is_known_stands_alone() -> None:
    rows = {"name": None, "country": None}, {"name": "N/A"}, {"name": None}
    assert ids(*rows) == ["RECORD:r0", "RECORD:r1", "RECORD:r2"]
    assert bases(*rows) == ["single"] * 3


def test_leading_sc_is_a_form_in_romania_and_a_word_elsewhere() -> None:
    names = pd.Series(["S.C. ALFA S.R.L.", "SC Freiburg", "ŠC Ravne"])
    got = compared_names(names, pd.Series(["RO", "DE", "SI"]))
    assert got["key"].tolist() == ["alfa", "freiburg sc", "ravne sc"]
    assert got["form"].iloc[0] == "srl"


def test_an_umlaut_is_written_in_two_ways() -> None:
    got = compared_names(pd.Series(["KÖNIG & VÄTER", "Koenig und Vaeter"]), pd.Series(["AT", "AT"]))
    assert got["key"].tolist() == ["konig vater"] * 2


def test_similar_names_are_scored_by_the_letters_that_agree() -> None:
    frame = pd.DataFrame({"country": "SI", "key": ["institut jozef stefan", "institute jozef stefan"], "form": None})
    pairs = similar_names(frame.assign(places=pd.Series([frozenset(), frozenset()], dtype=object)))
    assert pairs[["left", "right"]].to_numpy().tolist() == [[0, 1]]
    assert pairs["score"].iloc[0] == pytest.approx(1 - 1.5 / 23)


text = st.sampled_from(
    [
        "Alpen Tech GmbH",
        "ALPEN TECH",
        "Alpen Tehc GmbH",
        "Alpen Tech GmbH & Co KG",
        "Donau Werk",
        "Universität Wien",
        "xxx",
    ]
)
row = st.fixed_dictionaries(
    {
        "name": st.none() | text,
        "country": st.sampled_from([None, "AT", "DE"]),
        "legal_unit_id": st.sampled_from([None, None, None, "F1", "F2"]),
        "is_refused": st.booleans(),
        "is_ambiguous": st.booleans(),
        "pic": st.sampled_from([None, None, "9", "10", "11"]),
        "identifier": st.sampled_from([None, None, "VAT:A", "VAT:B"]),
        "place": st.sampled_from([None, "WIEN", "GRAZ"]),
    }
)


@settings(max_examples=30, deadline=None)
@given(st.lists(row, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_every_grouping(rows: list[dict[str, Any]], random: Any) -> None:
    for one in rows:
        one["is_refused"] = one["is_refused"] and one["legal_unit_id"] is None
    frame = records(*rows)
    got = group_organisations(frame)
    assert got["organisation_id"].notna().all()
    assert set(got["basis"]) <= set(BASES)

    order = list(range(len(frame)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(group_organisations(frame.iloc[order]).loc[frame.index], got)

    # Saying of each record the unit that was found changes nothing, and unites nothing more.
    units = got["organisation_id"].where(got["organisation_id"].isin(["F1", "F2"]), None)
    settled = frame.assign(
        legal_unit_id=units, is_refused=frame["is_refused"] & units.isna(), record_id=frame["record_id"]
    )
    assert group_organisations(settled)["organisation_id"].tolist() == got["organisation_id"].tolist()

    linked = frame["legal_unit_id"].notna().to_numpy()
    assert (got["organisation_id"].to_numpy()[linked] == frame["legal_unit_id"].to_numpy()[linked]).all()
    free = frame.assign(o=got["organisation_id"])[~linked & ~frame["is_refused"]]
    assert (free[free["pic"].notna()].groupby("pic")["o"].nunique() <= 1).all()
    refused = frame["is_refused"].to_numpy()
    assert not set(got["organisation_id"][refused]) & {"F1", "F2"}


def test_a_later_record_leaves_the_other_ids() -> None:
    rng = np.random.default_rng(3)
    names = [f"Werk {word} {k}" for k, word in enumerate(rng.permutation(list("abcdefghij") * 5))]
    frame = records(*({"name": name, "pic": str(k) if k % 3 else None} for k, name in enumerate(names)))
    more = pd.concat([frame, frame.assign(record_id="x" + frame["record_id"], pic=None)], ignore_index=True)
    before = group_organisations(frame)["organisation_id"]
    after = group_organisations(more)["organisation_id"]
    assert after[: len(frame)].tolist() == before.tolist()
    assert after[len(frame) :].tolist() == before.tolist()
