"""`coopgva protect` and `coopgva audit`: vectors, what is written, what is refused, and one against the other."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from scipy.optimize import linprog

from tests.command import Said, say

Run = Callable[..., Said]

TV16 = {"w": (30, 47, 64, 89), "x": (90, 124, 5, 31), "y": (92, 100, 59, 85), "z": (800, 991, 651, 685)}
TV16_PRIMARY = ("w:a", "w:b", "w:c", "x:a", "x:c", "y:b", "y:d", "z:b", "z:d")
TV16_SPEC = {
    "dimensions": {"row": {"total": "_T"}, "column": {"total": "_T"}},
    "rules": {"frequency": 3, "frequency_range_pct": 1},
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in the test's folder; options as keywords."""
    monkeypatch.chdir(tmp_path)

    def ran(command: str, *flags: str, **options: str) -> Said:
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return say(monkeypatch, capsys, command, *arguments, *flags)

    return ran


def write_spec(spec: dict[str, object], path: str = "spec.yaml") -> str:
    Path(path).write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    return path


def contributions(table: dict[str, tuple[float, ...]], primary: tuple[str, ...]) -> pd.DataFrame:
    """A two-way table as contributions: two equal ones in unsafe cells, four in the others."""
    rows = []
    for row, values in table.items():
        for column, value in zip("abcd", values, strict=False):
            parts = 2 if f"{row}:{column}" in primary else 4
            rows += [(row, column, f"{row}{column}{i}", value / parts) for i in range(parts)]
    return pd.DataFrame(rows, columns=["row", "column", "contributor_id", "value"])


def withheld(path: str) -> set[str]:
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    return {f"{r}:{c}" for r, c in zip(*(frame[frame["value"].isna()][n] for n in ("row", "column")), strict=True)}


def test_tv15_the_intervals_of_the_handbook(run: Run) -> None:
    rows = [("1", "1", ""), ("1", "2", ""), ("2", "1", ""), ("2", "2", ""), ("3", "1", "3"), ("3", "2", "3")]
    rows += [
        ("1", "_T", "7"),
        ("2", "_T", "3"),
        ("3", "_T", "6"),
        ("_T", "1", "9"),
        ("_T", "2", "7"),
        ("_T", "_T", "16"),
    ]
    Path("o.csv").write_text("row,column,value\n" + "".join(f"{','.join(row)}\n" for row in rows), encoding="utf-8")
    said = run("audit", table="o.csv", spec=write_spec(TV16_SPEC), out="bounds.csv")
    assert (said.code, said.err) == (0, "")
    found = pd.read_csv("bounds.csv", dtype={"row": str, "column": str})
    assert list(found) == ["row", "column", "lower", "upper"]
    bounds = {(r, c): (low, high) for r, c, low, high in found.itertuples(index=False)}
    for cell, expected in {("1", "1"): (3, 6), ("1", "2"): (1, 4), ("2", "1"): (0, 3), ("2", "2"): (0, 3)}.items():
        assert bounds[cell] == pytest.approx(expected, abs=1e-6)


def test_tv16_two_withheld_in_every_line_are_not_enough(run: Run) -> None:
    frame = contributions(TV16, TV16_PRIMARY)
    totals = pd.concat([frame, frame.assign(row="_T"), frame.assign(column="_T"), frame.assign(row="_T", column="_T")])
    release = totals.groupby(["row", "column"], as_index=False)["value"].sum()
    name = release["row"] + ":" + release["column"]
    release["value"] = release["value"].mask(name.isin(TV16_PRIMARY))
    release.to_csv("naive.csv", index=False)
    frame.to_csv("t.csv", index=False)
    spec = write_spec(TV16_SPEC)
    said = run("audit", table="naive.csv", spec=spec)
    assert said.code == 1
    assert "cell row=w, column=b is withheld and yet known to be 47; do not publish" in said.err
    assert said.err.count("\n") == 1

    said = run("protect", table="t.csv", spec=spec, out="o.csv")
    assert said.code == 0, said.err
    assert withheld("o.csv") == {*TV16_PRIMARY, "x:d"}
    assert run("audit", table="o.csv", spec=spec, out="b.parquet").code == 0
    bounds = pd.read_parquet("b.parquet").set_index(["row", "column"]).T
    assert bounds["w", "b"].tolist() == pytest.approx([0, 78], abs=1e-6)
    said = run("audit", table="o.csv", spec=spec, contributions="t.csv", out="judged.csv")
    assert said.code == 0, said.err
    judged = pd.read_csv("judged.csv")
    assert judged["is_primary"].sum() == 9
    assert judged["is_protected"].all()
    said = run("audit", table="naive.csv", spec=spec, contributions="t.csv")
    assert (said.code, "cell row=w, column=b is unsafe and an outsider knows" in said.err) == (1, True)


