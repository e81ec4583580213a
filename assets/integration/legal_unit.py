"""Legal units: the registry and what only filed accounts, with name keys for comparison."""

from __future__ import annotations

from assets.table import Build, Result, SqlCheck, python_table
from methods.names import normalise_names

NAMES = """
    SELECT DISTINCT name FROM (
        SELECT name FROM source.business_registry UNION ALL SELECT company_name FROM source.annual_account
    ) WHERE name IS NOT NULL ORDER BY name"""


def _legal_unit(build: Build) -> Result:
    names = build.frame(NAMES)
    keys = normalise_names(names["name"])
    build.connection.register("name_key", names.assign(name_key=keys["name_key"], legal_form=keys["legal_form"]))
    return build.sql("integration/legal_unit.sql")


legal_unit = python_table(
    "integration.legal_unit",
    _legal_unit,
    inputs=("source.business_registry", "source.annual_account", "source.postal_code", "source.nuts_region"),
    sql=("integration/legal_unit.sql",),
    # The contract warns above 2 % of all units; these block when a column of the register was delivered empty.
    checks=(
        SqlCheck("registered_region_mostly_known", "The county is known of three in four units of the register"),
        SqlCheck("registered_activity_mostly_known", "The section is known of three in four units of the register"),
    ),
)

TABLES = (legal_unit,)
