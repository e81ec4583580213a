"""`coopgva protect` and `coopgva audit` beside an earlier release: known cells, stable patterns, differencing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from methods.disclosure.differences import Vintage, tabulate_both
from methods.disclosure.hierarchy import cells, hierarchies, structure, tree
from methods.disclosure.intruder import Published, taken_over
from methods.disclosure.spec import Spec, Table
from tests.command import Said, say

Run = Callable[..., Said]

SPEC = {
    "dimensions": {"activity": {"hierarchy": {"_T": ["A", "B", "C"]}}, "region": {"total": "HU"}},
    "rules": {"frequency": 3},
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in the test's folder; options as keywords."""
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(yaml.safe_dump(SPEC, sort_keys=False))

    def ran(command: str, **options: str) -> Said:
        chosen = {"spec": "spec.yaml"} | options
        arguments = [part for name, value in chosen.items() for part in (f"--{name.replace('_', '-')}", value)]
        return say(monkeypatch, capsys, command, *arguments)

    return ran


def firms() -> pd.DataFrame:
    """Five firms in every cell, two in C x HU2."""
    rows = [
        (a, r, f"{a}{r}{i}", 10 + i)
        for a in "ABC"
        for r in ("HU1", "HU2", "HU3")
        for i in range(2 if (a, r) == ("C", "HU2") else 5)
    ]
    return pd.DataFrame(rows, columns=["activity", "region", "contributor_id", "value"])


def release(run: Run, frame: pd.DataFrame, name: str, **more: str) -> pd.Series:
    """Protects contributions; values by cell, missing where withheld."""
    frame.to_csv(f"{name}.csv", index=False)
    said = run("protect", table=f"{name}.csv", out=f"{name}_o.csv", **more)
    assert said.code == 0, said.err
    return pd.read_csv(f"{name}_o.csv").set_index(["activity", "region"])["value"]


def test_what_was_open_and_is_the_same_stays_open(run: Run) -> None:
    first = release(run, firms(), "old")
    region = first.index.get_level_values("region")
    (shield,) = set(region[first.isna()]) - {"HU2"}
    frame = firms()
    # where the cheapest shield was, everything is dearer now
    frame.loc[frame["region"] == shield, "value"] *= 3
    alone = release(run, frame, "alone")
    second = release(run, frame, "new", previous="old_o.csv")
    kept = first.notna() & ~region.isin([shield, "HU"])
    assert kept.sum() >= 4
    assert second[kept].notna().all()
    assert run("audit", table="new_o.csv", previous="old_o.csv").code == 0
    assert run("audit", table="new_o.csv", previous="old_o.csv", contributions="new.csv").code == 0
    # without the earlier release another pattern would have been cheaper, and would have been seen through
    assert alone[kept].isna().any()
    said = run("audit", table="alone_o.csv", previous="old_o.csv", contributions="new.csv")
    assert (said.code, "is unsafe" in said.err) == (1, True)


def test_the_pattern_is_stable(run: Run) -> None:
    first = release(run, firms(), "old")
    frame = firms().astype({"value": float})
    # every firm reports a little more, and what was dearer to withhold becomes a little cheaper
    frame["value"] += [0.1 * (i % 7) for i in range(len(frame))]
    second = release(run, frame, "new", previous="old_o.csv")
    assert second.isna().equals(first.isna())


def test_withholding_what_was_published_is_found_out(run: Run) -> None:
    Path("loose.yaml").write_text(yaml.safe_dump(SPEC | {"rules": {"frequency": 2}}, sort_keys=False))
    release(run, firms(), "old", spec="loose.yaml")
    release(run, firms(), "new")
    said = run("audit", table="new_o.csv", previous="old_o.csv")
    assert said.code == 1
    assert "is withheld and yet known to be" in said.err
    said = run("protect", table="new.csv", out="o.csv", previous="old_o.csv")
    assert said.code == 2
    assert "cell activity=C, region=HU2 is primary but was published with the same value before" in said.err
    assert not Path("o.csv").exists()


def late(frame: pd.DataFrame) -> pd.DataFrame:
    """One firm of A x HU1 files late and with another figure."""
    changed = frame.copy()
    changed.loc[changed["contributor_id"] == "AHU10", "value"] += 1000
    return changed


def test_a_single_late_firm_is_not_the_difference_of_two_releases(run: Run) -> None:
    safe = firms()[lambda f: f["activity"] + f["region"] != "CHU2"]
    first = release(run, safe, "old")
    assert first.notna().all()
    careless = release(run, late(safe), "careless", previous="old_o.csv")
    assert careless["A", "HU1"] - first["A", "HU1"] == 1000
    old = {"previous": "old_o.csv", "previous_contributions": "old.csv"}
    said = run("audit", table="careless_o.csv", contributions="careless.csv", **old)
    assert said.code == 1
    assert "change of activity=" in said.err
    careful = release(run, late(safe), "careful", **old)
    assert careful.isna()["A", "HU1"]
    assert careful.isna()["_T", "HU"]
    said = run("audit", table="careful_o.csv", contributions="careful.csv", **old)
    assert said.code == 0, said.err


