"""The readers there are, by the name a source gives as its format.

Belongs here: names. Does not belong here: reading. A new format is one module and one line in `READERS` and `OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from resources.errors import ConfigurationError
from resources.readers.base import Part, RawRows, Reader
from resources.readers.cordis_json import CordisJsonOptions, read_cordis_json
from resources.readers.csv_file import CsvOptions, read_csv
from resources.readers.data_explorer import read_data_explorer_csv
from resources.readers.ebeszamolo import read_ebeszamolo_json
from resources.readers.eurostat_tsv import EurostatTsvOptions, read_eurostat_tsv
from resources.readers.gleif import read_gleif_json
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.parquet import read_parquet
from resources.readers.sdmx import SdmxCsvOptions, read_sdmx_csv, read_sdmx_ml
from resources.readers.structural_funds import read_structural_funds_json
from resources.readers.workbook import WorkbookOptions, read_workbook

READERS: dict[str, Reader] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "xlsx": read_workbook,
    "eurostat_tsv": read_eurostat_tsv,
    "sdmx_csv": read_sdmx_csv,
    "sdmx_ml": read_sdmx_ml,
    "data_explorer_csv": read_data_explorer_csv,
    "ebeszamolo_json": read_ebeszamolo_json,
    "cordis_json": read_cordis_json,
    "structural_funds_json": read_structural_funds_json,
    "gleif_json": read_gleif_json,
}

OPTIONS: dict[str, type[ReaderOptions]] = {
    **dict.fromkeys(READERS, ReaderOptions),
    "csv": CsvOptions,
    "xlsx": WorkbookOptions,
    "eurostat_tsv": EurostatTsvOptions,
    "sdmx_csv": SdmxCsvOptions,
    "cordis_json": CordisJsonOptions,
}
"""The model of each format's options."""


def check_options(format: str, options: Mapping[str, Any]) -> None:
    """Check a source's format and options without reading anything.

    Raises:
        ConfigurationError: no such format, an unknown option, or a wrong value.
    """
    if format not in READERS:
        raise ConfigurationError(
            f"unknown format '{format}'", action=f"use one of {', '.join(sorted(READERS))}", where="the source's format"
        )
    parse_options(OPTIONS[format], options, format)


def read(format: str, part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read one archived file.

    Args:
        format: a key of `READERS`.
        part: the file.
        connection: where rows may be put (temporary tables, which live as long as it does).
        options: the format's options.

    Raises:
        ConfigurationError: no such format or option.
        DeliveryError: the file cannot be read; names file, line and reason.
    """
    check_options(format, options)
    return READERS[format](part, connection, options)
