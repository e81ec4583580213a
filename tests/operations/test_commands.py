"""The commands as they are typed: what they answer, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pipelines.operations.alert_settings import SETTINGS
from resources.home import Home
from tests.command import Said, say
from tests.operations.conftest import Mailbox

Coopgva = Callable[..., Said]


@pytest.fixture
def coopgva(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home) -> Coopgva:
    """The command line on the home of the test."""
    return lambda *arguments: say(monkeypatch, capsys, *arguments, "--home", str(home.root))


def mail_to(home: Home, mailbox: Mailbox) -> None:
    mail = {"host": "127.0.0.1", "port": mailbox.port, "security": "none"}
    mail |= {"sender": "a@b.example", "to": ["c@d.example"]}
    (home.root / SETTINGS).write_text(yaml.safe_dump({"email": mail}))


def test_a_test_message_and_the_digest(coopgva: Coopgva, home: Home, mailbox: Mailbox) -> None:
    nobody = coopgva("alerts", "test")
    assert (nobody.code, nobody.err) == (
        2,
        f"coopgva: {home.root}: nobody is told: there is no alerts.yaml; write one\n",
    )
    mail_to(home, mailbox)
    assert coopgva("alerts", "test").out == "email: taken\n"
    quiet = coopgva("alerts", "digest")
    assert (quiet.code, quiet.out) == (0, "0 causes, told by nobody\n")
    home.sources.write_text("sources:\n- id: clusters\n  tabel: cluster\n")
    said = coopgva("alerts", "digest")
    assert said.code == 1
    assert said.out.endswith("1 causes, told by email\n")
    assert mailbox.subjects[-1] == f"[coopgva] still broken: {home.sources}: the configuration is wrong"
    mailbox.refuses = True
    said = coopgva("alerts", "digest")
    assert said.code == 1
    assert "alert not sent: mail server" in said.err


def test_a_wrong_configuration_is_told_before_there_is_a_run(coopgva: Coopgva, home: Home, mailbox: Mailbox) -> None:
    mail_to(home, mailbox)
    home.sources.write_text("sources:\n- id: clusters\n  tabel: cluster\n")
    said = coopgva("refresh")
    assert said.code == 2
    assert mailbox.subjects == [f"[coopgva] failed: {home.sources}: the configuration is wrong"]
    shown = coopgva("status", "--json")
    assert shown.code == 1
    assert [t["kind"] for t in json.loads(shown.out)["troubles"]] == ["configuration"]


def test_status_of_a_healthy_home(coopgva: Coopgva) -> None:
    said = coopgva("status")
    assert said.code == 0
    assert "published: nothing yet; run `coopgva refresh`" in said.out
    assert "environment development: nothing runs by the clock" in said.out
    assert said.out.endswith("nothing is broken\n")


def test_backup_restore_and_maintain(coopgva: Coopgva, home: Home, tmp_path: Path) -> None:
    assert coopgva("maintain", "--dry-run").out == "nothing to remove\n"
    said = coopgva("backup", str(tmp_path / "b"))
    assert said.code == 0
    assert f"0 vintages in {tmp_path / 'b'}" in said.out
    refused = coopgva("restore", str(tmp_path / "b"))
    assert refused.code == 2
    assert refused.err == f"coopgva: {home.root}: the folder is not empty; only an empty home can be restored\n"


@pytest.mark.parametrize("command", ["lineage", "backup", "restore", "maintain", "status"])
def test_every_command_says_what_it_does(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = say(monkeypatch, capsys, command, "--help")
    assert said.code == 0
    assert "--home" in said.out
