"""What readers have: the vintage that a new release is compared with by disclosure control.

Belongs here: which vintage that is, and which of its tables are still kept. Does not belong here: the comparison
(`methods.disclosure.cooperation_vintages`), the publication log (`resources.publications`).

A lake table is a function of its inputs, so what readers have is an input: the keys of the tables that a step reads of
the earlier release count for the key of its own. Two rules keep that stable:

- the earlier release is the newest that is readable, by the publication log: what waits under embargo, what was never
  published and looks into the past do not count; for a look into the past it is the newest that was readable then;
- while a table would come out as that release has it, had it been compared with what that release was compared with,
  nothing is compared anew: so a second refresh has nothing to do, although the first one changed what readers have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from assets.table import Table
from resources.errors import StaleInputError
from resources.home import Home
from resources.lake import Lake, Version, Vintage
from resources.publications import publication_log


def readers_release(home: Home, lake: Lake, moment: dt.datetime | None) -> Vintage | None:
    """The vintage that readers have, or had at a moment; None if nothing was published by then.

    Raises:
        StaleInputError: its manifest is gone.
    """
    entries = [entry for entry in publication_log(home) if entry.get("as_of") is None]
    if moment is not None:
        entries = [entry for entry in entries if dt.datetime.fromisoformat(entry["published_at"]) <= moment]
    if not entries:
        return None
    wanted = str(entries[-1]["vintage_id"])
    found = _vintage(lake, wanted)
    if found is None:
        raise StaleInputError(
            f"the manifest of vintage {wanted}, which readers have, is gone, so nothing can be compared with it",
            where=str(lake.root / "vintages"),
            action="restore the lake from a backup",
        )
    return found


def compared_with(
    table: Table, readers: Vintage | None, lake: Lake, key: Callable[[dict[str, str]], str]
) -> tuple[Vintage | None, dict[str, str]]:
    """The vintage that a table is compared with, and the keys of the tables it reads of it.

    Args:
        table: declares which tables it reads.
        readers: the release that readers have.
        lake: the lake of both.
        key: the key that the table would have beside these earlier tables.

    Raises:
        StaleInputError: the lake no longer has what readers have.
    """
    if readers is None:
        return None, {}
    before = _vintage(lake, readers.protected_against) if readers.protected_against else None
    if readers.protected_against is None or before is not None:
        kept = earlier_keys(table, before, lake) if before is None or _has(table, before, lake) else None
        if kept is not None and readers.tables.get(table.name) == key(kept):
            return before, kept
    kept = earlier_keys(table, readers, lake)
    return (readers if kept else None), kept


def earlier_keys(table: Table, vintage: Vintage | None, lake: Lake) -> dict[str, str]:
    """Keys of the tables that a step reads of a vintage: those that it had and the lake still has.

    Raises:
        StaleInputError: the first of them, without which nothing can be compared, is no longer in the lake.
    """
    if vintage is None or table.earlier[0] not in vintage.tables:
        return {}
    if not _has(table, vintage, lake):
        raise StaleInputError(
            f"{table.earlier[0]} of vintage {vintage.vintage_id}, which readers have, is no longer in the lake",
            where=table.name,
            action="restore the lake from a backup: without it nobody can say what a new release would reveal",
        )
    known = {name: vintage.tables[name] for name in table.earlier if name in vintage.tables}
    return {name: key for name, key in known.items() if lake.version(name, key) is not None}


def intact(lake: Lake, keys: dict[str, str], consumer: str) -> dict[str, Version]:
    """The earlier tables, their bytes compared with what was sealed.

    Raises:
        StaleInputError: a file is damaged.
    """
    versions = {name: version for name, key in keys.items() if (version := lake.version(name, key)) is not None}
    for name, version in versions.items():
        if not lake.is_intact(version):
            raise StaleInputError(
                f"{version.key}.parquet of {name}, which readers have, does not have the bytes that were sealed",
                where=consumer,
                action="restore the lake from a backup and look at the disk",
            )
    return versions


def _has(table: Table, vintage: Vintage, lake: Lake) -> bool:
    first = table.earlier[0]
    return first in vintage.tables and lake.version(first, vintage.tables[first]) is not None


def _vintage(lake: Lake, vintage_id: str) -> Vintage | None:
    return next((vintage for vintage in lake.vintages() if vintage.vintage_id == vintage_id), None)
