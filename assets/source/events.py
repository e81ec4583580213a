"""Cooperation events and the organisations that took part in them.

Belongs here: events as their organisers publish them. Does not belong here: indicators of visibility
(`assets.interpretation`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table(
        "source.cooperation_event",
        checks=(
            SqlCheck(
                "cooperation_event_cluster_known",
                "Events are organised by known clusters",
                "warn",
                max_failing_share=0.02,
            ),
        ),
        check_inputs=("source.cluster",),
    ),
    source_table(
        "source.event_participant",
        checks=(
            SqlCheck(
                "event_participant_event_known", "Participants belong to known events", "error", max_failing_share=0.02
            ),
        ),
        check_inputs=("source.cooperation_event",),
    ),
)
