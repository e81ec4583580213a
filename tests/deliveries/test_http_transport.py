"""HTTP against a real server on loopback."""

from __future__ import annotations

import base64
import gzip
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import formatdate

import pytest

from resources.deliveries import Archive
from resources.errors import CoopgvaError, DeliveryError, TransportError
from resources.transport.base import TransportSettings
from tests.deliveries.loopback import NIGHT, Exchange, Fetch, Publisher, leftovers

ROWS = b"id;name\n1;Alf\xc3\xb6ld\n"
"""A small delivery."""


def answer_in_turn(*answers: tuple[int, bytes, dict[str, str]]) -> Callable[[Exchange], None]:
    """A path's function that gives one answer after the other, the last for ever."""
    left = list(answers)

    def answer(exchange: Exchange) -> None:
        status, body, headers = left.pop(0) if len(left) > 1 else left[0]
        exchange.reply(status, body, **headers)

    return answer


def test_what_arrives_is_what_was_sent(publisher: Publisher, fetching: Fetch, archive: Archive) -> None:
    publisher.answers["/data/org%20list.csv"] = lambda e: e.reply(200, ROWS, Content_Type="text/csv")
    result = fetching(publisher.url("/data/org%20list.csv"))
    (part,) = result.delivery.parts
    assert result.is_new
    assert (part.name, part.size, part.path.read_bytes()) == ("org list.csv", len(ROWS), ROWS)
    assert publisher.requests[0][1]["Accept-Encoding"] == "identity"
    archive.verify(part)


def test_unchanged_source_is_not_transferred_again(publisher: Publisher, fetching: Fetch, archive: Archive) -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.headers.get("If-None-Match") == '"v1"':
            exchange.reply(304)
        else:
            exchange.reply(200, ROWS, ETag='"v1"', Last_Modified="Fri, 31 May 2024 00:00:00 GMT")

    publisher.answers["/a.csv"] = answer
    first = fetching(publisher.url("/a.csv"))
    second = fetching(publisher.url("/a.csv"), now=NIGHT + timedelta(days=1))
    headers = publisher.requests[1][1]
    assert headers["If-None-Match"] == '"v1"'
    assert headers["If-Modified-Since"] == "Fri, 31 May 2024 00:00:00 GMT"
    assert (first.is_new, second.is_new) == (True, False)
    assert second.delivery == first.delivery
    checked = archive.last_checked("projects")
    assert checked is not None
    assert checked.checked_at == NIGHT + timedelta(days=1)


