"""A watcher of refreshes that shows nothing."""

from __future__ import annotations

from pipelines.refresh import Watcher


class Silent(Watcher):
    """Inherits the bodies of the protocol, which do nothing."""
