"""Fixtures of the delivery tests: an archive, impatient settings and a publisher on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from resources.deliveries import Archive
from resources.sources import Source
from resources.transport.base import TransportSettings
from resources.transport.fetch import FetchResult, fetch
from tests.deliveries.loopback import NIGHT, Fetch, Publisher


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A running server; proxies of the environment are not asked."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    server = Publisher()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An empty archive."""
    return Archive(tmp_path / "archive")


@pytest.fixture
def impatient() -> TransportSettings:
    """Settings under which a failing source is given up within a fraction of a second."""
    return TransportSettings(
        attempts=3,
        backoff_first=0.01,
        backoff_longest=0.05,
        retry_after_longest=2.0,
        connect_timeout=1.0,
        read_timeout=0.5,
        deadline=10.0,
        redirects=3,
    )


@pytest.fixture
def fetching(archive: Archive, impatient: TransportSettings, tmp_path: Path) -> Fetch:
    """`fetching(url, now=..., settings=..., environ=..., **fields of the source)`."""

    def run(
        url: str,
        *,
        now: datetime = NIGHT,
        settings: TransportSettings = impatient,
        environ: dict[str, str] | None = None,
        **fields: Any,
    ) -> FetchResult:
        source = Source(**{"id": "projects", "table": "project", "format": "csv", "url": url, **fields})
        return fetch(source, tmp_path, archive, now=now, settings=settings, environ=environ or {})

    return run