def test_new_validators_of_equal_bytes_are_used_next_time(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = answer_in_turn(
        (200, ROWS, {"ETag": '"v1"'}), (200, ROWS, {"ETag": '"v2"'}), (304, b"", {})
    )
    results = [fetching(publisher.url("/a.csv"), now=NIGHT + timedelta(days=day)) for day in range(3)]
    assert [r.is_new for r in results] == [True, False, False]
    assert [headers.get("If-None-Match") for _, headers in publisher.requests] == [None, '"v1"', '"v2"']


def test_no_condition_when_the_question_has_changed(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(200, ROWS, ETag='"v1"')
    fetching(publisher.url("/a.csv?year=2023"))
    fetching(publisher.url("/a.csv?year=2024"), now=NIGHT + timedelta(days=1))
    assert "If-None-Match" not in publisher.requests[1][1]


def test_no_condition_when_the_archived_bytes_are_gone(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(200, ROWS, ETag='"v1"')
    (part,) = fetching(publisher.url("/a.csv")).delivery.parts
    part.path.unlink()
    fetching(publisher.url("/a.csv"), now=NIGHT + timedelta(days=1))
    assert "If-None-Match" not in publisher.requests[1][1]
    assert part.path.read_bytes() == ROWS


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429, 202])
def test_temporary_failure_is_tried_again(publisher: Publisher, fetching: Fetch, status: int) -> None:
    publisher.answers["/a.csv"] = answer_in_turn((status, b"busy", {}), (200, ROWS, {}))
    assert fetching(publisher.url("/a.csv")).delivery.size == len(ROWS)
    assert len(publisher.requests) == 2


def test_lasting_failure_ends_after_the_attempts(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(503)
    with pytest.raises(TransportError, match="503 Service Unavailable, 3 attempts"):
        fetching(publisher.url("/a.csv"))
    assert len(publisher.requests) == 3


@pytest.mark.parametrize(
    ("status", "hint"), [(404, "check the address"), (410, "address"), (401, "token"), (403, "token")]
)
def test_refusal_is_not_tried_again(publisher: Publisher, fetching: Fetch, status: int, hint: str) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(status)
    with pytest.raises(DeliveryError, match=f"source projects .*answers {status}.*{hint}"):
        fetching(publisher.url("/a.csv"))
    assert len(publisher.requests) == 1


def test_retry_after_is_waited_for(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = answer_in_turn((429, b"", {"Retry_After": "1"}), (200, ROWS, {}))
    started = time.monotonic()
    fetching(publisher.url("/a.csv"))
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("is_date", [False, True])
def test_too_long_a_retry_after_is_left_to_the_next_run(publisher: Publisher, fetching: Fetch, is_date: bool) -> None:
    asked = formatdate(time.time() + 3600, usegmt=True) if is_date else "3600"
    publisher.answers["/a.csv"] = lambda e: e.reply(429, Retry_After=asked)
    with pytest.raises(TransportError, match=r"asks to wait 3[56]\d\d s"):
        fetching(publisher.url("/a.csv"))
    assert len(publisher.requests) == 1


def test_truncated_body_is_tried_again_and_never_archived(
    publisher: Publisher, fetching: Fetch, archive: Archive
) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(200, ROWS, Content_Length=str(len(ROWS) + 7))
    with pytest.raises(TransportError, match="truncated"):
        fetching(publisher.url("/a.csv"))
    assert len(publisher.requests) == 3
    assert archive.latest("projects") is None
    assert not list((archive.root / "blobs").rglob("*"))
    assert not leftovers(archive)


def test_broken_chunks_are_a_truncation(publisher: Publisher, fetching: Fetch) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.send_header("Transfer-Encoding", "chunked")
        exchange.end_headers()
        body = b"7\r\nid;name\r\n" + (b"" if len(publisher.requests) < 2 else b"2\r\n\n1\r\n0\r\n\r\n")
        exchange.wfile.write(body)

    publisher.answers["/a.csv"] = answer
    (part,) = fetching(publisher.url("/a.csv")).delivery.parts
    assert len(publisher.requests) == 2
    assert part.path.read_bytes() == b"id;name\n1"


def test_trickling_source_ends_at_the_deadline(
    publisher: Publisher, fetching: Fetch, impatient: TransportSettings
) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.send_header("Content-Length", "100000")
        exchange.end_headers()
        for _ in range(200):
            exchange.wfile.write(b"x")
            exchange.wfile.flush()
            time.sleep(0.02)

    publisher.answers["/a.csv"] = answer
    started = time.monotonic()
    with pytest.raises(TransportError, match=r"not complete after 0\.4 s"):
        fetching(publisher.url("/a.csv"), settings=replace(impatient, deadline=0.4))
    assert time.monotonic() - started < 1.5


def test_silent_source_is_given_up(publisher: Publisher, fetching: Fetch, impatient: TransportSettings) -> None:
    publisher.answers["/a.csv"] = lambda e: time.sleep(1)
    with pytest.raises(TransportError, match="does not answer in time, 2 attempts"):
        fetching(publisher.url("/a.csv"), settings=replace(impatient, read_timeout=0.1, attempts=2))


def test_nobody_listens(fetching: Fetch) -> None:
    with pytest.raises(TransportError, match=r"no connection \(.*refused.*\), 3 attempts"):
        fetching("http://127.0.0.1:9/a.csv")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=utf-8", b"We are sorry"),
        ("text/csv", b"\xef\xbb\xbf \n<!DOCTYPE html><title>Login</title>"),
        ("application/octet-stream", b"<?xml version='1.0'?><!-- x -->\n<HTML>"),
        ("text/csv", "<html>".encode("utf-16")),
    ],
)
def test_web_page_instead_of_data(publisher: Publisher, fetching: Fetch, content_type: str, body: bytes) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(200, body, Content_Type=content_type)
    with pytest.raises(DeliveryError, match="HTML page instead of data"):
        fetching(publisher.url("/a.csv"))
    assert len(publisher.requests) == 1


def test_announced_oversize_is_not_transferred(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(200, b"", Content_Length="5000000000")
    with pytest.raises(DeliveryError, match="larger than the limit of 1000 bytes"):
        fetching(publisher.url("/a.csv"), max_bytes=1000)


def test_oversize_is_noticed_while_streaming(publisher: Publisher, fetching: Fetch, archive: Archive) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.end_headers()
        for _ in range(100):
            exchange.wfile.write(b"1;2\n" * 1000)

    publisher.answers["/a.csv"] = answer
    with pytest.raises(DeliveryError, match="larger than the limit of 10000 bytes"):
        fetching(publisher.url("/a.csv"), max_bytes=10_000)
    assert not leftovers(archive)


def test_size_limit_holds_for_what_a_packed_body_becomes(publisher: Publisher, fetching: Fetch) -> None:
    packed = gzip.compress(b"1;2\n" * 100_000)
    publisher.answers["/a.csv"] = lambda e: e.reply(200, packed, Content_Encoding="gzip")
    with pytest.raises(DeliveryError, match="larger than the limit"):
        fetching(publisher.url("/a.csv"), max_bytes=10_000)
    assert fetching(publisher.url("/a.csv")).delivery.size == 400_000


def test_empty_body(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(200)
    with pytest.raises(DeliveryError, match="empty file"):
        fetching(publisher.url("/a.csv"))


def test_redirect_is_followed(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/old.csv"] = lambda e: e.reply(302, b"moved", Location="/new.csv")
    publisher.answers["/new.csv"] = lambda e: e.reply(200, ROWS)
    assert fetching(publisher.url("/old.csv")).delivery.size == len(ROWS)


def test_redirects_in_a_circle(publisher: Publisher, fetching: Fetch) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(301, Location="/a.csv")
    with pytest.raises(DeliveryError, match="more than 3 redirects"):
        fetching(publisher.url("/a.csv"))
    assert len(publisher.requests) == 4


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/a.csv"])
def test_redirect_to_another_protocol(publisher: Publisher, fetching: Fetch, target: str) -> None:
    publisher.answers["/a.csv"] = lambda e: e.reply(302, Location=target)
    with pytest.raises(DeliveryError, match=f"redirected from http:// to {target.split(':')[0]}://"):
        fetching(publisher.url("/a.csv"))


def test_redirect_to_another_host_does_not_get_the_password(publisher: Publisher, fetching: Fetch) -> None:
    port = publisher.server_address[1]
    publisher.answers["/a.csv"] = lambda e: e.reply(302, Location=f"http://localhost:{port}/b.csv")
    publisher.answers["/b.csv"] = lambda e: e.reply(200, ROWS)
    fetching(f"http://clerk:geheim@127.0.0.1:{port}/a.csv")
    assert "Authorization" in publisher.requests[0][1]
    assert "Authorization" not in publisher.requests[1][1]


@pytest.mark.parametrize("answer", ["refuse", "break", "page"])
def test_secrets_stay_out_of_errors_and_records(
    publisher: Publisher, fetching: Fetch, archive: Archive, answer: str
) -> None:
    port = publisher.server_address[1]
    replies = {
        "refuse": lambda e: e.reply(403),
        "break": lambda e: e.reply(200, ROWS, Content_Length="99"),
        "page": lambda e: e.reply(200, b"<html>"),
    }
    publisher.answers["/v1/tok-3f9/a.csv"] = replies[answer]
    url = f"http://clerk:${{REGISTRY_PASSWORD}}@127.0.0.1:{port}/v1/${{API_KEY}}/a.csv?sig=s%2Bgn&year=2024"
    environ = {"REGISTRY_PASSWORD": "gé heim@/#1", "API_KEY": "tok-3f9"}
    with pytest.raises(CoopgvaError) as failure:
        fetching(url, environ=environ)
    publisher.answers["/v1/tok-3f9/a.csv"] = lambda e: e.reply(200, ROWS)
    fetching(url, environ=environ)
    written = "".join(p.read_text() for p in (archive.root / "deliveries").rglob("*.json"))
    told = "".join(traceback.format_exception(failure.value))
    shown = told + repr(failure.value) + written
    for secret in ("gé heim", "g%C3%A9", "heim", "tok-3f9", "s%2Bgn", "s+gn"):
        assert secret not in shown
    assert f"http://clerk:***@127.0.0.1:{port}/v1/***/a.csv?sig=***&year=2024" in written
    assert f"http://clerk:***@127.0.0.1:{port}/v1/***/a.csv?sig=***&year=2024" in str(failure.value)


def test_password_with_special_characters_reaches_the_server(publisher: Publisher, fetching: Fetch) -> None:
    port = publisher.server_address[1]
    publisher.answers["/a.csv"] = lambda e: e.reply(200, ROWS)
    fetching(f"http://clerk:${{PASSWORD}}@127.0.0.1:{port}/a.csv", environ={"PASSWORD": "a:b@c/é"})
    sent = base64.b64decode(publisher.requests[0][1]["Authorization"].removeprefix("Basic ")).decode()
    assert sent == "clerk:a:b@c/é"
