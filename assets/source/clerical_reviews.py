"""Clerks' verdicts on samples of links: the filled files of `coopgva link sample`.

Belongs here: the files as filled. Does not belong here: what they say about all links
(`assets.integration.link_quality`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table(
        "source.clerical_review",
        checks=(
            SqlCheck(
                "clerical_review_stratum_size",
                "All rows of a stratum say how many records it has; otherwise the file was changed by hand",
                "warn",
            ),
            SqlCheck(
                "clerical_review_contradiction",
                "Where the firm shown is right, no other one is named; such a verdict does not count",
                "warn",
            ),
        ),
    ),
)
