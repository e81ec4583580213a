"""Record linkage: which firm of a registry a record means, with a calibrated probability and a reason.

Belongs here: pure functions from frames to frames. Does not belong here: files, tables, the clock.
"""

from __future__ import annotations

from methods.linkage.linker import Links, link
from methods.linkage.settings import Settings

__all__ = ["Links", "Settings", "link"]
