"""What every transport shares: its settings, its result and the clock that ends it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from resources.blobs import Blob
from resources.errors import TransportError

MAGIC = re.compile(r"[*?\[]")
"""Characters that make a path a glob."""


@dataclass(frozen=True)
class TransportSettings:
    """Patience and limits of all transports; times in seconds.

    Attributes:
        attempts: how often an HTTP request is tried in all.
        backoff_first: wait before the second attempt; doubles from there, plus jitter.
        backoff_longest: ceiling of a wait.
        retry_after_longest: longest wait a server may ask for; above it the fetch ends and the caller tries later.
        connect_timeout: for a connection.
        read_timeout: for the next byte.
        deadline: for the whole fetch with all its attempts.
        redirects: how many are followed.
        zip_members: most members a zip archive may have.
        zip_ratio: most bytes one packed byte may become, for members above `zip_ratio_from` bytes.
        zip_ratio_from: below this unpacked size a high ratio is harmless.
        rows_per_batch: rows a database cursor hands over at once.
    """

    attempts: int = 5
    backoff_first: float = 1.0
    backoff_longest: float = 60.0
    retry_after_longest: float = 300.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    deadline: float = 3600.0
    redirects: int = 5
    zip_members: int = 10_000
    zip_ratio: float = 200.0
    zip_ratio_from: int = 50 * 1024**2
    rows_per_batch: int = 10_000


@dataclass(frozen=True)
class Received:
    """One file that has arrived: the publisher's name for it, its bytes and what HTTP said of its state."""

    name: str
    blob: Blob
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Deadline:
    """Ends a transfer that never ends by itself."""

    seconds: float
    _started: float = field(default_factory=time.monotonic)

    def remaining(self) -> float:
        """Seconds left; may be negative."""
        return self.seconds - (time.monotonic() - self._started)

    def check(self, where: str) -> None:
        """Stop when the time is up.

        Raises:
            TransportError: it is.
        """
        if self.remaining() <= 0:
            raise TransportError(
                f"not complete after {self.seconds:g} s", where=where, action="try again when the source is faster"
            )
