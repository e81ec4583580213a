"""`coopgva audit`: attack a published release the way an intruder would.

Belongs here: from files to a verdict. Does not belong here: what an intruder can know (`methods.disclosure.intruder`),
the linear programmes (`methods.disclosure.attack`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.disclosure_files import INSIDE_ONLY, check_out, read_spec, told_of
from pipelines.plain_files import write_table
from pipelines.protect import cells_of, codes_of, read_contributions, read_release, tabulated
from resources.errors import ConfigurationError, CoopgvaError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from methods.disclosure.differences import Vintage
    from methods.disclosure.hierarchy import Cells, Structure
    from methods.disclosure.intruder import Published
    from methods.disclosure.spec import Spec

EXACT = 1e-6
"""An interval narrower than this, relative to its larger end, tells the value."""


class AuditFailedError(CoopgvaError):
    """The release discloses what it withholds."""


def audit(
    table: Annotated[Path, typer.Option(dir_okay=False, help="The published release, CSV or Parquet.")],
    spec: Annotated[Path, typer.Option(dir_okay=False, help="Its specification: hierarchies, tables, public cells.")],
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File for the intervals, .csv or .parquet; else the terminal.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Earlier release that the intruder has as well.")
    ] = None,
    contributions: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Contributions: judge every unsafe cell by the rules.")
    ] = None,
    previous_contributions: Annotated[
        Path | None, typer.Option(dir_okay=False, help="What the earlier release was made of: judge the changes too.")
    ] = None,
) -> None:
    """Work out what a release tells about the cells it withholds; exit 1 if it tells too much."""
    if out is not None:
        check_out(out, "--out")
    if previous_contributions is not None and (previous is None or contributions is None):
        raise typer.BadParameter("--previous-contributions needs --previous and --contributions.")
    found, failures = audit_files(table, spec, previous, contributions, previous_contributions)
    if out is not None:
        write_table(found, out, mode=INSIDE_ONLY)
    elif len(found):
        from pipelines.terminal_table import print_table

        print_table(found, "What an intruder learns")
    if failures:
        more = f" (and {len(failures) - 1:,} more)" if len(failures) > 1 else ""
        raise AuditFailedError(
            f"{failures[0]}{more}", where=str(table), action="do not publish; protect it again with coopgva protect"
        )
    told = f"; written to {out}" if out is not None else ""
    judged = "every unsafe cell is protected" if contributions is not None else "none is known exactly"
    typer.echo(f"{len(found):,} withheld cells: {judged}{told}")


def audit_files(
    table: Path,
    spec: Path,
    previous: Path | None = None,
    contributions: Path | None = None,
    previous_contributions: Path | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Attacks a release.

    Args:
        table: the release.
        spec: its specification.
        previous: an earlier release.
        contributions: what the release was made of; without it only exact disclosure is a failure.
        previous_contributions: what the earlier release was made of.

    Returns:
        One row per withheld cell: codes, `lower`, `upper`; with contributions also `is_primary` and `is_protected`. And
        what is wrong, one sentence for each cell.

    Raises:
        ConfigurationError: a file that cannot be used, with the reason.
    """
    import numpy as np

    from methods.disclosure.hierarchy import structure
    from methods.disclosure.intruder import is_same, known_to_all, published, taken_over

    wanted = read_spec(spec)
    release = read_release(table, wanted, "release")
    earlier = read_release(previous, wanted, "earlier release") if previous is not None else None
    given = read_contributions(contributions, wanted) if contributions is not None else None
    older = read_contributions(previous_contributions, wanted) if previous_contributions is not None else None
    grid = cells_of(wanted, spec, release, earlier, given, older)
    correct = f"correct the release or {spec}"
    with told_of(table, correct):
        now = published(release, grid)
        known = known_to_all(wanted, grid, now)
    with told_of(spec, "publish less detail"):
        bound = structure(grid)
    taken = np.full(len(grid), np.nan)
    if earlier is not None and previous is not None:
        with told_of(previous, "give an earlier release of the same dimensions"):
            taken = taken_over(bound, now, published(earlier, grid, is_partial=True))
    vintage = None
    if given is not None and contributions is not None:
        vintage = tabulated(grid, wanted, given, contributions, spec, earlier, previous, older, previous_contributions)
        value = vintage.now.frame["value"].to_numpy()
        _check_values(grid, known, value, table)
        # what has changed in fact misleads the intruder and discloses nothing
        taken[~is_same(taken, value)] = np.nan
    known = np.where(np.isnan(known), taken, known)
    with told_of(table, correct):
        lower, upper = _attacked(wanted, bound, known, now.is_withheld)
    asked = np.flatnonzero(now.is_withheld)
    found = codes_of(grid).iloc[asked].reset_index(drop=True)
    found["lower"], found["upper"] = lower[asked], upper[asked]
    if vintage is not None:
        return _judged(found, asked, wanted, vintage, now, known, spec)
    with np.errstate(invalid="ignore"):
        is_exact = upper - lower <= EXACT * np.maximum(1e-9, np.maximum(np.abs(lower), np.abs(upper)))
    is_exact &= np.isfinite(lower) & np.isfinite(upper) & now.is_withheld
    told = [f"cell {grid.names[i]} is withheld and yet known to be {lower[i]:.12g}" for i in np.flatnonzero(is_exact)]
    return found, told


