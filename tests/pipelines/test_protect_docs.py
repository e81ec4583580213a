"""The worked example of docs/disclosure.md, typed as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from resources.home import REPOSITORY
from tests.command import say


def test_the_worked_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = (REPOSITORY / "docs" / "disclosure.md").read_text(encoding="utf-8")
    files = re.findall(r"`([a-z]+\.(?:csv|yaml))`:\n\n```(?:csv|yaml)\n(.*?)```", page, re.DOTALL)
    assert [name for name, _ in files] == ["contributions.csv", "spec.yaml", "release.csv", "bounds.csv"]
    monkeypatch.chdir(tmp_path)
    for name, content in files[:2]:
        Path(name).write_text(content, encoding="utf-8")
    typed = re.findall(r"^    \$ coopgva (.*)\n    (.*)$", page, re.MULTILINE)
    assert len(typed) == 2
    for arguments, answer in typed:
        said = say(monkeypatch, capsys, *shlex.split(arguments))
        assert (said.code, said.out, said.err) == (0, f"{answer}\n", "")
    for name, content in files[2:]:
        assert Path(name).read_text(encoding="utf-8") == content
