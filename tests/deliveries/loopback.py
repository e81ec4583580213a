"""A publisher on loopback that misbehaves on demand, and small things the delivery tests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from resources.deliveries import Archive
from resources.transport.fetch import FetchResult

Fetch = Callable[..., FetchResult]
NIGHT = datetime(2024, 5, 31, 2, 0, tzinfo=UTC)


class Exchange(BaseHTTPRequestHandler):
    """One request; the test's function for its path answers it."""

    protocol_version = "HTTP/1.1"
    server: Publisher

    def do_GET(self) -> None:
        """Hand the request to the test."""
        self.close_connection = True
        path = self.path.split("?")[0]
        self.server.requests.append((self.path, dict(self.headers)))
        try:
            self.server.answers[path](self)
        except (BrokenPipeError, ConnectionResetError):
            # The client hung up, which several tests want it to do.
            return

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer; underscores in header names become hyphens."""
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


class Publisher(ThreadingHTTPServer):
    """A web server with a function per path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.answers: dict[str, Callable[[Exchange], None]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


def leftovers(archive: Archive) -> list[Path]:
    """Files on their way that nobody will finish."""
    return list((archive.root / "incoming").glob("*"))
