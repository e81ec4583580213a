"""Legal units: the registry and what only filed accounts, with name keys for comparison."""

from __future__ import annotations

from assets.table import Build, Result, SqlCheck, python_table
from methods.names import normalise_names
from resources.contract import load_contract
from resources.engine import sql_file
from resources.home import REPOSITORY

NAMES = """
    SELECT DISTINCT name FROM (
        SELECT name FROM source.business_registry UNION ALL SELECT company_name FROM source.annual_account
    ) WHERE name IS NOT NULL ORDER BY name"""

RAW_COLUMNS = ("legal_unit_id", "tax_number", "eu_vat", "registration_number")


def _rejected_units(build: Build) -> None:
    """Make `rejected_unit`: whom the register's rows in quarantine are about, under the publisher's column names."""
    register = "source.business_registry"
    contract = load_contract(REPOSITORY / "contracts" / f"{register.replace('.', '/')}.yaml")
    paths = {name: [f'$."{source}"' for source in contract.columns[name].source] for name in RAW_COLUMNS}
    texts = {
        name: "coalesce(" + ", ".join(f"trim(json_extract_string(raw_row, '{path}'))" for path in found) + ", NULL)"
        for name, found in paths.items()
    }
    build.connection.execute(sql_file("source/parse.sql"))
    build.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE rejected_unit AS
        SELECT DISTINCT {texts["legal_unit_id"]} AS legal_unit_id,
               {texts["registration_number"]} AS registration_number,
               unnest([parse_tax_stem({texts["tax_number"]}), parse_tax_stem({texts["eu_vat"]})]) AS tax_stem
        FROM quarantine.business_registry
        WHERE json_valid(raw_row) AND nullif({texts["legal_unit_id"]}, '') IS NOT NULL""")


def _legal_unit(build: Build) -> Result:
    names = build.frame(NAMES)
    keys = normalise_names(names["name"])
    build.connection.register("name_key", names.assign(name_key=keys["name_key"], legal_form=keys["legal_form"]))
    _rejected_units(build)
    return build.sql("integration/legal_unit.sql")


legal_unit = python_table(
    "integration.legal_unit",
    _legal_unit,
    inputs=("source.business_registry", "source.annual_account", "source.postal_code", "source.nuts_region"),
    sql=("integration/legal_unit.sql", "source/parse.sql"),
    # The contract warns above 2 % of all units; these block when a column of the register was delivered empty.
    checks=(
        SqlCheck("registered_region_mostly_known", "The county is known of three in four units of the register"),
        SqlCheck("registered_activity_mostly_known", "The section is known of three in four units of the register"),
    ),
)

TABLES = (legal_unit,)