def _attacked(
    spec: Spec, bound: Structure, known: np.ndarray, is_withheld: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(cells,) bounds of every withheld cell; what is known is its own bound."""
    import numpy as np

    from methods.disclosure import intervals
    from methods.disclosure.intruder import intruders_system

    system, unknown = intruders_system(spec, bound, known)
    lower, upper = known.copy(), known.copy()
    searched = np.flatnonzero(is_withheld & unknown[: len(known)])
    if len(searched):
        bounds = intervals(system, unknown, cells=searched.tolist())
        lower[searched] = _rounded(bounds["lower"].to_numpy(), known)
        upper[searched] = _rounded(bounds["upper"].to_numpy(), known)
    return lower, upper


def _rounded(bounds: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Bounds without the solver's last digits: eleven significant digits of the largest open cell."""
    import numpy as np

    largest = float(np.nanmax(np.abs(known), initial=1.0))
    return np.round(bounds, int(10 - np.floor(np.log10(largest)))) + 0.0


def _check_values(grid: Cells, known: np.ndarray, value: np.ndarray, table: Path) -> None:
    """The release must be of these contributions, or judging it by them means nothing."""
    import numpy as np

    wrong = ~np.isnan(known) & ~np.isclose(known, value, rtol=1e-6, atol=1e-9)
    if wrong.any():
        cell = int(wrong.argmax())
        raise ConfigurationError(
            f"cell {grid.names[cell]} is published as {known[cell]:.12g}, its contributions add up to"
            f" {value[cell]:.12g}",
            where=str(table),
            action="give the contributions of this release",
        )


def _judged(
    found: pd.DataFrame,
    asked: np.ndarray,
    spec: Spec,
    vintage: Vintage,
    now: Published,
    known: np.ndarray,
    spec_file: Path,
) -> tuple[pd.DataFrame, list[str]]:
    """The verdict of the rules on every unsafe cell, for outsiders and for single contributors."""
    import numpy as np

    from methods.disclosure import certify

    names = vintage.now.cells.names
    is_primary = vintage.now.frame["is_primary"].to_numpy()
    shown = is_primary & ~np.isnan(known)
    failures = [
        f"cell {names[i]} is unsafe and {'published' if now.is_open[i] else 'known from elsewhere'}"
        for i in np.flatnonzero(shown).tolist()
    ]
    with told_of(spec_file, "correct `public`, the rules or the tables"):
        _, system = vintage.system(spec, given_up=shown)
        secret = np.zeros(system.size, dtype=bool)
        secret[: len(known)] = np.isnan(known)
        proof = certify(system, secret)
    bad = proof[~proof["is_protected"].astype(bool)].drop_duplicates("name")
    for row in bad.to_dict("records"):
        who = "an outsider" if row["attacker"] == "outsider" else "another contributor"
        failures.append(
            f"cell {row['name']} is unsafe and {who} knows that it lies between {row['lower']:.6g} and"
            f" {row['upper']:.6g}"
        )
    failing = {*bad["name"], *(names[i] for i in np.flatnonzero(shown).tolist())}
    found["is_primary"] = is_primary[asked]
    found["is_protected"] = [names[i] not in failing for i in asked.tolist()]
    return found, failures
