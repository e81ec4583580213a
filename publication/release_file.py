"""One file of a release, as the data package lists it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from resources.contract import Contract


@dataclass(frozen=True)
class ReleaseFile:
    """A file that was written.

    Attributes:
        path: where.
        title: what it is, for people.
        form: short name of its format (`csv`, `xml`).
        mediatype: its type.
        contract: of the table that it holds, where it holds one.
    """

    path: Path
    title: str
    form: str
    mediatype: str
    contract: Contract | None = None
