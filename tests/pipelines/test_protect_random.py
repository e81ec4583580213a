"""A hundred random tables are protected, and an audit that knows nothing of how finds no failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from pipelines.audit import audit_files
from pipelines.plain_files import write_table
from pipelines.protect import protect_files, release

ACTIVITY = {"_T": ["A", "B", "C"], "C": ["C1", "C2"]}


def draw(random: np.random.Generator) -> tuple[dict[str, Any], pd.DataFrame]:
    """A specification and contributions: hierarchies, groups, waivers, negative values, linked tables."""
    negative = bool(random.random() < 0.25)
    size = int(random.integers(25, 90))
    frame = pd.DataFrame(
        {
            "a": random.choice(["A", "B", "C1", "C2"], size),
            "r": random.choice(["R1", "R2", "R3"], size),
            "s": random.choice(["x", "y"], size),
            "contributor_id": random.choice([f"c{i}" for i in range(40)], size),
            "group_id": [f"g{i}" if i < 6 else "" for i in random.integers(0, 20, size)],
            "value": np.round(
                random.lognormal(3, 1.5, size) * (random.choice([1, -1], size, p=[0.9, 0.1]) if negative else 1), 1
            ),
        }
    )
    if negative:
        frame["value"] *= random.choice([1, -1], size, p=[0.9, 0.1])
    dimensions: dict[str, Any] = {"a": {"hierarchy": ACTIVITY}, "r": {"hierarchy": {"_T": ["R1", "R2", "R3"]}}}
    tables: list[Any] = [[], [["a"], ["a", "r"]], [{"a": 1, "r": 1}, ["a"]]][int(random.integers(3))]
    if random.random() < 0.3:
        dimensions["s"] = {"hierarchy": {"_T": ["x", "y"]}}
        tables = [[["a", "r"], ["a", "s"]], [{"a": 1, "r": 1}, {"r": 1, "s": 1}, {"a": 1, "s": 1}]][
            int(random.integers(2))
        ]
    rules: list[dict[str, Any]] = [
        {"frequency": 3},
        {"p_percent": 10},
        {"dominance": [2, 85]},
        {"frequency": 3, "p_percent": 15, "waivers": ["c1", "c2", "c3"]},
    ]
    spec = {
        "dimensions": dimensions,
        "rules": rules[int(random.integers(len(rules)))],
        "negative": negative,
        "cost": ["value", "count", "constant"][int(random.integers(3))],
        "tables": tables,
        "public": [{}],
        "empty": ["open", "suppress"][int(random.integers(2))],
    }
    return spec, frame


@pytest.mark.parametrize("block", range(4))
def test_what_is_protected_withstands_the_audit(block: int, tmp_path: Path) -> None:
    table, spec_file, out = tmp_path / "t.csv", tmp_path / "s.yaml", tmp_path / "o.csv"
    withheld = 0
    for seed in range(25 * block, 25 * block + 25):
        random = np.random.default_rng(seed)
        spec, frame = draw(random)
        frame.to_csv(table, index=False)
        spec_file.write_text(yaml.safe_dump(spec, sort_keys=False))
        done = protect_files(table, spec_file)
        assert done.certificate["is_protected"].all(), seed
        write_table(release(done), out, mode=0o644, decimals=done.table.decimals)
        found, failures = audit_files(out, spec_file)
        assert failures == [], seed
        value = done.table.frame["value"].to_numpy()[done.withheld]
        scale = 1e-6 * max(1.0, float(np.abs(value).max(initial=0.0)))
        assert (found["lower"].to_numpy() <= value + scale).all(), seed
        assert (found["upper"].to_numpy() >= value - scale).all(), seed
        judged, failures = audit_files(out, spec_file, contributions=table)
        assert failures == [], seed
        assert judged["is_primary"].sum() == done.table.frame["is_primary"].sum(), seed
        withheld += len(found)
    assert withheld > 100
