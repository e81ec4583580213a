"""Configuration of goal 1: what a home may replace, and that a mistake is one line with the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from resources.errors import ConfigurationError
from resources.goal_1 import SCHEME_POINTS, load_cluster_assessment, load_key_industries
from resources.home import REPOSITORY


def replaced(home: Path, name: str, change: Any) -> None:
    document = yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))
    change(document)
    (home / name).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def _lighter(dimension: dict[str, Any]) -> None:
    dimension["max_points"] -= 1
    dimension["indicators"][0]["points"] -= 1


def test_the_scheme_has_its_hundred_points() -> None:
    given = {d.code: sum(s.points for s in d.indicators) for d in load_cluster_assessment().dimensions}
    assert given == {"international": 24, "innovation": 26, "cooperation": 20, "management": 30} == SCHEME_POINTS


def test_a_home_replaces_the_whole_list(tmp_path: Path) -> None:
    assert load_key_industries(tmp_path) == load_key_industries()
    replaced(tmp_path, "key_industries.yaml", lambda d: d.update(version="mine", industries=d["industries"][:2]))
    mine = load_key_industries(tmp_path)
    assert (mine.version, [i.code for i in mine.industries]) == ("mine", ["vehicle", "ict"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["industries"].append(d["industries"][0]), "industry twice: vehicle"),
        (lambda d: d["industries"][0]["declared_as"].append("Food Industry"), "declared text twice: food industry"),
        (lambda d: d["industries"][0].update(nace_rev2=["4"]), "'4' is no section"),
        (lambda d: d["industries"][0].update(nace_rev2=["621"]), "'621' is no section"),
        (lambda d: d["industries"][0].update(valid_to="2009-01-01"), "valid_to of vehicle is not after valid_from"),
        (lambda d: d.update(innovation_threshold=1.5), "innovation_threshold"),
        (lambda d: d.update(threshold=0.5), "threshold"),
    ],
)
def test_an_impossible_list_is_one_line_with_the_file(tmp_path: Path, change: Any, words: str) -> None:
    replaced(tmp_path, "key_industries.yaml", change)
    with pytest.raises(ConfigurationError) as failure:
        load_key_industries(tmp_path)
    assert str(failure.value).startswith(str(tmp_path / "key_industries.yaml"))
    assert words in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["dimensions"][0]["indicators"][0].update(points=9), "give 25 points, not 26"),
        (lambda d: d["dimensions"][0]["indicators"][0].update(ceiling=0), "is not above its floor"),
        (lambda d: d["dimensions"].pop(), "the scheme's dimensions and points are"),
        (lambda d: _lighter(d["dimensions"][0]), "the scheme's dimensions and points are"),
    ],
)
def test_an_impossible_scale_is_one_line_with_the_file(tmp_path: Path, change: Any, words: str) -> None:
    replaced(tmp_path, "cluster_assessment.yaml", change)
    with pytest.raises(ConfigurationError) as failure:
        load_cluster_assessment(tmp_path)
    assert str(failure.value).startswith(str(tmp_path / "cluster_assessment.yaml"))
    assert words in str(failure.value)
    assert "\n" not in str(failure.value)
