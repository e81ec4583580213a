"""`coopgva docs`: pages for every table with expectations, for the owner's eyes alone."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.docs import VERDICTS, write_data_docs
from resources.contract import load_contracts
from resources.errors import ConfigurationError
from resources.home import REPOSITORY
from resources.lake import CheckOutcome, Lake, Version

CONTRACTS = load_contracts(REPOSITORY / "contracts")
IDENTIFYING, COLUMN = "source.address_history", "postcode"
SAMPLES: dict[str, Any] = {"varchar": "x", "integer": 7, "bigint": 7, "double": 7.0, "boolean": False, "date": None}


def sealed(lake: Lake, table: str, **values: Any) -> Version:
    """A version with one row that breaks rules of its contract."""
    contract = CONTRACTS[table]
    row = {name: values.get(name, SAMPLES[column.type]) for name, column in contract.columns.items()}
    schema = pa.schema([field.with_nullable(True) for field in contract.schema])
    lake.write(lake.path(table, "k"), pa.Table.from_pylist([row], schema=schema), schema)
    version = Version(table, "k", 1, "c", {}, {}, {}, (CheckOutcome("in_sql", False, "warn", "meets the margin"),))
    lake.seal(version)
    return version


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    lake = Lake(folder / "lake")
    versions = [
        sealed(lake, "access.cooperation_gva", obs_status="ODDSTATUS"),
        sealed(lake, IDENTIFYING, **{COLUMN: "TITKOSCEG"}),
    ]
    assert write_data_docs(lake, versions, "000001-abc", folder / "out") == 2
    return folder / "out"


def test_pages_and_recorded_verdicts(written: Path) -> None:
    pages = {p.parts[-1] for p in written.rglob("*.html")}
    assert {"index.html", "cooperation_gva.html"} <= pages
    content = "".join(p.read_text(encoding="utf-8") for p in written.rglob("*.html"))
    assert "000001-abc" in content
    assert "ODDSTATUS" in content  # what a rule found is shown
    with (written / VERDICTS).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["table"], r["check"], r["passed"]) for r in rows] == [
        ("access.cooperation_gva", "in_sql", "false"),
        (IDENTIFYING, "in_sql", "false"),
    ]


def test_only_the_owner_may_read_it_and_nobody_is_named(written: Path) -> None:
    assert written.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in written.rglob("*"))
    assert b"TITKOSCEG" not in b"".join(path.read_bytes() for path in written.rglob("*") if path.is_file())


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="something is there already; choose another --out"):
        write_data_docs(Lake(tmp_path / "lake"), [], "v", tmp_path)


def test_a_vintage_older_than_the_contract_is_one_error(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    version = Version("access.cooperation_gva", "k", 1, "c", {}, {}, {})
    schema = pa.schema([("other", pa.string())])
    lake.write(lake.path(version.table, "k"), pa.table({"other": ["x"]}, schema=schema), schema)
    with pytest.raises(ConfigurationError, match="cooperation_gva: the table of this vintage has other columns"):
        write_data_docs(lake, [version], "v", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]  # no temporary folder stays
