"""`coopgva link` from files to a file, and what it says when a file is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.command import Said, say

Run = Callable[..., Said]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, registry: pd.DataFrame
) -> Run:
    """Runs `coopgva link` on files of the folder; options as keywords."""
    registry.to_csv(tmp_path / "registry.csv", index=False)
    records = pd.DataFrame(
        {
            "record_id": ["1", "2"],
            "name": ["Dunagép Ltd.", "Szegedi Tudományegyetem"],
            "settlement": ["Szeged", "Szeged"],
        }
    )
    records.to_csv(tmp_path / "records.csv", index=False, sep=";")
    monkeypatch.chdir(tmp_path)

    def ran(**options: str) -> Said:
        chosen = {"registry": "registry.csv", "records": "records.csv", "out": "links.csv"} | options
        arguments = [part for name, value in chosen.items() for part in (f"--{name.replace('_', '-')}", value)]
        return say(monkeypatch, capsys, "link", *arguments)

    return ran


def test_csv_in_csv_out(run: Run, tmp_path: Path) -> None:
    said = run()
    assert said.code == 0, said.err
    assert said.out == "2 records: 1 accepted, 0 review, 1 none; written to links.csv\n"
    links = pd.read_csv(tmp_path / "links.csv", dtype=str)
    assert list(links) == ["record_id", "firm_id", "probability", "method", "status", "reason"]
    assert links["firm_id"].fillna("").tolist() == ["F02", ""]


def test_parquet_in_parquet_out(run: Run, tmp_path: Path) -> None:
    pd.read_csv("registry.csv", dtype=str).to_parquet("registry.parquet")
    frame = pd.DataFrame(
        {"record_id": [1, 2], "name": ["Veltrona", "x"], "tax_number": [10000108.0, None], "year": [2020, None]}
    )
    firms = pd.read_csv("registry.csv", dtype=str)
    number = firms.loc[firms["firm_id"] == "F10", "tax_number"].str.slice(0, 8).tolist()[0]
    frame["tax_number"] = [float(number), None]
    frame.to_parquet("records.parquet")
    said = run(registry="registry.parquet", records="records.parquet", out="links.parquet")
    assert said.code == 0, said.err
    assert pd.read_parquet(tmp_path / "links.parquet")["firm_id"].tolist()[0] == "F10"


def test_the_optional_files_are_used(run: Run, tmp_path: Path) -> None:
    Path("history.csv").write_text(
        "firm_id,name,valid_from,valid_to\nF12,Szegedi Tudományegyetem,2001,2030\n", encoding="utf-8"
    )
    Path("decisions.csv").write_text(
        "record_id,decision,firm_id,who,when,why\n1,confirm,F05,anna,2024-01-01,asked\n", encoding="utf-8"
    )
    said = run(decisions="decisions.csv", name_history="history.csv")
    assert said.code == 0, said.err
    links = pd.read_csv(tmp_path / "links.csv", dtype=str)
    assert links["firm_id"].iloc[0] == "F05"
    assert links["method"].iloc[0] == "decision"
    assert "former name" in links["reason"].iloc[1]


@pytest.mark.parametrize(
    ("content", "expected", "code"),
    [
        ("firm,title\n1,x\n", "records: column record_id is missing (columns: firm, title)", 1),
        ("", "records: cannot be read: the file is empty", 1),
        ("record_id,name\n1,A,B,C\n", "records: cannot be read", 1),
        ("record_id,name\n,A\n", "record_id is empty in row 1", 1),
        ("record_id,name\n1,A\n1,B\n", "record_id 1 occurs twice", 1),
        (b"record_id,name\n1,Gy\xf5r\n", "records: cannot be read", 1),
    ],
)
def test_a_bad_file_is_one_line(run: Run, content: str | bytes, expected: str, code: int) -> None:
    bad = Path("bad.csv")
    bad.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = run(records="bad.csv")
    assert said.code == code
    assert expected in said.err
    assert "bad.csv" in said.err
    assert said.err.count("\n") == 1
    assert not Path("links.csv").exists()


def test_files_that_are_not_there(run: Run) -> None:
    assert "file not found" in run(registry="none.csv").err
    assert "unknown type of file" in run(out="links.xlsx").err
    assert "folder not found" in run(out="no/links.csv").err
    Path("broken.parquet").write_bytes(b"PAR1 no")
    said = run(registry="broken.parquet")
    assert (said.code, said.err.count("\n")) == (1, 1)
