"""Legal entity identifiers (`gleif_json`): GLEIF's golden copy, level 1, in JSON with `$` around values.

Belongs here: the columns of a legal entity that the house uses. Does not belong here: who owns whom (level 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from resources.readers.base import Part, RawRows
from resources.readers.json_file import dump, kind, load_json, records, refuse_no_rows, text_of
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import RowCollector

OTHER_NAMES_SEPARATOR = " | "

PATHS: dict[str, tuple[str, ...]] = {
    "lei": ("LEI",),
    "legal_name": ("Entity", "LegalName"),
    "other_names": (),
    "country": ("Entity", "LegalAddress", "Country"),
    "region": ("Entity", "LegalAddress", "Region"),
    "city": ("Entity", "LegalAddress", "City"),
    "postal_code": ("Entity", "LegalAddress", "PostalCode"),
    "address_line": ("Entity", "LegalAddress", "FirstAddressLine"),
    "headquarters_country": ("Entity", "HeadquartersAddress", "Country"),
    "headquarters_city": ("Entity", "HeadquartersAddress", "City"),
    "headquarters_postal_code": ("Entity", "HeadquartersAddress", "PostalCode"),
    "registration_authority_id": ("Entity", "RegistrationAuthority", "RegistrationAuthorityID"),
    "registration_authority_entity_id": ("Entity", "RegistrationAuthority", "RegistrationAuthorityEntityID"),
    "legal_jurisdiction": ("Entity", "LegalJurisdiction"),
    "entity_category": ("Entity", "EntityCategory"),
    "elf_code": ("Entity", "LegalForm", "EntityLegalFormCode"),
    "other_legal_form": ("Entity", "LegalForm", "OtherLegalForm"),
    "entity_status": ("Entity", "EntityStatus"),
    "entity_creation_date": ("Entity", "EntityCreationDate"),
    "registration_status": ("Registration", "RegistrationStatus"),
    "initial_registration_date": ("Registration", "InitialRegistrationDate"),
    "last_update_date": ("Registration", "LastUpdateDate"),
    "next_renewal_date": ("Registration", "NextRenewalDate"),
}
"""Where each column is in a record."""


def read_gleif_json(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """One row per LEI record; `other_names` joins trading, previous and transliterated names with ` | `.

    Raises:
        DeliveryError: not JSON, no list under `records`, or an empty one.
    """
    chosen = parse_options(ReaderOptions, options, "gleif_json")
    found = records(part, load_json(part), "records")
    refuse_no_rows(part, len(found), allow_empty=chosen.allow_empty)
    rows = RowCollector(list(PATHS))
    for number, record in enumerate(found, start=1):
        if not isinstance(record, dict) or _at(record, PATHS["lei"]) is None:
            reason = "the record has no LEI" if isinstance(record, dict) else f"the record is {kind(record)}"
            rows.reject(number, reason, dump(record))
            continue
        values = {column: _at(record, path) for column, path in PATHS.items() if path}
        rows.add(number, {**values, "other_names": OTHER_NAMES_SEPARATOR.join(_other_names(record)) or None})
    return rows.result()


def _at(record: Any, path: tuple[str, ...]) -> str | None:
    """The text at a path, without its `$`."""
    value = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return text_of(value.get("$") if isinstance(value, dict) else value)


def _other_names(record: dict[str, Any]) -> list[str]:
    names: dict[str, None] = {}
    for outer, inner in (
        ("OtherEntityNames", "OtherEntityName"),
        ("TransliteratedOtherEntityNames", "TransliteratedOtherEntityName"),
    ):
        entity = record.get("Entity")
        group = entity.get(outer) if isinstance(entity, dict) else None
        listed = group.get(inner) if isinstance(group, dict) else None
        for item in listed if isinstance(listed, list) else [listed]:
            name = _at(item, ())
            if name:
                names[name] = None
    return list(names)
