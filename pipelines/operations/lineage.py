"""`coopgva lineage`: from a cell to the tables, lake keys and delivered bytes that it was made from.

Belongs here: walking the records backwards. Does not belong here: which column comes from which (`assets.lineage`). No
value is shown, neither the cell's nor a firm's: who may know where a figure comes from need not be allowed to see it.

The caller's rights decide how far it goes. Who may enter the lake sees everything; who has only the published file
learns the vintage, the version and its hash, which is what to ask the office with.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.vintages import find_vintage
from resources.contract import Contract, load_contracts
from resources.deliveries import Archive, Delivery
from resources.errors import ConfigurationError, CoopgvaError, DeliveryError
from resources.home import REPOSITORY, Home
from resources.lake import Lake, Version, Vintage
from resources.publications import publication_log
from resources.row_rules import quoted
from resources.warehouse.reading import connect_published, published_vintage

ACCESS_LAYER = "access"


@dataclass(frozen=True)
class DeliveredFile:
    """One file of a delivery: what it was called, where its bytes are, and their hash.

    Attributes:
        source: id of the source.
        table: the source table it feeds.
        file: the part's name.
        sha256: of its bytes.
        size: bytes.
        received_at: when the delivery was received (UTC, ISO).
        url: where it came from, secrets masked.
        container: name and hash of the archive it was unpacked from; None if it was not.
        path: where the archive keeps it.
        is_intact: whether the bytes still have the hash; None if nobody looked.
    """

    source: str
    table: str
    file: str
    sha256: str
    size: int
    received_at: str
    url: str
    container: str | None
    path: str
    is_intact: bool | None = None


@dataclass(frozen=True)
class TableVersion:
    """A table version on the way: how far from the cell's table, its key, the hash of its bytes."""

    table: str
    key: str
    content_sha256: str
    rows: int
    steps_away: int
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """Where a cell comes from.

    Attributes:
        table: the table.
        cell: the cell's primary key as text.
        vintage_id: the vintage that was looked at.
        published_at: when readers got it (UTC, ISO); None if they did not, or if nobody wrote it down.
        key: the version of the table.
        content_sha256: the hash of its bytes.
        tables: every table version that it was made from, itself first; empty without the right to enter the lake.
        files: every delivered file, in the order of tables; empty without that right.
        is_inside: whether the lake could be read.
    """

    table: str
    cell: Mapping[str, str]
    vintage_id: str
    published_at: str | None
    key: str
    content_sha256: str
    tables: Sequence[TableVersion] = ()
    files: Sequence[DeliveredFile] = ()
    is_inside: bool = True

    def as_document(self) -> dict[str, Any]:
        """The lineage as JSON."""
        return asdict(self)


def lineage(home: Home, table: str, key: str, *, vintage: str | None = None, is_verified: bool = False) -> Lineage:
    """Where a cell comes from.

    Args:
        home: the home.
        table: `access.target_tracker`, or without the layer for a published table.
        key: `column=value` of the primary key, separated by commas; as many columns as single out one row.
        vintage: a vintage as `coopgva vintages` takes it; the published one by default.
        is_verified: read the delivered bytes again and compare their hashes.

    Raises:
        ConfigurationError: no such table, column or vintage; or the key fits no row, or several.
        CoopgvaError: nothing is published, or a version is no longer in the lake.
    """
    table = table if "." in table else f"{ACCESS_LAYER}.{table}"
    contract = _contract(table)
    wanted = _parse(key, contract)
    if not _may_enter(home.lake):
        return _from_outside(home, contract, wanted, vintage)
    lake = Lake(home.lake)
    chosen = find_vintage(lake, vintage or published_vintage(home).vintage_id)
    versions = _walk(lake, chosen, table)
    cell = _cell(contract, wanted, file=lake.path(table, versions[0].key))
    return Lineage(
        table=table,
        cell=cell,
        vintage_id=chosen.vintage_id,
        published_at=_published_at(home, chosen.vintage_id),
        key=versions[0].key,
        content_sha256=versions[0].content_sha256,
        tables=versions,
        files=_files(Archive(home.archive), lake, versions, is_verified=is_verified),
    )


def _contract(table: str) -> Contract:
    contracts = load_contracts(REPOSITORY / "contracts")
    if table not in contracts:
        published = ", ".join(sorted(name for name in contracts if name.startswith(f"{ACCESS_LAYER}.")))
        raise ConfigurationError(f"no table '{table}'", where="lineage", action=f"published tables are {published}")
    return contracts[table]


def _parse(key: str, contract: Contract) -> dict[str, str]:
    found = {}
    for pair in (part.strip() for part in key.split(",") if part.strip()):
        column, equals, value = pair.partition("=")
        if not equals or column.strip() not in contract.grain:
            raise ConfigurationError(
                f"'{pair}' is no part of the key",
                where=contract.table,
                action=f"write column=value of {', '.join(contract.grain)}, separated by commas",
            )
        found[column.strip()] = value.strip()
    return found


def _may_enter(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)


def _from_outside(home: Home, contract: Contract, wanted: Mapping[str, str], vintage: str | None) -> Lineage:
    if not contract.table.startswith(f"{ACCESS_LAYER}."):
        raise ConfigurationError(
            "this table is inside the house, and you may not enter the lake",
            where=contract.table,
            action="ask for a published table",
        )
    release = published_vintage(home)
    if vintage is not None and not release.vintage_id.startswith(vintage):
        raise ConfigurationError(
            f"only the published vintage {release.vintage_id} can be read from outside",
            where=str(home.lake),
            action="leave --vintage out",
        )
    published = next((t for t in release.tables if t.table_name == contract.table), None)
    if published is None:
        raise ConfigurationError("the table is not in the published vintage", where=contract.table)
    cell = _cell(contract, wanted, home=home)
    return Lineage(
        contract.table,
        cell,
        release.vintage_id,
        _published_at(home, release.vintage_id),
        published.key,
        published.content_sha256,
        is_inside=False,
    )


