"""`coopgva link`: the record linkage on its own, from files to a file.

Belongs here: reading and writing the files, and what a person reads when one of them is wrong. Does not belong here:
linking (`methods.linkage`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.plain_files import UnreadableError, read_plain
from resources.errors import ConfigurationError, DeliveryError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # what: (needed, further)
    "registry": (
        ("firm_id", "name"),
        (
            "short_name", "tax_number", "eu_vat", "registration_number", "lei", "legal_form", "postcode", "settlement",
            "address", "county", "nuts3_code", "nace_code", "founded_year", "status", "euid", "pic",
            "employees",
        ),
    ),
    "records": (
        ("record_id", "name"),
        (
            "source", "country", "tax_number", "registration_number", "lei", "postcode", "settlement", "address",
            "nuts3_code", "year", "euid", "pic",
        ),
    ),
    "name history": (("firm_id", "name"), ("valid_from", "valid_to")),
    "address history": (("firm_id",), ("postcode", "settlement", "address", "valid_to")),
    "events": (("predecessor_id", "successor_id"), ("kind", "year")),
    "VAT groups": (("group_tax_number", "firm_id"), ()),
    "identifiers": (("firm_id", "kind", "value"), ("valid_from", "valid_to")),
    "labels": (("record_id", "firm_id"), ()),
    "decisions": (("record_id", "decision"), ("firm_id", "other_record_id", "who", "when", "why")),
}  # fmt: skip
"""Columns of each file; others are ignored."""

File = typer.Option(dir_okay=False, help="CSV or Parquet.")


def link(
    context: typer.Context,
    registry: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Firms: firm_id, name and what else is known of them. Needed.")
    ] = None,
    records: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Records: record_id, name and what else is known. Needed.")
    ] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="File to write, .csv or .parquet. Needed.")] = None,
    name_history: Annotated[Path | None, File] = None,
    address_history: Annotated[Path | None, File] = None,
    events: Annotated[Path | None, File] = None,
    vat_groups: Annotated[Path | None, File] = None,
    decisions: Annotated[
        Path | None, typer.Option(dir_okay=False, help="People's decisions, which always win.")
    ] = None,
    identifiers: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Numbers that firms have or had, with valid_from and valid_to.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Known answers to learn from: record_id, firm_id or empty.")
    ] = None,
) -> None:
    """Say which firm of a registry each record means, how probable that is, and why."""
    if context.invoked_subcommand is not None:
        return
    if registry is None or records is None or out is None:
        needed = {"--registry": registry, "--records": records, "--out": out}
        raise typer.BadParameter(f"Missing option '{next(name for name, given in needed.items() if given is None)}'.")
    link_files(
        registry, records, out, name_history, address_history, events, vat_groups, decisions, identifiers, labels
    )


def link_files(
    registry: Path,
    records: Path,
    out: Path,
    name_history: Path | None = None,
    address_history: Path | None = None,
    events: Path | None = None,
    vat_groups: Path | None = None,
    decisions: Path | None = None,
    identifiers: Path | None = None,
    labels: Path | None = None,
) -> None:
    """Link the records of a file to the firms of another and write the links.

    Raises:
        ConfigurationError: a file is not there, or `out` cannot be written.
        DeliveryError: a file cannot be read or lacks a column.
    """
    from methods.errors import MethodError
    from methods.linkage import link as run

    if out.suffix.lower() not in (".csv", ".parquet"):
        raise ConfigurationError("unknown type of file", where=f"--out {out}", action="name it .csv or .parquet")
    if not out.absolute().parent.is_dir():
        raise ConfigurationError("folder not found", where=str(out.absolute().parent), action="make it first")
    files = {
        "registry": registry, "records": records, "name history": name_history, "address history": address_history,
        "events": events, "VAT groups": vat_groups, "decisions": decisions,
        "identifiers": identifiers, "labels": labels,
    }  # fmt: skip
    frames = {what: read(path, what) for what, path in files.items() if path is not None}
    try:
        found = run(
            frames["registry"], frames["records"], name_history=frames.get("name history"),
            address_history=frames.get("address history"), events=frames.get("events"),
            vat_groups=frames.get("VAT groups"), decisions=frames.get("decisions"),
            identifiers=frames.get("identifiers"), labels=frames.get("labels"),
        )  # fmt: skip
    except MethodError as error:
        what, _, message = str(error).partition(": ")
        where = str(files.get(what) or what)
        raise DeliveryError(message, where=where, action="correct the file") from None
    _write(found.links, out)
    counts = found.links["status"].value_counts()
    shares = ", ".join(f"{int(counts.get(status, 0)):,} {status}" for status in ("accepted", "review", "none"))
    typer.echo(f"{len(found.links):,} records: {shares}; written to {out}")


def read(path: Path, what: str) -> pd.DataFrame:
    """Reads a CSV (UTF-8; comma, semicolon, tab or bar) or Parquet file with the columns of `COLUMNS`.

    Args:
        path: the file.
        what: key of `COLUMNS`.

    Raises:
        ConfigurationError: there is no such file, or its type is not known.
        DeliveryError: it cannot be read, or a needed column is absent.
    """
    needed, further = COLUMNS[what]
    try:
        table = read_plain(path, what, (*needed, *further))
    except UnreadableError as error:
        raise DeliveryError(f"{what}: cannot be read: {error}", where=str(path), action="check the file") from None
    for column in needed:
        if column not in table.column_names:
            present = ", ".join(table.column_names[:8]) or "none"
            raise DeliveryError(
                f"{what}: column {column} is missing (columns: {present})", where=str(path), action="add or rename it"
            )
    kept = [column for column in (*needed, *further) if column in table.column_names]
    return _whole_numbers(table.select(kept).to_pandas())


def _whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers with gaps, which arrive as floating point, as whole numbers: 12345678, not 12345678.0."""
    import pandas as pd

    for column in frame.columns:
        if pd.api.types.is_float_dtype(frame[column]) and (frame[column].dropna() % 1 == 0).all():
            frame[column] = frame[column].astype("Int64")
    return frame


def _write(links: pd.DataFrame, out: Path) -> None:
    beside = out.with_name(f".{out.name}.part")
    try:
        if out.suffix.lower() == ".parquet":
            links.to_parquet(beside, index=False)
        else:
            links.to_csv(beside, index=False, lineterminator="\n")
        beside.replace(out)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write ({error.strerror or error})", where=str(out), action="choose another --out"
        ) from None
    finally:
        beside.unlink(missing_ok=True)
