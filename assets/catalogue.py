"""All tables, inputs before consumers."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from assets.access import published_tables
from assets.integration import cooperation, firm_identity, legal_unit, national_account
from assets.interpretation import cooperating_firm, cooperation_gva, firm_gva, reconciliation, value_added
from assets.source import delivered, quarantine
from assets.table import Table

MODULES = (
    delivered,
    quarantine,
    national_account,
    legal_unit,
    firm_identity,
    cooperation,
    value_added,
    reconciliation,
    firm_gva,
    cooperating_firm,
    cooperation_gva,
    published_tables,
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
