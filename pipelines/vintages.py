"""`coopgva vintages list`, `show` and `diff`: what was published when, what is in it, what changed."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as RichTable

from resources.errors import ConfigurationError
from resources.home import Home
from resources.lake import Lake, Vintage
from resources.publications import publication_log

LATEST = "latest"


def find_vintage(lake: Lake, name: str) -> Vintage:
    """The vintage of an id, the beginning of one, a sequence number, or `latest`.

    Raises:
        ConfigurationError: there is none, or several begin like that.
    """
    known = lake.vintages()
    if name == LATEST and known:
        return known[-1]
    found = [v for v in known if v.vintage_id == name or str(v.sequence) == name]
    found = found or [v for v in known if v.vintage_id.startswith(name)]
    if len(found) != 1:
        what = f"no vintage '{name}'" if not found else f"several vintages begin with '{name}'"
        action = "see `coopgva vintages list`" if known else "run `coopgva refresh` first"
        raise ConfigurationError(what, where=str(lake.root), action=action)
    return found[0]


def print_list(home: Home) -> None:
    """Print all vintages, oldest first."""
    published: dict[str, str] = {}
    for entry in publication_log(home):
        published.setdefault(entry["vintage_id"], entry["published_at"])
    table = RichTable("vintage", "published (UTC)", "as of", "tables", "deliveries")
    for v in Lake(home.lake).vintages():
        when = published.get(v.vintage_id, "")[:19].replace("T", " ")
        table.add_row(v.vintage_id, when, v.as_of or "", str(len(v.tables)), str(len(v.deliveries)))
    Console().print(table)


def print_one(home: Home, name: str) -> None:
    """Print tables and deliveries of one vintage.

    Raises:
        ConfigurationError: there is no such vintage.
    """
    from pipelines.vintage_difference import rows_in_words

    lake = Lake(home.lake)
    vintage = find_vintage(lake, name)
    tables = RichTable("table", "rows", "quarantined", "key", title=f"vintage {vintage.vintage_id}")
    for table, key in sorted(vintage.tables.items()):
        version = lake.version(table, key)
        tables.add_row(table, rows_in_words(version), f"{version.quarantined:,}" if version else "", key)
    deliveries = RichTable("source", "delivery")
    for source, delivery in sorted(vintage.deliveries.items()):
        deliveries.add_row(source, delivery[:16])
    console = Console()
    console.print(tables)
    console.print(deliveries)


def print_difference(home: Home, old: str, new: str) -> None:
    """Print what differs between two vintages, in words and figures.

    Raises:
        ConfigurationError: there is no such vintage.
    """
    from assets.catalogue import TABLES
    from pipelines.vintage_difference import print_difference as show

    lake = Lake(home.lake)
    show(home, TABLES, find_vintage(lake, old), find_vintage(lake, new))