def test_what_is_written_and_nothing_else(run: Run) -> None:
    contributions(TV16, TV16_PRIMARY).to_csv("t.csv", index=False)
    spec = write_spec(TV16_SPEC)
    said = run("protect", table="t.csv", spec=spec, out="o.csv", certificate="proof.json")
    assert said.out == "25 cells: 15 open, 10 withheld (9 unsafe by rule, all of them protected); written to o.csv\n"
    text = Path("o.csv").read_text(encoding="utf-8")
    assert text.startswith("row,column,value,obs_status,conf_status\n_T,_T,")
    assert "w,b,,Q,C\n" in text
    # as many decimals as the contributions have
    assert "z,a,800.00,A,F\n" in text
    frame = pd.read_csv("o.csv")
    assert set(zip(frame["obs_status"], frame["conf_status"], strict=True)) == {("A", "F"), ("Q", "C")}
    assert stat.S_IMODE(Path("proof.json").stat().st_mode) == 0o600
    proof = json.loads(Path("proof.json").read_text(encoding="utf-8"))
    assert proof["rules"]["frequency"] == 3
    assert {row["name"] for row in proof["primary_cells"]} == {
        "row={}, column={}".format(*name.split(":")) for name in TV16_PRIMARY
    }
    assert all(row["is_protected"] for row in proof["primary_cells"])
    assert len(proof["inputs"]["table"]["sha256"]) == 64
    first = Path("o.csv").read_bytes(), Path("proof.json").read_bytes()
    run("protect", table="t.csv", spec=spec, out="o.csv", certificate="proof.json")
    assert (Path("o.csv").read_bytes(), Path("proof.json").read_bytes()) == first


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_no_byte_of_the_release_tells_a_withheld_value(run: Run, suffix: str) -> None:
    table = {row: tuple(v * 1000 + 137 + 7 * i for i, v in enumerate(values)) for row, values in TV16.items()}
    contributions(table, TV16_PRIMARY).sample(frac=1, random_state=1).to_parquet("t.parquet")
    spec = write_spec(TV16_SPEC)
    out = f"o.{suffix}"
    said = run("protect", table="t.parquet", spec=spec, out=out)
    assert said.code == 0, said.err
    content = Path(out).read_bytes()
    frame = pd.read_parquet(out) if suffix == "parquet" else pd.read_csv(out)
    hidden = [(r, c) for r, c, v in zip(frame["row"], frame["column"], frame["value"], strict=True) if v != v]
    assert len(hidden) == 10
    for row, column in hidden:
        value = float(table[row]["abcd".index(column)])
        for trace in (f"{value:.0f}".encode(), np.float64(value).tobytes(), np.float32(value).tobytes()):
            assert trace not in content
    if suffix == "parquet":
        file = pq.ParquetFile(out)
        statistics = file.metadata.row_group(0).column(2).statistics
        assert (statistics.min, statistics.max) == (frame["value"].min(), frame["value"].max())
        assert statistics.null_count == 10
        assert file.metadata.metadata is None or b"pandas" not in file.metadata.metadata
    run("protect", table="t.parquet", spec=spec, out=f"again.{suffix}")
    assert Path(f"again.{suffix}").read_bytes() == content


EXAMPLE = {
    "value": "gva",
    "dimensions": {
        "activity": {"total": "_T", "hierarchy": {"_T": ["A", "B", "C"], "C": ["C10", "C11"]}},
        "region": {"total": "HU"},
    },
    "rules": {"frequency": 3},
}


def example(**change: object) -> pd.DataFrame:
    """Five firms everywhere, two in one cell."""
    rows = [
        (a, r, f"{a}{r}{i}", 10.0 + i)
        for a in ("A", "B", "C10", "C11")
        for r in ("HU1", "HU2", "HU3")
        for i in range(2 if (a, r) == ("C11", "HU2") else 5)
    ]
    frame = pd.DataFrame(rows, columns=["activity", "region", "contributor_id", "gva"]).astype({"gva": object})
    for column, value in change.items():
        frame.loc[3, column] = value
    return frame


