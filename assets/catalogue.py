"""All tables, inputs before consumers."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from assets.access import companion_tables, published_tables
from assets.integration import (
    cooperation,
    firm_identity,
    legal_unit,
    legal_unit_history,
    link_quality,
    national_account,
    organisation,
    participant,
)
from assets.interpretation import (
    cooperating_firm,
    cooperation_gva,
    definitions,
    enterprise_cooperation,
    firm_gva,
    imputation_rate,
    insight,
    instruments,
    interregional,
    key_industry,
    margin_review,
    nace_conversion,
    outlook,
    price_index,
    protection,
    reconciliation,
    regional_gva,
    uncertainty,
    value_added,
)
from assets.source import delivered, quarantine
from assets.table import Table

MODULES = (
    delivered,
    quarantine,
    national_account,
    legal_unit,
    legal_unit_history,
    participant,
    firm_identity,
    link_quality,
    organisation,
    cooperation,
    value_added,
    imputation_rate,
    price_index,
    reconciliation,
    firm_gva,
    regional_gva,
    definitions,
    nace_conversion,
    cooperating_firm,
    cooperation_gva,
    enterprise_cooperation,
    margin_review,
    uncertainty,
    key_industry,
    instruments,
    insight,
    outlook,
    interregional,
    protection,
    published_tables,
    companion_tables,
)


def in_order(tables: Iterable[Table]) -> dict[str, Table]:
    """Tables by name, every input before its consumers, otherwise in the given order.

    Raises:
        KeyError: a table depends on one that is not there.
    """
    by_name = {table.name: table for table in tables}
    sorter = TopologicalSorter({name: list(table.dependencies) for name, table in by_name.items()})
    return {name: by_name[name] for name in sorter.static_order()}


TABLES: dict[str, Table] = in_order(table for module in MODULES for table in module.TABLES)
