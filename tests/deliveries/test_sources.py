"""`sources.yaml`: what is accepted, and that every mistake is one line with file and place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from resources.errors import ConfigurationError
from resources.readers.registry import check_options
from resources.sources import DEFAULT_MAX_BYTES, Source, load_sources, source_named
from resources.transport.address import expand, mask

FORMATS = ("csv", "eurostat_tsv", "sdmx_csv")
TABLES = ("cordis_organisation", "national_accounts")

GOOD = """\
sources:
  - id: cordis_h2020
    table: cordis_organisation
    format: csv
    url: inbox/h2020/*.csv
    options: {delimiter: ";"}
    expected_every_days: 7
  - id: regional_gva
    table: national_accounts
    format: eurostat_tsv
    url: https://example.eu/nama.tsv
    constants: {na_item: B1GQ}
    max_bytes: 1000
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_good_file(tmp_path: Path) -> None:
    first, second = load_sources(write(tmp_path, GOOD), FORMATS, TABLES)
    assert (first.id, first.options, first.expected_every_days) == ("cordis_h2020", {"delimiter": ";"}, 7)
    assert first.max_bytes == DEFAULT_MAX_BYTES
    assert (second.constants, second.max_bytes) == ({"na_item": "B1GQ"}, 1000)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("    url: inbox", "    ulr: inbox", 5, "did you mean 'url'?"),
        ("format: csv", "format: cvs", 4, "unknown format 'cvs'; did you mean 'csv'?"),
        ("table: national_accounts", "table: nation_accounts", 9, "did you mean 'national_accounts'?"),
        ("table: national_accounts", "table: xyz", 9, "known: cordis_organisation, national_accounts"),
        ("id: regional_gva", "id: cordis_h2020", 8, "the id 'cordis_h2020' is used twice"),
        ("id: regional_gva", "id: Regional-GVA", 8, "should match pattern"),
        ("id: regional_gva", "id: ../gva", 8, "should match pattern"),
        ("na_item: B1GQ", "geo: NO", 12, "constants.geo: Input should be a valid string"),
        ("max_bytes: 1000", "max_bytes: lots", 13, "valid integer"),
        ("max_bytes: 1000", "max_bytes: 0", 13, "greater than or equal to 1"),
        ("max_bytes: 1000", "query: select 1 order by 1", 8, "query is for databases only"),
        ("    max_bytes: 1000", "    url: other.csv", 13, "the key 'url' is given twice"),
        ("https://example.eu/nama.tsv", "postgresql+psycopg://db/x", 8, "a database needs a query"),
        ("https://example.eu/nama.tsv", "postgresql://db/x", 11, "write postgresql+psycopg://"),
        ("https://example.eu/nama.tsv", "sfpt://host/x", 11, "no transport for 'sfpt://'; did you mean 'sftp'?"),
        ("https://example.eu/nama.tsv", "https://example.eu/*.tsv", 11, "HTTP has no globs"),
        ("https://example.eu/nama.tsv", "https://${HOST-x}/a", 11, "malformed variable"),
        ("sources:", "source:", 1, "did you mean 'sources'?"),
        ("id: regional_gva", "id: [", 10, "not valid YAML"),
    ],
)
def test_every_mistake_names_file_and_place(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as failure:
        load_sources(path, FORMATS, TABLES)
    message = str(failure.value)
    assert message.startswith(f"{path}:{line}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('{delimiter: ";"}', '{delimeter: ";"}', 6, "source cordis_h2020: options of the format 'csv': delimeter: "),
        ("constants: {na_item: B1GQ}", "options: {sheet: a}", 12, "regional_gva: options of the format 'eurostat_tsv'"),
    ],
)
def test_a_reader_option_that_is_refused_names_file_place_and_source(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    load_sources(write(tmp_path, GOOD), FORMATS, TABLES, check_options)
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as failure:
        load_sources(path, FORMATS, TABLES, check_options)
    message = str(failure.value)
    assert message.startswith(f"{path}:{line}: ")
    assert says in message
    assert "known options are" in message


@pytest.mark.parametrize("text", ["", "sources: []", "- id: a", "sources: 3"])
def test_no_sources(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sources\.yaml:1: "):
        load_sources(write(tmp_path, text), FORMATS, TABLES)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="file not found"):
        load_sources(tmp_path / "sources.yaml", FORMATS, TABLES)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select a from t", "ORDER BY"),
        ("select a from t -- order by a", "ORDER BY"),
        ("delete from t", "must be a SELECT"),
        ("/* select */ drop table t", "must be a SELECT"),
        ("with x as (select 1 a) select a from x order by a", None),
        ("SELECT a\nFROM t\nORDER  BY a", None),
    ],
)
def test_queries_read_in_a_stated_order(query: str, says: str | None) -> None:
    if says is None:
        assert Source(id="a", table="t", format="csv", url="sqlite:///a.db", query=query).query == query
    else:
        with pytest.raises(ValueError, match=says):
            Source(id="a", table="t", format="csv", url="sqlite:///a.db", query=query)