def changed(**more: object) -> dict[str, object]:
    return EXAMPLE | more


BAD_HIERARCHY = {"total": "_T", "hierarchy": {"_T": ["A", "B", "C"], "C": ["C10", "C11"], "B": ["C10"]}}


@pytest.mark.parametrize(
    ("spec", "frame", "said"),
    [
        (changed(public=[{"country": "HU"}]), example(), "unknown dimension country (dimensions: activity, region)"),
        (changed(dimensions=EXAMPLE["dimensions"] | {"size": {}}), example(), "column size is missing"),
        (changed(value="turnover"), example(), "contributions: column turnover is missing"),
        (changed(group="holding"), example(), "contributions: column holding is missing"),
        (changed(cost="weight"), example(), "contributions: column weight is missing"),
        (EXAMPLE, example(activity="Q"), "activity Q is not in the hierarchy (row 4)"),
        (EXAMPLE, example(activity="C"), "activity C has parts"),
        (EXAMPLE, example(region="HU"), "region HU has parts"),
        (EXAMPLE, example(gva="ten"), "contributions: gva is no number: 'ten' (row 4)"),
        (EXAMPLE, example(gva=""), "gva is missing or not a finite number (row 4)"),
        (EXAMPLE, example(gva=-5), "gva is negative; set `negative: true` where that can be (row 4)"),
        (EXAMPLE, example(contributor_id=""), "contributor_id is missing (row 4)"),
        (EXAMPLE, example().iloc[:0], "contributions: there are no rows"),
        (
            changed(dimensions={"activity": BAD_HIERARCHY, "region": {"total": "HU"}}),
            example(),
            "code C10 is listed under both C and B",
        ),
        (
            changed(public=[{"activity": "C11", "region": "HU2"}]),
            example(),
            "public cell activity=C11, region=HU2 is primary",
        ),
        (changed(public=[{"activity": "Z"}]), example(), "dimension activity has no code Z"),
        (changed(public=[{"region": "HU1"}], tables=[["activity"]]), example(), "is in none of the tables"),
        (changed(public=[{"value": 3}]), example(), "public cell activity=_T, region=HU has value 3"),
        (changed(tables=[{"activity": 3}]), example(), "activity has levels 0 to 2, not 3"),
        (changed(dimension={}), example(), "did you mean 'dimensions'?"),
        (
            changed(public=[{"activity": "C11", "region": r} for r in ("HU1", "HU3", "HU")]),
            example(),
            "cannot be protected",
        ),
    ],
)
def test_one_clear_error(run: Run, spec: dict[str, object], frame: pd.DataFrame, said: str) -> None:
    frame.to_csv("t.csv", index=False)
    answer = run("protect", table="t.csv", spec=write_spec(spec), out="o.csv")
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert answer.code == 2
    assert not Path("o.csv").exists()


def test_files_that_are_wrong(run: Run) -> None:
    example().to_csv("t.csv", index=False)
    spec = write_spec(EXAMPLE)
    assert "file not found" in run("protect", table="no.csv", spec=spec, out="o.csv").err
    assert "no such file" in run("protect", table="t.csv", spec="no.yaml", out="o.csv").err
    assert "unknown type of file" in run("protect", table="t.csv", spec=spec, out="o.xlsx").err
    assert "folder not found" in run("protect", table="t.csv", spec=spec, out="no/o.csv").err
    assert "Missing option '--out'" in run("protect", table="t.csv", spec=spec).err
    Path("twice.yaml").write_text("value: x\nvalue: y\n")
    assert (
        "twice.yaml:2: the key 'value' is given twice"
        in run("protect", table="t.csv", spec="twice.yaml", out="o.csv").err
    )
    Path("broken.yaml").write_text("dimensions: [a\nvalue: 3: 4\n")
    said = run("protect", table="t.csv", spec="broken.yaml", out="o.csv")
    assert (said.code, said.err.count("\n"), "not valid YAML" in said.err) == (2, 1, True)
    Path("t.parquet").write_bytes(b"PAR1 no")
    said = run("protect", table="t.parquet", spec=spec, out="o.csv")
    assert (said.code, said.err.count("\n"), "cannot be read" in said.err) == (2, 1, True)


