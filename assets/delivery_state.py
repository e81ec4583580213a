"""Receiving deliveries inside a run: fetch, fall back to the last delivery when a source is late, say how old it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assets.table import Table
from assets.workshop import Workshop
from resources.deliveries import Delivery
from resources.errors import TransportError
from resources.sources import Source
from resources.transport.fetch import fetch


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
            except TransportError as error:
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
