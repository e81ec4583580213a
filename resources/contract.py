"""Contracts: what a table promises, one YAML file per table under `contracts/<layer>/`.

From a contract come the Arrow schema enforced on write, the warehouse table, the Great Expectations suite, the
Dagster column schema, SQL comments and the data dictionary. This module reads and validates them and knows nothing
of Dagster.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from resources.errors import ConfigurationError

LAYERS = ("source", "integration", "interpretation", "access")

ColumnType = Literal["varchar", "integer", "bigint", "double", "boolean", "date"]
Severity = Literal["error", "warn"]
Confidentiality = Literal["identifying", "confidential", "public"]

SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same safe language, parsed in C where PyYAML was built with it: every process reads forty contracts."""

ARROW_TYPES: dict[str, pa.DataType] = {
    "varchar": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


class Strict(BaseModel):
    """A model that refuses keys it does not know, so that a typo is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Strict):
    """One column of a table.

    Attributes:
        type: logical type, see `ColumnType`.
        description: what the value means, for a person who has not read the code.
        unit: unit of measurement (`HUF mn`, `%`, `days`), where there is one.
        source: the source's own column name, or several where publishers differ (first present wins).
        parse: name of a macro `parse_<name>` in `sql/source/parse.sql` that turns the text into the type.
        identifier: a python-stdnum module (`hu.anum`, `lei`) whose check the value must pass.
        required: a row without this value breaks the contract.
        missing: texts that stand for "no value" in this source (`MISSING`, `:`); empty text always does.
        default: text taken where the whole delivery has no such column; an empty value stays empty.
        is_demanded: the delivery must have this column even though its values may be empty; required and key
            columns are always demanded.
        classification: the codelist a code belongs to (`NACE_REV2`, `NUTS_2021`).
        confidentiality: overrides the table's.
    """

    type: ColumnType
    description: str = Field(min_length=10)
    unit: str | None = None
    source: list[str] = Field(default_factory=list)
    parse: str | None = None
    identifier: str | None = None
    required: bool = False
    missing: list[str] = Field(default_factory=list)
    default: str | None = None
    is_demanded: bool = False
    classification: str | None = None
    confidentiality: Confidentiality | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class Expectation(Strict):
    """A Great Expectations expectation with what happens when it fails.

    Attributes:
        expect: the expectation's type, for example `expect_column_values_to_be_between`.
        name: the asset check's name; unique in the table.
        description: why the rule exists.
        severity: `error` blocks (run, consumers, publishing), `warn` is shown.
        max_failing_share: share of rows (0..1) that may fail before the check does; GX calls 1 - this `mostly`.
        quarantine: rows that fail are quarantined (source tables only, row-level expectations only).
        arguments: keyword arguments of the expectation; `only_where` (column: value, or null for empty) confines a
            row-level rule to some rows.
    """

    expect: str = Field(pattern=r"^expect_[a-z_]+$")
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = ""
    severity: Severity = "error"
    max_failing_share: float = Field(default=0.0, ge=0, le=1)
    quarantine: bool = False
    arguments: dict[str, Any] = Field(default_factory=dict)


class Contract(Strict):
    """What one table promises.

    Attributes:
        table: `<layer>.<name>`; the file is `contracts/<layer>/<name>.yaml`.
        title: short human name.
        purpose: one line that says what the table is for.
        grain: primary key columns, in order; rows are sorted by them.
        owner: `team:...` or an e-mail address, as Dagster wants owners.
        gsbpm: GSBPM 5.1 sub-process.
        confidentiality: of the whole table unless a column says otherwise.
        max_quarantined_share: source tables: share of read rows (0..1) that may break the contract; above it the
            delivery is blocked.
        max_repeated_share: source tables: share of read rows (0..1) that may deliver a key again; kept apart because
            publishers repeat themselves without being wrong.
        ignored_columns: source tables: columns of the deliveries that are known and deliberately not used.
        columns: by name, in order.
        expectations: checks beyond schema and primary key.
    """

    table: str = Field(pattern=r"^(source|integration|interpretation|access)\.[a-z][a-z0-9_]*$")
    title: str = Field(min_length=3)
    purpose: str = Field(min_length=20)
    grain: list[str] = Field(min_length=1)
    owner: str = "team:statistics"
    gsbpm: str
    confidentiality: Confidentiality
    max_quarantined_share: float = Field(default=0.05, ge=0, le=1)
    max_repeated_share: float = Field(default=0.05, ge=0, le=1)
    ignored_columns: list[str] = Field(default_factory=list)
    columns: dict[str, Column] = Field(min_length=1)
    expectations: list[Expectation] = Field(default_factory=list)

    @model_validator(mode="after")
    def _coherent(self) -> Contract:
        for column in self.grain:
            if column not in self.columns:
                raise ValueError(f"grain names the unknown column '{column}'")
        names = [e.name for e in self.expectations]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"expectation name used twice: {', '.join(twice)}")
        for e in self.expectations:
            for key in ("column", "column_A", "column_B"):
                if key in e.arguments and e.arguments[key] not in self.columns:
                    raise ValueError(f"expectation '{e.name}' names the unknown column '{e.arguments[key]}'")
            for column in e.arguments.get("only_where", {}):
                if column not in self.columns:
                    raise ValueError(f"expectation '{e.name}' names the unknown column '{column}'")
            if e.quarantine and self.layer != "source":
                raise ValueError(f"expectation '{e.name}': only source tables have a quarantine")
        return self

    @property
    def layer(self) -> str:
        """The first part of the table's name."""
        return self.table.split(".")[0]

    @property
    def name(self) -> str:
        """The second part of the table's name."""
        return self.table.split(".")[1]

    def is_not_null(self, column: str) -> bool:
        """Whether the column never holds null in an accepted row."""
        return column in self.grain or self.columns[column].required

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema enforced on write, descriptions and units in the field metadata."""
        fields = []
        for name, column in self.columns.items():
            metadata = {"description": column.description}
            if column.unit:
                metadata["unit"] = column.unit
            fields.append(
                pa.field(name, ARROW_TYPES[column.type], nullable=not self.is_not_null(name), metadata=metadata)
            )
        return pa.schema(fields, metadata={"table": self.table, "title": self.title})

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the contract's content; wording changes count, formatting of the file does not."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def load_yaml(path: Path) -> Any:
    """Read one YAML document.

    Raises:
        ConfigurationError: the file is missing or is not YAML; names file and line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)
    except FileNotFoundError:
        raise ConfigurationError("file not found", where=str(path), action="create it or name another file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigurationError(f"not valid YAML ({problem})", where=where, action="correct the file") from None


def explain_validation(error: ValidationError) -> str:
    """The first problems of a pydantic error on one line, with the path of each."""
    problems = [
        f"{'.'.join(str(p) for p in e['loc']) or 'document'}: {e['msg'].removeprefix('Value error, ')}"
        for e in error.errors()[:3]
    ]
    return "; ".join(problems)


def load_contract(path: Path) -> Contract:
    """Read and validate one contract.

    Raises:
        ConfigurationError: not YAML, an unknown or missing key, or a file name that does not match its table.
    """
    document = load_yaml(path)
    try:
        contract = Contract.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(explain_validation(error), where=str(path), action="correct the contract") from None
    if (contract.layer, contract.name) != (path.parent.name, path.stem):
        raise ConfigurationError(
            f"the file holds the contract of {contract.table}", where=str(path), action="rename the file or the table"
        )
    return contract


def load_contracts(folder: Path) -> dict[str, Contract]:
    """All contracts below `folder`, by table name, sorted.

    Raises:
        ConfigurationError: the first contract that is wrong.
    """
    contracts = [load_contract(path) for layer in LAYERS for path in sorted((folder / layer).glob("*.yaml"))]
    return {contract.table: contract for contract in contracts}
