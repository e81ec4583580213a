"""Addresses of sources: which transport an URL needs, and how to show it without its secrets.

Belongs here: `${VARIABLE}` expansion, recognising schemes, masking. Does not belong here: opening anything.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy.dialects import __all__ as sqlalchemy_dialects
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from resources.errors import ConfigurationError

Kind = Literal["file", "http", "remote", "database"]

REMOTE_PACKAGES: dict[str, str | None] = {
    "s3": "coopgva[s3]",
    "s3a": "coopgva[s3]",
    "sftp": "coopgva[sftp]",
    "ssh": "coopgva[sftp]",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "smb": "smbprotocol",
    "ftp": None,
    "memory": None,
}
"""Schemes carried by fsspec and what has to be installed for them (None: nothing more)."""

MASK = "***"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+._-]+)://")
_SECRET_WORDS = r"pass|pwd|secret|token|key|sig|auth|cred|session"
_SECRET_NAME = re.compile(_SECRET_WORDS, re.IGNORECASE)
_SECRET_PARAMETER = re.compile(rf"(?P<name>[?&;][^=&;#]*(?:{_SECRET_WORDS})[^=&;#]*=)(?P<value>[^&;#]*)", re.IGNORECASE)
_SHORTEST_SCRUBBED = 4


@dataclass(frozen=True)
class Address:
    """An address ready to be opened.

    Attributes:
        url: the address with variables filled in and secrets in it; never shown.
        shown: the same with every secret masked; for errors and records.
        kind: the transport it needs.
        secrets: texts that must not appear in any message.
    """

    url: str = field(repr=False)
    shown: str
    kind: Kind
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def scrub(self, text: object) -> str:
        """A library's message without the address's secrets, on one line."""
        message = " ".join(str(text).split()).replace(self.url, self.shown)
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) < _SHORTEST_SCRUBBED and secret in message:
                # Replacing single letters would leave a puzzle from which the secret can be read.
                return "details withheld"
            message = message.replace(secret, MASK)
        return message


def scheme_of(template: str) -> str | None:
    """The scheme as far as it can be seen without the environment; None for a plain path or a leading variable."""
    match = _SCHEME.match(template)
    return match.group(1).lower() if match else None


def kind_of(template: str) -> Kind | None:
    """The transport an address needs, or None while a variable hides its scheme.

    Raises:
        ConfigurationError: a scheme no transport carries, or a PostgreSQL URL without its driver.
    """
    scheme = scheme_of(template)
    if scheme is None:
        return None if _VARIABLE.match(template) else "file"
    if scheme == "file":
        return "file"
    if scheme in ("http", "https"):
        return "http"
    if scheme in REMOTE_PACKAGES:
        return "remote"
    databases = {*sqlalchemy_dialects, *(e.name for e in importlib.metadata.entry_points(group="sqlalchemy.dialects"))}
    if scheme.split("+")[0] in databases:
        if scheme == "postgresql":
            raise ConfigurationError(
                "the URL leaves the driver open, and its default differs between SQLAlchemy versions",
                action="write postgresql+psycopg://",
            )
        return "database"
    known = sorted({"file", "http", "https", *REMOTE_PACKAGES, *databases} - {"memory"})
    raise ConfigurationError(f"no transport for '{scheme}://'", action=did_you_mean(scheme, known))


def did_you_mean(word: str, known: list[str]) -> str:
    """A hint for a misspelt word, or the list of what is known."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(known)) or 'none'}"


def check_template(template: str) -> None:
    """Check what can be known of an address before the environment is read.

    Raises:
        ConfigurationError: a malformed variable, a glob over HTTP, or a scheme no transport carries.
    """
    if "${" in _VARIABLE.sub("", template):
        raise ConfigurationError("malformed variable in the url", action="write ${NAME}")
    if kind_of(template) == "http" and "*" in template:
        raise ConfigurationError("HTTP has no globs", action="name one file, or one source per file")


