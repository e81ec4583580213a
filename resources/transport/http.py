"""HTTP and HTTPS: conditional requests, retries with back-off, and proof that what arrived is whole.

Bodies are asked for unpacked (`Accept-Encoding: identity`), so that announced and received sizes can be compared.
A body without Content-Length and without chunks ends where the server hangs up; such a truncation shows only in the
reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential, wait_random

from resources.blobs import BlobStore, Limits, html_instead_of_data
from resources.errors import DeliveryError, TransportError
from resources.transport.address import Address, without_credentials
from resources.transport.base import Deadline, Received, TransportSettings

_READ_BYTES = 256 * 1024
_PAGES = ("text/html", "application/xhtml+xml")
_COMPLETE = (HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION)
_TEMPORARY = (
    HTTPStatus.ACCEPTED,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
)


@dataclass(frozen=True)
class Validators:
    """What the server said of the copy that is archived."""

    etag: str | None = None
    last_modified: str | None = None


class _TemporaryError(TransportError):
    """A failure worth another attempt."""

    retry_after: float = 0.0


def receive(
    address: Address,
    blobs: BlobStore,
    limits: Limits,
    settings: TransportSettings,
    *,
    name: str,
    validators: Validators | None,
) -> Received | None:
    """Fetch one file into the archive.

    Args:
        address: an http or https URL.
        blobs: where the bytes go.
        limits: limits.
        settings: patience.
        name: name of the file where the URL's path has none.
        validators: of the copy already archived; the server then answers only if it has another.

    Returns:
        The file, or None if the server has nothing newer.

    Raises:
        DeliveryError: refused (4xx), a web page, empty, too large, or redirected elsewhere than HTTP.
        TransportError: unreachable, failing (5xx), truncated or too slow, after all attempts.
    """
    deadline = Deadline(settings.deadline)
    retrying = Retrying(
        retry=retry_if_exception_type(_TemporaryError),
        stop=stop_after_attempt(settings.attempts) | stop_before_delay(settings.deadline),
        wait=_Patience(settings),
        reraise=True,
    )
    request = _Request(address, blobs, limits, settings, deadline, name, validators)
    try:
        return retrying(request.attempt)
    except _TemporaryError as error:
        attempts = retrying.statistics.get("attempt_number", 1)
        times = "one attempt" if attempts == 1 else f"{attempts} attempts"
        raise TransportError(f"{error.what}, {times}", where=limits.where, action=error.action) from None


class _Patience:
    """Exponential back-off with jitter, or as long as the server asks for."""

    def __init__(self, settings: TransportSettings) -> None:
        first = settings.backoff_first
        self._backoff = wait_exponential(multiplier=first, max=settings.backoff_longest) + wait_random(0, first)

    def __call__(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, _TemporaryError) else 0.0
        return max(self._backoff(state), asked)


@dataclass(frozen=True)
class _Request:
    address: Address
    blobs: BlobStore
    limits: Limits
    settings: TransportSettings
    deadline: Deadline
    name: str
    validators: Validators | None

    def attempt(self) -> Received | None:
        """One request with its redirects."""
        with requests.Session() as session, self._explained(), self._follow(session) as response:
            if response.status_code == HTTPStatus.NOT_MODIFIED and self.validators:
                return None
            self._check_status(response)
            html_expected = not self.limits.refuse_html
            if not html_expected and response.headers.get("Content-Type", "").lower().startswith(_PAGES):
                raise html_instead_of_data(self.limits.where)
            with self.blobs.writer(self.limits) as writer:
                announced = response.headers.get("Content-Length", "")
                if announced.isdigit():
                    writer.announce(int(announced))
                # read1 hands over what has arrived; read would wait for a full chunk and never see the deadline.
                while data := response.raw.read1(_READ_BYTES, decode_content=True):
                    writer.write(data)
                    self.deadline.check(self.limits.where)
            return Received(
                self._file_name(),
                writer.blob,
                response.headers.get("ETag"),
                response.headers.get("Last-Modified"),
            )

    @contextmanager
    def _follow(self, session: requests.Session) -> Iterator[requests.Response]:
        """The response after redirects. Done here, as requests reads the body of a redirect without any limit."""
        url, user, password = without_credentials(self.address.url)
        # requests writes text as Latin-1; this makes it write UTF-8, as RFC 7617 prefers.
        credentials = (
            (user.encode().decode("latin-1"), (password or "").encode().decode("latin-1")) if user is not None else None
        )
        for _ in range(self.settings.redirects + 1):
            self.deadline.check(self.limits.where)
            left = self.deadline.remaining()
            response = session.get(
                url,
                headers=self._headers(),
                auth=credentials,
                timeout=(min(self.settings.connect_timeout, left), min(self.settings.read_timeout, left)),
                stream=True,
                allow_redirects=False,
            )
            with response:
                target = session.get_redirect_target(response)
                if target is None:
                    yield response
                    return
            following = urljoin(url, target)
            before, after = urlsplit(url), urlsplit(following)
            if after.scheme not in ("http", "https") or (before.scheme == "https" and after.scheme == "http"):
                raise DeliveryError(
                    f"redirected from {before.scheme}:// to {after.scheme}://",
                    where=self.limits.where,
                    action="check the address with the publisher",
                )
            strip: bool = session.should_strip_auth(url, following)  # type: ignore[no-untyped-call]
            if strip:
                credentials = None
            url = without_credentials(following)[0]
        raise DeliveryError(
            f"more than {self.settings.redirects} redirects",
            where=self.limits.where,
            action="check the address with the publisher",
        )

    def _headers(self) -> Mapping[str, str]:
        headers = {"Accept-Encoding": "identity", "User-Agent": "coopgva"}
        if self.validators and self.validators.etag:
            headers["If-None-Match"] = self.validators.etag
        if self.validators and self.validators.last_modified:
            headers["If-Modified-Since"] = self.validators.last_modified
        return headers

    def _check_status(self, response: requests.Response) -> None:
        status = response.status_code
        if status in _COMPLETE:
            return
        reason = f"the server answers {status} {response.reason or ''}".strip()
        where = self.limits.where
        if status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = _retry_after(response.headers.get("Retry-After"))
            if wait > self.settings.retry_after_longest:
                raise TransportError(f"{reason} and asks to wait {wait:.0f} s", where=where, action="try again later")
            temporary = _TemporaryError(reason, where=where, action="try again later")
            temporary.retry_after = wait
            raise temporary
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED):
            raise DeliveryError(reason, where=where, action="check the user name, password or token")
        raise DeliveryError(reason, where=where, action="check the address with the publisher")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the libraries' errors, whose texts hold the whole URL, into ours."""
        where = self.limits.where
        try:
            yield
        except requests.exceptions.SSLError as error:
            raise TransportError(
                f"no secure connection ({_root_cause(error)})", where=where, action="check the server's certificate"
            ) from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ReadTimeout, urllib3.exceptions.TimeoutError):
            raise _TemporaryError("the server does not answer in time", where=where, action="try again later") from None
        except (urllib3.exceptions.IncompleteRead, urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError):
            raise _TemporaryError(
                "truncated: the connection broke before the end", where=where, action="try again later"
            ) from None
        except (requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError) as error:
            raise _TemporaryError(
                f"no connection ({_root_cause(error)})", where=where, action="try again later"
            ) from None
        except (requests.exceptions.RequestException, UnicodeError) as error:
            raise DeliveryError(
                f"cannot be requested ({type(error).__name__})", where=where, action="check the address"
            ) from None

    def _file_name(self) -> str:
        last = unquote(urlsplit(self.address.url).path).rstrip("/").rpartition("/")[2]
        return last or self.name


def _retry_after(value: str | None) -> float:
    """Seconds of a Retry-After header, which holds seconds or a date; 0 if there is none or it cannot be read."""
    if not value:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _root_cause(error: BaseException) -> str:
    """The operating system's words for a failure, without addresses."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return type(error).__name__
