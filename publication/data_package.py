"""`datapackage.json`: what is in a release's folder, with the hash of every file.

Source: Frictionless Data Package, version 2 (datapackage.org). The schema of a table comes from its contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publication.release_file import ReleaseFile
from resources.contract import Column, Contract
from resources.durable import canonical_json, file_sha256

DATA_PACKAGE = "datapackage.json"
NAME = "cooperation-linked-gva"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

_TYPES = {
    "varchar": "string",
    "integer": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
}


@dataclass(frozen=True)
class Licence:
    """Under which terms a release may be used.

    Attributes:
        name: identifier, as opendefinition.org or SPDX writes it.
        title: for people.
        path: where the terms are.
    """

    name: str
    title: str
    path: str


CC_BY = Licence("CC-BY-4.0", "Creative Commons Attribution 4.0", "https://creativecommons.org/licenses/by/4.0/")
"""The licence that most statistical offices of the EU use; an assumption until the publishing office decides."""


def write_data_package(
    folder: Path,
    files: Sequence[ReleaseFile],
    vintage_id: str,
    *,
    embargo: str | None = None,
    licence: Licence = CC_BY,
) -> Path:
    """Write the descriptor of a release's folder.

    Args:
        folder: the release; paths in the descriptor are relative to it.
        files: what is in it.
        vintage_id: the version of the package.
        embargo: until when the release is not public.
        licence: terms of use.

    Returns:
        The path of `datapackage.json`.
    """
    document: dict[str, Any] = {
        "$schema": PROFILE,
        "name": NAME,
        "title": "Cooperation-linked gross value added",
        "description": (
            "How much of an economy's gross value added comes from firms that cooperate. Withheld numbers are empty; "
            "is_withheld, obs_status Q and conf_status C mark them."
        ),
        "version": vintage_id,
        "keywords": ["official statistics", "national accounts", "clusters", "gross value added"],
        "licenses": [vars(licence)],
        "sources": [
            {"title": "National accounts, business register and annual accounts of firms"},
            {"title": "Cluster accreditation and members; RDI, cohesion and Interreg projects and their partners"},
        ],
        "resources": [_resource(folder, file) for file in sorted(files, key=lambda file: file.path)],
    }
    if embargo:
        document["embargo"] = embargo
    path = folder / DATA_PACKAGE
    path.write_text(canonical_json(document) + "\n", encoding="utf-8")
    return path


def _resource(folder: Path, file: ReleaseFile) -> dict[str, Any]:
    place = file.path.relative_to(folder).as_posix()
    found: dict[str, Any] = {
        "name": place.lower().replace("/", "-"),
        "title": file.title,
        "path": place,
        "format": file.form,
        "mediatype": file.mediatype,
        "bytes": file.path.stat().st_size,
        "hash": f"sha256:{file_sha256(file.path)}",
    }
    if file.form in ("csv", "xml"):
        found["encoding"] = "utf-8"
    if file.contract is not None:
        found |= {"type": "table", "description": file.contract.purpose, "schema": table_schema(file.contract)}
    return found


def table_schema(contract: Contract) -> dict[str, Any]:
    """The Table Schema of a contract."""
    return {
        "fields": [_field(contract, name, column) for name, column in contract.columns.items()],
        "primaryKey": list(contract.grain),
        "missingValues": [""],
    }


def _field(contract: Contract, name: str, column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "type": _TYPES[column.type], "description": column.description}
    if column.unit:
        found["unit"] = column.unit
    if column.classification:
        found["classification"] = column.classification
    if contract.is_not_null(name):
        found["constraints"] = {"required": True}
    return found
