"""The publication log: what became readable when, and what waits under embargo; one line of JSON per event.

Belongs here: appending and reading. Does not belong here: what may be published (`assets.gate`) or when
(`resources.release_calendar`). The log is the only place that knows publication times; content never does. It names
vintages and never a figure, because it is readable while a release is still under embargo.
"""

from __future__ import annotations

import json
import os
from json import JSONDecodeError
from typing import Any

from resources.home import Home

LOG = "publications.jsonl"


def publication_log(home: Home) -> list[dict[str, Any]]:
    """What became readable when, oldest first.

    Entries have `published_at`, `vintage_id`, `run_id`, `as_of` (or null), and for a planned release `release_id` and
    `planned_at`.
    """
    return [entry for entry in events(home) if "published_at" in entry]


def events(home: Home) -> list[dict[str, Any]]:
    """Everything that was logged, oldest first: publications, and vintages put under embargo (`embargoed_at`)."""
    path = home.root / LOG
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except JSONDecodeError:
            continue  # torn by a killed process; the next event is on a line of its own
    return found


def append(home: Home, entry: dict[str, Any]) -> None:
    """Append one event and make it survive a power cut."""
    path = home.root / LOG
    with path.open("ab+") as handle:
        is_torn = handle.tell() > 0 and path.read_bytes()[-1:] != b"\n"  # a process died while it wrote the last line
        handle.write(b"\n" * is_torn + json.dumps(entry, sort_keys=True).encode() + b"\n")
        handle.flush()
        os.fsync(handle.fileno())
