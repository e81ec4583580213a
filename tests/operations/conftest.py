"""Real servers on loopback for alerts, and homes to look at."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from resources.home import Home
from tests.economy.tiny import write_tiny_economy
from tests.sample_home import make_sample_home

PASSWORD = "k7-marker-of-the-mail-password"


@dataclass
class Mailbox:
    """What a mail server took; `refuses` makes it answer 451."""

    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False
    port: int = 0

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]).strip() for mail in self.mails]

    @property
    def text(self) -> str:
        return str(self.mails[-1].get_content())


@dataclass
class Taking:
    """What the server calls; apart from the box, because the server looks at all attributes of what it calls."""

    box: Mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        if self.box.refuses:
            return "451 the disk is full"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.box.mails.append(mail)
        return "250 taken"


def log_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"coopgva", PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server without log-in."""
    with serving() as box:
        yield box


@contextmanager
def serving(**options: Any) -> Iterator[Mailbox]:
    """A mail server on a free port, with options of aiosmtpd's controller."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        box = Mailbox(port=probe.getsockname()[1])
    controller = Controller(Taking(box), hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Hook:
    """What a webhook was sent; `status` is what it answers."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/marker-of-the-hook"


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook."""
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posts.append(json.loads(body))
            found.headers.append(dict(self.headers))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            if found.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            """What a followed redirect would meet."""
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with the sources of the tiny economy, in which nothing has run yet."""
    for name in ("COOPGVA_SOURCES", "COOPGVA_HOME", "DAGSTER_HOME", "COOPGVA_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return Home(write_tiny_economy(tmp_path / "home"))


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A refreshed home of the smallest sample economy; read it, or copy it."""
    return make_sample_home(tmp_path_factory, os.environ.get("PYTEST_XDIST_WORKER", "master"))
