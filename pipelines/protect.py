"""`coopgva protect`: disclosure control on its own, from contributions to a table that can be published.

Belongs here: from files to files, and what a person reads. Does not belong here: rules, cells, optimisation
(`methods.disclosure`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.disclosure_files import (
    INSIDE_ONLY,
    PUBLISHABLE,
    check_out,
    read_columns,
    read_spec,
    told_of,
)
from pipelines.plain_files import write_table
from resources.durable import file_sha256, write_json
from resources.errors import PublishRefusedError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from methods.disclosure import LinkedSystem, Suppression
    from methods.disclosure.differences import Vintage
    from methods.disclosure.hierarchy import Cells
    from methods.disclosure.spec import Spec
    from methods.disclosure.tabulation import Tabulated

NUMBERS_OF_CELLS = ("value", "count", "constant")


@dataclass(frozen=True, eq=False)
class Protected:
    """A table with its pattern and the proof of it.

    Attributes:
        spec: the specification.
        table: its cells.
        system: the linked system that was protected.
        suppression: the pattern chosen.
        withheld: (cells,) which of the published cells are withheld.
        certificate: one row per primary cell and attacker.
    """

    spec: Spec
    table: Tabulated
    system: LinkedSystem
    suppression: Suppression
    withheld: np.ndarray
    certificate: pd.DataFrame


def protect(
    table: Annotated[Path, typer.Option(dir_okay=False, help="Contributions, CSV or Parquet.")],
    spec: Annotated[Path, typer.Option(dir_okay=False, help="Specification, YAML (docs/disclosure.md).")],
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="File to write, .csv or .parquet.")] = None,
    previous: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Earlier release of the same tables, CSV or Parquet.")
    ] = None,
    previous_contributions: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="What the earlier release was made of: protects changes too."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Proof of protection to write, JSON; for inside only.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Report how many cells of each table would survive; publishes nothing.")
    ] = False,
) -> None:
    """Withhold what would reveal a contributor, in a table and everything that is linked with it."""
    if out is None and not plan:
        raise typer.BadParameter("Missing option '--out'.")
    if out is not None:
        check_out(out, "--out")
    if certificate is not None:
        check_out(certificate, "--certificate", (".json",))
    if previous_contributions is not None and previous is None:
        raise typer.BadParameter("--previous-contributions needs --previous, the release made of them.")
    done = protect_files(table, spec, previous, previous_contributions)
    if plan:
        _tell_plan(done, out)
    failing = done.certificate[~done.certificate["is_protected"].astype(bool)]
    if len(failing):
        raise PublishRefusedError(
            f"{failing['name'].nunique()} unsafe cells cannot be protected, the first is {failing['name'].iloc[0]}",
            where=str(table),
            action="publish less detail, or take cells out of `public`; nothing was written",
        )
    if certificate is not None:
        inputs = {"table": table, "spec": spec, "previous": previous, "previous_contributions": previous_contributions}
        write_json(certificate, _proof(done, inputs))
    if out is not None and not plan:
        write_table(release(done), out, mode=PUBLISHABLE, decimals=done.table.decimals)
        _tell(done, out)


def protect_files(
    table: Path, spec: Path, previous: Path | None = None, previous_contributions: Path | None = None
) -> Protected:
    """Reads contributions and specification and protects the tables.

    Args:
        table: contributions.
        spec: the specification.
        previous: an earlier release.
        previous_contributions: what it was made of.

    Raises:
        ConfigurationError: a file that cannot be used, with the reason.
    """
    import numpy as np

    from methods.disclosure import certify
    from methods.disclosure import protect as choose

    wanted = read_spec(spec)
    given = read_contributions(table, wanted)
    earlier = read_release(previous, wanted, "earlier release") if previous else None
    older = read_contributions(previous_contributions, wanted) if previous_contributions else None
    grid = cells_of(wanted, spec, given, earlier, older)
    vintage = tabulated(grid, wanted, given, table, spec, earlier, previous, older, previous_contributions)
    with told_of(spec, "correct `public`, the rules or the tables"):
        system = vintage.system(wanted)[1]
        preferred = None
        if vintage.before is not None:
            preferred = np.zeros(system.size, dtype=bool)
            preferred[: len(grid)] = vintage.before.is_withheld
        suppression = choose(system, preferred=preferred)
    withheld = suppression.suppressed[: len(grid)]
    return Protected(
        wanted,
        vintage.now,
        system,
        suppression,
        withheld,
        certify(system, suppression.suppressed, suppression.witnesses),
    )


def read_contributions(path: Path, spec: Spec) -> pd.DataFrame:
    """The columns of a table of contributions that the specification names.

    Raises:
        ConfigurationError: as `read_columns`.
    """
    texts = [*spec.dimensions, spec.contributor, *([spec.group] if spec.group else [])]
    numbers = [spec.value] if spec.cost in (*NUMBERS_OF_CELLS, spec.value) else [spec.value, spec.cost]
    optional = () if spec.group else ("group_id",)
    return read_columns(path, texts, "contributions", numbers=numbers, optional=optional)


def read_release(path: Path, spec: Spec, what: str) -> pd.DataFrame:
    """The dimensions, value and statuses of a release.

    Raises:
        ConfigurationError: as `read_columns`.
    """
    return read_columns(path, list(spec.dimensions), what, numbers=("value",), optional=("obs_status", "conf_status"))


def cells_of(spec: Spec, spec_file: Path, *frames: pd.DataFrame | None) -> Cells:
    """The cells of the specification's tables.

    Args:
        spec: the specification.
        spec_file: where it comes from.
        frames: contributions and releases, whose codes make up the flat dimensions.

    Raises:
        ConfigurationError: hierarchies or tables that cannot be.
    """
    from methods.disclosure.hierarchy import cells, hierarchies

    codes = {name: {code for f in frames if f is not None for code in f[name].dropna()} for name in spec.dimensions}
    with told_of(spec_file, "correct dimensions and tables"):
        return cells(hierarchies(spec, codes), spec.published())


def tabulated(
    grid: Cells,
    spec: Spec,
    given: pd.DataFrame,
    table: Path,
    spec_file: Path,
    earlier: pd.DataFrame | None = None,
    previous: Path | None = None,
    older: pd.DataFrame | None = None,
    previous_contributions: Path | None = None,
) -> Vintage:
    """The cells filled, with what an earlier release says of them.

    Args:
        grid: the cells.
        spec: the specification.
        given: contributions.
        table: where they come from.
        spec_file: where the specification comes from.
        earlier: an earlier release.
        previous: where it comes from.
        older: what it was made of.
        previous_contributions: where that comes from.

    Raises:
        ConfigurationError: contributions or a release that cannot be used.
    """
    from methods.disclosure.differences import Vintage, tabulate_both
    from methods.disclosure.intruder import published
    from methods.disclosure.tabulation import tabulate

    with told_of(table, f"correct the table or {spec_file}"):
        now = tabulate(given, spec, grid)
    if earlier is None or previous is None:
        return Vintage(now)
    with told_of(previous, "give an earlier release of the same dimensions"):
        before = published(earlier, grid, is_partial=True)
    if older is None or previous_contributions is None:
        return Vintage(now, before)
    with told_of(previous_contributions, f"correct the table or {spec_file}"):
        now, old, change = tabulate_both(given, older, spec, grid)
    return Vintage(now, before, old, change)


def release(done: Protected) -> pd.DataFrame:
    """What leaves the house: codes, value (missing if withheld), `obs_status`, `conf_status`, and nothing else."""
    import numpy as np

    frame = codes_of(done.table.cells)
    frame["value"] = np.where(done.withheld, np.nan, done.table.frame["value"].to_numpy())
    frame["obs_status"] = np.where(done.withheld, "Q", "A")
    frame["conf_status"] = np.where(done.withheld, "C", "F")
    return frame


def codes_of(cells: Cells) -> pd.DataFrame:
    """One row per cell, one column per dimension."""
    import numpy as np
    import pandas as pd

    return pd.DataFrame(
        {h.name: np.array(h.codes, dtype=object)[cells.codes[:, d]] for d, h in enumerate(cells.hierarchies)},
        dtype="str",
    )


def _proof(done: Protected, inputs: dict[str, Path | None]) -> dict[str, Any]:
    """The certificate: what was protected, by which rules, and the interval of every primary cell."""
    import math

    rules = asdict(done.spec.rules.primary_rules())
    rows = [
        {
            name: (None if isinstance(item, float) and math.isnan(item) else str(item))
            if isinstance(item, float) and not math.isfinite(item)
            else item
            for name, item in row.items()
        }
        for row in done.certificate.astype(object).to_dict("records")
    ]
    chosen = done.suppression
    return {
        "inputs": {
            name: None if path is None else {"file": path.name, "sha256": file_sha256(path)}
            for name, path in inputs.items()
        },
        "rules": {name: list(rule) if isinstance(rule, tuple) else rule for name, rule in rules.items()},
        "waivers": done.table.waived,
        "pattern": {
            "method": chosen.method,
            "is_optimal": bool(chosen.is_optimal),
            "gap": None if math.isnan(chosen.gap) else float(chosen.gap),
            "cost": float(chosen.cost),
            "secondary_cost": float(chosen.secondary_cost),
            "facts": {name: chosen.facts[name] for name in sorted(chosen.facts)},
        },
        "cells": {
            "all": len(done.table.cells),
            "primary": int(done.table.frame["is_primary"].sum()),
            "withheld": int(done.withheld.sum()),
        },
        "primary_cells": rows,
    }


def _tell(done: Protected, out: Path) -> None:
    primary = int(done.table.frame["is_primary"].sum())
    withheld = int(done.withheld.sum())
    typer.echo(
        f"{len(done.withheld):,} cells: {len(done.withheld) - withheld:,} open, {withheld:,} withheld"
        f" ({primary:,} unsafe by rule, all of them protected); written to {out}"
    )


def _tell_plan(done: Protected, out: Path | None) -> None:
    from pipelines.publishability import report

    found = report(done.table, done.withheld)
    if out is not None:
        write_table(found, out, mode=INSIDE_ONLY)
        typer.echo(f"{len(found):,} levels of {found['table'].nunique():,} tables; written to {out} (for inside only)")
        return
    from pipelines.terminal_table import print_table

    print_table(found, "What would survive")
