"""Alerts to a real mail server and a real webhook: once for a cause, again after a day, and when it has healed."""

from __future__ import annotations

import datetime as dt
import json
import logging
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.operations.after_refresh import after_refresh
from pipelines.operations.alert_settings import SETTINGS, load_alert_settings, scrub
from pipelines.operations.alerts import known_causes, send_test, tell
from pipelines.operations.last_refresh import LastRefresh, recorded
from pipelines.operations.troubles import KINDS, Trouble
from resources.errors import ConfigurationError, TransportError
from resources.home import REPOSITORY, Home
from tests.operations.conftest import PASSWORD, Hook, Mailbox, log_in, serving

NOW = dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
REFUSED = Trouble(
    "source_refused",
    "registry",
    "source registry (registry.csv): HTML page instead of data; open the address",
    "readers keep vintage 000002-1a2b3c4d of 2026-11-23",
)
WARNS = Trouble("check_warns", "source.cluster known_columns", "a new column", "none", is_error=False)


def settings(home: Home, **channels: Any) -> None:
    (home.root / SETTINGS).write_text(yaml.safe_dump({"installation": "test office", **channels}), encoding="utf-8")


def plain_mail(mailbox: Mailbox, **more: Any) -> dict[str, Any]:
    addresses = {"sender": "coopgva@office.example", "to": ["oncall@office.example"]}
    return {"host": "127.0.0.1", "port": mailbox.port, "security": "none", **addresses, **more}


def test_one_mail_for_one_cause_until_a_day_has_passed_and_one_when_it_heals(home: Home, mailbox: Mailbox) -> None:
    settings(home, email=plain_mail(mailbox))
    for hours in (0, 1, 23):
        tell(home, [REFUSED], now=NOW + hours * HOUR, may_heal=KINDS)
    assert mailbox.subjects == ["[test office] failed: registry: a source is refused"]
    text = mailbox.text
    assert "reason  source registry (registry.csv): HTML page instead of data" in text
    assert "effect  readers keep vintage 000002-1a2b3c4d of 2026-11-23" in text
    assert "next    open its address, ask the publisher, then `coopgva refresh` (docs/operations.md" in text
    assert mailbox.mails[0]["To"] == "oncall@office.example"
    assert mailbox.mails[0]["Auto-Submitted"] == "auto-generated"

    tell(home, [REFUSED], now=NOW + 24 * HOUR, may_heal=KINDS)
    assert len(mailbox.mails) == 2
    tell(home, [], now=NOW + 25 * HOUR, may_heal=("step_failed",))
    assert len(mailbox.mails) == 2, "nobody has looked at sources: it is not known to be healed"
    tell(home, [], now=NOW + 26 * HOUR, may_heal=KINDS)
    tell(home, [], now=NOW + 27 * HOUR, may_heal=KINDS)
    assert mailbox.subjects[2:] == ["[test office] healed: registry"]
    assert "since   2026-11-24 02:30 UTC, healed by 2026-11-25 04:30 UTC" in mailbox.text
    assert known_causes(home) == {}
    tell(home, [REFUSED], now=NOW + 28 * HOUR, may_heal=KINDS)
    assert len(mailbox.mails) == 4, "what breaks again is told again"


def test_a_warning_is_told_where_it_is_wanted_and_in_the_digest(home: Home, mailbox: Mailbox) -> None:
    settings(home, email=plain_mail(mailbox))
    assert tell(home, [WARNS], now=NOW).sent == ()
    assert tell(home, [WARNS], now=NOW, is_digest=True).sent == ("email",)
    assert mailbox.subjects == ["[test office] still broken: source.cluster known_columns: a check warns"]
    tell(home, [], now=NOW, may_heal=KINDS)
    assert len(mailbox.mails) == 1, "a warning nobody wanted to hear of does not heal with a message"
    settings(home, email=plain_mail(mailbox), warnings=True)
    assert tell(home, [WARNS], now=NOW).sent == ("email",)
    assert tell(home, [], now=NOW, is_digest=True).sent == (), "a healthy morning is silent"
    settings(home, email=plain_mail(mailbox), digest_when_healthy=True)
    assert tell(home, [], now=NOW, is_digest=True).sent == ("email",)
    assert mailbox.subjects[-1] == "[test office] nothing is broken"


