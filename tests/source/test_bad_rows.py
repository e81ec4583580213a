"""What bad input gets: rows in quarantine with reasons under the source's own column, or a `DeliveryError`."""

from __future__ import annotations

import json

import duckdb
import pytest

from assets.verdicts import intake_checks
from resources.engine import sql_file
from resources.errors import ConfigurationError, DeliveryError
from tests.source.conftest import Take, contract_of

REGISTRY = (
    "firm_id,name,tax_number,nace_rev2_code,institutional_sector,nuts3_code,employees,founded_date,dissolved_date"
)
GOOD = "F1,Alza.hu Kft.,25745849-2-41,4791,S11,HU110,12,2016-10-03,"


def registry(*rows: str) -> str:
    return "\n".join([REGISTRY, GOOD, *rows]) + "\n"


def test_good_rows_are_typed(take: Take) -> None:
    taken = take("business_registry", registry("F2,Alapítvány,,S,S15,HU331,,,"))
    assert taken.is_accounted_for
    assert not taken.reasons
    first, second = taken.accepted
    assert (first["tax_stem"], first["nace_rev2_code"], first["employees"]) == ("25745849", "47.91", 12)
    assert (second["tax_number"], second["tax_stem"], second["source_id"]) == (None, None, "publisher")


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("F2,Bad digit Kft.,25745848-2-41,4791,S11,HU110,1,2016-10-03,", "tax_number", "check digit or form is wrong"),
        ("F2,No number Kft.,2574584-2-41,4791,S11,HU110,1,2016-10-03,", "tax_number", "not a valid tax stem"),
        ("F2,Negative Kft.,,4791,S11,HU110,-3,2016-10-03,", "employees", "employees may not be negative"),
        ('F2,Thousands Kft.,,4791,S11,HU110,"1,250",2016-10-03,', "employees", "not a valid integer: 1,250"),
        ("F2,Half Kft.,,4791,S11,HU110,1.5,2016-10-03,", "employees", "not a valid integer: 1.5"),
        ("F2,Impossible Kft.,,4791,S11,HU110,1,2019-02-30,", "founded_date", "not a valid date hungarian: 2019-02-30"),
        ("F2,Old Kft.,,4791,S11,HU110,1,1066-10-14,", "founded_date", "founded before 1700"),
        (
            "F2,Backward Kft.,,4791,S11,HU110,1,2016-10-03,2010-01-01",
            "dissolved_date",
            "dissolved before it was founded",
        ),
        ("F2,Sector Kft.,,4791,S2,HU110,1,2016-10-03,", "institutional_sector", "not an institutional sector"),
        ("F2,Region Kft.,,4791,S11,HU999,1,2016-10-03,", "nuts3_code", "not a Hungarian NUTS 3 region"),
        ("F2,Activity Kft.,,47911,S11,HU110,1,2016-10-03,", "nace_rev2_code", "not a valid nace: 47911"),
        ("F2,=HYPERLINK(1) Kft.,,4791,S11,HU110,1,2016-10-03,", "name", "starts like a spreadsheet formula"),
        ("F2,+SUM(A1) Kft.,,4791,S11,HU110,1,2016-10-03,", "name", "starts like a spreadsheet formula"),
        ("F2,-2+3|cmd!A0,,4791,S11,HU110,1,2016-10-03,", "name", "starts like a spreadsheet formula"),
        ("F2,,,4791,S11,HU110,1,2016-10-03,", "name", "required value is missing"),
        (
            "F1,Twice Kft.,,4791,S11,HU110,1,2016-10-03,",
            "firm_id",
            "duplicate key F1, first seen in published.csv row 1",
        ),
    ],
)
def test_a_bad_row_is_quarantined_under_its_own_column(take: Take, row: str, column: str, reason: str) -> None:
    taken = take("business_registry", registry(row))
    assert taken.is_accounted_for
    assert len(taken.accepted) == 1
    assert list(taken.reasons) == [2]
    assert list(taken.reasons[2]) == [column]
    assert reason in taken.reasons[2][column]
    assert json.loads(taken.raw[2])["firm_id"] == row.split(",")[0]


