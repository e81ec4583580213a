"""`coopgva status`: what was delivered, what readers have, what is broken, what runs next. Fetches nothing.

Belongs here: gathering and showing. Does not belong here: what counts as broken (`pipelines.operations.troubles`).
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from assets.access.embargo import made_releases, staged
from pipelines.environment import current_environment
from pipelines.operations.alerts import known_causes
from pipelines.operations.last_refresh import LastRefresh, last_refresh, moment
from pipelines.operations.troubles import SourceState, Trouble, find_troubles, open_workshop, source_states
from pipelines.schedules import next_runs
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import Home
from resources.publications import publication_log
from resources.release_calendar import load_calendar
from resources.warehouse.reading import published_vintage


@dataclass(frozen=True)
class Status:
    """Everything that `coopgva status` says.

    Attributes:
        home: the home.
        environment: the declared environment.
        vintage: the vintage that readers have; None if they have none.
        published_at: when they got it (UTC, ISO); None if nobody wrote it down.
        refresh: how the last refresh ended; None if none has.
        sources: the state of every source.
        troubles: what is broken, errors first.
        since: when each was first seen, by its key (UTC, ISO).
        missing: number of tables that a refresh without new deliveries would compute; None if it cannot be said.
        tables: number of tables.
        waiting: vintages under embargo.
        next_release: the next planned release and its time; None if none is planned.
        next_runs: when each schedule of the environment runs next (ISO, in its zone).
    """

    home: Home
    environment: str
    vintage: str | None
    published_at: str | None
    refresh: LastRefresh | None
    sources: Sequence[SourceState]
    troubles: Sequence[Trouble]
    since: dict[str, str]
    missing: int | None
    tables: int
    waiting: Sequence[str]
    next_release: tuple[str, str] | None
    next_runs: dict[str, str]

    @property
    def is_broken(self) -> bool:
        """Whether anything is broken; a warning alone is not."""
        return any(trouble.is_error for trouble in self.troubles)


def look(home: Home, *, now: dt.datetime) -> Status:
    """The status of a home.

    Raises:
        ConfigurationError: the home has no `sources.yaml`.
    """
    shop = open_workshop(home)
    if not home.sources.exists():
        _ = shop.sources  # says where it looked
    try:
        vintage: str | None = published_vintage(home).vintage_id
    except CoopgvaError:
        vintage = None
    try:
        sources, missing = source_states(shop, now), len(shop.missing())
    except CoopgvaError:
        sources, missing = _readable_states(home, now), None
    dates = [e["published_at"] for e in publication_log(home) if e["vintage_id"] == vintage and not e.get("as_of")]
    return Status(
        home=home,
        environment=str(current_environment()),
        vintage=vintage,
        published_at=dates[-1] if dates else None,
        refresh=last_refresh(home),
        sources=sources,
        troubles=find_troubles(home, now=now),
        since={key: entry.since for key, entry in known_causes(home).items() if entry.healed_at is None},
        missing=missing,
        tables=len(shop.tables),
        waiting=tuple(s.vintage_id for s in staged(home)),
        next_release=_next_release(home, now),
        next_runs=next_runs(now),
    )


def _readable_states(home: Home, now: dt.datetime) -> list[SourceState]:
    try:
        return source_states(open_workshop(home), now)
    except CoopgvaError:
        return []  # among the troubles


def _next_release(home: Home, now: dt.datetime) -> tuple[str, str] | None:
    try:
        calendar = load_calendar(home)
    except ConfigurationError:
        return None  # among the troubles
    planned = calendar.next(made_releases(home), now) if calendar else None
    return (planned.release_id, planned.planned_at.isoformat(timespec="minutes")) if planned else None


def print_status(home: Home, *, is_json: bool = False) -> bool:
    """Print the status; returns whether something is broken.

    Raises:
        ConfigurationError: the home has no `sources.yaml`.
    """
    now = dt.datetime.now(dt.UTC)
    status = look(home, now=now)
    if is_json:
        json.dump(as_document(status, now), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _show(status, now)
    return status.is_broken


def as_document(status: Status, now: dt.datetime) -> dict[str, Any]:
    """The status as JSON; ages in days, times in ISO."""
    return {
        "home": str(status.home.root),
        "environment": status.environment,
        "is_broken": status.is_broken,
        "published": {
            "vintage": status.vintage,
            "published_at": status.published_at,
            "age_days": _days(status.published_at, now),
            "waiting": list(status.waiting),
            "next_release": status.next_release,
        },
        "last_refresh": asdict(status.refresh) if status.refresh else None,
        "tables": status.tables,
        "tables_to_compute": status.missing,
        "troubles": [
            {
                "key": t.key,
                "kind": t.kind,
                "subject": t.subject,
                "severity": "error" if t.is_error else "warning",
                "reason": t.reason,
                "effect": t.effect,
                "next_step": t.next_step,
                "since": status.since.get(t.key),
            }
            for t in status.troubles
        ],
        "sources": [
            {
                "id": s.source.id,
                "table": f"source.{s.source.table}",
                "state": s.state,
                "received_at": s.delivery.received_at.isoformat(timespec="seconds") if s.delivery else None,
                "last_attempt_at": s.attempt.attempted_at if s.attempt else None,
                "days_late": round(s.days_late, 2),
                "expected_every_days": s.source.expected_every_days,
            }
            for s in status.sources
        ],
        "next_runs": status.next_runs,
    }


def _days(time: str | None, now: dt.datetime) -> float | None:
    return None if time is None else round((now - moment(time)).total_seconds() / 86_400, 2)


def _show(status: Status, now: dt.datetime) -> None:
    console = Console()

    def line(text: str) -> None:
        console.print(escape(text), highlight=False, soft_wrap=True)

    table = RichTable("source", "table", "newest delivery (UTC)", "state", title=escape(f"home {status.home.root}"))
    for s in status.sources:
        received = f"{s.delivery.received_at:%Y-%m-%d %H:%M}" if s.delivery else ""
        state = "" if s.state == "late" else s.state
        late = f"{s.days_late:.1f} days late" if s.days_late else ""
        table.add_row(s.source.id, s.source.table, received, ", ".join(word for word in (state, late) if word))
    console.print(table, highlight=False)
    line(_readers(status, now))
    if status.waiting:
        line(f"under embargo: {', '.join(status.waiting)}")
    if status.next_release:
        line(f"next release: {status.next_release[0]} at {status.next_release[1]}")
    if status.refresh:
        ended = "succeeded" if status.refresh.is_success else "failed"
        line(
            f"last refresh: {ended} {status.refresh.ended_at[:16].replace('T', ' ')} UTC ({status.refresh.started_by})"
        )
    if status.missing is not None:
        line(f"a refresh without new deliveries would compute {status.missing} of {status.tables} tables")
    runs = ", ".join(f"{name} {_shown(when)}" for name, when in status.next_runs.items())
    line(f"environment {status.environment}: " + (f"next {runs}" if runs else "nothing runs by the clock"))
    for trouble in status.troubles:
        mark = "[red]broken[/] " if trouble.is_error else "[yellow]warning[/]"
        since = status.since.get(trouble.key)
        seen = f" (since {_shown(since)} UTC)" if since else ""
        console.print(f"{mark} {escape(trouble.what + seen)}", highlight=False, soft_wrap=True)
        if trouble.is_error:
            for word, text in (("reason", trouble.reason), ("effect", trouble.effect), ("next", trouble.next_step)):
                line(f"        {word:<6} {text}")
    if not status.troubles:
        line("nothing is broken")


def _readers(status: Status, now: dt.datetime) -> str:
    if status.vintage is None:
        return "published: nothing yet; run `coopgva refresh`"
    if status.published_at is None:
        return f"published: vintage {status.vintage}"
    age = _days(status.published_at, now) or 0.0
    return f"published: vintage {status.vintage} of {_shown(status.published_at)} UTC ({age:.1f} days old)"


def _shown(time: str) -> str:
    return time[:16].replace("T", " ")
