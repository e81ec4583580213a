"""`alerts.yaml` of a home: who is told, by which channel, how often. Passwords stand in the environment, never here.

Belongs here: the file's model and its checks, filling in secrets. Does not belong here: sending
(`pipelines.operations.channels`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationError, model_validator

from resources.contract import Strict, explain_validation, load_yaml
from resources.errors import ConfigurationError
from resources.home import Home

SETTINGS = "alerts.yaml"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_ADDRESS = r"^[^@\s,;<>]+@[^@\s,;<>]+$"
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|auth|cred", re.IGNORECASE)
_SHORTEST_SECRET = 6
MASK = "***"


class Email(Strict):
    """Mail through an SMTP server.

    Attributes:
        host: the server.
        port: its port; 587 for `starttls`, 465 for `tls`, 25 for `none` are usual.
        security: `starttls`, `tls` from the first byte, or `none`.
        ca_file: certificates of the office's own authority; the system's where it is not given.
        user: name to log in with; no log-in where it is not given.
        password_from: the environment variable with the password.
        sender: address that messages come from.
        to: addresses that they go to.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str | None = None
    user: str | None = None
    password_from: str | None = Field(default=None, pattern=_VARIABLE)
    sender: str = Field(pattern=_ADDRESS)
    to: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _coherent(self) -> Email:
        if (self.user is None) != (self.password_from is None):
            raise ValueError("user and password_from belong together")
        if self.user and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("a password would cross the network in clear: security must be starttls or tls")
        wrong = [address for address in self.to if not re.match(_ADDRESS, address)]
        if wrong:
            raise ValueError(f"'{wrong[0]}' is not an address")
        return self


class Webhook(Strict):
    """A POST of JSON, as chat systems and alert managers take it.

    Attributes:
        url: the address; where it is a secret itself, give `url_from` instead.
        url_from: the environment variable with the address.
        headers_from: header name to the environment variable with its value, for example `Authorization`.
        timeout_seconds: patience for connecting and for the answer.
    """

    url: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$", repr=False)
    url_from: str | None = Field(default=None, pattern=_VARIABLE)
    headers_from: dict[str, str] = Field(default_factory=dict)
    timeout_seconds: float = Field(default=15.0, gt=0, le=120)

    @model_validator(mode="after")
    def _coherent(self) -> Webhook:
        if (self.url is None) == (self.url_from is None):
            raise ValueError("one of url and url_from must be given")
        return self


class AlertSettings(Strict):
    """The whole of `alerts.yaml`.

    Attributes:
        installation: how messages name this installation.
        email: mail; none where it is not given.
        webhook: a webhook; none where it is not given.
        repeat_after_hours: a cause that has not healed is told again after so long.
        warnings: whether warnings are told as well as errors.
        digest_when_healthy: whether the daily digest comes also when nothing is broken.
    """

    installation: str = Field(default="coopgva", min_length=1, max_length=60)
    email: Email | None = None
    webhook: Webhook | None = None
    repeat_after_hours: float = Field(default=24.0, gt=0)
    warnings: bool = False
    digest_when_healthy: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> AlertSettings:
        if self.email is None and self.webhook is None:
            raise ValueError("neither email nor webhook is given: nobody would be told")
        return self


def load_alert_settings(home: Home) -> AlertSettings | None:
    """The home's settings; None where it has none.

    Raises:
        ConfigurationError: a file that cannot be believed.
    """
    path = home.root / SETTINGS
    if not path.exists():
        return None
    try:
        return AlertSettings.model_validate(load_yaml(path))
    except ValidationError as error:
        raise ConfigurationError(
            explain_validation(error), where=str(path), action="correct the file; nobody is told until then"
        ) from None


def secret(variable: str, environ: Mapping[str, str], *, where: str) -> str:
    """The value of a variable that the settings name.

    Raises:
        ConfigurationError: it is not set.
    """
    value = environ.get(variable)
    if not value:
        raise ConfigurationError(
            f"the environment variable {variable} is not set",
            where=where,
            action="set it where the refresh and the daemon run",
        )
    return value


def scrub(text: str, environ: Mapping[str, str] | None = None) -> str:
    """A text on one line without the secrets that the environment holds.

    Sources, warehouses and channels mask their own; this is the second fence, for what nobody foresaw. A value counts
    as a secret if the variable's name says so (`..._PASSWORD`, `..._TOKEN`), or if it is the password of an URL.
    """
    known = os.environ if environ is None else environ
    found = {value for name, value in known.items() if _SECRET_NAME.search(name)}
    for value in known.values():
        if "://" in value and "@" in value:
            try:
                password = urlsplit(value).password
            except ValueError:
                continue  # not an address after all
            if password:
                found |= {password, unquote(password)}
    line = " ".join(text.split())
    for value in sorted(found, key=len, reverse=True):
        if len(value) >= _SHORTEST_SECRET:
            line = line.replace(value, MASK)
    return line
