"""Plain files that a person hands in or asks for on the command line: CSV and Parquet.

Belongs here: the separator, text kept as text, whole files or none. Does not belong here: which columns a command needs
(`pipelines.link`, `pipelines.disclosure_files`), deliveries of sources (`resources.readers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resources.durable import replacing
from resources.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SEPARATORS = ",;\t|"
TEXTS = (".csv", ".tsv", ".txt")


def read_plain(path: Path, what: str, columns: Sequence[str] = ()) -> pa.Table:
    """Reads a CSV (UTF-8; comma, semicolon, tab or bar; all columns as text, empty is null) or a Parquet file.

    A tax number keeps its leading zero and `NO` is a country.

    Args:
        path: the file.
        what: how messages call the file.
        columns: those that are wanted, if they are there; a Parquet file gives no others. None named: all.

    Raises:
        ConfigurationError: there is no such file, or its type is not known.
        UnreadableError: it is none of what its name says; says why.
    """
    import pyarrow as pa

    if not path.is_file():
        raise ConfigurationError(f"{what}: file not found", where=str(path), action="name an existing file")
    suffix = path.suffix.lower()
    if suffix != ".parquet" and suffix not in TEXTS:
        raise ConfigurationError(f"{what}: unknown type of file", where=str(path), action="give .csv or .parquet")
    try:
        return _parquet(path, columns) if suffix == ".parquet" else _csv(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError, OSError) as error:
        raise UnreadableError(str(error).splitlines()[0] if str(error) else type(error).__name__) from None


class UnreadableError(Exception):
    """A file that cannot be read, with the reason; commands say what that means for them."""


def _parquet(path: Path, columns: Sequence[str]) -> pa.Table:
    import pyarrow.parquet as pq

    wanted = [name for name in pq.read_schema(path).names if name in columns]
    # the file alone: a folder `year=2023` above it must not become a column
    return pq.read_table(path, columns=wanted or None, partitioning=None)


def _csv(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    with path.open(encoding="utf-8-sig") as lines:
        header = lines.readline()
    if not header.strip():
        raise pa.ArrowInvalid("the file is empty")
    separator = max(SEPARATORS, key=lambda mark: (header.count(mark), -SEPARATORS.index(mark)))
    parse = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    names = csv.open_csv(path, parse_options=parse).schema.names
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=True,
    )
    return csv.read_csv(path, parse_options=parse, convert_options=convert)


def write_table(frame: pd.DataFrame, path: Path, *, mode: int, decimals: int | None = None) -> None:
    """Writes a frame as CSV or Parquet, whole or not at all; equal content is equal bytes.

    Args:
        frame: the rows.
        path: .csv or .parquet.
        mode: permission bits.
        decimals: decimals of floating-point columns in CSV; None: as many as they need.

    Raises:
        ConfigurationError: it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with replacing(path, mode=mode) as temporary:
            if path.suffix.lower() == ".parquet":
                table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
                pq.write_table(table, temporary, compression="zstd")
            else:
                _numbers_as_text(frame, decimals).to_csv(temporary, index=False, lineterminator="\n")
    except OSError as error:
        raise ConfigurationError(
            f"cannot write ({error.strerror or error})", where=str(path), action="name another file"
        ) from None


def _numbers_as_text(frame: pd.DataFrame, decimals: int | None) -> pd.DataFrame:
    import pandas as pd

    result = frame.copy()
    for column in frame.columns:
        if pd.api.types.is_float_dtype(frame[column]):
            said = [
                "" if number != number else repr(number) if decimals is None else f"{number:.{decimals}f}"
                for number in frame[column].tolist()
            ]
            result[column] = said
    return result
