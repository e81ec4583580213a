"""`sources.yaml`: where each table of the economy comes from, for the nightly refresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def sources(*, large: bool) -> list[dict[str, Any]]:
    """Return the sources of a published economy, URLs relative to its directory.

    Args:
        large: register and accounts are Parquet.
    """
    ending = "parquet" if large else "csv"
    listed: list[dict[str, Any]] = []

    def add(source: str, table: str, kind: str, url: str, every: int | None, description: str, **more: Any) -> None:
        entry = {
            "id": source,
            "table": table,
            "format": kind,
            "url": url,
            **({} if every is None else {"expected_every_days": every}),
            "description": description,
            **more,
        }
        listed.append(entry)

    add(
        "business_registry",
        "business_registry",
        ending,
        f"registry/business_registry.{ending}",
        1,
        "Register of legal units",
    )
    add("name_history", "name_history", "csv", "registry/name_history.csv", 1, "Former names of legal units")
    add(
        "legal_unit_event",
        "legal_unit_event",
        "csv",
        "registry/legal_unit_event.csv",
        1,
        "Mergers, splits, transformations",
    )
    add("address_history", "address_history", "csv", "registry/address_history.csv", 1, "Former seats of legal units")
    add("local_units", "local_unit", "csv", "registry/local_unit.csv", 365, "Employment and wages by county")
    add("vat_groups", "vat_group", "csv", "registry/vat_group.csv", 1, "Members of VAT groups")
    add(
        "link_decisions",
        "link_decision",
        "csv",
        "decisions/*.csv",
        None,
        "What people decided about single links",
        options={"allow_empty": True},
    )
    add(
        "annual_accounts",
        "annual_account",
        ending,
        f"accounts/annual_accounts_*.{ending}",
        31,
        "Annual accounts by year",
    )
    for name, text in (
        ("nama_10_gdp", "GDP and main components"),
        ("nama_10_a64", "Gross value added by industry"),
        ("nama_10r_3gva", "Gross value added by industry and NUTS3 region"),
        ("nasa_10_nf_tr", "Non-financial transactions by sector"),
    ):
        add(
            name,
            "national_account",
            "eurostat_tsv",
            f"national_accounts/{name}.tsv",
            92,
            text,
            # this table leaves out the transaction, because it has only one
            **({"constants": {"na_item": "B1G"}} if name == "nama_10r_3gva" else {}),
        )
    add(
        "s11_gva_margins",
        "national_account",
        "sdmx_csv",
        "national_accounts/s11_gva_margins.csv",
        365,
        "GVA of non-financial corporations by section and by region",
    )
    semicolon = {"delimiter": ";", "quote": '"', "encoding": "utf-8-sig"}
    for programme in ("h2020", "horizon"):
        url = f"cordis/cordis-{programme}.zip"
        add(
            f"cordis_{programme}_project",
            "cordis_project",
            "csv",
            url,
            31,
            f"CORDIS projects, {programme}",
            member="project.csv",
            options=semicolon,
        )
        add(
            f"cordis_{programme}_organisation",
            "cordis_organisation",
            "csv",
            url,
            31,
            f"CORDIS participants, {programme}",
            member="organization.csv",
            options=semicolon,
        )
    add(
        "kohesio",
        "kohesio_beneficiary",
        "csv",
        "projects/kohesio_beneficiaries.tsv",
        92,
        "Beneficiaries of EU funds (Kohesio)",
        options={"delimiter": "\t", "quote": ""},
    )
    for period in ("2014_2020", "2021_2027"):
        add(
            f"structural_funds_{period}",
            "structural_fund_project",
            "structural_funds_json",
            f"projects/structural_funds_{period}.json",
            31,
            f"Supported projects {period.replace('_', '-')}",
        )
    add(
        "interreg_partners",
        "interreg_partner",
        "csv",
        "projects/interreg_partners.csv",
        92,
        "Partners of Interreg projects",
    )
    add("clusters", "cluster", "csv", "clusters/clusters.csv", 31, "Clusters")
    add("cluster_labels", "cluster_label", "csv", "clusters/cluster_labels.csv", 31, "Accreditations and labels")
    add(
        "cluster_memberships",
        "cluster_membership",
        "xlsx",
        "clusters/cluster_memberships.xlsx",
        31,
        "Members of clusters",
    )
    add("cooperation_events", "cooperation_event", "csv", "events/cooperation_events.csv", 31, "Cooperation events")
    add("event_participants", "event_participant", "csv", "events/event_participants.csv", 31, "Participants of events")
    add("c2c_agreements", "c2c_agreement", "csv", "events/c2c_agreements.csv", 92, "Cluster-to-cluster agreements")
    folder = "classifications"
    add(
        "nace_rev2",
        "nace_code",
        "csv",
        f"{folder}/nace_rev2.csv",
        3650,
        "NACE Rev. 2",
        constants={"nace_version": "2.0"},
    )
    add(
        "nace_rev21",
        "nace_code",
        "csv",
        f"{folder}/nace_rev21.csv",
        3650,
        "NACE Rev. 2.1",
        constants={"nace_version": "2.1"},
    )
    add(
        "nace21_nace2",
        "nace_correspondence",
        "csv",
        f"{folder}/nace21_nace2.tsv",
        3650,
        "NACE Rev. 2.1 to Rev. 2",
        options={"delimiter": "\t"},
    )
    add("nuts", "nuts_region", "csv", f"{folder}/nuts.csv", 3650, "NUTS regions in three versions")
    add("legal_forms", "legal_form", "csv", f"{folder}/legal_forms.csv", 3650, "Legal forms (ISO 20275)")
    add("postal_codes", "postal_code", "csv", f"{folder}/postal_codes.csv", 365, "Postal codes", options=semicolon)
    add(
        "exchange_rates",
        "exchange_rate",
        "eurostat_tsv",
        f"{folder}/exchange_rates.tsv",
        365,
        "Annual average exchange rates",
    )
    return listed


def write_sources(out: Path, *, large: bool) -> None:
    """Write `sources.yaml`."""
    text = yaml.safe_dump({"sources": sources(large=large)}, sort_keys=False, allow_unicode=True, width=120)
    (out / "sources.yaml").write_text(text, encoding="utf-8", newline="\n")
