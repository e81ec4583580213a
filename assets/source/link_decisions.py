"""What people decided about single links: the clerks' files in the home's folder `decisions`.

Belongs here: the decisions as written, signed and dated. Does not belong here: applying them
(`assets.integration.firm_identity`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table(
        "source.link_decision",
        checks=(
            SqlCheck(
                "link_decision_contradiction",
                "Decisions of one day about one record do not contradict each other",
                "warn",
            ),
        ),
    ),
)
