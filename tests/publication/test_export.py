"""The folder of an export: whole or not there; and the command `coopgva export`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publication import export as module
from publication.export import FORMATS, parse_embargo, write_export
from publication.release_table import release_table
from resources.contract import Contract
from resources.durable import file_sha256, write_json
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import Home
from resources.lake import Lake, Version
from resources.publications import append
from resources.warehouse.duckdb_file import publish_duckdb
from resources.warehouse.release import make_release
from tests.command import Said, say
from tests.publication.conftest import VINTAGE

TRACKER = "access.target_tracker"
Contracts = dict[str, Contract]
Tables = dict[str, pd.DataFrame]


@pytest.fixture
def small(tables: Tables) -> Tables:
    return {TRACKER: tables[TRACKER]}


def test_an_earlier_export_is_replaced_as_a_whole(small: Tables, contracts: Contracts, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_export(small, contracts, VINTAGE, out, ("csv", "xlsx"))
    files = write_export(small, contracts, "000008-11111111", out, ("parquet",))
    assert [file.path for file in files] == [out / "data" / "target_tracker.parquet"]
    assert sorted(p.name for p in out.rglob("*")) == ["data", "datapackage.json", "target_tracker.parquet"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert out.stat().st_mode & 0o777 == 0o755


def test_a_failure_leaves_what_was_there(
    small: Tables, contracts: Contracts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_export(small, contracts, VINTAGE, out, ("csv",))
    before = (out / "datapackage.json").read_bytes()
    double = {TRACKER: pd.concat([small[TRACKER]] * 2)}
    with pytest.raises(CoopgvaError, match="the key is there twice"):
        write_export(double, contracts, "000008-11111111", out, ("csv",))

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module, "write_data_package", broken)
    with pytest.raises(OSError, match="disk full"):
        write_export(small, contracts, "000008-11111111", out, ("csv",))
    monkeypatch.undo()
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.suffix == ".tmp":
            raise OSError("no rename")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)  # between the old folder's going and the new one's coming
    with pytest.raises(OSError, match="no rename"):
        write_export(small, contracts, "000008-11111111", out, ("csv",))
    assert (out / "datapackage.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_somebody_elses_folder_is_left_alone(small: Tables, contracts: Contracts, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match="something else in it than an export; choose another --out"):
        write_export(small, contracts, VINTAGE, tmp_path / "mine", ("csv",))
    (tmp_path / "mine" / "datapackage.json").write_text('{"name": "other"}')
    with pytest.raises(ConfigurationError, match="something else"):
        write_export(small, contracts, VINTAGE, tmp_path / "mine", ("csv",))
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="something else"):
        write_export(small, contracts, VINTAGE, tmp_path / "file", ("csv",))
    (tmp_path / "empty").mkdir()
    assert write_export(small, contracts, VINTAGE, tmp_path / "empty", ("csv",))


def test_embargo_is_a_time_with_its_zone() -> None:
    assert parse_embargo("2026-12-01 09:00") == "2026-12-01T09:00:00+00:00"
    assert parse_embargo("2026-12-01T09:00:00+01:00") == "2026-12-01T09:00:00+01:00"
    assert parse_embargo("") is None
    with pytest.raises(ConfigurationError, match="'soon' is no date-time"):
        parse_embargo("soon")


# -- the command -----------------------------------------------------------------------------------------------------
Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda *arguments: say(monkeypatch, capsys, "export", *arguments)


@pytest.fixture
def home(tmp_path: Path, contracts: Contracts, small: Tables) -> Home:
    """A home with two vintages, the second published last; the third was never published."""
    home = Home(tmp_path / "home")
    lake = Lake(home.lake)
    for number, share in enumerate((2.0, 3.0, 4.0), start=1):
        frame = small[TRACKER].assign(share_pct=[share, None])
        table: pa.Table = release_table(contracts[TRACKER], frame)
        path = lake.path(TRACKER, f"k{number}")
        lake.write(path, table, contracts[TRACKER].schema)
        version = Version(TRACKER, f"k{number}", table.num_rows, file_sha256(path), {}, {}, {})
        lake.seal(version)
        vintage, _ = lake.record_vintage({TRACKER: f"k{number}", "source.firm": "x"}, {}, None)
        if number == 3:
            continue
        publish_duckdb(home.warehouse, contracts, make_release(vintage.vintage_id, {TRACKER: version}, lake))
        append(home, {"published_at": "2026-11-23T23:00:00+00:00", "vintage_id": vintage.vintage_id, "as_of": None})
    return home


def shares(folder: Path) -> list[float | None]:
    found: list[float | None] = (
        pq.read_table(folder / "data" / "target_tracker.parquet").column("share_pct").to_pylist()
    )
    return found


def test_what_readers_see_is_exported(run: Run, home: Home, tmp_path: Path) -> None:
    said = run("--home", str(home.root), "--out", str(tmp_path / "out"), "--format", "parquet,csv")
    assert (said.code, said.err) == (0, "")
    assert "1 tables in 2 files written to" in said.out
    assert shares(tmp_path / "out") == [None, 3.0]
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text(encoding="utf-8"))
    assert package["version"].startswith("000002-")


def test_an_earlier_vintage_is_exported_if_it_was_published(run: Run, home: Home, tmp_path: Path) -> None:
    arguments = ("--home", str(home.root), "--out", str(tmp_path / "out"), "--format", "parquet", "--vintage")
    assert run(*arguments, "1").code == 0
    assert shares(tmp_path / "out") == [None, 2.0]
    refused = run(*arguments, "3")
    assert refused.code == 2
    assert "was not published" in refused.err
    assert run(*arguments, "9").code == 2
    path = Lake(home.lake).path(TRACKER, "k1")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"x")
    damaged = run(*arguments, "1")
    assert damaged.code == 1
    assert "missing or damaged" in damaged.err
    assert shares(tmp_path / "out") == [None, 2.0]


def test_wrong_usage_is_one_line(run: Run, home: Home, tmp_path: Path) -> None:
    said = run("--home", str(home.root), "--out", str(tmp_path / "out"), "--format", "csv,pdf")
    assert said.code == 2
    assert said.err == f"coopgva: --format: no format 'pdf'; choose of {', '.join(FORMATS)}\n"
    assert run("--home", str(home.root)).code == 2
    nothing = run("--home", str(tmp_path / "new"), "--out", str(tmp_path / "out"))
    assert (nothing.code, nothing.out) == (1, "")
    assert "nothing is published yet" in nothing.err
    assert nothing.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert run("--home", str(tmp_path / "new"), "--out", str(tmp_path / "out"), "--format", "pdf").code == 2


def test_a_folder_that_cannot_be_written_is_one_line(run: Run, home: Home, tmp_path: Path) -> None:
    write_json(tmp_path / "file", {})
    said = run("--home", str(home.root), "--out", str(tmp_path / "file" / "out"), "--format", "csv")
    assert said.code == 2
    assert "cannot write there" in said.err
