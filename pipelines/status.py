"""`coopgva status`: what was delivered, what is published, what a refresh would do. Fetches and computes nothing."""

from __future__ import annotations

import datetime as dt

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from assets.workshop import Workshop
from resources.deliveries import Delivery
from resources.errors import CoopgvaError
from resources.home import Home
from resources.sources import Source
from resources.warehouse.reading import published_vintage


def print_status(home: Home) -> None:
    """Print the newest delivery of every source and the state of lake and warehouse.

    Raises:
        ConfigurationError: `sources.yaml` is missing or wrong.
    """
    from assets.catalogue import TABLES

    shop = Workshop(home, TABLES)
    now = dt.datetime.now(dt.UTC)
    table = RichTable("source", "table", "newest delivery (UTC)", "state", title=escape(f"home {home.root}"))
    for source in shop.sources:
        delivery = shop.archive.latest(source.id)
        received = f"{delivery.received_at:%Y-%m-%d %H:%M}" if delivery else ""
        table.add_row(source.id, source.table, received, _state(source, delivery, now))
    console = Console()
    console.print(table, highlight=False)
    try:
        console.print(f"published: vintage {published_vintage(home).vintage_id}", highlight=False)
    except CoopgvaError as error:
        console.print(escape(str(error)), highlight=False, soft_wrap=True)
    try:
        missing = shop.missing()
        console.print(f"a refresh without new deliveries would compute {len(missing)} of {len(TABLES)} tables")
    except CoopgvaError as error:
        console.print(escape(str(error)), highlight=False, soft_wrap=True)


def _state(source: Source, delivery: Delivery | None, now: dt.datetime) -> str:
    if delivery is None:
        return "nothing delivered yet"
    late = source.days_late(delivery.received_at, now)
    return f"{late:.1f} days late" if late else "in time"
