"""The home directory: where a person's deliveries, lake, warehouse and Dagster records live.

`COOPGVA_HOME` (default `./.coopgva`) holds everything that a run reads or writes; deleting it loses nothing that the
publishers cannot deliver again, apart from the history of deliveries.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
"""The folder with `contracts/`, `sql/` and the default `parameters.yaml`."""


@dataclass(frozen=True)
class Home:
    """Paths below one home directory."""

    root: Path

    @classmethod
    def from_environment(cls, root: str | Path | None = None) -> Home:
        """The home named by the argument, else by `COOPGVA_HOME`, else `./.coopgva`."""
        return cls(Path(root or os.environ.get("COOPGVA_HOME") or ".coopgva").absolute())

    def keep_private(self) -> None:
        """Create the folders that hold data of single firms, for their owner only; what is published stands beside."""
        for folder in (self.archive, self.lake, self.runs, self.spill, self.dagster):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)

    @property
    def sources(self) -> Path:
        """`sources.yaml`: where deliveries come from."""
        return Path(os.environ.get("COOPGVA_SOURCES") or self.root / "sources.yaml")

    @property
    def parameters(self) -> Path:
        """Overrides of the parameters; may be absent."""
        return self.root / "parameters.yaml"

    @property
    def archive(self) -> Path:
        """Raw bytes of deliveries, content-addressed."""
        return self.root / "archive"

    @property
    def inbox(self) -> Path:
        """Folder watched by the delivery sensor."""
        return self.root / "inbox"

    @property
    def lake(self) -> Path:
        """Table versions and vintages."""
        return self.root / "lake"

    @property
    def runs(self) -> Path:
        """Which deliveries each run chose."""
        return self.root / "runs"

    @property
    def spill(self) -> Path:
        """Where DuckDB puts what does not fit into memory."""
        return self.root / "spill"

    @property
    def warehouse(self) -> Path:
        """Folder of the embedded warehouse's two files."""
        return self.root / "warehouse"

    @property
    def dagster(self) -> Path:
        """`DAGSTER_HOME` unless the environment names another."""
        return Path(os.environ.get("DAGSTER_HOME") or self.root / "dagster")
