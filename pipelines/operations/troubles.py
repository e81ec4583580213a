"""What is broken now: sources, checks, steps, releases, nights that did not happen; found in the home's records alone.

Belongs here: looking and saying what it means for readers. Does not belong here: telling anybody
(`pipelines.operations.alerts`, `pipelines.status`). A trouble is a cause: what fails only because something before it
failed is no trouble of its own. Nothing is fetched, computed or written, and no figure of a statistic is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assets.access.embargo import made_releases, staged
from assets.delivery_state import Attempt, Ending, last_attempt
from assets.table import Table
from assets.workshop import Workshop
from pipelines.environment import runs_by_itself
from pipelines.operations.last_refresh import LastRefresh, last_refresh, moment, without_figures
from resources.deliveries import Delivery
from resources.errors import CoopgvaError
from resources.home import Home
from resources.lake import Version
from resources.publications import publication_log
from resources.release_calendar import load_calendar
from resources.sources import Source
from resources.warehouse.duckdb_file import ACCESS, held_vintage
from resources.warehouse.reading import published_vintage

HANDBOOK = "docs/operations.md"
A_NIGHT = dt.timedelta(hours=26)
"""A day, an hour to run and an hour for the change of clocks."""

RELEASE = "access.release"


@dataclass(frozen=True)
class Kind:
    """A kind of trouble: its heading in the handbook, and what to do first."""

    heading: str
    next_step: str


KINDS: Mapping[str, Kind] = {
    "configuration": Kind("The configuration is wrong", "correct the file that the reason names"),
    "source_refused": Kind("A source is refused", "open its address, ask the publisher, then `coopgva refresh`"),
    "source_unreachable": Kind("A source cannot be reached", "look at the network and the publisher's notices"),
    "source_late": Kind("A source is late", "ask the publisher; the last delivery is used until then"),
    "check_failed": Kind("A check failed", "look at the check's numbers in the Dagster UI and at the delivery"),
    "check_warns": Kind("A check warns", "look at it during the day; it keeps nothing from readers"),
    "step_failed": Kind("A step failed", "do what the reason says, then `coopgva refresh`"),
    "run_failed": Kind("A run failed without a failed step", "look at the run's log, then `coopgva refresh`"),
    "night_missed": Kind("A night was missed", "look whether the daemon or cron runs, then `coopgva refresh`"),
    "release_overdue": Kind("A release is overdue", "mend what keeps vintages inside, then `coopgva release`"),
}


@dataclass(frozen=True)
class Trouble:
    """One cause.

    Attributes:
        kind: a key of `KINDS`.
        subject: the source, table and check, or file that it is about.
        reason: one line; no figures, no secrets.
        effect: what it means for what readers have.
        is_error: False where it only warns: nothing is missing yet.
    """

    kind: str
    subject: str
    reason: str
    effect: str
    is_error: bool = True

    @property
    def key(self) -> str:
        """Equal for the same cause, whenever it is seen."""
        return f"{self.kind}:{self.subject}"

    @property
    def what(self) -> str:
        """Subject and kind, for a headline."""
        return f"{self.subject}: {KINDS[self.kind].heading.lower()}"

    @property
    def next_step(self) -> str:
        """What to do, and where it is explained."""
        kind = KINDS[self.kind]
        return f"{kind.next_step} ({HANDBOOK}, '{kind.heading}')"


@dataclass(frozen=True)
class SourceState:
    """A source as `coopgva status` shows it.

    Attributes:
        source: the configuration.
        delivery: the newest delivery; None if nothing was delivered yet.
        attempt: how the last attempt ended; None if it was never asked.
        days_late: days by which the next delivery is overdue; 0 where it is not.
    """

    source: Source
    delivery: Delivery | None
    attempt: Attempt | None
    days_late: float

    @property
    def state(self) -> str:
        """One or two words."""
        if self.attempt and self.attempt.has_failed:
            return str(self.attempt.ending)
        if self.delivery is None:
            return "nothing delivered yet"
        return "late" if self.days_late else "in time"

    @property
    def is_very_late(self) -> bool:
        """Older than twice its cadence."""
        return self.days_late > (self.source.expected_every_days or float("inf"))


def open_workshop(home: Home) -> Workshop:
    """A workshop that looks at a home as it is now."""
    from assets.catalogue import TABLES

    return Workshop(home, TABLES)


def readers_have(home: Home) -> str:
    """`vintage 000002-1a2b3c4d of 2026-11-23`, or that there is none."""
    try:
        held = held_vintage(home.warehouse / ACCESS) or published_vintage(home)
    except CoopgvaError:
        return "nothing yet"
    dates = [e["published_at"][:10] for e in publication_log(home) if e["vintage_id"] == held.vintage_id]
    return f"vintage {held.vintage_id}" + (f" of {dates[-1]}" if dates else "")


def find_troubles(home: Home, *, now: dt.datetime, ended: LastRefresh | None = None) -> list[Trouble]:
    """Everything that is broken now, errors first, then in the order of sources and tables.

    Args:
        home: the home.
        now: the moment of judgement.
        ended: how the last refresh ended; read from the home by default.
    """
    ended = ended or last_refresh(home)
    shop = open_workshop(home)
    keeps = f"readers keep {readers_have(home)}"
    found = [*_wrong_files(shop, keeps)]
    if not found:
        found += _sources(shop, now, keeps)
        found += _checks(shop, keeps)
    if ended:
        found += _steps(shop, ended, found, keeps)
    found += _nights(ended, now, keeps)
    found += _releases(home, now, keeps)
    return sorted(found, key=lambda t: not t.is_error)


def _wrong_files(shop: Workshop, keeps: str) -> Iterator[Trouble]:
    try:
        _ = shop.sources, shop.parameters
        load_calendar(shop.home)
    except CoopgvaError as error:
        yield Trouble("configuration", error.where.split(":")[0] or "home", without_figures(str(error)), keeps)


def source_states(shop: Workshop, now: dt.datetime) -> list[SourceState]:
    """The state of every source, in the order of `sources.yaml`.

    Raises:
        ConfigurationError: `sources.yaml` is missing or wrong.
        DeliveryError: the record of a delivery is damaged.
    """
    states = []
    for source in shop.sources:
        delivery = shop.archive.latest(source.id)
        late = source.days_late(delivery.received_at, now) if delivery else 0.0
        states.append(SourceState(source, delivery, last_attempt(shop.archive, source.id), late))
    return states


def _sources(shop: Workshop, now: dt.datetime, keeps: str) -> Iterator[Trouble]:
    try:
        states = source_states(shop, now)
    except CoopgvaError as error:
        yield Trouble("configuration", "archive", without_figures(str(error)), keeps)
        return
    for state in states:
        name, attempt = state.source.id, state.attempt
        last = f"its delivery of {state.delivery.received_at:%Y-%m-%d}" if state.delivery else ""
        rests = f"the figures rest on {last}; {keeps}" if last else keeps
        if attempt and attempt.ending is Ending.REFUSED:
            yield Trouble("source_refused", name, without_figures(attempt.reason), keeps)
        elif attempt and attempt.ending is Ending.NOT_REACHED:
            yield Trouble("source_unreachable", name, without_figures(attempt.reason), rests)
        if state.days_late:
            cadence = f"expected every {state.source.expected_every_days} days, {int(state.days_late) + 1} days overdue"
            yield Trouble("source_late", name, cadence, rests, is_error=state.is_very_late)


def current_versions(shop: Workshop) -> dict[str, Version]:
    """The version of every table that the lake has under the key it should have now."""
    found = {}
    for name in shop.tables:
        try:
            version = shop.current(name)
        except CoopgvaError:
            continue  # a source has not delivered: it says so itself
        if version is not None:
            found[name] = version
    return found


def _checks(shop: Workshop, keeps: str) -> Iterator[Trouble]:
    for name, version in current_versions(shop).items():
        for check in version.checks:
            if check.passed:
                continue
            kind = "check_failed" if check.is_blocking_failure else "check_warns"
            effect = keeps if check.is_blocking_failure else "none: the figures are published with it"
            reason = without_figures(check.description) or "its expectation is not met"
            yield Trouble(kind, f"{name} {check.name}", reason, effect, is_error=check.is_blocking_failure)


def _steps(shop: Workshop, ended: LastRefresh, found: list[Trouble], keeps: str) -> Iterator[Trouble]:
    tables = shop.tables
    if ended.error:
        is_known = any(t.kind == "configuration" for t in found)
        if not is_known:
            yield Trouble("run_failed", "refresh", ended.error, keeps)
    broken = {t.subject.split(" ")[0] for t in found if t.kind == "check_failed"}
    refused = {t.subject for t in found if t.kind == "source_refused"}
    broken |= {f"source.{source.table}" for source in shop.sources if source.id in refused} if refused else set()
    order = [*tables, RELEASE]
    for name in sorted(ended.failed_steps, key=lambda n: order.index(n) if n in order else len(order)):
        before = set(tables) if name == RELEASE else _upstream(tables, name)
        if not ({name} | before) & broken:
            yield Trouble("step_failed", name, ended.failed_steps[name], keeps)
        broken.add(name)


def _upstream(tables: Mapping[str, Table], name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        table = tables.get(waiting.pop())
        for other in table.dependencies if table else ():
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _nights(ended: LastRefresh | None, now: dt.datetime, keeps: str) -> Iterator[Trouble]:
    if ended is None or not runs_by_itself():
        return
    if now - moment(ended.ended_at) > A_NIGHT:
        yield Trouble("night_missed", "refresh", f"no refresh has ended since {ended.ended_at[:16]} UTC", keeps)


def _releases(home: Home, now: dt.datetime, keeps: str) -> Iterator[Trouble]:
    try:
        calendar = load_calendar(home)
    except CoopgvaError:
        return  # said already
    for planned in calendar.due(made_releases(home), now) if calendar else ():
        waits = "a vintage waits" if staged(home) else "no vintage has passed the gate"
        if now - planned.planned_at > dt.timedelta(minutes=15):
            reason = f"planned for {calendar.shown(planned.planned_at) if calendar else ''}; {waits}"
            yield Trouble("release_overdue", planned.release_id, reason, keeps)
