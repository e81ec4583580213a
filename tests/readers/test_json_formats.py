"""JSON formats: annual accounts, projects, legal entity identifiers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resources.errors import ConfigurationError, DeliveryError
from tests.readers.conftest import Read, assert_sound, records

FORMATS = ["ebeszamolo_json", "cordis_json", "structural_funds_json", "gleif_json"]


def item(name: str, target: Any, previous: Any = 0, amendments: Any = 0) -> dict[str, Any]:
    return {"itemName": name, "targetYearData": target, "previousYearData": previous, "amendments": amendments}


TOTAL_COST = [
    item("I. Értékesítés nettó árbevétele", 1000, 900),
    item("II. Aktivált saját teljesítmények értéke", 30, 20),
    item("III. Egyéb bevételek", 40, 10),
    item("Ebből: ─ Visszaírt értékvesztés", 7, 6),
    item("IV. Anyagjellegű ráfordítások", 600, 500),
    item("V. Személyi jellegű ráfordítások", 250, 240),
    item("VI. Értékcsökkenési leírás", 60, 50),
    item("VII. Egyéb ráfordítások", 50, 40),
    item("Ebből: ─ Értékvesztés", 5, 4),
    item("A. Üzemi (üzleti) tevékenység eredménye", 110, 100),
    item("C. Adózás előtti eredmény", 99, 98),
]
COST_OF_SALES = [
    item("01. Belföldi értékesítés nettó árbevétele", 600),
    item("02. Exportértékesítés nettó árbevétele", 400),
    item("I. Értékesítés nettó árbevétele", 1000),
    item("II. Értékesítés közvetlen költségei", 700),
    item("III. Értékesítés bruttó eredménye", 300),
    item("IV. Értékesítés közvetett költségei", 150),
    item("V. Egyéb bevételek", 40),
    item("VI. Egyéb ráfordítások", 50),
    item("A. Üzemi (üzleti) tevékenység eredménye", 140),
    item("C. Adózás előtti eredmény", 120),
]


def filing(items: list[dict[str, Any]] | None, **more: Any) -> dict[str, Any]:
    head = {
        "taxNumber": "10000007-2-41",
        "registrationNumber": "01-09-000001",
        "companyName": "Minta Kft.",
        "year": 2024,
    }
    head |= {"headquarter": "Magyarország, 1011 Budapest", "currency": "HUF", "unit": "ezer"}
    head |= {"filingDate": "2025. május 30."}
    return {**head, "incomeStatement": {"rows": items}, **more}


def test_total_cost_layout(read_text: Read) -> None:
    raw = read_text("ebeszamolo_json", json.dumps(filing(TOTAL_COST)))
    target, previous = records(raw)
    expected = {
        "net_turnover": "1000",
        "capitalised_own_performance": "30",
        "other_income": "40",
        "reversals": "7",
        "material_expenses": "600",
        "personnel_expenses": "250",
        "depreciation": "60",
        "other_expenses": "50",
        "operating_result": "110",
        "profit_before_tax": "99",
        "domestic_turnover": None,
        "wages": None,
        "layout": "total_cost",
        "year": "2024",
        "is_previous_year": "false",
        "has_amendments": "false",
        "filingDate": "2025. május 30.",
    }
    assert {key: target[key] for key in expected} == expected
    assert (previous["year"], previous["is_previous_year"], previous["net_turnover"]) == ("2023", "true", "900")
    assert (previous["reversals"], previous["operating_result"]) == ("6", "100")


def test_items_are_known_by_their_text_wherever_they_stand(read_text: Read) -> None:
    shuffled = [{**i, "itemName": " " + i["itemName"].upper().replace(" ", "  ")} for i in reversed(TOTAL_COST)]
    assert shuffled[0]["itemName"].startswith(" C.")
    plain = records(read_text("ebeszamolo_json", json.dumps(filing(TOTAL_COST))))[0]
    found = records(read_text("ebeszamolo_json", json.dumps(filing(shuffled))))[0]
    # "of which" lines belong to the item above them, and reversed they stand below another.
    assert found["reversals"] is None
    assert {**found, "reversals": "7"} == plain


def test_a_numeral_with_another_text_is_another_item(read_text: Read) -> None:
    items = [*TOTAL_COST, item("VII. Rendkívüli ráfordítások", 5), item("I. Immateriális javak", 9)]
    assert records(read_text("ebeszamolo_json", json.dumps(filing(items))))[0]["other_expenses"] == "50"


def test_cost_of_sales_layout(read_text: Read) -> None:
    row = records(read_text("ebeszamolo_json", json.dumps(filing(COST_OF_SALES))))[0]
    assert row["layout"] == "cost_of_sales"
    assert (row["other_income"], row["other_expenses"], row["operating_result"]) == ("40", "50", "140")
    assert (row["domestic_turnover"], row["export_turnover"]) == ("600", "400")
    assert (row["material_expenses"], row["personnel_expenses"], row["depreciation"]) == (None, None, None)
    assert row["capitalised_own_performance"] is None


def test_years_and_amendments(read_text: Read) -> None:
    document = filing([*TOTAL_COST, item("X. Adó", 1, 1, 3)], year=2022, targetYear=2024, previousYear=2021)
    assert [r["year"] for r in records(read_text("ebeszamolo_json", json.dumps(document)))] == ["2024", "2021"]
    assert {r["has_amendments"] for r in records(read_text("ebeszamolo_json", json.dumps(document)))} == {"true"}
    first = [{**i, "previousYearData": None} for i in TOTAL_COST]
    assert [r["year"] for r in records(read_text("ebeszamolo_json", json.dumps(filing(first))))] == ["2024"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (filing([]), "has no items"),
        (filing(None), "no profit and loss account"),
        (filing(TOTAL_COST[1:]), "lacks net_turnover"),
        (filing([i for i in TOTAL_COST if "Üzemi" not in i["itemName"]]), "lacks operating_result"),
        (filing([*TOTAL_COST, "x"]), "not an object"),  # type: ignore[list-item]
        ("text", "not a filing"),
    ],
)
def test_filings_that_cannot_be_read_are_rejects(read_text: Read, document: Any, reason: str) -> None:
    raw = read_text("ebeszamolo_json", json.dumps([document, filing(TOTAL_COST)]))
    assert [r["_row"] for r in records(raw)] == [2, 3]
    assert [r.row for r in raw.rejects] == [1]
    assert reason in raw.rejects[0].reason
    assert_sound(raw)


def test_participations(read_text: Read) -> None:
    projects = [
        {"id": "1", "title": "T", "participants": [{"name": "A", "country": "HU"}, {"name": "B", "lat": 47.5}]},
        {"id": "2", "title": "U", "participants": [], "project_website": "w"},
        {"id": "3", "participants": [7]},
        "four",
    ]
    raw = read_text("cordis_json", json.dumps(projects))
    assert [(r["_row"], r["id"], r["participant_order"], r["participant_name"]) for r in records(raw)] == [
        (1, "1", "1", "A"),
        (2, "1", "2", "B"),
    ]
    assert records(raw)[1]["participant_lat"] == "47.5"
    assert [(r.row, r.reason) for r in raw.rejects] == [
        (3, "the project has no participants"),
        (4, "participant 1 is a string or number, not an object"),
        (5, "not a project with a list of participants but a string or number"),
    ]
    by_project = read_text("cordis_json", json.dumps(projects), rows="projects")
    assert [(r["id"], r["participant_count"]) for r in records(by_project)] == [("1", "2"), ("2", "0"), ("3", "1")]
    assert len(by_project.rejects) == 1
    with pytest.raises(ConfigurationError, match="rows"):
        read_text("cordis_json", "[]", rows="project")


def test_structural_funds_columns_are_the_union_of_keys(read_text: Read) -> None:
    raw = read_text(
        "structural_funds_json",
        '[{"Pályázó neve": "A", "Megítélt összeg": "11 065 359 .- HUF"}, {"OP név": "X", "n": 1.50, "l": [1, "ő"]}, 3]',
    )
    assert raw.columns == ("Pályázó neve", "Megítélt összeg", "OP név", "n", "l")
    assert [(r["Megítélt összeg"], r["OP név"], r["n"], r["l"]) for r in records(raw)] == [
        ("11 065 359 .- HUF", None, None, None),
        (None, "X", "1.50", '["1", "ő"]'),
    ]
    assert [(r.row, r.reason) for r in raw.rejects] == [(3, "the record is a string or number, not an object")]


def test_gleif_unwraps_values(read_text: Read) -> None:
    record = {
        "LEI": {"$": "5299000J2N45DDNE4Y28"},
        "Entity": {
            "LegalName": {"@xml:lang": "hu", "$": "Minta Kft."},
            "OtherEntityNames": {"OtherEntityName": [{"$": "Sample"}, {"$": "Sample"}]},
            "TransliteratedOtherEntityNames": {"TransliteratedOtherEntityName": {"$": "MINTA KFT"}},
            "LegalAddress": {"City": {"$": "Győr"}, "Country": {"$": "HU"}, "PostalCode": {"$": "9021"}},
            "RegistrationAuthority": {
                "RegistrationAuthorityID": {"$": "RA000391"},
                "RegistrationAuthorityEntityID": {"$": "08-09-000001"},
            },
            "LegalForm": {"EntityLegalFormCode": {"$": "P9F2"}},
            "EntityStatus": {"$": "ACTIVE"},
        },
        "Registration": {"RegistrationStatus": {"$": "ISSUED"}},
    }
    raw = read_text("gleif_json", json.dumps({"records": [record, {"Entity": {}}, None]}))
    found = records(raw)[0]
    expected = {
        "lei": "5299000J2N45DDNE4Y28",
        "legal_name": "Minta Kft.",
        "other_names": "Sample | MINTA KFT",
        "country": "HU",
        "city": "Győr",
        "postal_code": "9021",
        "registration_authority_id": "RA000391",
        "registration_authority_entity_id": "08-09-000001",
        "elf_code": "P9F2",
        "entity_status": "ACTIVE",
        "registration_status": "ISSUED",
        "region": None,
    }
    assert {key: found[key] for key in expected} == expected
    assert [(r.row, r.reason) for r in raw.rejects] == [(2, "the record has no LEI"), (3, "the record is null")]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        (b"", "", "the file is empty"),
        (b"<!doctype html><title>502</title>", ":1", "an HTML page"),
        (b'[\n{"a": "x"},\n{"a": "unfin', ":3", "truncated"),
        (b'[\n{"a": 1},', ":2", "truncated"),
        (b'[\n{"a" 1}]', ":2", "not JSON"),
        (b'[{"a": 1}]\n[]', ":2", "not JSON"),
        (b'[\n"\xe9"]', ":2", "byte 0xe9 is not utf-8"),
        (b"[" * 200_000, "", "nested too deeply|truncated"),
    ],
)
def test_documents_that_are_none(read_text: Read, format: str, content: bytes, where: str, what: str) -> None:
    with pytest.raises(DeliveryError, match=rf"^data\.json{where}(:1)?: .*({what})"):
        read_text(format, content, "data.json")


@pytest.mark.parametrize(
    ("format", "content", "what"),
    [
        ("cordis_json", "{}", "the top level is an object, not a list of records"),
        ("structural_funds_json", "7", "the top level is a string or number"),
        ("gleif_json", "[]", "the top level is a list without a list under 'records'"),
        ("gleif_json", '{"records": {}}', "without a list under 'records'"),
        ("gleif_json", '{"records": []}', "the list of records is empty"),
        ("cordis_json", "[]", "the list of records is empty"),
        ("structural_funds_json", '[{"a": 1, "A": 2}]', "'A' occurs twice"),
    ],
)
def test_wrong_shapes(read_text: Read, format: str, content: str, what: str) -> None:
    with pytest.raises(DeliveryError, match=what):
        read_text(format, content)


def test_half_of_a_surrogate_pair_rejects_its_record(read_text: Read) -> None:
    raw = read_text("structural_funds_json", '[{"a": "x\\ud800"}, {"a": "y\\u0000"}, {"a": "\\ud83d\\ude00"}]')
    assert [(r["_row"], r["a"]) for r in records(raw)] == [(3, "\U0001f600")]
    assert [r.row for r in raw.rejects] == [1, 2]
    assert_sound(raw)
