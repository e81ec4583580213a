"""What follows every refresh, by the command line or by the daemon: the record, the measures, the alerts; the digest.

Nothing here may break a refresh: what cannot be written or sent is logged as an error, and the refresh ends as it does.
"""

from __future__ import annotations

import datetime as dt
import logging

from pipelines.operations.alerts import Told, tell
from pipelines.operations.last_refresh import LastRefresh, remember
from pipelines.operations.metrics import write_metrics
from pipelines.operations.troubles import KINDS, Trouble, find_troubles
from resources.errors import CoopgvaError
from resources.home import Home

LOGGER = logging.getLogger("coopgva.operations")
SEEN_AT_ANY_TIME = ("source_refused", "source_unreachable", "source_late", "night_missed", "release_overdue")
"""What a look at the home settles; whether a step or check is mended is known only after a refresh that succeeded."""


def after_refresh(home: Home, ended: LastRefresh, *, now: dt.datetime) -> Told:
    """Keep the outcome, write the measures, tell people.

    Args:
        home: the home.
        ended: how the refresh ended.
        now: the moment.

    Returns:
        What was told; its failures are in the log already.
    """
    try:
        known = remember(home, ended)
        troubles = find_troubles(home, now=now, ended=known)
    except (OSError, CoopgvaError) as error:
        LOGGER.error("the outcome of the refresh cannot be kept: %s", error)
        return Told()
    try:
        write_metrics(home, troubles, now=now)
    except (OSError, CoopgvaError) as error:
        LOGGER.error("measures cannot be written: %s", error)
    return _tell(home, troubles, _settled(known, troubles), now)


def digest(home: Home, *, now: dt.datetime) -> tuple[list[Trouble], Told]:
    """Tell everything that is still broken, and write the measures anew.

    Raises:
        CoopgvaError: the home's records cannot be read.
    """
    troubles = find_troubles(home, now=now)
    try:
        write_metrics(home, troubles, now=now)
    except OSError as error:
        LOGGER.error("measures cannot be written: %s", error)
    return troubles, _tell(home, troubles, (), now, is_digest=True)


def tell_what_is_new(home: Home, *, now: dt.datetime) -> Told:
    """Look at the home and tell what was not told yet; nothing heals by it."""
    try:
        return _tell(home, find_troubles(home, now=now), (), now)
    except (OSError, CoopgvaError) as error:
        LOGGER.error("what is broken cannot be found out: %s", error)
        return Told()


def _settled(ended: LastRefresh, troubles: list[Trouble]) -> tuple[str, ...]:
    if any(trouble.kind == "configuration" for trouble in troubles):
        return ()  # nothing behind it could be looked at
    return tuple(KINDS) if ended.is_success else ("configuration", *SEEN_AT_ANY_TIME)


def _tell(
    home: Home, troubles: list[Trouble], may_heal: tuple[str, ...], now: dt.datetime, *, is_digest: bool = False
) -> Told:
    try:
        told = tell(home, troubles, now=now, may_heal=may_heal, is_digest=is_digest)
    except (OSError, CoopgvaError, ValueError) as error:
        told = Told(failures=(f"alert not sent: {error}",))
    for line in told.failures:
        LOGGER.error(line)
    return told
