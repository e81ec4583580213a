"""`sources.yaml`: what is delivered, where from, in which format and how often.

Belongs here: the configuration's model and its checks. Does not belong here: opening an address
(`resources.transport`) or the meaning of a column (contracts). Documented in `docs/sources.md`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from resources.contract import Strict, explain_validation, load_yaml
from resources.errors import ConfigurationError
from resources.transport.address import check_template, did_you_mean, kind_of, mask

DEFAULT_MAX_BYTES = 4 * 1024**3
SECONDS_PER_DAY = 86_400


class Source(Strict):
    """One source of deliveries.

    Attributes:
        id: unique name; the folder of its deliveries in the archive.
        table: the source table it feeds (`contracts/source/<table>.yaml`); several sources may feed one.
        format: name of the reader.
        url: path or glob relative to the file's folder, `file://`, `http(s)://`, an fsspec URL (`s3://`, `sftp://`)
            or a SQLAlchemy URL with its driver; `${NAME}` is filled in from the environment when it is fetched.
        member: fnmatch pattern of members, where the address is a zip archive.
        query: the statement, where the address is a database; ordered, so that equal rows give equal bytes.
        options: the reader's options.
        constants: columns added to every row, as text.
        expected_every_days: the publisher's cadence in days; None where there is none.
        max_bytes: size limit of a delivery in bytes, unpacked members included.
        licence: terms of use.
        attribution: the text the publisher wants to be named with.
        description: what the source is, for a person.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
    table: str
    format: str
    url: str = Field(min_length=1, repr=False)
    member: str | None = Field(default=None, min_length=1)
    query: str | None = Field(default=None, min_length=1)
    options: dict[str, Any] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    expected_every_days: int | None = Field(default=None, ge=1)
    max_bytes: int = Field(default=DEFAULT_MAX_BYTES, ge=1)
    licence: str | None = None
    attribution: str | None = None
    description: str | None = None

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            check_template(value)
        except ConfigurationError as error:
            raise ValueError(f"{error.what}; {error.action}") from None
        return value

    @model_validator(mode="after")
    def _coherent(self) -> Source:
        kind = kind_of(self.url)
        if kind == "database" and self.query is None:
            raise ValueError("a database needs a query")
        if self.query is not None:
            if kind not in ("database", None):
                raise ValueError("query is for databases only; the url is not a SQLAlchemy URL (dialect+driver://)")
            check_query(self.query)
        if self.member is not None and (kind == "database" or self.query is not None):
            raise ValueError("member is for zip archives; a database has none")
        return self

    @property
    def shown_url(self) -> str:
        """The address as configured, passwords and tokens masked."""
        return mask(self.url)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield from (pair for pair in super().__repr_args__() if pair[0] != "url")
        yield "url", self.shown_url

    def days_late(self, received_at: datetime, at: datetime) -> float:
        """Days by which the next delivery is overdue; 0 where it is not, or where no cadence is known.

        Args:
            received_at: when the newest delivery was received.
            at: the moment of judgement.
        """
        if self.expected_every_days is None:
            return 0.0
        return max(0.0, (at - received_at).total_seconds() / SECONDS_PER_DAY - self.expected_every_days)


class Sources(Strict):
    """The whole of `sources.yaml`."""

    sources: tuple[Source, ...] = Field(min_length=1)


def check_query(query: str) -> None:
    """Check that a statement only reads, and reads in a stated order.

    Raises:
        ValueError: another statement than SELECT or WITH, or one without ORDER BY.
    """
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", query, flags=re.DOTALL).strip()
    if not re.match(r"(?i)\(*\s*(select|with)\b", bare):
        raise ValueError("the query must be a SELECT, or a WITH that ends in one")
    if not re.search(r"(?i)\border\s+by\b", bare):
        raise ValueError("the query needs an ORDER BY, or the same rows would look like a new delivery every night")


def load_sources(
    path: Path,
    known_formats: Collection[str],
    known_tables: Collection[str],
    check_options: Callable[[str, Mapping[str, Any]], None] | None = None,
) -> tuple[Source, ...]:
    """Read and check `sources.yaml`.

    Args:
        path: the file.
        known_formats: names of the readers there are.
        known_tables: names of the source tables that have a contract, without the layer.
        check_options: takes a format and a source's options; raises ConfigurationError if the reader would refuse them.

    Raises:
        ConfigurationError: one line with file, line and place for anything that is not as it should be.
    """
    document = load_yaml(path)
    tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    _refuse_keys_given_twice(tree, path)
    try:
        sources = Sources.model_validate({} if document is None else document).sources
    except ValidationError as error:
        # A misspelt key also leaves its right spelling missing; the misspelling is what the reader looks for.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        action = "correct the file"
        if first["type"] == "extra_forbidden":
            model = Source if len(first["loc"]) > 1 else Sources
            action = did_you_mean(str(first["loc"][-1]), list(model.model_fields))
        raise ConfigurationError(
            explain_validation(error), where=_place(path, tree, first["loc"]), action=action
        ) from None
    seen: set[str] = set()
    for index, source in enumerate(sources):
        for key, value, known in (
            ("format", source.format, known_formats),
            ("table", source.table, known_tables),
        ):
            if value not in known:
                raise ConfigurationError(
                    f"source {source.id}: unknown {key} '{value}'",
                    where=_place(path, tree, ("sources", index, key)),
                    action=did_you_mean(value, list(known)),
                )
        if source.id in seen:
            raise ConfigurationError(
                f"the id '{source.id}' is used twice",
                where=_place(path, tree, ("sources", index, "id")),
                action="give every source its own id; archived deliveries are kept under it",
            )
        seen.add(source.id)
        if check_options is not None:
            try:
                check_options(source.format, source.options)
            except ConfigurationError as error:
                raise ConfigurationError(
                    f"source {source.id}: {error.where}: {error.what}",
                    where=_place(path, tree, ("sources", index, "options")),
                    action=error.action,
                ) from None
    return sources


def source_named(sources: Sequence[Source], source_id: str) -> Source:
    """The source with this id.

    Raises:
        ConfigurationError: there is none.
    """
    for source in sources:
        if source.id == source_id:
            return source
    near = difflib.get_close_matches(source_id, [s.id for s in sources], n=1)
    raise ConfigurationError(
        f"no source '{source_id}'", action=f"did you mean '{near[0]}'?" if near else "see sources.yaml"
    )


def _place(path: Path, tree: Node | None, location: Sequence[int | str]) -> str:
    """`file:line` of the deepest node of the document on the way to a location."""
    line = tree.start_mark.line if tree else 0
    node = tree
    for step in location:
        if isinstance(node, MappingNode):
            pair = next(((k, v) for k, v in node.value if isinstance(k, ScalarNode) and k.value == str(step)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return f"{path}:{line + 1}"


def _refuse_keys_given_twice(node: Node | None, path: Path) -> None:
    """YAML readers keep the last of two equal keys in silence; here that is an error."""
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value in seen and key.value != "<<":
                raise ConfigurationError(
                    f"the key '{key.value}' is given twice",
                    where=f"{path}:{key.start_mark.line + 1}",
                    action="keep one of them",
                )
            seen.add(key.value if isinstance(key, ScalarNode) else "")
            _refuse_keys_given_twice(value, path)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            _refuse_keys_given_twice(item, path)
