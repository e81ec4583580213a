"""Telling people: one message for one cause until it heals or a day has passed, then that it has healed.

Belongs here: who has been told what (`<home>/runs/alerts.json`), the words of a message, the daily digest. Does not
belong here: what is broken (`pipelines.operations.troubles`), how a message travels (`pipelines.operations.channels`).
What could not be sent is not remembered as told, so the next check tells it again.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from json import JSONDecodeError
from typing import Any

from filelock import FileLock, Timeout

from pipelines.operations.alert_settings import AlertSettings, load_alert_settings, scrub
from pipelines.operations.channels import Message, channels_of, send
from pipelines.operations.last_refresh import moment, recorded
from pipelines.operations.troubles import KINDS, Trouble, readers_have
from resources.durable import write_json
from resources.errors import ConfigurationError, CoopgvaError, TransportError
from resources.home import Home

STATE = "alerts.json"
FORGET_AFTER = dt.timedelta(days=7)
"""A cause that healed and could not be told is forgotten after so long."""
_WAIT_SECONDS = 60.0


@dataclass
class Known:
    """A cause that was seen.

    Attributes:
        trouble: what it was like when it was last seen.
        since: when it was first seen.
        told: when each channel was last told.
        healed_at: when it was found healed; None while it is broken.
    """

    trouble: dict[str, Any]
    since: str
    told: dict[str, str] = field(default_factory=dict)
    healed_at: str | None = None

    @property
    def cause(self) -> Trouble:
        """The cause itself."""
        return Trouble(**self.trouble)


@dataclass(frozen=True)
class Told:
    """What telling came to: messages that went out by channel, and one line for each that did not."""

    sent: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def known_causes(home: Home) -> dict[str, Known]:
    """What was seen, by key; empty if nothing was, or if the file is damaged (causes are then told again)."""
    try:
        document = json.loads((home.runs / STATE).read_text(encoding="utf-8"))
        found = {key: Known(**entry) for key, entry in document.items()}
    except (FileNotFoundError, JSONDecodeError, UnicodeDecodeError, TypeError, AttributeError):
        return {}
    return {key: entry for key, entry in found.items() if entry.trouble.get("kind") in KINDS}


def tell(
    home: Home,
    troubles: Sequence[Trouble],
    *,
    now: dt.datetime,
    may_heal: Collection[str] = (),
    is_digest: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Told:
    """Tell what is new, what is still broken after a day, and what has healed; without `alerts.yaml` only remember.

    Args:
        home: the home.
        troubles: what is broken now, all of it.
        now: the moment of telling.
        may_heal: kinds of trouble of which we know that they are gone if they are not among `troubles`.
        is_digest: tell everything that is broken, also what was told before.
        environ: where passwords are; the process's environment by default.

    Raises:
        ConfigurationError: `alerts.yaml` is wrong.
        TransportError: another process is telling.
        OSError: the record cannot be written.
    """
    environ = os.environ if environ is None else environ
    settings = load_alert_settings(home)
    home.keep_private()
    with _only_one(home):
        known, seen = known_causes(home), [trouble.key for trouble in troubles]
        _update(known, troubles, now, may_heal)
        sent, failures = [], []
        for channel in channels_of(settings) if settings else ():
            assert settings is not None
            due, healed = _due(known, seen, settings, channel, now, is_digest=is_digest)
            is_wanted = due or healed or (is_digest and settings.digest_when_healthy)
            if not is_wanted:
                continue
            message = compose(settings, due, healed, readers_have(home), is_digest=is_digest)
            try:
                send(settings, channel, message, environ)
            except CoopgvaError as error:
                failures.append(scrub(f"alert not sent: {error}", environ))
                continue
            sent.append(channel)
            for entry in due:
                entry.told[channel] = recorded(now)
            for entry in healed:
                del entry.told[channel]
        _forget(known, now)
        write_json(home.runs / STATE, {key: asdict(entry) for key, entry in known.items()})
    return Told(tuple(sent), tuple(failures))


def send_test(home: Home, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Send a test message over every channel; returns their names.

    Raises:
        ConfigurationError: there is no `alerts.yaml`, or it is wrong.
        TransportError: a channel did not take it.
    """
    settings = load_alert_settings(home)
    if settings is None:
        raise ConfigurationError("nobody is told: there is no alerts.yaml", where=str(home.root), action="write one")
    subject = f"[{settings.installation}] test: alerts of coopgva arrive here"
    text = "This is a test. Nothing is broken because of it.\n"
    for channel in channels_of(settings):
        message = Message(subject, text, {"text": subject, "installation": settings.installation, "alerts": []})
        send(settings, channel, message, environ)
    return channels_of(settings)


