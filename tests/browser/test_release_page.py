"""The release page in a real browser: charts are drawn, nothing is fetched, everybody can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from publication.page.site import FILES, write_site
from tests.publication.small_release import small_release

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHARTS = ("path", "activities", "regions", "kinds", "sizes", "ties", "countries", "outlook")
LOAD_MILLISECONDS = 90_000
MARKS = ("rect", "symbol", "line", "area", "rule")
DRAWN = "document.querySelectorAll('.chart[data-drawn]').length"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write_site(small_release(), folder, vintage_id="000001-abc")
    return folder


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements/dev.txt")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


def opened(browser: Browser, site: Path, language: str, width: int = 1200, **context: Any) -> tuple[Page, list[str]]:
    """A page with all of its charts drawn, and what it said or asked for."""
    page = browser.new_context(viewport={"width": width, "height": 900}, **context).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto((site / FILES[language]).as_uri())
    page.wait_for_function(f"{DRAWN} === {len(CHARTS)}", timeout=LOAD_MILLISECONDS)
    return page, said


@pytest.mark.parametrize("language", ["hu", "en"])
def test_every_chart_is_drawn_and_nothing_is_fetched(browser: Browser, site: Path, language: str) -> None:
    page, said = opened(browser, site, language)
    assert [text for text in said if not text.startswith("data:")] == []
    for chart in CHARTS:
        marks = page.locator(", ".join(f"#chart-{chart} .mark-{kind} path" for kind in MARKS)).count()
        assert marks > 0, chart
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("language", ["hu", "en"])
def test_accessibility_rules_find_nothing(browser: Browser, site: Path, language: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install -r requirements/dev.txt")
    page, _ = opened(browser, site, language, bypass_csp=True)  # the rules are a script of their own
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    result = axe.Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def test_phone_scrolls_in_one_direction(browser: Browser, site: Path) -> None:
    for language in FILES:
        page, _ = opened(browser, site, language, width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_keyboard_reaches_everything_in_order(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site, "en")
    wanted = page.evaluate("document.querySelectorAll('a[href], summary, .scroll').length")
    closed = page.evaluate("[...document.querySelectorAll('details:not([open]) .scroll')].length")
    places, outlines = [], []
    for _ in range(wanted - closed):
        page.keyboard.press("Tab")
        places.append(page.evaluate("document.activeElement.tagName + ':' + document.activeElement.textContent.trim()"))
        outlines.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    assert places[0] == "A:Skip to content"
    assert not any(place.startswith("BODY") for place in places)
    assert set(outlines) == {"solid"}


def test_without_scripts_every_number_is_there(browser: Browser, site: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((site / FILES["en"]).as_uri())
    text = page.locator("main").inner_text()
    assert "Charts need JavaScript" in text
    assert page.locator("details table").count() >= len(CHARTS)


def test_print_has_every_section(browser: Browser, site: Path, tmp_path: Path) -> None:
    page, _ = opened(browser, site, "en")
    page.emulate_media(media="print")
    headings = page.locator("h1, h2")
    assert all(headings.nth(i).is_visible() for i in range(headings.count()))
    assert not page.locator("nav").is_visible()
    printed = page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) in range(2, 12)


def test_policy_stops_a_foreign_script(browser: Browser, site: Path, tmp_path: Path) -> None:
    html = (site / FILES["en"]).read_text(encoding="utf-8")
    assert "</main>" in html
    broken = tmp_path / "broken.html"
    broken.write_text(html.replace("</main>", "</main><script>document.title = 'owned'</script>", 1), encoding="utf-8")
    page = browser.new_context().new_page()
    page.goto(broken.as_uri())
    assert page.title() != "owned"