def expand(template: str, environ: Mapping[str, str], *, where: str) -> Address:
    """Fill in `${VARIABLE}` and work out what may be shown.

    A variable in the user:password part is percent-encoded, so that a password may hold any character. Values of
    variables whose names speak of secrets, passwords and query parameters such as `token=` or `sig=` are masked.

    Args:
        template: the address as configured.
        environ: the environment.
        where: what an error names as its place.

    Raises:
        ConfigurationError: a variable that is not set, or an address that cannot be parsed.
    """
    secrets: set[str] = set()
    start, end = _credentials_span(template)

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environ:
            raise ConfigurationError(
                f"the environment variable {name} is not set", where=where, action="set it, or correct the url"
            )
        value = environ[name]
        if _SECRET_NAME.search(name) and value:
            secrets.add(value)
        return quote(value, safe="") if start <= match.start() < end else value

    url = _VARIABLE.sub(value_of, template)
    try:
        kind = kind_of(url) or "file"
        shown, found = _mask(url, kind)
    except ConfigurationError as error:
        raise ConfigurationError(error.what, where=where, action=error.action) from None
    secrets |= found
    secrets |= {quote(secret, safe="") for secret in secrets}
    for secret in sorted(secrets, key=len, reverse=True):
        shown = shown.replace(secret, MASK)
    return Address(url=url, shown=shown, kind=kind, secrets=frozenset(secrets))


def mask(template: str) -> str:
    """The address as configured, without secrets and without reading the environment."""
    try:
        return _mask(template, kind_of(template) or "file")[0]
    except ConfigurationError:
        scheme = scheme_of(template)
        return f"{scheme}://{MASK}" if scheme else MASK


def without_credentials(url: str) -> tuple[str, str | None, str | None]:
    """An URL without its user part, the decoded user name and the decoded password."""
    start, end = _credentials_span(url)
    if start == end:
        return url, None, None
    user, colon, password = url[start:end].partition(":")
    return url[:start] + url[end + 1 :], unquote(user), unquote(password) if colon else None


def _credentials_span(url: str) -> tuple[int, int]:
    """Where `user:password` is in an URL; an empty span if there is none."""
    scheme = _SCHEME.match(url)
    if not scheme:
        return 0, 0
    authority = re.compile(r"[^/?#]*").match(url, scheme.end())
    at = authority.group().rfind("@") if authority else -1
    return (scheme.end(), scheme.end() + at) if at >= 0 else (0, 0)


def _mask(url: str, kind: Kind) -> tuple[str, set[str]]:
    """The address without its secrets, and the secrets found in it."""
    if kind == "file":
        return url, set()
    secrets: set[str] = set()
    broken = ConfigurationError(
        f"not a valid address ({scheme_of(url)}://{MASK})", action="percent-encode special characters in the password"
    )
    if kind == "database":
        try:
            parsed = make_url(_VARIABLE.sub("VARIABLE", url) if "${" in url else url)
        except (ArgumentError, ValueError):
            raise broken from None
        if parsed.password:
            secrets |= {str(parsed.password), quote(str(parsed.password), safe="")}
        shown = parsed.render_as_string(hide_password=True)
    else:
        start, end = _credentials_span(url)
        try:
            _ = urlsplit(url).port
        except ValueError:
            raise broken from None
        shown = url.split("#")[0]
        if start != end:
            user, colon, password = url[start:end].partition(":")
            hidden = password if colon else user
            secrets |= {hidden, unquote(hidden)}
            # A lone user name over HTTP is an access token more often than a name.
            visible = f"{user}:{MASK}" if colon else (MASK if kind == "http" else user)
            if visible == user:
                secrets.clear()
            shown = f"{shown[:start]}{visible}{shown[end:]}"
    for parameter in _SECRET_PARAMETER.finditer(shown):
        secrets |= {parameter["value"], unquote(parameter["value"])}
    shown = _SECRET_PARAMETER.sub(rf"\g<name>{MASK}", shown)
    return shown, {secret for secret in secrets if secret and secret != MASK}
