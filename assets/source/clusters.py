"""Clusters: the cluster register, accreditations and labels, memberships, and agreements between clusters.

Belongs here: what cluster organisations and their register publish. Does not belong here: finding out which firm a
member is (`assets.integration.firm_identity`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table("source.cluster"),
    source_table(
        "source.cluster_label",
        checks=(
            SqlCheck("cluster_label_cluster_known", "Labels belong to known clusters", "error", max_failing_share=0.02),
            SqlCheck(
                "cluster_label_overlap",
                "A cluster holds one level of a scheme at a time",
                "warn",
                max_failing_share=0.02,
            ),
        ),
        check_inputs=("source.cluster",),
    ),
    source_table(
        "source.cluster_membership",
        checks=(
            SqlCheck(
                "cluster_membership_cluster_known",
                "Memberships belong to known clusters",
                "error",
                max_failing_share=0.02,
            ),
            SqlCheck(
                "cluster_membership_overlap",
                "Intervals of the same member in the same cluster do not overlap",
                "warn",
                max_failing_share=0.02,
            ),
        ),
        check_inputs=("source.cluster",),
    ),
    source_table(
        "source.c2c_agreement",
        checks=(
            SqlCheck(
                "c2c_agreement_cluster_known",
                "Agreements are signed by known clusters",
                "error",
                max_failing_share=0.02,
            ),
        ),
        check_inputs=("source.cluster",),
    ),
)
