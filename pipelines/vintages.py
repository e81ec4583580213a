"""`coopgva vintages`: what was published when, what is in it, and what changed from one to another."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as RichTable

from assets.access.release import publication_log
from resources.errors import ConfigurationError
from resources.home import Home
from resources.lake import Lake, Version, Vintage

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
    lake = Lake(home.lake)
    vintage = find_vintage(lake, name)
    tables = RichTable("table", "rows", "quarantined", "key", title=f"vintage {vintage.vintage_id}")
    for table, key in sorted(vintage.tables.items()):
        version = lake.version(table, key)
        tables.add_row(table, _rows(version), f"{version.quarantined:,}" if version else "", key)
    deliveries = RichTable("source", "delivery")
    for source, delivery in sorted(vintage.deliveries.items()):
        deliveries.add_row(source, delivery[:16])
    console = Console()
    console.print(tables)
    console.print(deliveries)


def print_difference(home: Home, old: str, new: str) -> None:
    """Print what differs between two vintages: deliveries first, because they are the usual reason.

    Raises:
        ConfigurationError: there is no such vintage.
    """
    lake = Lake(home.lake)
    before, after = find_vintage(lake, old), find_vintage(lake, new)
    console = Console()
    sources = _changed(before.deliveries, after.deliveries)
    tables = _changed(before.tables, after.tables)
    if not tables:
        console.print(f"{before.vintage_id} and {after.vintage_id} are the same", highlight=False)
        return
    shown = RichTable("source", before.vintage_id, after.vintage_id)
    for source in sources:
        shown.add_row(source, before.deliveries.get(source, "")[:16], after.deliveries.get(source, "")[:16])
    if sources:
        console.print(shown)
    else:
        console.print("the same deliveries: code, contracts or parameters changed", highlight=False)
    shown = RichTable("table", "rows before", "rows after", "")
    for table in tables:
        one, other = (_version(lake, table, v) for v in (before, after))
        equal = one is not None and other is not None and one.content_sha256 == other.content_sha256
        shown.add_row(table, _rows(one), _rows(other), "same content" if equal else "")
    console.print(shown)


def _changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _version(lake: Lake, table: str, vintage: Vintage) -> Version | None:
    return lake.version(table, vintage.tables[table]) if table in vintage.tables else None


def _rows(version: Version | None) -> str:
    return f"{version.rows:,}" if version else "no longer in the lake"