def test_the_webhook_gets_text_and_data_and_its_own_memory(
    home: Home, mailbox: Mailbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_ADDRESS", hook.url)
    monkeypatch.setenv("HOOK_AUTHORIZATION", "Bearer marker-of-the-token")
    webhook = {"url_from": "HOOK_ADDRESS", "headers_from": {"Authorization": "HOOK_AUTHORIZATION"}}
    settings(home, email=plain_mail(mailbox), webhook=webhook)
    hook.status = 503
    told = tell(home, [REFUSED], now=NOW)
    assert told.sent == ("email",)
    assert told.failures == (
        "alert not sent: webhook at 127.0.0.1: answered 503; look at alerts.yaml; the next check sends it again",
    )
    hook.status = 200
    assert tell(home, [REFUSED, WARNS], now=NOW + HOUR).sent == ("webhook",)
    assert len(mailbox.mails) == 1
    post = hook.posts[-1]
    assert post["text"].startswith("[test office] failed: registry: a source is refused\n")
    (alert,) = post["alerts"]
    assert (alert["key"], alert["status"], alert["severity"]) == ("source_refused:registry", "broken", "error")
    assert alert["effect"] == REFUSED.effect
    assert hook.headers[-1]["Authorization"] == "Bearer marker-of-the-token"
    hook.status = 302
    assert tell(home, [], now=NOW + 2 * HOUR, may_heal=KINDS).sent == ("email",), "a redirect is not followed"
    hook.status = 200
    assert tell(home, [], now=NOW + 3 * HOUR, may_heal=KINDS).sent == ("webhook",)
    assert hook.posts[-1]["alerts"][0]["status"] == "healed"


def test_what_cannot_be_sent_is_logged_and_breaks_nothing(
    home: Home, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    settings(home, email=plain_mail(mailbox), webhook={"url": "http://127.0.0.1:9/hooks/marker-of-the-hook"})
    mailbox.refuses = True
    ended = LastRefresh("a-run", recorded(NOW), recorded(NOW + HOUR), False, failed_steps={"source.cluster": "full"})
    with caplog.at_level(logging.ERROR, logger="coopgva"):
        told = after_refresh(home, ended, now=NOW + HOUR)
    assert told.sent == ()
    assert [line.partition(" (")[0] for line in told.failures] == [
        f"alert not sent: mail server 127.0.0.1:{mailbox.port}: the message was not taken",
        "alert not sent: webhook at 127.0.0.1: not reached",
    ]
    assert "451 the disk is full" in told.failures[0]
    assert [record.getMessage() for record in caplog.records] == list(told.failures)
    assert "marker-of-the-hook" not in caplog.text
    mailbox.refuses = False
    assert after_refresh(home, ended, now=NOW + 2 * HOUR).sent == ("email",), "it was not told, so it is told now"


def test_broken_settings_break_no_refresh(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    (home.root / SETTINGS).write_text("email: {host: mail}\n")
    ended = LastRefresh("a-run", recorded(NOW), recorded(NOW), True)
    told = after_refresh(home, ended, now=NOW)
    assert len(told.failures) == 1
    assert str(home.root / SETTINGS) in told.failures[0]
    (home.runs / "alerts.json").write_text("{torn")
    (home.root / SETTINGS).unlink()
    assert after_refresh(home, ended, now=NOW).failures == ()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"password": "x"}, "password"),
        ({"user": "coopgva"}, "user and password_from belong together"),
        ({"user": "u", "password_from": "P", "security": "none", "host": "mail.office.example"}, "in clear"),
        ({"to": ["no address"]}, "is not an address"),
        ({"sender": "a@b.example\nBcc: c@d.example"}, "sender"),
    ],
)
def test_settings_that_would_be_unsafe_are_refused(home: Home, wrong: dict[str, Any], named: str) -> None:
    mail = {"host": "127.0.0.1", "sender": "a@b.example", "to": ["c@d.example"]}
    settings(home, email={**mail, **wrong})
    with pytest.raises(ConfigurationError, match=named):
        load_alert_settings(home)


def test_mail_over_tls_with_a_password_from_the_environment(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(tls_context=context, require_starttls=True, auth_required=True, authenticator=log_in) as box:
        secure = {"host": "localhost", "security": "starttls", "user": "coopgva", "password_from": "MAIL_PASSWORD"}
        settings(home, email=plain_mail(box, **secure, ca_file=str(certificate)))
        with pytest.raises(ConfigurationError, match="MAIL_PASSWORD is not set"):
            send_test(home, {})
        with pytest.raises(TransportError, match="535") as refused:
            send_test(home, {"MAIL_PASSWORD": "wrong-marker"})
        assert "wrong-marker" not in str(refused.value)
        assert send_test(home, {"MAIL_PASSWORD": PASSWORD}) == ("email",)
        assert box.subjects == ["[test office] test: alerts of coopgva arrive here"]
        settings(home, email=plain_mail(box, **secure))
        with pytest.raises(TransportError, match="certificate verify failed"):
            send_test(home, {"MAIL_PASSWORD": PASSWORD})


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    return certificate, key


def test_no_secret_and_no_unforeseen_text_in_a_message(
    home: Home, mailbox: Mailbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COOPGVA_WAREHOUSE_URL", "postgresql+psycopg://w:marker%2Dpassword@db/x")
    monkeypatch.setenv("REGISTRY_TOKEN", "marker-token")
    settings(home, email=plain_mail(mailbox), webhook={"url": hook.url})
    lines = {
        "access.release": "connection to postgresql+psycopg://w:marker-password@db/x failed, marker-token",
        "source.cluster": "source.cluster: internal error (could not cast '12345.67' of F1); the log of the run in x",
        "source.cordis_project": "source.cordis_project: blocked by its check total (gva_huf_mn 98765.4, rows 3); it",
    }
    ended = LastRefresh("r", recorded(NOW), recorded(NOW), False, failed_steps=lines)
    after_refresh(home, _as_recorded(ended), now=NOW)
    sent = mailbox.text + json.dumps(hook.posts)
    assert "source.cluster" in sent
    for secret in ("marker-password", "marker%2Dpassword", "marker-token", "12345.67", "98765.4"):
        assert secret not in sent
    assert scrub("marker-token\nsecond line") == "*** second line"


def _as_recorded(ended: LastRefresh) -> LastRefresh:
    """The record as `Recorder` makes it."""
    from pipelines.operations.last_refresh import Recorder
    from pipelines.refresh import Step
    from tests.operations.silent import Silent

    recorder = Recorder(Silent(), dt.datetime.fromisoformat(ended.started_at))
    for asset, line in ended.failed_steps.items():
        recorder.finished(Step(asset, None, False, 0.0, line))
    return recorder.outcome(dt.datetime.fromisoformat(ended.ended_at), "it failed")


def test_every_kind_of_trouble_has_its_section_in_the_handbook() -> None:
    handbook = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8").splitlines()
    assert [kind.heading for kind in KINDS.values() if f"### {kind.heading}" not in handbook] == []
