"""Parameters: what a home may override, and that a mistake is one line with the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.errors import ConfigurationError
from resources.parameters import load_parameters


@pytest.mark.parametrize("text", ["- target_year: 2031\n", "[]\n", "target_year\n", "3\n", "false\n"])
def test_an_override_that_is_no_mapping_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as failure:
        load_parameters(path)
    assert str(failure.value).startswith(f"{path}: a ")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_override_changes_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_parameters(path) == load_parameters()


def test_one_value_is_overridden(tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text("target_year: 2031\n", encoding="utf-8")
    assert load_parameters(path) == load_parameters().model_copy(update={"target_year": 2031})
