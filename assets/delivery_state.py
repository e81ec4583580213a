"""Receiving deliveries inside a run: fetch, fall back to the last delivery when a source is late, say how old it is.

How the last attempt ended is kept beside the deliveries of the source (`last_attempt.json`), because a source that
answers with rubbish leaves no delivery, and its last good one may be young enough to look as if all were well.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from assets.table import Table
from assets.workshop import Workshop
from resources.deliveries import Archive, Delivery
from resources.durable import write_json
from resources.errors import ConfigurationError, DeliveryError, TransportError
from resources.sources import Source
from resources.transport.fetch import fetch

LAST_ATTEMPT = "last_attempt.json"


class Ending(StrEnum):
    """How an attempt to fetch a source ended."""

    DELIVERED = "delivered"
    UNCHANGED = "unchanged"
    NOT_REACHED = "not reached"
    REFUSED = "refused"


@dataclass(frozen=True)
class Attempt:
    """The last attempt to fetch a source.

    Attributes:
        attempted_at: when (UTC, ISO).
        run_id: the run that tried.
        ending: how it ended.
        reason: one line without secrets where it failed; else empty.
    """

    attempted_at: str
    run_id: str
    ending: Ending
    reason: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether nothing usable came."""
        return self.ending in (Ending.NOT_REACHED, Ending.REFUSED)


@dataclass(frozen=True)
class DeliveryState:
    """What one source's newest usable delivery looks like at the time of the run."""

    source_id: str
    received_at: dt.datetime
    is_new: bool
    files: int
    expected_every_days: float | None
    age_days: float
    trouble: str = ""

    @property
    def is_late(self) -> bool:
        """Older than its cadence, or the source could not be reached tonight."""
        too_old = self.expected_every_days is not None and self.age_days > self.expected_every_days
        return too_old or bool(self.trouble)

    @property
    def is_very_late(self) -> bool:
        """Older than twice its cadence."""
        return self.expected_every_days is not None and self.age_days > 2 * self.expected_every_days

    @property
    def in_words(self) -> str:
        """One sentence for the check."""
        age = f"{self.source_id}: last delivery is {self.age_days:.1f} days old"
        cadence = f", expected every {self.expected_every_days:g}" if self.expected_every_days else ""
        return age + cadence + (f"; not reached: {self.trouble}" if self.trouble else "")


def receive(shop: Workshop, table: Table, *, now: dt.datetime, may_fall_back: bool) -> list[DeliveryState]:
    """Fetch and pin every source of a source table, once per run; nothing is fetched in an as-of run.

    Raises:
        DeliveryError: what the source answered is no delivery.
        TransportError: the source was not reached, and a retry is left or no earlier delivery exists.
    """
    states = []
    for source in shop.sources_of(table.name) if table.takes_in else ():
        is_new, trouble = False, ""
        pin = shop.pinned(source)
        if pin and not pin.trouble:
            delivery, is_new = shop.selected(source), pin.is_new
        elif shop.as_of is None:
            try:
                result = fetch(source, shop.home.sources.parent, shop.archive, now=now)
                delivery, is_new = result.delivery, result.is_new
                _note(shop, source, now, Ending.DELIVERED if is_new else Ending.UNCHANGED)
            except (DeliveryError, ConfigurationError) as error:
                _note(shop, source, now, Ending.REFUSED, str(error))
                raise
            except TransportError as error:
                _note(shop, source, now, Ending.NOT_REACHED, str(error))
                earlier = shop.archive.latest(source.id, None)
                if earlier is None or not may_fall_back:
                    raise
                delivery, trouble = earlier, str(error)
        else:
            delivery = shop.selected(source)
        shop.pin(source, delivery, is_new=is_new, trouble=trouble)
        states.append(_state(source, delivery, is_new, trouble, now))
    if states:
        shop.forget_keys()
    return states


def _state(source: Source, delivery: Delivery, is_new: bool, trouble: str, now: dt.datetime) -> DeliveryState:
    return DeliveryState(
        source_id=source.id,
        received_at=delivery.received_at,
        is_new=is_new,
        files=len(delivery.parts),
        expected_every_days=source.expected_every_days,
        age_days=(now - delivery.received_at).total_seconds() / 86400,
        trouble=trouble,
    )


def _note(shop: Workshop, source: Source, now: dt.datetime, ending: Ending, reason: str = "") -> None:
    attempt = Attempt(now.astimezone(dt.UTC).isoformat(timespec="seconds"), shop.run_id, ending, reason)
    path = _attempt_path(shop.archive, source.id)
    with suppress(OSError):  # a note that cannot be written must not decide over the delivery
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(path, asdict(attempt))


def last_attempt(archive: Archive, source_id: str) -> Attempt | None:
    """How the last attempt to fetch a source ended; None if there was none, or if the note is damaged."""
    try:
        document = json.loads(_attempt_path(archive, source_id).read_text(encoding="utf-8"))
        return Attempt(**{**document, "ending": Ending(document["ending"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None  # the next attempt renews it


def _attempt_path(archive: Archive, source_id: str) -> Path:
    return archive.root / "deliveries" / source_id / LAST_ATTEMPT