def _cell(
    contract: Contract, wanted: Mapping[str, str], *, file: Path | None = None, home: Home | None = None
) -> dict[str, str]:
    """The one row that the key singles out, as its whole key; values are bound, never part of the statement."""
    columns = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in contract.grain)
    where = " AND ".join(f"CAST({quoted(name)} AS VARCHAR) = ?" for name in wanted) or "true"
    relation = "read_parquet(?)" if file else contract.table
    query = f"SELECT {columns} FROM {relation} WHERE {where} ORDER BY ALL LIMIT 6"
    connection = connect_published(home) if home else duckdb.connect()
    with connection:
        try:
            rows = connection.execute(query, [*([str(file)] if file else []), *wanted.values()]).fetchall()
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            raise CoopgvaError(f"the table cannot be read ({reason})", where=contract.table) from None
    if len(rows) == 1:
        return {n: str(value) for n, value in zip(contract.grain, rows[0], strict=True)}
    if not rows:
        raise ConfigurationError(
            "no row has this key", where=contract.table, action=f"its key is {', '.join(contract.grain)}"
        )
    differing = [n for n, values in zip(contract.grain, zip(*rows, strict=True), strict=True) if len(set(values)) > 1]
    raise ConfigurationError(
        "several rows have this key",
        where=contract.table,
        action=f"add {', '.join(f'{n}=...' for n in differing)}",
    )


def _published_at(home: Home, vintage_id: str) -> str | None:
    found = [e["published_at"] for e in publication_log(home) if e["vintage_id"] == vintage_id and not e.get("as_of")]
    return found[0] if found else None


def _walk(lake: Lake, vintage: Vintage, table: str) -> list[TableVersion]:
    """The version of a table in a vintage and everything it was made from, nearest first."""
    if table not in vintage.tables:
        raise ConfigurationError("the table is not in this vintage", where=f"{table} in {vintage.vintage_id}")
    found: dict[str, TableVersion] = {}
    waiting = [(table, vintage.tables[table], 0)]
    while waiting:
        name, key, steps = waiting.pop(0)
        if name in found:
            continue
        version = _version(lake, name, key)
        inputs = tuple(sorted(version.inputs))
        found[name] = TableVersion(name, key, version.content_sha256, version.rows, steps, inputs)
        waiting += [(i, version.inputs[i], steps + 1) for i in inputs]
    return list(found.values())


def _version(lake: Lake, table: str, key: str) -> Version:
    version = lake.version(table, key)
    if version is None:
        raise CoopgvaError(
            f"version {key} is no longer in the lake",
            where=table,
            action="restore it from a backup, or look at a vintage that was published",
        )
    return version


def _files(archive: Archive, lake: Lake, versions: Sequence[TableVersion], *, is_verified: bool) -> list[DeliveredFile]:
    files = []
    for found in versions:
        for source, delivery_id in sorted(_version(lake, found.table, found.key).deliveries.items()):
            delivery = _delivery(archive, source, delivery_id)
            for part, record in zip(delivery.parts, delivery.record.parts, strict=True):
                container = record.container
                files.append(
                    DeliveredFile(
                        source=source,
                        table=found.table,
                        file=part.name,
                        sha256=part.sha256,
                        size=part.size,
                        received_at=_iso(delivery.received_at),
                        url=delivery.url,
                        container=f"{container.name} (sha256 {container.sha256})" if container else None,
                        path=str(part.path),
                        is_intact=_is_intact(archive, part) if is_verified else None,
                    )
                )
    return files


def _delivery(archive: Archive, source: str, delivery_id: str) -> Delivery:
    found = [d for d in archive.history(source) if d.delivery_id == delivery_id]
    if not found:
        raise CoopgvaError(
            f"delivery {delivery_id[:12]} is no longer in the archive",
            where=f"source {source}",
            action="restore the archive from a backup",
        )
    return found[0]


def _is_intact(archive: Archive, part: Any) -> bool:
    try:
        archive.verify(part)
    except DeliveryError:
        return False
    return True


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def print_lineage(found: Lineage) -> None:
    """Print a lineage for a person."""
    from rich.console import Console
    from rich.markup import escape

    console = Console()

    def line(text: str) -> None:
        console.print(escape(text), highlight=False, soft_wrap=True)

    line(f"{found.table} {', '.join(f'{k}={v}' for k, v in found.cell.items())}")
    when = f", published {found.published_at[:16].replace('T', ' ')} UTC" if found.published_at else ""
    line(f"vintage {found.vintage_id}{when}")
    line(f"version {found.key}, sha256 {found.content_sha256}")
    if not found.is_inside:
        line("what it was made from is known inside the house: ask with the vintage and the version")
        return
    line(f"made from {len(found.tables) - 1} tables (steps away, table, rows, key):")
    for version in found.tables[1:]:
        line(f"  {version.steps_away:>2}  {version.table:<44} {version.rows:>12,}  {version.key}")
    line(f"and from {len(found.files)} delivered files:")
    for file in found.files:
        damaged = "" if file.is_intact is not False else "  DAMAGED: these bytes no longer have this hash"
        line(
            f"  {file.source}: {file.file}, {file.size:,} bytes, received {file.received_at[:16].replace('T', ' ')} UTC"
        )
        line(f"      sha256 {file.sha256}{damaged}")
        line(f"      from {file.url}" + (f", unpacked from {file.container}" if file.container else ""))
