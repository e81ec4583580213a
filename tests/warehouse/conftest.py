"""A tiny warehouse: two contracts, their Parquet files, and releases made of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.table import Build, Table
from assets.workshop import Workshop
from resources.contract import Contract
from resources.durable import file_sha256, fingerprint
from resources.home import Home
from resources.warehouse.release import Published, Release

FIRM: dict[str, Any] = {
    "table": "source.firm",
    "title": "Firms",
    "purpose": "Firms as a register has them, made up for tests.",
    "grain": ["firm_id"],
    "gsbpm": "4.3",
    "confidentiality": "identifying",
    "columns": {
        "firm_id": {"type": "varchar", "description": "The register's own number"},
        "name": {"type": "varchar", "description": "Name as registered; 100% of it: 'quoted', too"},
        "employees": {"type": "integer", "unit": "persons", "description": "Persons employed at year end"},
        "sequence": {"type": "bigint", "description": "Running number of the entry"},
        "turnover_huf_mn": {"type": "double", "unit": "HUF mn", "description": "Net turnover of the year"},
        "is_active": {"type": "boolean", "description": "Whether the firm is active"},
        "founded_date": {"type": "date", "description": "Date of the foundation"},
    },
}
SHARE: dict[str, Any] = {
    "table": "access.share",
    "title": "Share of cooperating firms",
    "purpose": "The published share (%, 100%s of it) by year, made up for tests.",
    "grain": ["reference_year", "numerator_code"],
    "gsbpm": "6.4",
    "confidentiality": "public",
    "columns": {
        "reference_year": {"type": "integer", "description": "Year that the share refers to"},
        "numerator_code": {"type": "varchar", "description": "Variant of the numerator", "classification": "NUMERATOR"},
        "share_pct": {"type": "double", "unit": "%", "description": "Share of gross value added"},
        "total_huf_mn": {
            "type": "double",
            "unit": "HUF mn",
            "description": "National total that others publish",
            "confidentiality": "public",
        },
        "is_withheld": {"type": "boolean", "required": True, "description": "Whether the cell is withheld"},
    },
}
FIRM_ROWS: list[dict[str, Any]] = [
    {
        "firm_id": "1",
        "name": 'Ő "x", ;\nKft. \\N %s',
        "employees": 2**31 - 1,
        "sequence": 2**63 - 1,
        "turnover_huf_mn": 0.1 + 0.2,
        "is_active": True,
        "founded_date": dt.date(1990, 1, 31),
    },
    {
        "firm_id": "2",
        "name": "",
        "employees": -1,
        "sequence": -(2**63),
        "turnover_huf_mn": -1e-300,
        "is_active": False,
        "founded_date": dt.date(2024, 2, 29),
    },
    {
        "firm_id": "3",
        "name": None,
        "employees": None,
        "sequence": None,
        "turnover_huf_mn": None,
        "is_active": None,
        "founded_date": None,
    },
]


def share_rows(share: float) -> list[dict[str, Any]]:
    """Two published cells, one of them withheld."""
    return [
        {
            "reference_year": 2022,
            "numerator_code": "N1",
            "share_pct": None,
            "total_huf_mn": 100.0,
            "is_withheld": True,
        },
        {
            "reference_year": 2023,
            "numerator_code": "N1",
            "share_pct": share,
            "total_huf_mn": 100.0,
            "is_withheld": False,
        },
    ]


@pytest.fixture
def contracts() -> dict[str, Contract]:
    return {c["table"]: Contract.model_validate(c) for c in (FIRM, SHARE)}


Releaser = Callable[..., Release]


@pytest.fixture
def release_of(tmp_path: Path, contracts: Mapping[str, Contract]) -> Releaser:
    """`release_of(share=2.0, firms=FIRM_ROWS)`: the release of these rows; equal rows give equal keys."""

    def make(
        share: float = 2.0, firms: list[dict[str, Any]] = FIRM_ROWS, contracts: Mapping[str, Contract] = contracts
    ) -> Release:
        tables, files = [], {}
        for name, rows in (("access.share", share_rows(share)), ("source.firm", firms)):
            key = fingerprint([contracts[name].fingerprint, [[str(v) for v in r.values()] for r in rows]])[:32]
            path = tmp_path / "lake" / f"{name}-{key}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(pa.Table.from_pylist(rows, contracts[name].schema), path)
            tables.append(Published(name, key, len(rows), file_sha256(path)))
            files[name] = path
        return Release(fingerprint([t.key for t in tables])[:8], tuple(sorted(tables)), files)

    return make


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


class House:
    """A home with two tables, `integration.firm` and the `access.target_tracker` computed from it.

    Attributes:
        firms: rows of the first table; changing them changes nothing until the contract does (see `edition`).
        cells: rows of the second.
        edition: goes into the first table's contract, and so into both keys.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.firms = FIRM_ROWS
        self.cells = share_rows(2.0)
        self.edition = "first"

    @property
    def contracts(self) -> dict[str, Contract]:
        firm = {**FIRM, "table": "integration.firm", "title": f"Firms, {self.edition} edition"}
        tracker = {**SHARE, "table": "access.target_tracker"}
        return {c["table"]: Contract.model_validate(c) for c in (firm, tracker)}

    def tables(self) -> dict[str, Table]:
        firms, cells = self.firms, self.cells

        def firm(build: Build) -> pa.Table:
            return pa.Table.from_pylist(firms, self.contracts["integration.firm"].schema)

        def tracker(build: Build) -> pa.Table:
            return pa.Table.from_pylist(cells, self.contracts["access.target_tracker"].schema)

        return {
            "integration.firm": Table("integration.firm", firm),
            "access.target_tracker": Table("access.target_tracker", tracker, inputs=("integration.firm",)),
        }

    def open(self, as_of: str | None = None) -> Workshop:
        """A workshop as a new run has it."""
        shop = Workshop(self.home, self.tables(), as_of=as_of)
        shop.__dict__["contracts"] = self.contracts
        return shop

    def made(self, as_of: str | None = None) -> Workshop:
        """A workshop with both tables computed."""
        shop = self.open(as_of)
        for name in shop.tables:
            shop.materialise(name)
        return shop


@pytest.fixture
def house(home: Home, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("COOPGVA_MEMORY", "300MB")
    return House(home)
