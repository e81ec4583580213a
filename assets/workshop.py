"""How every table is keyed, computed, checked and written; the same for the UI, the schedule and the command line.

The key of a table is a hash of its contract, code, parameters and the keys of its inputs, down to the bytes of the
deliveries. So "what should be there" is a pure calculation, and each step compares it with what the lake has: present
means nothing to do, an input that is absent or of another key means the input is stale and is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assets.code import code_fingerprint
from assets.lineage import Origins, column_lineage
from assets.readers_release import compared_with, intact, readers_release
from assets.table import Build, Chart, Coded, Result, Table
from assets.verdicts import check_table, intake_checks
from resources.contract import Contract, load_contracts
from resources.deliveries import Archive, Delivery, parse_as_of
from resources.durable import file_sha256, fingerprint, replacing, write_json
from resources.engine import EngineLimits, expose, open_engine
from resources.errors import BlockedInputError, ConfigurationError, StaleInputError
from resources.goal_1 import load_cluster_assessment, load_key_industries
from resources.home import REPOSITORY, Home
from resources.intake import QUARANTINE_SCHEMA, Intake, SourcePart, take_in
from resources.lake import ROW_GROUP, CheckOutcome, Lake, Version, Vintage, table_key
from resources.ordering import in_order
from resources.parameters import Parameters, load_parameters
from resources.readers.registry import READERS, check_options
from resources.sources import Source, load_sources

VALUE_IN_REASON, REST_OF_REASON = r"(?s)^(duplicate key) .*|:.*", r"\1"
"""What to replace in a reason for quarantine so that it no longer says what the delivery said, for SQL and Python."""


@dataclass(frozen=True)
class Outcome:
    """What happened to one table: its version, and whether it was there already."""

    version: Version
    is_reused: bool


@dataclass(frozen=True)
class Pin:
    """The delivery that a run uses for a source.

    Attributes:
        delivery_id: which one.
        is_new: it came with this run.
        trouble: why nothing newer could be had; empty if the source was reached.
    """

    delivery_id: str
    is_new: bool
    trouble: str = ""


@dataclass
class Workshop:
    """Everything a step needs to make tables in one home.

    Attributes:
        home: where deliveries, lake and warehouse are.
        tables: all tables by name, inputs before consumers.
        as_of: moment by which deliveries are selected; None for the newest.
        run_id: names the run whose choice of deliveries is remembered, so that a delivery that arrives while the run
            is under way does not change its inputs halfway.
        deliveries: delivery id by source, where somebody chooses what to compute from (another vintage, a mixture of
            two); a source that is not named is as if it did not exist. None for the pinned and the newest.
    """

    home: Home
    tables: Mapping[str, Table]
    as_of: str | None = None
    run_id: str = "manual"
    deliveries: Mapping[str, str] | None = None

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """All contracts by table."""
        return load_contracts(REPOSITORY / "contracts")

    @cached_property
    def parameters(self) -> Parameters:
        """Defaults with this home's overrides."""
        return load_parameters(self.home.parameters)

    @cached_property
    def _choices(self) -> dict[str, Any]:
        """What tables may declare as parameters: single values, and the configuration of goal 1 as a whole."""
        return {
            **self.parameters.model_dump(),
            "key_industries": load_key_industries(self.home.root).model_dump(mode="json"),
            "cluster_assessment": load_cluster_assessment(self.home.root).model_dump(mode="json"),
        }

    @cached_property
    def _moment(self) -> datetime | None:
        return parse_as_of(self.as_of) if self.as_of else None

    @cached_property
    def lake(self) -> Lake:
        """The lake of this home."""
        return Lake(self.home.lake)

    @cached_property
    def archive(self) -> Archive:
        """The archive of deliveries of this home."""
        return Archive(self.home.archive)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources declared in `sources.yaml`."""
        known = [name.removeprefix("source.") for name in self.tables if name.startswith("source.")]
        return load_sources(self.home.sources, sorted(READERS), known, check_options)

    def sources_of(self, table: str) -> tuple[Source, ...]:
        """The sources that feed a source table, in the order of the file."""
        chosen = self.deliveries
        return tuple(s for s in self.sources if f"source.{s.table}" == table and (chosen is None or s.id in chosen))

    # -- deliveries ----------------------------------------------------------------------------------------------
    def pin(self, source: Source, delivery: Delivery, *, is_new: bool, trouble: str = "") -> None:
        """Remember which delivery this run uses for a source, and how it came by it."""
        self.home.keep_private()
        pin = {"delivery_id": delivery.delivery_id, "is_new": is_new, "trouble": trouble}
        write_json(self._pin_path(source), pin)

    def pinned(self, source: Source) -> Pin | None:
        """What this run chose for a source, once it did."""
        path = self._pin_path(source)
        return Pin(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def _pin_path(self, source: Source) -> Path:
        return self.home.runs / self.run_id / f"{source.id}.json"

    def selected(self, source: Source) -> Delivery:
        """The delivery this run uses: the chosen one, the pinned one, else the newest received by `as_of`.

        Raises:
            StaleInputError: nothing was delivered yet, or the chosen delivery is no longer in the archive.
        """
        if self.deliveries is not None:
            return self._chosen(source, self.deliveries[source.id])
        newest = self.archive.latest(source.id, self._moment)
        pin = self.pinned(source)
        if pin and (newest is None or newest.delivery_id != pin.delivery_id):
            history = reversed(self.archive.history(source.id))
            newest = next((d for d in history if d.delivery_id == pin.delivery_id), newest)
        if newest is None:
            when = f" by {self.as_of}" if self.as_of else ""
            raise StaleInputError(
                f"source '{source.id}' has not delivered anything{when}",
                where=f"source.{source.table}",
                action=f"materialise source.{source.table} or choose a later date",
            )
        return newest

    def _chosen(self, source: Source, delivery_id: str) -> Delivery:
        found = next((d for d in self.archive.history(source.id) if d.delivery_id == delivery_id), None)
        if found is None:
            raise StaleInputError(
                f"delivery {delivery_id[:12]} of source '{source.id}' is no longer in the archive",
                where=f"source.{source.table}",
                action="restore the archive from a backup, or choose another vintage",
            )
        return found

    def parts(self, table: str) -> tuple[SourcePart, ...]:
        """The files of all selected deliveries of a source table, in a fixed order."""
        return tuple(
            SourcePart(s.id, part, s.format, s.options, s.constants)
            for s in self.sources_of(table)
            for part in self.selected(s).parts
        )

    # -- keys ----------------------------------------------------------------------------------------------------
    @cached_property
    def _keys(self) -> dict[str, str]:
        return {}

    def forget_keys(self) -> None:
        """Forget calculated keys, because a delivery changed or readers have another release."""
        self._keys.clear()
        self._compared.clear()

    @property
    def readers(self) -> Vintage | None:
        """The vintage that readers have, or had at the moment of a look into the past.

        Raises:
            StaleInputError: its manifest is gone.
        """
        return readers_release(self.home, self.lake, self._moment)

    @cached_property
    def _compared(self) -> dict[str, tuple[Vintage | None, dict[str, str]]]:
        return {}

    def compared_with(self, name: str) -> tuple[Vintage | None, dict[str, str]]:
        """The release of readers that a table is compared with, and the keys of what it reads of it.

        Raises:
            StaleInputError: the lake no longer has what readers have.
        """
        table = self.tables[name]
        if name not in self._compared:
            readers = self.readers if table.earlier else None
            self._compared[name] = compared_with(table, readers, self.lake, lambda keys: self._key_beside(table, keys))
        return self._compared[name]

    @property
    def protected_against(self) -> str | None:
        """Id of the vintage that the tables were compared with before they may be published."""
        found = [self.compared_with(name)[0] for name, table in self.tables.items() if table.earlier]
        return next((vintage.vintage_id for vintage in found if vintage is not None), None)

    def key(self, name: str) -> str:
        """The key the table should have now, given contracts, code, parameters and selected deliveries."""
        if name not in self._keys:
            self._keys[name] = self._key_beside(self.tables[name], self.compared_with(name)[1])
        return self._keys[name]

    def _key_beside(self, table: Table, earlier: dict[str, str]) -> str:
        """The key of a table beside these tables of an earlier release."""
        deliveries = [
            [p.source_id, p.format, dict(p.options), dict(p.constants), p.part.name, p.part.sha256]
            for p in (self.parts(table.name) if table.takes_in else ())
        ]
        return table_key(
            contract=self.contracts[table.name].fingerprint,
            code=code_fingerprint(table.modules, (*table.sql, *table.check_files)),
            parameters=self._parameters_of(table) | _named(earlier),
            inputs={i: self.key(i) for i in table.dependencies},
            deliveries=deliveries,
        )

    def current(self, name: str) -> Version | None:
        """The version the table should have, if the lake has it."""
        return self.lake.version(name, self.key(name))

    def _parameters_of(self, table: Table) -> dict[str, Any]:
        try:
            return {name: self._choices[name] for name in table.parameters}
        except KeyError as error:
            raise ConfigurationError(f"unknown parameter ({error})", where=table.name, action="add it") from None

    # -- making --------------------------------------------------------------------------------------------------
    def materialise(self, name: str) -> Outcome:
        """Make sure that the table exists under its key.

        Raises:
            StaleInputError: an input is not there under its current key; names the asset to refresh.
            BlockedInputError: an input failed a blocking check; names both.
            DeliveryError: a delivery cannot be read.
        """
        self.home.keep_private()
        table = self.tables[name]
        version = self.current(name)
        if version is not None:
            if self.lake.is_intact(version):
                return Outcome(version, is_reused=True)
            self.lake.discard(version)
        inputs = {i: self.require(i, consumer=name) for i in table.dependencies}
        paths = {i: self.lake.path(i, v.key) for i, v in inputs.items()}
        limits = EngineLimits.from_environment(self.home.spill)
        paths |= {
            f"quarantine.{i.removeprefix('source.')}": self.lake.quarantine_path(i, v.key)
            for i, v in inputs.items()
            if i.startswith("source.") and self.lake.quarantine_path(i, v.key).exists()
        }
        earlier = self.compared_with(name)[1]
        paths |= {
            f"earlier.{i.split('.')[1]}": self.lake.path(i, v.key) for i, v in intact(self.lake, earlier, name).items()
        }
        with open_engine(limits, paths) as connection:
            build = Build(table, connection, self._parameters_of(table), earlier=frozenset(earlier))
            version = Version(
                table=name,
                key=self.key(name),
                rows=0,
                content_sha256="",
                inputs={i: v.key for i, v in inputs.items()},
                deliveries={},
                parameters=dict(build.parameters) | _named(earlier),
            )
            if table.takes_in:
                version = self._take_in(build, version)
            else:
                version = self._write(build, version, table.compute(build))
            version = replace(version, checks=(*version.checks, *self._checks(build, version)))
        self.lake.seal(version)
        return Outcome(version, is_reused=False)

    def require(self, name: str, *, consumer: str) -> Version:
        """The current version of an input, or an error that names what to refresh."""
        version = self.current(name)
        if version is None:
            raise StaleInputError(
                f"input {name} is missing or was made from inputs that are no longer current",
                where=consumer,
                action=f"refresh {name} first",
            )
        if version.blocking_failures and not self.tables[consumer].tolerates_failed_checks:
            failed = ", ".join(c.name for c in version.blocking_failures)
            raise BlockedInputError(
                f"input {name} failed its blocking check {failed}",
                where=consumer,
                action=f"look at the check's numbers on {name}; the last good vintage stays published",
            )
        return version

    def _write(self, build: Build, version: Version, result: Result) -> Version:
        contract = self.contracts[version.table]
        path = self.lake.path(version.table, version.key)
        rows = self.lake.write(path, _ordered(build.connection, contract, result), contract.schema)
        expose(build.connection, version.table, path)
        if build.summary:
            build.facts |= build.connection.sql(build.summary).to_arrow_table().to_pylist()[0]
        return replace(version, rows=rows, content_sha256=file_sha256(path), facts=dict(build.facts))

    def _take_in(self, build: Build, version: Version) -> Version:
        contract = self.contracts[version.table]
        parts = self.parts(version.table)
        for part in parts:
            self.archive.verify(part.part)
        build.parts = parts
        if not parts:
            build.facts["configured"] = False
        intake = take_in(build.connection, contract, parts)
        deliveries = {s.id: self.selected(s).delivery_id for s in self.sources_of(version.table)}
        version = replace(version, deliveries=deliveries)
        version = self._write(build, version, build.connection.table(intake.accepted))
        rejected = self._write_quarantine(build, version, intake)
        build.facts |= {"read": intake.read, "accepted": version.rows, "quarantined": rejected}
        checks = intake_checks(contract, intake, version.rows, rejected)
        return replace(version, quarantined=rejected, checks=checks, facts=dict(build.facts))

    def _write_quarantine(self, build: Build, version: Version, intake: Intake) -> int:
        relation = build.connection.sql(
            f"SELECT * FROM {intake.quarantined} ORDER BY source_id, file_name, row_number, reasons"
        )
        path = self.lake.quarantine_path(version.table, version.key)
        return self.lake.write(path, relation.to_arrow_reader(ROW_GROUP), QUARANTINE_SCHEMA)

    def _checks(self, build: Build, version: Version) -> tuple[CheckOutcome, ...]:
        table, contract = build.table, self.contracts[version.table]
        judged = "_candidate" if table.takes_in and build.parts else version.table
        return check_table(build.connection, contract, table.checks, version, judged)

    # -- reading -------------------------------------------------------------------------------------------------
    def column_lineage(self, name: str) -> Origins:
        """For each column of a table the columns of other tables that it is computed from."""
        return column_lineage(self.tables[name], self.contracts)

    def chart(self, version: Version, chart: Chart) -> str:
        """A chart of a table version as Markdown, drawn once for each version and way of drawing."""
        drawn_by = code_fingerprint((str(chart.draw.__module__),), ())
        drawn_from = fingerprint([version.table, version.key, chart.query, drawn_by])[:16]
        path = self.home.root / "charts" / f"{version.table}.{chart.name}-{drawn_from}.md"
        if not path.exists():
            tables = {version.table: self.lake.path(version.table, version.key)}
            with open_engine(EngineLimits.from_environment(self.home.spill), tables) as connection:
                text = chart.draw(connection.execute(chart.query).df())
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return path.read_text(encoding="utf-8")

    def quarantine_reasons(self, version: Version) -> str:
        """The most frequent reasons for quarantine, as a Markdown table with one example row number each."""
        path = self.lake.quarantine_path(version.table, version.key)
        with open_engine(EngineLimits.from_environment(self.home.spill), {"quarantine.row": path}) as connection:
            rows = connection.execute(
                """
                SELECT source_id, file_name, key AS column_name, regexp_replace(value, $value, $rest) AS reason,
                       count(*) AS n, min(row_number) AS example
                FROM (SELECT source_id, file_name, row_number, unnest(json_keys(reasons)) AS key, reasons
                      FROM quarantine.row)
                CROSS JOIN LATERAL (SELECT json_extract_string(reasons, '$."' || key || '"') AS value)
                GROUP BY ALL ORDER BY n DESC, 1, 2, 3, 4 LIMIT 20""",
                {"value": VALUE_IN_REASON, "rest": REST_OF_REASON},
            ).fetchall()
        lines = ["| source | file | column | reason | rows | first row |", "|---|---|---|---|---|---|"]
        lines += ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
        return "\n".join(lines)

    def quarantine_in_words(self, name: str) -> str:
        """How many rows of a table's current version are quarantined, and the first; empty if none are.

        Columns and reasons are named, values are not: whoever reads the log need not be allowed to read the rows.
        """
        version = self.current(name)
        if version is None or not version.quarantined:
            return ""
        file = pq.ParquetFile(self.lake.quarantine_path(name, version.key))
        (first,) = next(file.iter_batches(1, columns=["file_name", "row_number", "reasons"])).to_pylist()
        reasons = ", ".join(
            f"{column}: {re.sub(VALUE_IN_REASON, REST_OF_REASON, why)}"
            for column, why in json.loads(first["reasons"]).items()
        )
        noun = "row" if version.quarantined == 1 else "rows"
        return (
            f"{name}: {version.quarantined:,} {noun} quarantined, "
            f"first: {first['file_name']} row {first['row_number']}, {reasons}; see source.quarantine"
        )

    # -- plans ---------------------------------------------------------------------------------------------------
    def missing(self, names: Iterable[str] | None = None) -> list[str]:
        """Tables that would have to be computed now."""
        return [name for name in (names or self.tables) if self.current(name) is None]


def _named(earlier: dict[str, str]) -> dict[str, Any]:
    """The tables of an earlier release among the parameters; nothing where there is none."""
    return {"earlier": earlier} if earlier else {}


def _ordered(connection: duckdb.DuckDBPyConnection, contract: Contract, result: Result) -> pa.RecordBatchReader:
    """The result under the contract's columns and types, ordered by primary key."""
    texts: Mapping[str, pa.Array] = {}
    if isinstance(result, Coded):
        texts, result = result.texts, result.relation
    if isinstance(result, duckdb.DuckDBPyRelation):
        result.create_view("_result", replace=True)
    else:
        connection.register("_result", result)
    available = [row[0] for row in connection.execute("DESCRIBE _result").fetchall()]
    types = {n: "INTEGER" if n in texts else contract.columns[n].type for n in contract.columns if n in available}
    strange = [n for n in available if n not in contract.columns]
    columns = [f'CAST("{n}" AS {type_}) AS "{n}"' for n, type_ in types.items()] + [f'"{n}"' for n in strange]
    query = f"SELECT {', '.join(columns)} FROM _result"
    if texts:
        # whole, not as a stream: a stream of rows that no sort holds back may wait for its reader for ever
        whole = connection.sql(query).to_arrow_table(ROW_GROUP)
        return in_order(whole.to_reader(), contract.grain, ROW_GROUP, texts)
    order = ", ".join(f'"{n}"' for n in contract.grain)
    return connection.sql(f"{query} ORDER BY {order}").to_arrow_reader(ROW_GROUP)
