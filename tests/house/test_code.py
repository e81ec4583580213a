"""The code fingerprint: what computes counts, what only explains does not."""

from __future__ import annotations

from pathlib import Path

import pytest

import assets.code as code


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("assets", "methods", "resources"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("")
    (tmp_path / "assets" / "step.py").write_text("from methods.inner import f\nx = 1\n")
    (tmp_path / "methods" / "inner.py").write_text(
        '"""Doc."""\ndef f(a):\n    """Doc."""\n    from methods.deep import g\n    return g(a)  # why\n'
    )
    (tmp_path / "methods" / "deep.py").write_text("def g(a):\n    return a + 1\n")
    (tmp_path / "methods" / "other.py").write_text("y = 2\n")
    monkeypatch.setattr(code, "REPOSITORY", tmp_path)
    _clear()
    yield tmp_path
    _clear()


def _clear() -> None:
    for cached in (code.code_fingerprint, code._tree, code._module_digest, code._imports):
        cached.cache_clear()


def fingerprint() -> str:
    _clear()
    return code.code_fingerprint(("assets.step",), ())


def test_closure_follows_imports_inside_functions(repository: Path) -> None:
    assert code.closure(["assets.step"]) == {"assets.step", "methods.inner", "methods.deep"}


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("methods/deep.py", "a + 1", "a + 2", True),
        ("methods/inner.py", "Doc", "Documentation", False),
        ("methods/inner.py", "# why", "# because", False),
        ("methods/other.py", "y = 2", "y = 3", False),
        ("assets/step.py", "x = 1", "x = 2", True),
    ],
)
def test_only_code_that_computes_counts(repository: Path, file: str, old: str, new: str, changes: bool) -> None:
    before = fingerprint()
    path = repository / file
    path.write_text(path.read_text().replace(old, new))
    assert (fingerprint() != before) is changes
