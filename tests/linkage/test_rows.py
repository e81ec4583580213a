"""One kind of row after the other: what people type, and the firm they mean."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from methods.linkage import link

Ask = Callable[..., pd.Series]


def stem_of(registry: pd.DataFrame, firm: str) -> str:
    """The eight digits of a firm's tax number."""
    return str(registry.loc[registry["firm_id"] == firm, "tax_number"].str.slice(0, 8).tolist()[0])


@pytest.mark.parametrize(
    ("name", "columns", "firm"),
    [
        ("KOVACS ES TARSA BT", {"settlement": "GYOR"}, "F01"),
        ("Kovács & Társa Limited Partnership", {"settlement": "Győr"}, "F01"),
        ("Kovács és Tsa. Ker. és Szolg. Bt.", {"postcode": "9021"}, "F01"),
        ("Betéti Társaság Kovács és Társa", {"settlement": "Győr"}, "F01"),
        ("KovÃ¡cs Ã©s TÃ¡rsa Bt.", {"settlement": "GyÅ‘r"}, "F01"),
        ("Dunagép Ltd.", {"settlement": "Szeged"}, "F02"),
        ("Duna Gép Kft.", {"settlement": "Szeged"}, "F02"),
        ("Veltorna Logisztikai Korlátolt Felelőségű Társaság", {"settlement": "Miskolc"}, "F10"),
        ("Dunagép K.F.T.", {"settlement": "Csongrád-Csanád megye"}, "F02"),
        ("Dunagép Machinery Ltd", {"settlement": "Szged"}, "F02"),
        ("Zentora Holding Zrt.", {"settlement": "Pécs"}, "F03"),
        ("Zentora Ingatlan Kft.", {"settlement": "Pécs"}, "F04"),
        ("ZENTORA REAL ESTATE LTD.", {"settlement": "PECS"}, "F04"),
        ("Róka Fehér IT Kft.", {"settlement": "Debrecen"}, "F05"),
        ("Fehér Róka", {"settlement": "Debrecen"}, "F05"),
        ("Mirabella Szalon", {"settlement": "Budapest XIII. kerület"}, "F08"),
        ("Mirabella Szalon Kft.", {"settlement": "Bp. V. ker."}, "F09"),
        ("Morvika Korlátolt Felelősségű Társaság", {"settlement": "Eger"}, "F13"),
        ("MORVIKA ZARTKORUEN MUKODO RESZVENYTARSASAG", {"settlement": "Eger"}, "F14"),
        ("Okrinol Zártkörűen Működő Részvénytársaság", {"settlement": "Szolnok", "year": 2019}, "F11"),
    ],
)
def test_the_firm_that_is_meant(ask: Ask, name: str, columns: dict[str, object], firm: str) -> None:
    found = ask(name, **columns)
    assert (found["firm_id"], found["status"]) == (firm, "accepted")
    assert found["probability"] > 0.55
    assert found["reason"]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("Szegedi Tudományegyetem", {"settlement": "Szeged"}),
        ("University of Pécs", {"settlement": "Pécs"}),
        ("Győr Megyei Jogú Város Önkormányzata", {"settlement": "Győr"}),
        ("Zentora Energia Kft.", {"settlement": "Pécs"}),
        ("Dunagép GmbH", {"settlement": "Wien", "country": "AT"}),
        ("Argentum Nova Kft.", {"settlement": "Győr"}),
        ("Kovács és Fia Bt.", {"settlement": "Győr"}),
    ],
)
def test_no_link_where_no_firm_is_meant(ask: Ask, name: str, columns: dict[str, object]) -> None:
    found = ask(name, **columns)
    assert found["status"] != "accepted"


def test_two_firms_that_fit_alike_go_to_review(ask: Ask) -> None:
    found = ask("Tóth Építő Kft.", settlement="Eger")
    assert found["status"] == "review"
    assert found.isna()["firm_id"]
    assert found["reason"].startswith("ambiguous, F06 0.")
    assert "or F07 0." in found["reason"]


