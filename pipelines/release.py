"""`coopgva release` and `coopgva vintages calendar`: planned releases made and to come.

Belongs here: what a person reads. What is due and how it is released: `resources.release_calendar`,
`assets.access.embargo`.
"""

from __future__ import annotations

import datetime as dt

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from resources.errors import ConfigurationError
from resources.home import Home
from resources.publications import publication_log
from resources.release_calendar import CALENDAR, load_calendar, punctuality


def release_in_words(home: Home, *, now: dt.datetime) -> list[str]:
    """Make the releases that are due; one line for each, or one that says why there is none.

    Raises:
        ConfigurationError: the calendar is wrong.
        CoopgvaError: see `assets.access.embargo.release_due`.
    """
    from assets.access.embargo import made_releases, release_due, staged

    calendar = load_calendar(home)
    if calendar is None:
        return [f"no {CALENDAR} in {home.root}: every refresh releases at once"]
    made = release_due(home, now=now)
    if made:
        return [
            f"release {m.planned.release_id}: vintage {m.vintage_id} is readable"
            f"{'' if m.is_new else ' as before, nothing newer passed the gate in time'}, "
            f"{punctuality(m.planned.planned_at, m.published_at)}"
            for m in made
        ]
    done = made_releases(home)
    following = calendar.next(done, now)
    if following is None:
        return ["nothing is due, and no release is planned"]
    if following.planned_at <= now:
        return [f"release {following.release_id} is overdue: no vintage has passed the gate; run `coopgva refresh`"]
    waiting = staged(home)
    what = f"vintage {waiting[-1].vintage_id} waits" if waiting else "readers have the newest vintage"
    return [f"nothing is due; {what}, next is {following.release_id} at {calendar.shown(following.planned_at)}"]


def print_calendar(home: Home, *, now: dt.datetime) -> None:
    """Print every release with its planned and actual time and its punctuality (SIMS S.14.2).

    Raises:
        ConfigurationError: there is no calendar, or it is wrong.
    """
    from assets.access.embargo import made_releases, staged

    found = load_calendar(home)
    if found is None:
        raise ConfigurationError(
            "there is no release calendar: every refresh releases at once",
            where=str(home.root / CALENDAR),
            action="write one as in docs/vintages.md to plan releases",
        )
    made = made_releases(home)
    vintages = {e["release_id"]: e["vintage_id"] for e in reversed(publication_log(home)) if e.get("release_id")}
    table = RichTable("release", "title", "years", "planned", "actual", "punctuality", "vintage")
    for planned in found.releases:
        actual = made.get(planned.release_id, planned.released_at)
        late = "" if planned.planned_at > now else "overdue"
        table.add_row(
            planned.release_id,
            escape(planned.title),
            ", ".join(str(year) for year in planned.reference_years),
            found.shown(planned.planned_at),
            found.shown(actual) if actual else "",
            punctuality(planned.planned_at, actual) if actual else late,
            vintages.get(planned.release_id, ""),
        )
    console = Console()
    console.print(table, highlight=False)
    for waiting in staged(home):
        console.print(f"under embargo: vintage {waiting.vintage_id}, passed the gate {found.shown(waiting.passed)}")