def test_plus_and_minus_alone_are_no_formula(take: Take) -> None:
    taken = take("business_registry", registry("F2,+36 Bt.,,4791,S11,HU110,1,,", "F3,- Bt. -,,4791,S11,HU110,1,,"))
    assert len(taken.accepted) == 3


def test_all_reasons_of_a_row_are_kept_one_key_per_column(take: Take) -> None:
    taken = take("business_registry", registry("F2,@x,123,ZZ,S11,HU110,-1,2016-10-03,"))
    assert set(taken.reasons[2]) == {"name", "tax_number", "nace_rev2_code", "employees"}


@pytest.mark.parametrize("row", ["F2,Extra Kft.,,4791,S11,HU110,1,2016-10-03,,surplus", "F2,Short Kft."])
def test_a_record_of_another_width_is_rejected_whole(take: Take, row: str) -> None:
    taken = take("business_registry", registry(row))
    assert taken.is_accounted_for
    assert list(taken.reasons) == [2]
    assert list(taken.reasons[2]) == ["_record"]
    assert "Kft." in taken.raw[2]


def test_wrong_encoding(take: Take) -> None:
    text = registry("F2,Győri Bőr Kft.,,4791,S11,HU110,1,2016-10-03,")
    with pytest.raises(DeliveryError, match=r"published\.csv"):
        take("business_registry", text.encode("cp1250"))
    taken = take("business_registry", text.encode("cp1250"), options={"encoding": "cp1250"})
    assert taken.accepted[1]["name"] == "Győri Bőr Kft."


def test_wrong_delimiter(take: Take) -> None:
    with pytest.raises(DeliveryError, match=r"published\.csv.*delimiter"):
        take("business_registry", registry(), options={"delimiter": ";"})


def test_a_missing_column_is_named_with_what_was_found(take: Take) -> None:
    with pytest.raises(DeliveryError) as caught:
        take("business_registry", registry().replace("tax_number", "adoszama"))
    message = str(caught.value)
    assert "'tax_number' or 'adoszam' is missing" in message
    assert "published.csv (source publisher)" in message


ACCOUNTS = (
    "tax_number,fiscal_year,currency,unit,net_turnover,other_income,material_expenses,personnel_expenses,depreciation,"
    "other_expenses,operating_result"
)
FILING = "25745849-2-41,2023,HUF,thousand,1000,0,600,250,60,50,40"
LABELS = "cluster_id,scheme,level,valid_from,valid_to"


@pytest.mark.parametrize(
    ("table", "header", "row", "demanded"),
    [
        ("business_registry", REGISTRY, GOOD, ("tax_number", "nace_rev2_code", "institutional_sector", "nuts3_code")),
        ("annual_account", ACCOUNTS, FILING, ACCOUNTS.split(",")),
        ("cluster_label", LABELS, "K1,national,accredited,2020-01-01,2024-01-01", ("valid_from", "valid_to")),
    ],
)
def test_a_column_that_a_result_rests_on_may_not_vanish(
    take: Take, table: str, header: str, row: str, demanded: tuple[str, ...]
) -> None:
    assert len(take(table, f"{header}\n{row}\n").accepted) == 1
    for column in demanded:
        renamed = ",".join("renamed" if name == column else name for name in header.split(","))
        with pytest.raises(DeliveryError, match=rf"column .*'{column}'.* is missing"):
            take(table, f"{renamed}\n{row}\n")


@pytest.mark.parametrize("number", ["9" * 400, "1e308", "-1e308", "1e400", "1000000000000000001e3"])
@pytest.mark.parametrize(
    ("table", "header", "row"),
    [
        ("annual_account", ACCOUNTS, "25745849-2-41,2022,HUF,one,{number},0,600,250,60,50,40"),
        ("national_account", "geo,unit,na_item,TIME_PERIOD,OBS_VALUE", "HU,CP_MNAC,B1G,2021,{number}"),
        ("cordis_organisation", "projectID,organisationID,name,role,totalCost", "1234567,9,A,participant,{number}"),
    ],
)
def test_an_absurd_number_costs_its_row(take: Take, table: str, header: str, row: str, number: str) -> None:
    good = row.format(number=5).replace("2021", "2020").replace("2022", "2023").replace(",9,", ",8,")
    taken = take(table, f"{header}\n{good}\n{row.format(number=number)}\n")
    assert taken.is_accounted_for
    assert [list(reasons) for reasons in taken.reasons.values()] == [
        [header.split(",")[row.split(",").index("{number}")]]
    ]
    assert "not a valid " in next(iter(taken.reasons[2].values()))