def test_the_old_release_stays_protected_beside_the_new(run: Run) -> None:
    first = release(run, firms(), "old")
    more = pd.DataFrame({"activity": "C", "region": "HU2", "contributor_id": ["n1", "n2", "n3", "n4"], "value": 15})
    frame = pd.concat([firms(), more])
    assert release(run, frame, "careless").notna().all()
    old = {"previous": "old_o.csv", "previous_contributions": "old.csv"}
    said = run("audit", table="careless_o.csv", contributions="careless.csv", **old)
    assert said.code == 1
    # the shields of then are open now and have not changed
    assert "earlier activity=C, region=HU2" in said.err
    careful = release(run, frame, "careful", **old)
    assert careful[first.isna()].isna().any()
    assert run("audit", table="careful_o.csv", contributions="careful.csv", **old).code == 0


def test_the_same_sum_of_other_contributions_is_not_the_same() -> None:
    spec = Spec.model_validate(SPEC)
    old = firms()
    new = old.copy()
    new.loc[new["contributor_id"] == "AHU10", "value"] += 5
    new.loc[new["contributor_id"] == "AHU11", "value"] -= 5
    grid = cells(hierarchies(spec, {name: old[name] for name in spec.dimensions}), spec.published())
    now, then, change = tabulate_both(new, old, spec, grid)
    before = Published(then.frame["value"].to_numpy(), then.frame["value"].notna().to_numpy())
    touched = {grid.named({"activity": a, "region": r}) for a in ("A", "_T") for r in ("HU1", "HU")}
    known = Vintage(now, before, then, change).already_known()
    assert {i for i, is_known in enumerate(known) if not is_known} == touched
    assert Vintage(now, before).already_known().all()


def test_what_an_intruder_takes_over() -> None:
    """A withheld cell is taken to have kept its value only where something can be compared and nothing has changed."""
    h = tree("d", "_T", {"_T": ["A", "B"], "A": ["A1", "A2"], "B": ["B1", "B2"]})
    grid = cells([h], [Table(name="d", levels={"d": None})])
    bound = structure(grid)
    assert h.codes == ("_T", "A", "A1", "A2", "B", "B1", "B2")

    def taken(now: list[float], before: list[float]) -> list[float]:
        listed = np.ones(7, dtype=bool)
        found = taken_over(bound, Published(np.array(now), listed), Published(np.array(before), listed))
        return [-1.0 if value != value else value for value in found]

    gone = float("nan")
    before = [100.0, 40.0, 10.0, 30.0, 60.0, 20.0, 40.0]
    # A is as it was, so A1 and A2 are taken over; B has changed, so B1 and B2 are not
    assert taken([105.0, 40.0, gone, gone, 65.0, gone, gone], before) == [-1, -1, 10, 30, -1, -1, -1]
    # A is as it was, but A1 has changed at the cost of A2
    assert taken([100.0, 40.0, 12.0, gone, 60.0, 20.0, 40.0], before) == [-1] * 7
    # nothing is left that could be compared
    assert taken([gone] * 7, before) == [-1] * 7
    assert taken([100.0, gone, gone, gone, 60.0, gone, gone], before) == [-1, 40, -1, -1, -1, 20, 40]


def test_nothing_changed_and_nothing_changes(run: Run) -> None:
    first = release(run, firms(), "old")
    old = {"previous": "old_o.csv", "previous_contributions": "old.csv"}
    again = release(run, firms().sample(frac=1, random_state=2), "new", **old)
    assert again.equals(first)
    assert Path("new_o.csv").read_bytes() == Path("old_o.csv").read_bytes()


def test_what_does_not_fit_together(run: Run) -> None:
    release(run, firms(), "old")
    shutil.copy("old.csv", "new.csv")
    late(firms()).to_csv("other.csv", index=False)
    said = run("protect", table="new.csv", out="o.csv", previous="old_o.csv", previous_contributions="other.csv")
    assert said.code == 2
    assert "was published as" in said.err
    assert said.err.count("\n") == 1
    said = run("protect", table="new.csv", out="o.csv", previous_contributions="old.csv")
    assert (said.code, "needs --previous" in said.err) == (2, True)
    said = run("audit", table="old_o.csv", contributions="other.csv")
    assert said.code == 2
    assert "is published as" in said.err
