"""The worked questions for statisticians run on what a refresh publishes, and say what they answer."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from resources.home import REPOSITORY, Home
from resources.warehouse.reading import connect_published
from tests.sample_home import make_sample_home

LITTLE_IS_OPEN = {"02_baseline", "09_section_by_size", "11_industries", "14_three_lines", "17_outlook"}
"""Of an economy of a thousand firms nearly every cell is withheld: these may have no row or an empty column."""

QUERIES = sorted((REPOSITORY / "sql" / "queries").glob("*.sql"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> duckdb.DuckDBPyConnection:
    return connect_published(Home(make_sample_home(tmp_path_factory, worker_id)))


def test_there_are_at_least_fifteen() -> None:
    assert len(QUERIES) >= 15


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_question_is_answered(path: Path, published: duckdb.DuckDBPyConnection) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(r"-- .+\?", text), "a query opens with its question"
    assert len(duckdb.extract_statements(text)) == 1
    answer = published.execute(text).df()
    assert len(answer.columns) > 1
    assert len(answer) > 0 or path.stem in LITTLE_IS_OPEN


def test_headline_is_never_withheld_for_the_sake_of_others(published: duckdb.DuckDBPyConnection) -> None:
    answer = published.execute((REPOSITORY / "sql" / "queries" / "01_headline.sql").read_text(encoding="utf-8")).df()
    assert len(answer) == 10
    assert answer["share_pct"].notna().all()


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_question_reads_published_tables_only(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(source|integration|interpretation)\.", text)


def test_page_lists_every_question() -> None:
    page = (REPOSITORY / "docs" / "for-statisticians.md").read_text(encoding="utf-8")
    assert [p.name for p in QUERIES if p.name not in page] == []