@pytest.mark.parametrize(
    ("notation", "absurd"),
    [
        ("double", "1e19"),
        ("decimal_comma_or_point", "9" * 400 + ",5"),
        ("comma_grouped", "1" + ",000" * 7),
        ("huf_amount", "1" + " 000" * 7 + " .- HUF"),
        ("percent", "9" * 400 + " %"),
        ("bigint", "9223372036854775807"),
        ("bigint", "-9223372036854775808"),
        ("integer", "9" * 400),
        ("observation", "-" + "9" * 400),
    ],
)
def test_no_notation_lets_an_absurd_number_through(
    connection: duckdb.DuckDBPyConnection, notation: str, absurd: str
) -> None:
    connection.execute(sql_file("source/parse.sql"))
    assert connection.execute(f"SELECT parse_{notation}(?)", [absurd]).fetchone() == (None,)


@pytest.mark.parametrize("column", [c for c in ACCOUNTS.split(",")[4:] if c != "net_turnover"])
def test_amounts_of_no_real_firm_are_quarantined(take: Take, column: str) -> None:
    at = ACCOUNTS.split(",").index(column)
    rows = [FILING.replace("2023", str(year)).split(",") for year in (2020, 2021, 2022)]
    rows[1][at], rows[2][at] = "100000000000000", "100000000000001"
    taken = take("annual_account", "\n".join([ACCOUNTS, *map(",".join, rows)]) + "\n")
    assert taken.reasons == {3: {column: "an amount beyond 100 million million"}}


def test_a_file_that_cannot_be_read_is_named_with_its_source(take: Take) -> None:
    with pytest.raises(DeliveryError, match=r"^published\.csv \(source publisher\): .*\(line 3\).*truncated"):
        take("business_registry", registry("F2,Cut Kft.").rstrip())
    with pytest.raises(DeliveryError, match=r"^published\.csv:3 \(source publisher\): "):
        take("business_registry", registry("F2,Győri Kft.").encode("cp1250"))


def test_an_extra_column_is_reported_unless_the_contract_ignores_it(take: Take) -> None:
    taken = take("business_registry", f"{REGISTRY},colour\n{GOOD},red\n")
    assert taken.intake.unknown_columns == {"published.csv": ["colour"]}
    head = "Country\tRegion\tBeneficiary Name\tTotal Budget\tEU Contribution\tNumber of Projects\tTransliterated Name\t"
    taken = take(
        "kohesio_beneficiary", f"{head}\nHungary\tPest\tA\t1\t1\t1\t\t\n", options={"delimiter": "tab", "quote": "none"}
    )
    assert not taken.intake.unknown_columns
    assert taken.accepted[0]["country"] == "HU"


def test_a_delivery_without_one_good_row_is_an_error_with_its_reasons(take: Take) -> None:
    with pytest.raises(DeliveryError, match=r"none of 2 rows keeps the contract.*employees may not be negative"):
        take("business_registry", f"{REGISTRY}\nF1,A,,62,S11,HU110,-1,,\nF2,B,,62,S11,HU110,-1,,\n")


def test_a_constant_that_feeds_nothing_is_a_configuration_error(take: Take) -> None:
    with pytest.raises(ConfigurationError, match="constant 'nace_versoin' feeds no column"):
        take("nace_code", "code,label_en\nA,Agriculture\n", constants={"nace_versoin": "2"})


def test_defaults_stand_for_absent_columns_only(take: Take) -> None:
    text = "geo,unit,na_item,TIME_PERIOD,OBS_VALUE\nHU,CP_MNAC,B1G,2022,56186433\nHU,CP_MNAC,B1G,2021,46646434\n"
    taken = take("national_account", text)
    row = taken.accepted[0]
    assert (row["freq"], row["ref_sector"], row["direction"], row["activity_code"]) == ("A", "S1", "_Z", "TOTAL")
    taken = take(
        "national_account", text.replace("geo,", "sector,geo,").replace("\nHU", "\n,HU", 1).replace("\nHU", "\nS1,HU")
    )
    assert taken.reasons == {1: {"sector": "required value is missing"}}


