"""The command line, run in this process: what a test types, and what it is answered."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from pipelines import cli


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> Said:
    """Runs `coopgva` with these arguments."""
    monkeypatch.setattr(sys, "argv", ["coopgva", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    code = ended.value.code
    return Said(code if isinstance(code, int) else 0, captured.out, captured.err)
