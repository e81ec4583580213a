"""The command line: one line per error, the right exit code, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from pipelines import cli
from pipelines.headline import find_truth, print_headline, read_headline, read_truth
from resources.durable import write_json
from resources.home import REPOSITORY, Home
from resources.parameters import load_parameters
from tests.command import Said, say

Command = Callable[..., Said]


@pytest.fixture
def coopgva(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Runs a command in this process, in an empty folder with an empty home."""
    for name in ("COOPGVA_SOURCES", "DAGSTER_HOME", "COOPGVA_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COOPGVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Said:
        return say(monkeypatch, capsys, *arguments)

    return run


@pytest.fixture
def published(tmp_path: Path) -> Home:
    """A home with a published file that was written by hand."""
    home = Home(tmp_path / "home")
    home.warehouse.mkdir(parents=True)
    with duckdb.connect(home.warehouse / "access.duckdb") as connection:
        connection.execute("""
            CREATE TABLE target_tracker AS SELECT * FROM (VALUES
                (2023, 'N1', 2.29::DOUBLE, 7.71::DOUBLE, 1.10::DOUBLE, 10.0::DOUBLE, 2030, true),
                (2024, 'N1', NULL, NULL, NULL, 10.0, 2030, true),
                (2023, 'N2', 9.99, 0.01, 0.00, 10.0, 2030, false)
            ) AS t (reference_year, numerator_code, share_pct, distance_pp, required_pace_pp, target_share_pct,
                    target_year, is_headline)""")
    return home


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["refresh", "--frim"], 2, "No such option"),
        (["refersh"], 2, "No such command"),
        (["query"], 2, "Missing argument"),
        (["query", "select 1", "--format", "xml"], 2, "'xml'"),
        (["ui", "--port", "0"], 2, "port"),
        (["refresh"], 2, "run `coopgva sample`"),
        (["refresh", "--sources", "nowhere.yaml"], 2, "nowhere.yaml: file not found"),
        (["refresh", "--as-of", "yesterday"], 2, "'yesterday' is not a date"),
        (["sample", "--firms", "3"], 2, "firms"),
        (["query", "select 1"], 1, "nothing is published yet"),
        (["vintages", "show", "1"], 2, "no vintage '1'; run `coopgva refresh` first"),
        (["status"], 2, "sources.yaml"),
    ],
)
def test_errors_are_one_line_with_the_right_code(arguments: list[str], code: int, words: str, coopgva: Command) -> None:
    said = coopgva(*arguments)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("coopgva: ")


@pytest.mark.parametrize("arguments", [["--help"], ["refresh", "--help"], ["vintages", "--help"]])
def test_help_is_no_error(arguments: list[str], coopgva: Command) -> None:
    said = coopgva(*arguments)
    assert said.code == 0
    assert "Usage: coopgva" in said.out


def test_a_wrong_sources_file_names_its_line(coopgva: Command, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "sources.yaml").write_text("sources:\n  - id: registry\n    tabel: business_registry\n")
    said = coopgva("refresh")
    assert said.code == 2
    assert "sources.yaml:" in said.err
    assert said.err.count("\n") == 1


def test_a_misspelt_reader_option_is_found_before_anything_is_fetched(coopgva: Command, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "sources.yaml").write_text(
        "sources:\n  - id: registry\n    table: business_registry\n    format: csv\n    url: absent.csv\n"
        '    options: {delimeter: ";"}\n'
    )
    said = coopgva("refresh")
    assert said.code == 2
    assert "sources.yaml:6: source registry: options of the format 'csv': delimeter" in said.err
    assert said.err.count("\n") == 1