@pytest.mark.parametrize("number", ["99999999-2-41", "HU1", "no number"])
def test_a_wrong_tax_number_of_a_participant_costs_no_row(take: Take, number: str) -> None:
    head = "cluster_id,member_name,tax_number,valid_from,valid_to\n"
    taken = take("cluster_membership", f"{head}K1,A Kft.,{number},2020-01-01,\n")
    assert [row["tax_number"] for row in taken.accepted] == [number]


def test_intervals_and_countries_of_memberships(take: Take) -> None:
    taken = take(
        "cluster_membership",
        "cluster_id,member_name,tax_number,country,valid_from,valid_to\n"
        "K1,A Kft.,,HU,2020-01-01,2021-01-01\n"
        "K1,B Kft.,,gb,2020-01-01,\n"
        "K1,C Kft.,,HU,2020-01-01,2020-01-01\n"
        "K1,D Kft.,,ZZ,2020-01-01,\n"
        "K1,E Kft.,,HU,1020-01-01,\n"
        "K1,F Kft.,,HU,n/a,\n",
    )
    assert [(row["member_name"], row["country"]) for row in taken.accepted] == [
        ("A Kft.", "HU"),
        ("B Kft.", "UK"),
        ("F Kft.", "HU"),
    ]
    assert taken.reasons == {
        3: {"valid_to": "valid_to is not after valid_from"},
        4: {"country": "not a valid country: ZZ"},
        5: {"valid_from": "member since before 1989 or after 2100"},
    }


def test_amounts_in_the_notations_of_publishers(take: Take) -> None:
    rows = [
        {"Pályázó neve": "A", "Megítélt összeg": amount, "Támogatási döntés dátuma": "2007.03.12"}
        for amount in ("11 065 359 .- HUF", ".- HUF", "11.065.359 HUF", "-5 .- HUF")
    ]
    taken = take("structural_fund_project", json.dumps(rows), format="structural_funds_json")
    assert [row["granted_huf"] for row in taken.accepted] == [11065359.0, None]
    assert set(taken.reasons) == {3, 4}
    head = "projectID,organisationID,name,role,ecContribution,totalCost\n"
    taken = take(
        "cordis_organisation", head + '1234567,9,A,participant,50000.0,"523437,5"\n1234567,8,B,cook,1,"1,000.5"\n'
    )
    assert (taken.accepted[0]["ec_contribution"], taken.accepted[0]["total_cost"]) == (50000.0, 523437.5)
    assert set(taken.reasons[2]) == {"role", "totalCost"}


def test_repeats_and_breaches_are_judged_apart(take: Take) -> None:
    contract = contract_of("business_registry")
    rows = [f"F{i},N,,62,S11,HU110,1,," for i in range(2, 98)]
    taken = take(
        "business_registry",
        registry(*rows, "F2,N,,62,S11,HU110,1,,", "F3,N,,62,S11,HU110,1,,", "F98,N,,62,S11,HU110,-1,,"),
    )
    assert (taken.intake.read, taken.intake.repeated, len(taken.reasons)) == (100, 2, 3)
    outcomes = {c.name: c for c in intake_checks(contract, taken.intake, len(taken.accepted), len(taken.reasons))}
    assert outcomes["rows_accounted_for"].passed
    assert outcomes["quarantined_share"].metadata["quarantined_percent"] == pytest.approx(1.0)
    assert outcomes["repeated_share"].metadata["repeated_percent"] == pytest.approx(2.0)
    strict = contract.model_copy(update={"max_repeated_share": 0.01})
    outcomes = {c.name: c for c in intake_checks(strict, taken.intake, len(taken.accepted), len(taken.reasons))}
    assert outcomes["quarantined_share"].passed
    assert not outcomes["repeated_share"].passed
    strict = contract.model_copy(update={"max_quarantined_share": 0.005})
    outcomes = {c.name: c for c in intake_checks(strict, taken.intake, len(taken.accepted), len(taken.reasons))}
    assert not outcomes["quarantined_share"].passed
