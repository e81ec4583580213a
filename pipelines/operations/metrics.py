"""Measures for a monitoring system: `<home>/metrics.prom`, in the text format of Prometheus, replaced atomically.

Belongs here: which measures there are. Does not belong here: judging them. Written after every refresh and by the daily
digest, for the textfile collector of node_exporter. Times are given, not ages: an age in a file stands still. Everybody
who may enter the home can read the file, so no measure is a figure of a statistic: rows, checks, seconds, bytes.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from assets.access.embargo import staged
from assets.delivery_state import Ending
from pipelines.operations.last_refresh import last_refresh, moment
from pipelines.operations.troubles import KINDS, Trouble, current_versions, open_workshop, source_states
from resources.durable import replacing
from resources.errors import CoopgvaError
from resources.home import Home
from resources.publications import publication_log

if TYPE_CHECKING:
    from prometheus_client import Gauge

    Gauges: TypeAlias = Callable[..., Gauge]

METRICS = "metrics.prom"
STATES = (*Ending, "in time", "late", "nothing delivered yet")


def write_metrics(home: Home, troubles: Sequence[Trouble], *, now: dt.datetime) -> None:
    """Write the file.

    Args:
        home: the home.
        troubles: what is broken now.
        now: the moment of measuring.

    Raises:
        OSError: the file cannot be written.
    """
    text = measures(home, troubles, now=now)
    with replacing(home.root / METRICS, mode=0o644) as temporary:
        temporary.write_bytes(text)


def measures(home: Home, troubles: Sequence[Trouble], *, now: dt.datetime) -> bytes:
    """The measures as text."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"coopgva_{name}", words, labels, registry=registry)

    gauge("measured_timestamp_seconds", "When these measures were taken").set(now.timestamp())
    _refresh(home, gauge)
    _publication(home, gauge)
    _inside(home, gauge, now)
    broken = gauge("troubles", "Causes of failures and warnings by kind (docs/operations.md)", "kind", "severity")
    counts = Counter((t.kind, "error" if t.is_error else "warning") for t in troubles)
    for kind in KINDS:
        for severity in ("error", "warning"):
            broken.labels(kind, severity).set(counts[kind, severity])
    free = gauge("disk_free_bytes", "Free space where the home is")
    free.set(shutil.disk_usage(home.root).free)
    return generate_latest(registry)


def _refresh(home: Home, gauge: Gauges) -> None:
    ended = last_refresh(home)
    if ended is None:
        return
    gauge("refresh_last_end_timestamp_seconds", "When the last refresh ended").set(moment(ended.ended_at).timestamp())
    gauge("refresh_last_success", "Whether the last refresh ended well (1) or not (0)").set(ended.is_success)
    gauge("refresh_duration_seconds", "How long the last refresh took").set(ended.seconds)
    gauge("refresh_tables_computed", "Tables that the last refresh computed").set(ended.computed)
    if ended.succeeded_at:
        at = moment(ended.succeeded_at).timestamp()
        gauge("refresh_last_success_timestamp_seconds", "When a refresh last ended well").set(at)


def _publication(home: Home, gauge: Gauges) -> None:
    entries = [e for e in publication_log(home) if e.get("as_of") is None]
    if entries:
        at = moment(entries[-1]["published_at"]).timestamp()
        gauge("published_timestamp_seconds", "When readers got the vintage that they have").set(at)
    gauge("vintages_published", "Vintages that readers ever got").set(len({e["vintage_id"] for e in entries}))
    gauge("vintages_embargoed", "Vintages that wait for their release").set(len(staged(home)))


def _inside(home: Home, gauge: Gauges, now: dt.datetime) -> None:
    shop = open_workshop(home)
    try:
        states = source_states(shop, now)
    except CoopgvaError:
        return  # the configuration is wrong, which is among the troubles
    received = gauge("source_delivery_timestamp_seconds", "When the newest delivery was received", "source")
    expected = gauge("source_expected_every_seconds", "The publisher's cadence", "source")
    late = gauge("source_late_seconds", "By how much the next delivery is overdue", "source")
    state = gauge("source_state", "1 for the state that the source is in", "source", "state")
    for found in states:
        name = found.source.id
        if found.delivery:
            received.labels(name).set(found.delivery.received_at.timestamp())
        if found.source.expected_every_days:
            expected.labels(name).set(found.source.expected_every_days * 86_400)
        late.labels(name).set(found.days_late * 86_400)
        for word in STATES:
            state.labels(name, str(word)).set(found.state == word)
    quarantined = gauge("quarantined_rows", "Rows of the current version that broke their contract", "table")
    failed = gauge("failed_checks", "Checks of the current version that failed", "table", "severity")
    for name, version in current_versions(shop).items():
        if name.startswith("source."):
            quarantined.labels(name).set(version.quarantined)
        for severity in ("error", "warn"):
            count = sum(not c.passed and c.severity == severity for c in version.checks)
            failed.labels(name, severity).set(count)