def test_a_taken_port_is_named(coopgva: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = coopgva("ui", "--port", str(port))
    assert said.code == 2
    assert f"127.0.0.1:{port}: cannot listen there" in said.err


def test_query_prints_tables_csv_and_json(coopgva: Command, published: Home) -> None:
    statement = "select reference_year, share_pct from access.target_tracker where is_headline order by 1"
    assert "2.29" in coopgva("query", statement).out
    assert coopgva("query", statement, "--format", "csv").out == "reference_year,share_pct\n2023,2.29\n2024,\n"
    rows = json.loads(coopgva("query", statement, "--format", "json").out)
    assert [row["reference_year"] for row in rows] == [2023, 2024]
    assert rows[1]["share_pct"] is None


@pytest.mark.parametrize(
    "statement",
    [
        "drop table access.target_tracker",
        "insert into access.target_tracker select * from access.target_tracker",
        "attach 'other.duckdb'",
        "copy access.target_tracker to 'out.csv'",
        "select * from read_text('secret.txt')",
        "set enable_external_access = true",
        "selct 1",
    ],
)
def test_query_only_reads_what_is_published(statement: str, coopgva: Command, published: Home, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    said = coopgva("query", statement)
    assert said.code == 2
    assert "secret\n" not in said.out
    assert said.err.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()
    assert "2.29" in coopgva("query", "select share_pct from access.target_tracker").out


@pytest.mark.parametrize("statement", ["", ";", "  ", "/* only a comment */"])
def test_a_query_without_a_statement_is_one_line(statement: str, coopgva: Command, published: Home) -> None:
    said = coopgva("query", statement)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("coopgva: query: no statement; ")
    assert said.err.count("\n") == 1


def test_json_has_null_for_what_is_no_number(coopgva: Command, published: Home) -> None:
    statement = "select 'nan'::double as a, '-inf'::double as b, [1.5, 'nan'::double] as c, {'x': 'nan'::float} as d"
    said = coopgva("query", statement, "--format", "json")

    def refuse(name: str) -> None:
        raise AssertionError(name)

    rows = json.loads(said.out, parse_constant=refuse)
    assert rows == [{"a": None, "b": None, "c": [1.5, None], "d": {"x": None}}]


def test_the_hint_names_a_home_that_is_not_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COOPGVA_HOME", str(tmp_path))
    assert cli._query_hint(Home(tmp_path)) == 'coopgva query "select ..."'
    assert cli._query_hint(Home(tmp_path / "a b")) == f"coopgva query \"select ...\" --home '{tmp_path}/a b'"


def test_query_prints_a_block_per_row_when_columns_do_not_fit(coopgva: Command, published: Home) -> None:
    columns = ", ".join(f"{number} as column_with_a_long_name_{number}" for number in range(1, 12))
    said = coopgva("query", f"select {columns} union all select {columns.replace('11 as', '12 as')}").out
    assert "row 1" in said
    assert "row 2" in said
    assert "column_with_a_long_name_11" in said, "nothing is cut off"


def test_query_escapes_what_looks_like_markup(coopgva: Command, published: Home) -> None:
    assert "[bold]x[/bold]" in coopgva("query", "select '[bold]x[/bold]' as \"[red]name\"").out


def test_a_closed_pipe_says_nothing(published: Home) -> None:
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", "query", "--format", "csv"]
    process = subprocess.Popen(
        [*command, "select * from range(300000)", "--home", str(published.root)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.wait()
    assert errors == b""


def test_a_second_refresh_waits_and_can_be_left(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "sources.yaml").write_text("sources: []\n")
    with FileLock(home / ".refresh.lock"):
        process = subprocess.Popen(
            [sys.executable, "-c", "from pipelines.cli import main; main()", "refresh", "--home", str(home)],
            cwd=REPOSITORY,
            env={k: v for k, v in os.environ.items() if k not in ("COOPGVA_SOURCES", "DAGSTER_HOME")},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert "another refresh is working in this home" in process.stderr.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait() == cli.INTERRUPTED
    assert rest == "coopgva: interrupted; run the command again to resume where it stopped\n"


def test_vintages_are_found_by_id_number_and_latest(coopgva: Command, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "lake" / "vintages"
    for sequence, key in ((1, "aa"), (2, "bb")):
        name = f"{sequence:06d}-{key * 4}"
        vintage = {"vintage_id": name, "sequence": sequence, "tables": {"source.cluster": key}, "as_of": None}
        write_json(folder / f"{name}.json", {**vintage, "deliveries": {"clusters": key * 32}})
    listed = coopgva("vintages", "list")
    assert listed.code == 0
    assert listed.out.index("000001-aaaaaaaa") < listed.out.index("000002-bbbbbbbb")
    for name in ("2", "latest", "000002", "000002-bbbbbbbb"):
        assert "000002-bbbbbbbb" in coopgva("vintages", "show", name).out
    difference = coopgva("vintages", "diff", "1", "latest").out
    assert "source.cluster" in difference
    assert "clusters" in difference
    assert "are the same" in coopgva("vintages", "diff", "1", "1").out
    assert "several vintages begin with '0000'" in coopgva("vintages", "show", "0000").err


def test_the_headline_stands_beside_the_truth(published: Home, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    truth = published.root / "truth" / "share.csv"
    truth.parent.mkdir()
    truth.write_text(
        "year,numerator,time_rule,attribution,share_pct\n"
        "2023,N1,any_day,full,2.3456\n2023,N2,any_day,full,7.7\n2023,N1,day_weighted,full,6.6\n"
    )
    found = find_truth(published)
    assert found == truth
    shares = read_truth(truth, load_parameters())
    assert shares == {2023: 2.3456}
    years = read_headline(published.warehouse / "access.duckdb")
    assert [(y.reference_year, y.share_pct) for y in years] == [(2023, 2.29), (2024, None)]
    print_headline(Console(width=100), years, shares)
    out = capsys.readouterr().out
    for words in ("2.29", "2.35", "7.71", "+1.10", "withheld", "to 10 %"):
        assert words in out
    print_headline(Console(width=100), years, {})
    assert "truth" not in capsys.readouterr().out