def released(
    run: Run, spec: dict[str, object] = EXAMPLE, frame: pd.DataFrame | None = None, **more: str
) -> pd.DataFrame:
    (example() if frame is None else frame).to_csv("t.csv", index=False)
    said = run("protect", table="t.csv", spec=write_spec(spec), out="o.csv", **more)
    assert said.code == 0, said.err
    return pd.read_csv("o.csv").set_index(["activity", "region"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda o: o.assign(activity=o["activity"].replace("A", "Q")), "activity Q is not in the hierarchy (row"),
        (lambda o: pd.concat([o, o.iloc[[3]]]), "is listed twice"),
        (lambda o: o.assign(value=o["value"].where(o.index > 0, 1.0)), "the parts add up to"),
        (lambda o: o.assign(obs_status="Q"), "row 1 is marked obs_status Q and yet carries a value"),
        (lambda o: o.drop(columns="value"), "release: column value is missing"),
        (lambda o: o.iloc[:0], "release: there are no rows"),
        (lambda o: o.assign(value=-o["value"]), "is negative; set `negative: true`"),
    ],
)
def test_a_release_that_is_wrong(run: Run, change: Callable[[pd.DataFrame], pd.DataFrame], said: str) -> None:
    spec = changed(
        dimensions=EXAMPLE["dimensions"] | {"region": {"total": "HU", "hierarchy": {"HU": ["HU1", "HU2", "HU3"]}}}
    )
    change(released(run, spec).reset_index()).to_csv("bad.csv", index=False)
    answer = run("audit", table="bad.csv", spec="spec.yaml")
    assert said in answer.err
    assert (answer.code, answer.err.count("\n")) == (2, 1)


def test_the_complement_is_known_from_elsewhere(run: Run) -> None:
    """A total that others publish takes the shield away; audit needs its value where the release has none."""
    open_totals = released(run, changed(public=[{"activity": "C11"}, {"region": "HU2"}]))
    assert open_totals["value"]["C11", "HU"] > 0
    withheld_total = open_totals.copy()
    withheld_total.loc[("C11", "HU"), "value"] = None
    withheld_total.assign(obs_status="A").reset_index().to_csv("bad.csv", index=False)
    answer = run("audit", table="bad.csv", spec="spec.yaml")
    assert "public cell activity=C11, region=HU has no value in the release; give its `value`" in answer.err


def test_a_cell_without_contributors_is_open(run: Run) -> None:
    frame = example()
    frame = frame[~((frame["activity"] == "A") & (frame["region"] == "HU1"))]
    found = released(run, frame=frame)
    assert found["value"]["A", "HU1"] == 0
    assert found["obs_status"]["A", "HU1"] == "A"
    shielded = released(run, changed(empty="suppress", cost="constant"), frame=frame)
    assert shielded["value"].isna().sum() >= 4


def test_an_empty_cell_shields_nothing(run: Run) -> None:
    frame = example()
    frame = frame[~((frame["activity"] == "C10") & (frame["region"] == "HU2"))]
    found = released(run, frame=frame)
    assert found["value"]["C10", "HU2"] == 0
    assert found["value"].isna()["C", "HU2"]
    assert run("audit", table="o.csv", spec="spec.yaml", contributions="t.csv").code == 0


def test_codes_stay_as_they_are_written(run: Run) -> None:
    rows = [(c, r, f"{c}{r}{i}", 5) for c in ("01", "10") for r in ("NO", "SE") for i in range(4)]
    pd.DataFrame(rows, columns=["class", "country", "contributor_id", "value"]).to_csv("t.csv", index=False)
    Path("s.yaml").write_text(
        "dimensions:\n  class: {total: 0, hierarchy: {0: [01, 10]}}\n  country: {hierarchy: {_T: [NO, SE]}}\n"
    )
    said = run("protect", table="t.csv", spec="s.yaml", out="o.csv")
    assert said.code == 0, said.err
    assert "01,NO,20,A,F\n" in Path("o.csv").read_text()


