"""The lake: input-addressed table versions as Parquet, each with a sidecar, and vintages as manifests of keys.

A table version is `lake/<layer>/<table>/<key>.parquet` with `<key>.json` beside it. The sidecar is written last: a
version without sidecar does not exist. Nothing in either file depends on a clock, a host or the order of threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from resources.durable import file_sha256, fingerprint, replacing, write_json
from resources.errors import CoopgvaError

ROW_GROUP = 131_072
"""Rows per Parquet row group; fixed, because it is part of the bytes."""

FORMAT_VERSION = 2
"""Raise when the way tables are written changes: every key changes with it."""


@dataclass(frozen=True)
class CheckOutcome:
    """The verdict of one check on one table version.

    Attributes:
        name: the asset check's name.
        passed: the verdict.
        severity: `error` blocks consumers and publishing, `warn` is shown.
        description: what was expected, in words.
        metadata: counts, shares and samples of failing values (JSON-able).
    """

    name: str
    passed: bool
    severity: str
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def is_blocking_failure(self) -> bool:
        """Whether it keeps the table from its consumers."""
        return not self.passed and self.severity == "error"


@dataclass(frozen=True)
class Version:
    """What the sidecar says of one table version."""

    table: str
    key: str
    rows: int
    content_sha256: str
    inputs: dict[str, str]
    deliveries: dict[str, str]
    parameters: dict[str, Any]
    checks: tuple[CheckOutcome, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    quarantined: int = 0

    @property
    def blocking_failures(self) -> tuple[CheckOutcome, ...]:
        """Checks that failed and block."""
        return tuple(check for check in self.checks if check.is_blocking_failure)


@dataclass(frozen=True)
class Vintage:
    """A manifest: which version of every table belongs together.

    Attributes:
        vintage_id: `<sequence>-<first characters of the hash over the keys>`.
        sequence: 1 for the first vintage of this lake.
        tables: key by table.
        deliveries: delivery id by source.
        as_of: the moment deliveries were selected by, where one was given.
        protected_against: the vintage that readers had, which disclosure control compared with; None for none.
    """

    vintage_id: str
    sequence: int
    tables: dict[str, str]
    deliveries: dict[str, str]
    as_of: str | None = None
    protected_against: str | None = None


class Lake:
    """Reads and writes table versions and vintages below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # -- table versions ------------------------------------------------------------------------------------------
    def path(self, table: str, key: str) -> Path:
        """Where the Parquet file of a version is, whether or not it exists."""
        layer, name = table.split(".")
        return self.root / layer / name / f"{key}.parquet"

    def quarantine_path(self, table: str, key: str) -> Path:
        """Where the rejected rows of a source table's version are."""
        return self.path(table, key).with_suffix(".quarantine.parquet")

    def version(self, table: str, key: str) -> Version | None:
        """The sidecar of a version, or None if the version does not exist (or was never finished)."""
        path = self.path(table, key)
        try:
            document = loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (JSONDecodeError, UnicodeDecodeError):
            return None  # a damaged sidecar is a version that does not exist: it is computed again
        if not path.exists():
            return None
        checks = tuple(CheckOutcome(**check) for check in document.pop("checks"))
        return Version(checks=checks, **document)

    def write(self, path: Path, batches: pa.RecordBatchReader | pa.Table, schema: pa.Schema) -> int:
        """Write one Parquet file atomically under the contract's schema; returns the number of rows.

        Raises:
            CoopgvaError: columns or types do not fit the schema, or a null stands where none may.
        """
        rows = 0
        # money hardly repeats: building a dictionary for doubles took half of the time and made files larger
        repeating = [field.name for field in schema if not pa.types.is_floating(field.type)]
        with (
            replacing(path) as temporary,
            pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=repeating) as writer,
        ):
            for group in _row_groups(batches):
                writer.write_table(_conform(group, schema, path), row_group_size=ROW_GROUP)
                rows += group.num_rows
        return rows

    def seal(self, version: Version) -> None:
        """Write the sidecar: from now on the version exists."""
        write_json(self.path(version.table, version.key).with_suffix(".json"), asdict(version))

    def is_intact(self, version: Version) -> bool:
        """Whether the Parquet file still has the bytes that were sealed."""
        return file_sha256(self.path(version.table, version.key)) == version.content_sha256

    def discard(self, version: Version) -> None:
        """Forget a damaged version, so that it is computed again."""
        self.path(version.table, version.key).with_suffix(".json").unlink(missing_ok=True)

    # -- vintages ------------------------------------------------------------------------------------------------
    def vintages(self) -> list[Vintage]:
        """All vintages, oldest first.

        Raises:
            CoopgvaError: a manifest is damaged; names the file.
        """
        return sorted((_read_vintage(path) for path in self._vintages.glob("*.json")), key=lambda v: v.sequence)

    @property
    def _vintages(self) -> Path:
        return self.root / "vintages"

    def record_vintage(
        self,
        tables: Mapping[str, str],
        deliveries: Mapping[str, str],
        as_of: str | None,
        protected_against: str | None = None,
    ) -> tuple[Vintage, bool]:
        """The vintage of exactly these keys, and whether it is new.

        Raises:
            CoopgvaError: a manifest is damaged; names the file.
        """
        known = self.vintages()
        for vintage in known:
            if vintage.tables == dict(tables):
                return vintage, False
        sequence = known[-1].sequence + 1 if known else 1
        while any(self._vintages.glob(f"{sequence:06d}-*")):  # a damaged manifest that was renamed keeps its number
            sequence += 1
        name = f"{sequence:06d}-{fingerprint(dict(tables))[:8]}"
        vintage = Vintage(name, sequence, dict(tables), dict(deliveries), as_of, protected_against)
        write_json(self._vintages / f"{name}.json", asdict(vintage))
        return vintage, True


