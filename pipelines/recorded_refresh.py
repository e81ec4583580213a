"""A refresh of the command line, and what follows it: its outcome is kept, measured and told.

Belongs here: putting the two together. Does not belong here: the refresh (`pipelines.refresh`), the telling
(`pipelines.operations`). The daemon's refreshes get the same through the sensors (`pipelines.sensors`).
"""

from __future__ import annotations

import datetime as dt
import sys

from pipelines.operations.after_refresh import after_refresh
from pipelines.operations.last_refresh import LastRefresh, Recorder
from pipelines.operations.log_lines import write_lines
from pipelines.refresh import Refreshed, Watcher
from pipelines.refresh import refresh as run_refresh
from resources.errors import CoopgvaError
from resources.home import Home


def refresh(home: Home, watcher: Watcher, *, as_of: str = "", is_full: bool = False) -> Refreshed:
    """`pipelines.refresh.refresh`, remembered; a look into the past and a home without sources are not.

    A refresh that a person interrupts is no failure to be told.

    Raises:
        CoopgvaError: as `pipelines.refresh.refresh` does.
    """
    if as_of or not home.sources.exists():
        return run_refresh(home, watcher, as_of=as_of, is_full=is_full)
    write_lines(home)
    recorder = Recorder(watcher, dt.datetime.now(dt.UTC))
    try:
        done = run_refresh(home, recorder, is_full=is_full)
    except CoopgvaError as error:
        _follow(home, recorder.outcome(dt.datetime.now(dt.UTC), str(error)))
        raise
    _follow(home, recorder.outcome(dt.datetime.now(dt.UTC)))
    return done


def _follow(home: Home, ended: LastRefresh) -> None:
    told = after_refresh(home, ended, now=dt.datetime.now(dt.UTC))
    for channel in told.sent:
        print(f"told by {channel}", file=sys.stderr)
    for line in told.failures:
        print(f"coopgva: {line}", file=sys.stderr)