def test_hierarchy_and_waivers_from_files(run: Run) -> None:
    Path("nace.csv").write_text("parent;child\n_T;A\n_T;B\n_T;C\nC;C10\nC;C11\n")
    Path("waived.csv").write_text("contributor_id\nC11HU20\nC11HU21\n")
    spec = changed(
        dimensions={"activity": {"hierarchy": "nace.csv"}, "region": {"total": "HU"}},
        rules={"frequency": 3, "waivers": "waived.csv"},
    )
    assert released(run, spec)["value"].notna().all()
    Path("nace.csv").write_text("parent,child\n_T,A\n,B\n")
    said = run("protect", table="t.csv", spec="spec.yaml", out="o.csv")
    assert "hierarchy of activity: a row without parent or child" in said.err


def test_the_plan_counts_what_survives(run: Run) -> None:
    example().to_csv("t.csv", index=False)
    spec = write_spec(changed(tables={"T2": {"activity": 1}, "T7": ["activity", "region"]}))
    said = run("protect", "--plan", table="t.csv", spec=spec, out="plan.csv")
    assert said.code == 0, said.err
    plan = pd.read_csv("plan.csv")
    assert list(plan.columns[:2]) == ["table", "level"]
    assert plan["table"].unique().tolist() == ["T2", "T7"]
    assert stat.S_IMODE(Path("plan.csv").stat().st_mode) == 0o600
    by = plan.set_index(["table", "level"]).T
    assert by["T2", "activity 1"]["open_pct"] == 100
    finest = by["T7", "activity 2, region 1"]
    assert (finest["cells"], finest["unsafe"]) == (6, 1)
    run("protect", table="t.csv", spec=spec, out="o.csv")
    found = pd.read_csv("o.csv")
    hidden = found[found["value"].isna()]
    deep = hidden["activity"].isin(["C10", "C11"]) & hidden["region"].ne("HU")
    assert finest["open"] == 6 - deep.sum()
    said = run("protect", "--plan", table="t.csv", spec=spec)
    assert "What would survive" in said.out
    assert not Path("none.csv").exists()


def test_tables_in_a_circle_tell_more_than_each_alone(run: Run) -> None:
    """Bounds from a x b, b x c and a x c equal those over the common detail, computed here from first principles."""
    random = np.random.default_rng(4)
    detail = random.integers(0, 6, (2, 2, 2)).astype(float)
    names = ["a", "b", "c"]
    release = []
    for pair in ((0, 1), (1, 2), (0, 2)):
        margin = detail.sum(axis=3 - sum(pair))
        for i in range(2):
            for j in range(2):
                row = dict.fromkeys(names, "_T")
                row[names[pair[0]]], row[names[pair[1]]] = str(i), str(j)
                release.append(row | {"value": None if pair == (0, 1) else margin[i, j]})
    for d in range(3):
        for i in range(2):
            release.append(dict.fromkeys(names, "_T") | {names[d]: str(i), "value": detail.take(i, axis=d).sum()})
    release.append(dict.fromkeys(names, "_T") | {"value": detail.sum()})
    pd.DataFrame(release).to_csv("o.csv", index=False)
    tables = [["a", "b"], ["b", "c"], ["a", "c"]]
    spec = write_spec({"dimensions": {n: {"hierarchy": {"_T": ["0", "1"]}} for n in names}, "tables": tables})
    said = run("audit", table="o.csv", spec=spec, out="b.csv")
    assert said.code in (0, 1)
    found = pd.read_csv("b.csv", dtype={"a": str, "b": str}).set_index(["a", "b"])
    index = np.arange(8).reshape(2, 2, 2)
    known = [index.take(i, axis=0).take(j, axis=1) for i in range(2) for j in range(2)]
    known += [index.take(i, axis=1).take(j, axis=1) for i in range(2) for j in range(2)]
    known += [index.take(i, axis=d).ravel() for d in range(3) for i in range(2)]
    matrix = np.array([np.isin(np.arange(8), group) for group in known], dtype=float)
    for i in range(2):
        for j in range(2):
            goal = np.isin(np.arange(8), index[i, j]).astype(float)
            low = linprog(goal, A_eq=matrix, b_eq=matrix @ detail.ravel()).fun
            high = -linprog(-goal, A_eq=matrix, b_eq=matrix @ detail.ravel()).fun
            bounds = found.loc[(str(i), str(j)), ["lower", "upper"]].tolist()
            assert bounds == pytest.approx([low, high], abs=1e-6)