def table_key(
    *,
    contract: str,
    code: str,
    parameters: Mapping[str, Any],
    inputs: Mapping[str, str],
    deliveries: Iterable[Any] = (),
) -> str:
    """The key of a table version: a hash of everything that can change its bytes."""
    document = {
        "format": FORMAT_VERSION,
        "contract": contract,
        "code": code,
        "parameters": dict(parameters),
        "inputs": dict(inputs),
        "deliveries": list(deliveries),
    }
    return fingerprint(document)[:32]


def _read_vintage(path: Path) -> Vintage:
    try:
        vintage = Vintage(**loads(path.read_text(encoding="utf-8")))
    except (JSONDecodeError, UnicodeDecodeError, TypeError):  # TypeError: not an object with a vintage's names
        vintage = None
    if vintage is None or not isinstance(vintage.sequence, int):
        raise CoopgvaError(
            "the manifest of this vintage is damaged",
            where=str(path),
            action="move the file away; the next refresh records the vintage anew",
        )
    return vintage


def _row_groups(batches: pa.RecordBatchReader | pa.Table) -> Iterator[pa.Table]:
    """Tables of exactly `ROW_GROUP` rows (the last may be shorter; one empty table if there are no rows)."""
    if isinstance(batches, pa.Table):
        batches = batches.to_reader()
    schema, pending, waiting, empty = batches.schema, list[pa.RecordBatch](), 0, True
    for batch in batches:
        pending.append(batch)
        waiting += batch.num_rows
        if waiting < ROW_GROUP:
            continue
        table = pa.Table.from_batches(pending, schema)
        while table.num_rows >= ROW_GROUP:
            yield table.slice(0, ROW_GROUP).combine_chunks()
            table, empty = table.slice(ROW_GROUP), False
        pending, waiting = table.to_batches(), table.num_rows
    if waiting or empty:
        yield pa.Table.from_batches(pending, schema).combine_chunks()


def _conform(table: pa.Table, schema: pa.Schema, path: Path) -> pa.Table:
    if set(table.column_names) != set(schema.names):
        missing = [n for n in schema.names if n not in table.column_names]
        extra = [n for n in table.column_names if n not in schema.names]
        raise CoopgvaError(
            f"computed columns do not fit the contract (missing: {missing or 'none'}, unknown: {extra or 'none'})",
            where=path.parent.name,
            action="correct the step or the contract",
        )
    arrays = []
    for field_ in schema:
        column = table.column(field_.name)
        if not field_.nullable and column.null_count:
            raise CoopgvaError(
                f"column '{field_.name}' is null in {column.null_count} rows",
                where=path.parent.name,
                action="the contract requires a value: correct the step or the contract",
            )
        arrays.append(column.cast(field_.type))
    return pa.Table.from_arrays(arrays, schema=schema)