def test_member_of_a_database_is_refused() -> None:
    with pytest.raises(ValueError, match="a database has none"):
        Source(id="a", table="t", format="csv", url="sqlite:///a.db", query="select 1 order by 1", member="x")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("inbox/a.csv", "inbox/a.csv"),
        ("https://h/a?x=1&token=abc#f", "https://h/a?x=1&token=***"),
        ("https://h/a?X-Amz-Signature=abc&y=2", "https://h/a?X-Amz-Signature=***&y=2"),
        ("https://u:geheim@h:8/a", "https://u:***@h:8/a"),
        ("https://ghp_token@h/a", "https://***@h/a"),
        ("sftp://clerk@h/a.csv", "sftp://clerk@h/a.csv"),
        ("sftp://clerk:geheim@h/a.csv", "sftp://clerk:***@h/a.csv"),
        ("postgresql+psycopg://u:geheim@h/db?sslpassword=x", "postgresql+psycopg://u:***@h/db?sslpassword=***"),
        ("https://u:ge/heim@h/a", "https://***"),
    ],
)
def test_masking(url: str, shown: str) -> None:
    assert mask(url) == shown


def test_repr_of_a_source_is_masked() -> None:
    source = Source(id="a", table="t", format="csv", url="https://u:geheim@h/a?sig=abc")
    assert "geheim" not in repr(source) + str(source)
    assert "url='https://u:***@h/a?sig=***'" in repr(source)


def test_variables_are_filled_in_when_fetched() -> None:
    address = expand("https://${HOST}/a.csv", {"HOST": "example.eu"}, where="source a")
    assert (address.url, address.shown, address.kind) == (
        "https://example.eu/a.csv",
        "https://example.eu/a.csv",
        "http",
    )


def test_a_whole_address_may_be_a_variable() -> None:
    address = expand("${REGISTER}", {"REGISTER": "sqlite:///r.db"}, where="source a")
    assert address.kind == "database"


def test_missing_variable_is_named() -> None:
    with pytest.raises(ConfigurationError, match=re.escape("source a: the environment variable HOST is not set")):
        expand("https://${HOST}/a.csv", {}, where="source a")


def test_malformed_address_does_not_show_its_password() -> None:
    with pytest.raises(ConfigurationError, match="percent-encode") as failure:
        expand("https://u:ge/heim@h/a", {}, where="source a")
    assert "heim" not in str(failure.value)


def test_scrubbing_a_drivers_message() -> None:
    address = expand("mysql+pymysql://u:${DB_PASSWORD}@h/db", {"DB_PASSWORD": "ge heim"}, where="source a")
    assert address.scrub("bad\n 'ge heim' or ge%20heim") == "bad '***' or ***"
    assert "ge heim" not in repr(address) + address.shown
    in_path = expand("sftp://h/${API_KEY}/a.csv", {"API_KEY": "k y/1"}, where="source a")
    assert in_path.scrub("no k%20y%2F1 here") == "no *** here"
    short = expand("mysql+pymysql://u:a@h/db", {}, where="source a")
    assert short.scrub("password a is wrong") == "details withheld"


def test_lateness() -> None:
    received = datetime(2024, 5, 1, tzinfo=UTC)
    weekly = Source(id="a", table="t", format="csv", url="a.csv", expected_every_days=7)
    assert weekly.days_late(received, received + timedelta(days=7)) == 0
    assert weekly.days_late(received, received + timedelta(days=9, hours=12)) == 2.5
    assert weekly.model_copy(update={"expected_every_days": None}).days_late(received, received.replace(year=2030)) == 0


def test_source_by_name(tmp_path: Path) -> None:
    sources = load_sources(write(tmp_path, GOOD), FORMATS, TABLES)
    assert source_named(sources, "regional_gva") is sources[1]
    with pytest.raises(ConfigurationError, match="did you mean 'regional_gva'"):
        source_named(sources, "regional_gav")


def test_examples_of_the_documentation_are_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(sources:.*?)```", page, flags=re.DOTALL)]
    assert len(examples) >= 6
    for example in examples:
        tables = {source["table"] for source in example["sources"]}
        formats = {source["format"] for source in example["sources"]}
        load_sources(write(tmp_path, yaml.safe_dump(example)), formats, tables, check_options)
    described = set(re.findall(r"^\| `([a-z_]+)`", page, flags=re.MULTILINE))
    assert set(Source.model_fields) <= described
