"""`coopgva link sample`: a random sample of links as a file that a clerk fills in a spreadsheet.

Belongs here: columns of the file, what a person reads. Does not belong here: who is drawn (`methods.clerical_sample`),
what the verdicts say (`methods.link_quality`).

The file is CSV in UTF-8 with a byte order mark and semicolons, which a spreadsheet opens by double click wherever the
comma is the decimal sign. What the clerk fills stands first, what the estimation needs last.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resources.errors import ConfigurationError, StaleInputError
from resources.home import Home

if TYPE_CHECKING:
    import pandas as pd

TO_FILL = ("verdict", "right_legal_unit_id", "who", "when", "why")
COLUMNS = (
    *TO_FILL,
    "source", "cooperation", "name", "place", "postcode", "identifier", "year",
    "shown_legal_unit_id", "shown_name", "shown_place", "shown_tax_number",
    "second_legal_unit_id", "second_name", "second_place",
    "status", "probability", "method", "machine_reason",
    "sample_id", "record_id", "stratum", "stratum_size", "inclusion_probability",
)  # fmt: skip

TABLES = (
    "integration.participant",
    "integration.link_candidate",
    "integration.firm_identity",
    "integration.firm_size",
    "integration.legal_unit",
)
SHOWN = """
    SELECT f.record_id, f.source_id AS source, f.cooperation_id AS cooperation, f.name, f.settlement AS place,
           f.postcode, f.identifier_text AS identifier, f.valid_from_year AS year,
           u.legal_unit_id AS shown_legal_unit_id, coalesce(u.name, '(no firm found)') AS shown_name,
           u.settlement AS shown_place, u.tax_stem AS shown_tax_number,
           v.legal_unit_id AS second_legal_unit_id, v.name AS second_name, v.settlement AS second_place,
           f.best_status AS status, f.best_probability AS probability, k.method, f.best_reason AS machine_reason,
           coalesce(f.best_gva_huf_mn, 0) AS gva_huf_mn
    FROM frame AS f
    JOIN integration.link_candidate AS k ON k.record_id = f.record_id AND k.rank = 1
    LEFT JOIN integration.legal_unit AS u ON u.legal_unit_id = f.best_unit_id
    LEFT JOIN integration.link_candidate AS s ON s.record_id = f.record_id AND s.rank = 2
    LEFT JOIN integration.legal_unit AS v ON v.legal_unit_id = s.legal_unit_id
    ORDER BY f.record_id"""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters at which a spreadsheet would compute instead of show."""


def sample(
    out: Annotated[Path, typer.Option(dir_okay=False, help="CSV file to write, for a clerk to fill.")],
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Home directory; COOPGVA_HOME or ./.coopgva by default.", file_okay=False),
    ] = None,
    size: Annotated[int, typer.Option(min=1, help="Records to draw.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another sample.")] = 1,
) -> None:
    """Draw a random sample of links for a clerk to judge, so that precision and recall are known."""
    from methods.errors import MethodError

    if out.suffix.lower() != ".csv":
        raise ConfigurationError("unknown type of file", where=f"--out {out}", action="name it .csv")
    if out.exists():
        raise ConfigurationError(
            "the file is there already and may have been filled", where=str(out), action="name another --out"
        )
    if not out.absolute().parent.is_dir():
        raise ConfigurationError("folder not found", where=str(out.absolute().parent), action="make it first")
    where = Home.from_environment(home)
    frame = proposals(where)
    try:
        drawn = clerks_file(frame, size, seed)
    except MethodError as error:
        raise ConfigurationError(str(error).partition(": ")[2], where="--size", action="draw more") from None
    try:
        drawn.to_csv(out, index=False, sep=";", encoding="utf-8-sig", lineterminator="\r\n")
    except OSError as error:
        raise ConfigurationError(
            f"cannot write ({error.strerror or error})", where=str(out), action="choose another --out"
        ) from None
    strata = drawn["stratum"].nunique()
    typer.echo(
        f"{len(drawn):,} of {len(frame):,} records in {strata} strata (sample {drawn['sample_id'].iloc[0]}) written to "
        f"{out}; fill {', '.join(TO_FILL)} and deliver it as a source of the table clerical_review"
    )


def proposals(home: Home) -> pd.DataFrame:
    """What the linkage proposes for every record, as the last refresh left it, and what a clerk needs to judge it.

    Raises:
        StaleInputError: nothing was refreshed yet, or something changed since.
    """
    from assets.catalogue import TABLES as ALL
    from assets.workshop import Workshop
    from resources.engine import EngineLimits, open_engine, run_sql, sql_file

    if not home.sources.exists():
        raise StaleInputError("there is no sources.yaml", where=str(home.root), action="name a refreshed --home")
    shop = Workshop(home, ALL)
    paths = {name: shop.lake.path(name, shop.require(name, consumer="link sample").key) for name in TABLES}
    with open_engine(EngineLimits.from_environment(home.spill), paths) as connection:
        frame = sql_file("integration/link_quality_frame.sql")
        values = {"reference_area": shop.parameters.reference_area}
        run_sql(connection, f"CREATE TEMP TABLE frame AS {frame}", values)
        return connection.execute(SHOWN).df()


def clerks_file(frame: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """The rows of the file, in random order, nothing filled.

    Args:
        frame: see `proposals`.
        size: records to draw.
        seed: another seed, another sample.

    Raises:
        MethodError: the sample is too small for its strata.
    """
    import hashlib

    from methods.clerical_sample import draw_sample

    drawn = draw_sample(frame[["record_id", "status", "probability", "gva_huf_mn"]], size, seed)
    # the strata are part of the name: the same records under another design are another sample
    content = "\n".join(drawn["record_id"] + "|" + drawn["stratum_code"] + "|" + drawn["stratum_size"].astype("str"))
    name = f"S{seed}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    both = drawn.merge(frame, on="record_id", how="left").rename(columns={"stratum_code": "stratum"})
    both = both.assign(
        sample_id=name,
        probability=both["probability"].round(4),
        inclusion_probability=both["inclusion_probability"].round(9),
        year=both["year"].astype("Int64"),
        **dict.fromkeys(TO_FILL, ""),
    )[list(COLUMNS)]
    for column in ("name", "place", "postcode", "identifier", "shown_name", "second_name"):
        both[column] = both[column].map(shown_as_text, na_action="ignore")
    return both


def shown_as_text(text: object) -> str:
    """Text that a spreadsheet shows and does not execute: a quotation mark before what would begin a formula."""
    line = " ".join(str(text).split())
    return f"'{line}" if line.startswith(FORMULA) else line
