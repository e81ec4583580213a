"""The errors a person meets: one line each that says what, where and what to do.

The command line prints `str(error)` without a traceback; Dagster shows it as the failure's description. Whatever is
not a `CoopgvaError` is a defect of ours and keeps its traceback.
"""

from __future__ import annotations


class CoopgvaError(Exception):
    """Base of all expected failures.

    Args:
        what: what went wrong, in plain words.
        where: the file, row, table or setting it concerns.
        action: what the reader can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", action: str = "") -> None:
        self.what, self.where, self.action = what, where, action
        parts = [f"{where}: {what}" if where else what]
        if action:
            parts.append(action)
        super().__init__("; ".join(" ".join(part.split()) for part in parts))


class ConfigurationError(CoopgvaError):
    """A setting, contract or command is wrong; nothing was read."""

    exit_code = 2


class DeliveryError(CoopgvaError):
    """A delivery is unreadable, truncated, empty or of another schema; retrying does not help."""


class TransportError(CoopgvaError):
    """A source could not be reached (network, lock, connection); retrying may help."""


class StaleInputError(CoopgvaError):
    """A table was asked for before one of its inputs was refreshed."""


class BlockedInputError(CoopgvaError):
    """An input has failed a blocking check."""


class PublishRefusedError(CoopgvaError):
    """The gate kept a vintage inside the house."""
