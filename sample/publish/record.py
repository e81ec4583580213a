"""The log of who is who: every listed participant with the row it stands in and the legal unit behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa


@dataclass
class Log:
    """Collects one line per listed participant.

    Attributes:
        rows: `source_file`, `row` (1-based ordinal of the record in the file), `row_key` (the source's own key, may be
            empty), `listed_name`, `firm_id` (null abroad), `kind`.
    """

    rows: list[tuple[str, int, str, str, str | None, str]] = field(default_factory=list)

    def add(self, source_file: str, row: int, row_key: str, listed_name: str, unit: int, kind: str) -> None:
        """Log a record; `unit` is the number of the legal unit or -1."""
        firm_id = f"F{unit + 1:08d}" if unit >= 0 else None
        self.rows.append((source_file, row, row_key, listed_name, firm_id, kind))

    def table(self) -> pa.Table:
        """Return the log in order of file and row."""
        columns = ["source_file", "row", "row_key", "listed_name", "firm_id", "kind"]
        frame = pd.DataFrame(self.rows, columns=columns).sort_values(["source_file", "row"], kind="stable")
        types = [pa.string(), pa.int64(), pa.string(), pa.string(), pa.string(), pa.string()]
        return pa.Table.from_pandas(
            frame, schema=pa.schema(list(zip(columns, types, strict=True))), preserve_index=False
        )
