"""Commands about vintages and releases beyond list, show and diff: what a person types.

Everything that computes or prints is imported inside the commands, so that `coopgva --help` answers at once.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from resources.home import Home

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Home directory; COOPGVA_HOME or ./.coopgva by default.", file_okay=False),
]


def release(home: HomeOption = None) -> None:
    """Release what is due by the release calendar; does nothing twice, and nothing without a calendar."""
    from pipelines.release import release_in_words

    typer.echo("\n".join(release_in_words(Home.from_environment(home), now=dt.datetime.now(dt.UTC))))


def calendar(home: HomeOption = None) -> None:
    """The release calendar: planned and actual times, and how punctual releases were."""
    from pipelines.release import print_calendar

    print_calendar(Home.from_environment(home), now=dt.datetime.now(dt.UTC))


def revisions(home: HomeOption = None) -> None:
    """The revision triangle: the published share of every reference year in every publication that changed one."""
    from pipelines.revision_triangle import print_revisions

    print_revisions(Home.from_environment(home))


def explain(old: str, new: str, home: HomeOption = None) -> None:
    """Why the published shares of two vintages differ, by cause; recomputes with the deliveries of either.

    Causes are swapped one after the other: membership, accounts, links, national accounts; what remains is method.
    """
    from rich.console import Console

    from assets.catalogue import TABLES
    from pipelines.explain import explain as run_explain
    from pipelines.vintage_difference import print_explanation
    from pipelines.vintages import find_vintage
    from resources.lake import Lake
    from resources.parameters import load_parameters

    where = Home.from_environment(home)
    before, after = (find_vintage(Lake(where.lake), name) for name in (old, new))
    with Console(stderr=True).status("recomputing") as shown:
        explanation = run_explain(where, TABLES, before, after, shown.update)
    print_explanation(explanation, load_parameters(where.parameters).headline_numerator)