def _update(known: dict[str, Known], troubles: Sequence[Trouble], now: dt.datetime, may_heal: Collection[str]) -> None:
    broken = {t.key: t for t in troubles}
    for key, trouble in broken.items():
        entry = known.get(key)
        if entry is None or entry.healed_at is not None:
            known[key] = Known(asdict(trouble), recorded(now))
        else:
            entry.trouble = asdict(trouble)
    for key, entry in known.items():
        if key not in broken and entry.healed_at is None and entry.cause.kind in may_heal:
            entry.healed_at = recorded(now)


def _due(
    known: Mapping[str, Known],
    seen: Sequence[str],
    settings: AlertSettings,
    channel: str,
    now: dt.datetime,
    *,
    is_digest: bool,
) -> tuple[list[Known], list[Known]]:
    """What a channel is to be told: broken causes that are in sight, and healed ones that it was told of.

    A cause that is neither in sight nor known to be healed stands behind another one; it is not told again.
    """
    again = dt.timedelta(hours=settings.repeat_after_hours)
    due = []
    for entry in (known[key] for key in seen):
        told = entry.told.get(channel)
        is_wanted = entry.cause.is_error or settings.warnings
        if is_digest or (is_wanted and (told is None or now - moment(told) >= again)):
            due.append(entry)
    healed = [
        entry
        for _, entry in sorted(known.items())
        if entry.healed_at is not None and channel in entry.told and (entry.cause.is_error or settings.warnings)
    ]
    return due, healed


def _forget(known: dict[str, Known], now: dt.datetime) -> None:
    for key, entry in list(known.items()):
        if entry.healed_at and (not entry.told or now - moment(entry.healed_at) > FORGET_AFTER):
            del known[key]


def compose(
    settings: AlertSettings, due: Sequence[Known], healed: Sequence[Known], readers: str, *, is_digest: bool = False
) -> Message:
    """The message about these causes: what, why, what it means for readers, what to do next."""
    if due:
        word = "still broken" if is_digest else "failed" if due[0].cause.is_error else "warning"
        first = f"{word}: {due[0].cause.what}"
    else:
        first = f"healed: {healed[0].cause.subject}" if healed else "nothing is broken"
    more = len(due) + len(healed) - 1
    subject = scrub(f"[{settings.installation}] {first}" + (f" (and {more} more)" if more > 0 else ""))
    blocks = [_block(entry) for entry in due]
    blocks += [
        f"HEALED  {e.cause.what}\nsince   {_time(e.since)}, healed by {_time(e.healed_at or e.since)}" for e in healed
    ]
    if not blocks:
        blocks = ["Nothing is broken."]
    text = "\n\n".join([*blocks, f"Readers have {readers}.", "coopgva status says what is broken now."]) + "\n"
    data = {
        "text": "\n".join([subject, *(scrub(f"{e.cause.reason} | {e.cause.effect}") for e in due)]),
        "installation": settings.installation,
        "readers_have": readers,
        "alerts": [_data(entry, "still broken" if is_digest else "broken") for entry in due]
        + [_data(entry, "healed") for entry in healed],
    }
    return Message(subject, text, data)


def _block(entry: Known) -> str:
    cause = entry.cause
    mark = "FAILED " if cause.is_error else "WARNING"
    lines = {"reason": cause.reason, "effect": cause.effect, "next": cause.next_step, "since": _time(entry.since)}
    return "\n".join([f"{mark} {scrub(cause.what)}", *(f"{name:<7} {scrub(line)}" for name, line in lines.items())])


def _data(entry: Known, status: str) -> dict[str, Any]:
    cause = entry.cause
    texts = {"subject": cause.subject, "reason": cause.reason, "effect": cause.effect, "next_step": cause.next_step}
    return {
        "key": cause.key,
        "status": status,
        "kind": cause.kind,
        "severity": "error" if cause.is_error else "warning",
        "since": entry.since,
        "healed_at": entry.healed_at,
        **{name: scrub(text) for name, text in texts.items()},
    }


def _time(text: str) -> str:
    return f"{moment(text):%Y-%m-%d %H:%M} UTC"


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    try:
        with FileLock(home.runs / ".alerts.lock", timeout=_WAIT_SECONDS):
            yield
    except Timeout:
        raise TransportError(
            "another process is telling", where=str(home.runs), action="the next check tells it"
        ) from None