def test_a_valid_identifier_finds_the_firm_under_any_spelling(ask: Ask, registry: pd.DataFrame) -> None:
    stem = stem_of(registry, "F10")
    for typed in (stem, f"HU{stem}", f"{stem}-2-03", f" {stem}203 "):
        found = ask("Veltrona", tax_number=typed)
        assert (found["firm_id"], found["status"], found["method"]) == ("F10", "accepted", "tax_number")
    assert "tax number valid" in ask("Veltrona", tax_number=stem)["reason"]


def test_registration_number_and_euid(registry: pd.DataFrame) -> None:
    firms = registry.assign(registration_number=[f"01-09-{300_000 + k}" for k in range(len(registry))])
    number = firms["registration_number"].iloc[9]
    typed = [number, f"HUOCCSZ.{number}", number.replace("-", "")]
    records = pd.DataFrame({"record_id": ["a", "b", "c"], "name": ["Veltrona"] * 3, "registration_number": typed})
    links = link(firms, records).links
    assert links["firm_id"].tolist() == ["F10"] * 3
    assert set(links["method"]) == {"registration_number"}


def test_a_partners_number_is_not_believed(ask: Ask, registry: pd.DataFrame) -> None:
    other = stem_of(registry, "F10")
    found = ask("Okrinol Vegyipari Zrt.", settlement="Szolnok", tax_number=other)
    assert found["firm_id"] == "F11"
    assert "another firm's" in found["reason"]


def test_a_number_with_one_wrong_digit_helps(ask: Ask, registry: pd.DataFrame) -> None:
    stem = stem_of(registry, "F06")
    broken = stem[:7] + str((int(stem[7]) + 3) % 10)
    found = ask("Tóth Építő Kft.", settlement="Eger", tax_number=broken)
    assert (found["firm_id"], found["status"]) == ("F06", "accepted")


def test_the_number_of_a_vat_group_leads_to_the_member_of_that_name(ask: Ask) -> None:
    groups = pd.DataFrame({"group_tax_number": ["17781774-5-44"] * 2, "firm_id": ["F03", "F04"]})
    found = ask("Zentora Ingatlan", tax_number="17781774-5-44", frames={"vat_groups": groups})
    assert (found["firm_id"], found["method"]) == ("F04", "vat_group")


def test_a_former_name_is_known(ask: Ask) -> None:
    history = pd.DataFrame(
        {"firm_id": ["F12"], "name": ["Arkovita Kft."], "valid_from": [2001], "valid_to": ["2015-06-30"]}
    )
    found = ask("Arkovita Kft.", settlement="Sopron", year=2012, frames={"name_history": history})
    assert (found["firm_id"], found["status"]) == ("F12", "accepted")
    assert "former name" in found["reason"]


def test_a_former_address_is_known(ask: Ask) -> None:
    history = pd.DataFrame(
        {"firm_id": ["F12"], "postcode": [None], "settlement": ["Eger"], "address": [None], "valid_to": [2010]}
    )
    with_history = ask("Pannorex Kft.", settlement="Eger", frames={"address_history": history})
    assert with_history["firm_id"] == "F12"
    assert "former address" in with_history["reason"]


def test_after_a_merger_the_successor_is_meant(ask: Ask, registry: pd.DataFrame) -> None:
    events = pd.DataFrame({"predecessor_id": ["F11"], "successor_id": ["F10"], "kind": ["merger"], "year": [2018]})
    ended = registry.assign(status=["dissolved" if firm == "F11" else "active" for firm in registry["firm_id"]])
    records = pd.DataFrame(
        {
            "record_id": ["a", "b"],
            "name": ["Okrinol Vegyipari Zrt."] * 2,
            "settlement": ["Szolnok"] * 2,
            "year": [2015, 2021],
        }
    )
    found = link(ended, records, events=events).links.set_index("record_id")["firm_id"]
    assert found.to_dict() == {"a": "F11", "b": "F10"}
