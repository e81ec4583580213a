"""The release page without a browser: its sentences, numbers and tables in both languages, and what may go wrong."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from methods.errors import MethodError
from publication.page.site import FILES, Download, write_site
from publication.page.words import LANGUAGES, Words, messages
from tests.publication.small_release import small_release


def written(folder: Path, tables: dict[str, pd.DataFrame] | None = None, **more: object) -> dict[str, str]:
    """The page by language."""
    write_site(tables or small_release(), folder, vintage_id="000001-abc", **more)  # type: ignore[arg-type]
    return {language: (folder / name).read_text(encoding="utf-8") for language, name in FILES.items()}


class Text(HTMLParser):
    """What a reader without scripts reads."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def text_of(html: str) -> str:
    reader = Text()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.parts).replace("\u00a0", " ").replace("\u202f", " "))


def test_every_message_is_in_both_languages() -> None:
    for key, texts in messages().items():
        assert set(texts) == set(LANGUAGES), key
        named = [set(re.findall(r"\{(\w+)\}", texts[language])) for language in LANGUAGES]
        assert named[0] == named[1], f"{key} fills in different values"


@pytest.mark.parametrize(
    ("language", "value", "digits", "expected"),
    [
        ("hu", 1234.5, 1, "1\u202f234,5"),
        ("en", 1234.5, 1, "1,234.5"),
        ("hu", -0.004, 2, "0,00"),
        ("en", -2.5, 2, "\u22122.50"),
        ("hu", None, 2, "\u2013"),
        ("en", float("nan"), 2, "\u2013"),
    ],
)
def test_numbers_are_written_as_the_language_does(
    language: str, value: float | None, digits: int, expected: str
) -> None:
    assert Words(language, {}).number(value, digits) == expected


def test_headline_says_share_distance_and_pace(tmp_path: Path) -> None:
    pages = written(tmp_path)
    hungarian, english = text_of(pages["hu"]), text_of(pages["en"])
    assert "A bruttó hozzáadott érték 2,29 % akkreditált klaszterek tagjaitól származik" in hungarian
    assert "2.29% of gross value added comes from members of accredited clusters" in english
    assert "7.71 percentage points are missing, which would take +1.10 a year" in english
    assert "1 / 2" in english
    assert "less than 1%" in english


def test_withheld_cells_are_words_and_never_numbers(tmp_path: Path) -> None:
    english = text_of(written(tmp_path)["en"])
    assert english.count("confidential (c)") >= 4
    row = english[english.index("RDI project") :][:60]
    assert row.startswith("RDI project confidential (c)")


def test_country_is_told_from_region_at_either_end(tmp_path: Path) -> None:
    english = text_of(written(tmp_path)["en"])
    assert "Slovakia 4.5" in english
    assert "Austria 3.2" in english
    assert "strongest tie: Budapest \u2013 Pest" in english


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    hostile = "</script><b>x</b><!--"
    for html in written(tmp_path, small_release(hostile)).values():
        assert hostile not in html
        assert html.count("</script>") == 2
        assert "&lt;/script&gt;&lt;b&gt;" in html


def test_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    for html in written(tmp_path).values():
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
        assert policy
        assert "default-src &#39;none&#39;" in policy[1] or "default-src 'none'" in policy[1]
        head = html[: html.index("<script>")]
        assert not re.search(r'(src|href)="(https?:)?//', head)


def test_bytes_are_the_same_on_rerun(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    assert written(tmp_path) == written(tmp_path / "again")


def test_downloads_are_linked(tmp_path: Path) -> None:
    pages = written(tmp_path, downloads=[Download("data/cooperation_gva.csv", "CSV", 2048)])
    assert 'href="data/cooperation_gva.csv"' in pages["hu"]


def test_withheld_year_single_year_and_no_outlook(tmp_path: Path) -> None:
    tables = small_release()
    last = tables["access.target_tracker"]["reference_year"] == 2023
    tables = {name: table.copy() for name, table in tables.items()}
    tracker, cells = tables["access.target_tracker"], tables["access.cooperation_gva"]
    tracker.loc[last, ["share_pct", "distance_pp", "required_pace_pp", "change_pp"]] = None
    tracker.loc[last, "is_withheld"] = True
    hidden = (cells["table_code"] == "T1") & (cells["reference_year"] == 2023)
    numbers = ["gva_huf_mn", "share_pct", "ci_low_share_pct", "ci_high_share_pct", "contribution_pct", "firm_count"]
    cells.loc[hidden, numbers] = None
    cells.loc[hidden, "is_withheld"] = True
    tables["access.outlook"] = tables["access.outlook"].iloc[:0]
    english = text_of(written(tmp_path, tables)["en"])
    assert "The share of 2023 is confidential" in english
    assert "Too few years can be published for a projection." in english
    only = {n: t[t["reference_year"] == 2023] if "reference_year" in t else t for n, t in small_release().items()}
    assert "2.29%" in text_of(written(tmp_path, only)["en"])


def test_missing_table_is_named(tmp_path: Path) -> None:
    tables = small_release()
    del tables["access.goal_1"]
    with pytest.raises(MethodError, match=r"access\.goal_1"):
        written(tmp_path, tables)
