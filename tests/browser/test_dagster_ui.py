"""`coopgva ui` in a real browser: the graph is there, the run is green, nothing leaves the machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

from assets.catalogue import TABLES
from resources.home import REPOSITORY
from tests.sample_home import MAIN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

START_SECONDS = 180
LOAD_MILLISECONDS = 90_000


@pytest.fixture(scope="module")
def ui(sample_home: Path, chromium: str) -> Iterator[str]:
    """Address of the UI on a copy-free refreshed home; stopped with SIGTERM, which must stop the whole tree."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = sample_home / "ui.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "ui", "--home", str(sample_home), "--port", str(port)],
            cwd=REPOSITORY,
            env={k: v for k, v in os.environ.items() if k not in ("COOPGVA_HOME", "DAGSTER_HOME")},
            stdout=output,
            stderr=subprocess.STDOUT,
            # As when a script starts it in the background: SIGINT arrives ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/server_info", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            process.terminate()
            _, alive = psutil.wait_procs(tree, timeout=60)
            for left in alive:
                left.kill()
        assert alive == [], "SIGTERM left processes of the UI behind"


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"the UI did not answer: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        yield started
        started.close()


class Watched:
    """A page whose console errors and requests are written down."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1600, "height": 1000})
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    page = Watched(browser)
    page.page.set_default_timeout(LOAD_MILLISECONDS)
    yield page
    page.page.close()


def test_asset_graph_and_green_run(ui: str, watched: Watched, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    page = watched.page
    page.goto(f"{ui}/runs")
    page.get_by_text("Success").first.wait_for()
    assert page.get_by_text("Failure").count() == 0
    page.screenshot(path=tmp_path / "runs.png")

    page.goto(f"{ui}/asset-groups")
    for layer in ("source", "integration", "interpretation", "access"):
        page.get_by_text(layer, exact=True).first.wait_for()
    expect(page.get_by_text("fetching statuses")).to_have_count(0, timeout=LOAD_MILLISECONDS)
    page.screenshot(path=tmp_path / "graph.png")

    page.goto(f"{ui}/assets/access/target_tracker?view=overview")
    page.get_by_text("Path to ten per cent").first.wait_for()
    page.screenshot(path=tmp_path / "target_tracker.png")

    assert watched.errors == []
    assert watched.hosts <= {"127.0.0.1", ""}, "the UI asked somebody outside"
    assert all((tmp_path / name).stat().st_size > 10_000 for name in ("runs.png", "graph.png", "target_tracker.png"))


def test_code_location_loads_with_every_table(ui: str, watched: Watched) -> None:
    answer = watched.page.request.post(
        f"{ui}/graphql",
        data={"query": "{ assetNodes { assetKey { path } groupName isMaterializable } }"},
    ).json()
    keys = {".".join(node["assetKey"]["path"]) for node in answer["data"]["assetNodes"]}
    assert keys == {*TABLES, "access.release"}
