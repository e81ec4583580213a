"""The files of `coopgva protect` and `coopgva audit`: contributions, specification, release, results.

Belongs here: reading and writing them, and what a person reads when one of them is wrong. Does not belong here: what is
done with them (`pipelines.protect`, `pipelines.audit`).

Codes stay as they are written: CSV and YAML are read as text, so `01` and `NO` are codes and no number and no `false`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from pipelines.plain_files import TEXTS, UnreadableError, read_plain
from resources.contract import explain_validation
from resources.errors import ConfigurationError
from resources.transport.address import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from methods.disclosure.spec import Spec

INSIDE_ONLY = 0o600
PUBLISHABLE = 0o644
TEXT_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every scalar stays text."""


@contextmanager
def told_of(path: Path, action: str) -> Iterator[None]:
    """What a method cannot work with is told with the file it came from."""
    from methods.errors import MethodError

    try:
        yield
    except MethodError as error:
        raise ConfigurationError(str(error), where=str(path), action=action) from None


def check_out(path: Path, option: str, suffixes: Sequence[str] = (".csv", ".parquet")) -> None:
    """Refuses early what could not be written in the end.

    Raises:
        ConfigurationError: an unknown suffix or a folder that is not there.
    """
    if path.suffix.lower() not in suffixes:
        raise ConfigurationError(
            "unknown type of file", where=f"{option} {path}", action=f"name it {' or '.join(suffixes)}"
        )
    if not path.absolute().parent.is_dir():
        raise ConfigurationError("folder not found", where=str(path.absolute().parent), action="make it first")


def read_spec(path: Path) -> Spec:
    """Reads and checks a specification.

    Raises:
        ConfigurationError: the file or one it names cannot be read, or says what it cannot mean.
    """
    from pydantic import ValidationError

    from methods.disclosure.spec import Spec

    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=TEXT_LOADER)
        _refuse_keys_given_twice(tree, path)
        document = yaml.load(text, Loader=TEXT_LOADER)
    except OSError as error:
        raise ConfigurationError(
            f"specification: {(error.strerror or 'cannot be read').lower()}", where=str(path), action="name a file"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        reason = getattr(error, "problem", None) or str(error)
        raise ConfigurationError(f"not valid YAML ({reason})", where=where, action="correct the file") from None
    if not isinstance(document, dict):
        raise ConfigurationError("no specification", where=str(path), action="write `dimensions:` and what follows")
    _fill_in_files(document, path)
    try:
        return Spec.model_validate(document)
    except ValidationError as error:
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        action = "correct the file"
        if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
            action = did_you_mean(str(first["loc"][0]), list(Spec.model_fields))
        raise ConfigurationError(explain_validation(error), where=str(path), action=action) from None


def _refuse_keys_given_twice(node: Node | None, path: Path) -> None:
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, ScalarNode) and key.value in seen:
                raise ConfigurationError(
                    f"the key '{key.value}' is given twice",
                    where=f"{path}:{key.start_mark.line + 1}",
                    action="keep one of them",
                )
            seen.add(str(key.value))
    children = [value for _, value in node.value] if isinstance(node, MappingNode) else getattr(node, "value", None)
    for child in children if isinstance(children, list) else []:
        _refuse_keys_given_twice(child, path)


def _fill_in_files(document: dict[str, Any], path: Path) -> None:
    """A hierarchy or a list of waivers that names a file is replaced by what the file says."""
    dimensions = document.get("dimensions")
    for name, dimension in dimensions.items() if isinstance(dimensions, dict) else ():
        if isinstance(dimension, dict) and isinstance(dimension.get("hierarchy"), str):
            named = dimension["hierarchy"]
            parts: dict[str, list[str]] = {}
            if named:
                frame = read_columns(path.parent / named, ("parent", "child"), f"hierarchy of {name}")
                for parent, child in zip(frame["parent"], frame["child"], strict=True):
                    if not isinstance(parent, str) or not isinstance(child, str):
                        raise ConfigurationError(
                            f"hierarchy of {name}: a row without parent or child",
                            where=str(path.parent / named),
                            action="leave the total out as a child, fill in the rest",
                        )
                    parts.setdefault(parent, []).append(child)
            dimension["hierarchy"] = parts or None
    rules = document.get("rules")
    if isinstance(rules, dict) and isinstance(rules.get("waivers"), str) and rules["waivers"].endswith(TEXTS):
        column = document.get("contributor") or "contributor_id"
        frame = read_columns(path.parent / rules["waivers"], (column,), "waivers")
        rules["waivers"] = [code for code in frame[column] if isinstance(code, str)]


def read_columns(
    path: Path, texts: Sequence[str], what: str, *, numbers: Sequence[str] = (), optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Reads columns of a CSV (UTF-8; comma, semicolon, tab or bar) or Parquet file.

    Args:
        path: the file.
        texts: columns read as text.
        what: how messages call the file.
        numbers: columns read as numbers.
        optional: columns of text that may be absent.

    Raises:
        ConfigurationError: no such file, not readable, a column is missing, a number is none; names the row.
    """
    try:
        table = read_plain(path, what)
    except UnreadableError as error:
        raise ConfigurationError(f"{what}: cannot be read: {error}", where=str(path), action="check the file") from None
    names = table.column_names
    for column in dict.fromkeys((*texts, *numbers)):
        if column not in names:
            raise ConfigurationError(
                f"{what}: column {column} is missing", where=str(path), action=did_you_mean(column, list(names))
            )
    for column in names:
        if names.count(column) > 1:
            raise ConfigurationError(f"{what}: column {column} is there twice", where=str(path), action="rename one")
    if not table.num_rows:
        raise ConfigurationError(f"{what}: there are no rows", where=str(path), action="give another file")
    import pandas as pd

    columns: dict[str, Any] = {}
    for column in (*texts, *(name for name in optional if name in names)):
        columns[column] = _as_text(table.column(column)).to_pandas()
    for column in numbers:
        columns[column] = _as_numbers(table.column(column), f"{what}: {column}", path)
    return pd.DataFrame(columns)


def _as_text(column: Any) -> Any:
    """Codes as text; whole numbers that a gap made floating point lose their `.0`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.floor(column))).as_py() is not False:
        column = column.cast(pa.int64())
    return column.cast(pa.string())


def _as_numbers(column: Any, what: str, path: Path) -> Any:
    import pyarrow as pa

    try:
        return column.cast(pa.float64()).to_pandas()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        for row, given in enumerate(column.to_pylist(), start=1):
            try:
                pa.array([given]).cast(pa.float64())
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                raise ConfigurationError(
                    f"{what} is no number: {given!r} (row {row})", where=str(path), action="write 1234.5"
                ) from None
        raise
