"""All tables that take in deliveries, in the order of their subjects.

Belongs here: the list. Does not belong here: a table; each stands in the module of its subject.
"""

from __future__ import annotations

from assets.source import (
    annual_accounts,
    business_registry,
    classifications,
    clerical_reviews,
    clusters,
    events,
    link_decisions,
    national_accounts,
    projects,
)
from assets.table import Table

MODULES = (
    business_registry,
    annual_accounts,
    national_accounts,
    projects,
    clusters,
    events,
    classifications,
    link_decisions,
    clerical_reviews,
)

TABLES: tuple[Table, ...] = tuple(table for module in MODULES for table in module.TABLES)
