"""`coopgva link sample`: the clerk's file, and the way back: verdicts, estimates, charts, thresholds."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from assets.catalogue import TABLES
from assets.delivery_state import receive
from assets.workshop import Workshop
from pipelines.link_sample import COLUMNS, TO_FILL, shown_as_text
from resources.home import Home
from resources.lake import Version
from tests.command import Said, say

Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in this process, in an empty folder with an empty home."""
    for name in ("COOPGVA_SOURCES", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COOPGVA_HOME", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: str) -> Said:
        return say(monkeypatch, capsys, *arguments)

    return ran


def read(path: Path) -> pd.DataFrame:
    """The file as a spreadsheet sees it."""
    return pd.read_csv(path, sep=";", dtype=str, encoding="utf-8-sig", keep_default_na=False)


def test_the_file_is_made_for_a_clerk(run: Run, sample_home: Path, tmp_path: Path) -> None:
    said = run("link", "sample", "--home", str(sample_home), "--size", "120", "--seed", "3", "--out", "sample.csv")
    assert said.code == 0, said.err
    assert said.out.startswith("120 of ")
    raw = (tmp_path / "sample.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf" + ";".join(COLUMNS).encode())
    file = read(tmp_path / "sample.csv")
    assert len(file) == 120
    assert file["record_id"].is_unique
    assert (file[list(TO_FILL)] == "").all(axis=None)
    assert (file["name"] != "").all()
    assert (file.loc[file["shown_legal_unit_id"] == "", "shown_name"] == "(no firm found)").all()
    # the weights of the drawn records of a stratum add up to it, and so do all to the records at home
    weight = 1 / file["inclusion_probability"].astype(float)
    sizes = file["stratum_size"].astype(int)
    assert weight.groupby(file["stratum"]).sum().to_dict() == pytest.approx(
        sizes.groupby(file["stratum"]).first().to_dict(), rel=1e-6
    )
    assert said.out.split(" of ")[1].split(" ")[0].replace(",", "") == str(round(weight.sum()))


def test_one_seed_one_sample(run: Run, sample_home: Path, tmp_path: Path) -> None:
    draws = (("a", "3"), ("b", "3"), ("c", "4"))
    for name, seed in draws:
        done = run("link", "sample", "--home", str(sample_home), "--size", "90", "--seed", seed, "--out", f"{name}.csv")
        assert done.code == 0, done.err
    first, second, other = ((tmp_path / f"{name}.csv").read_bytes() for name, _ in draws)
    assert first == second
    assert first != other


def test_a_filled_file_is_never_overwritten(run: Run, sample_home: Path, tmp_path: Path) -> None:
    (tmp_path / "sample.csv").write_text("a day's work", encoding="utf-8")
    said = run("link", "sample", "--home", str(sample_home), "--out", "sample.csv")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "may have been filled" in said.err
    assert (tmp_path / "sample.csv").read_text(encoding="utf-8") == "a day's work"


@pytest.mark.parametrize(
    ("arguments", "expected", "code"),
    [
        (("--out", "sample.xlsx"), "unknown type of file", 2),
        (("--out", "no/sample.csv"), "folder not found", 2),
        (("--out", "sample.csv"), "there is no sources.yaml", 1),
        ((), "--out", 2),
        (("--out", "sample.csv", "--size", "0"), "--size", 2),
    ],
)
def test_what_cannot_be_done_is_one_line(run: Run, arguments: tuple[str, ...], expected: str, code: int) -> None:
    said = run("link", "sample", *arguments)
    assert (said.code, said.err.count("\n")) == (code, 1), said.err
    assert expected in said.err


def test_too_small_a_sample_says_how_many(run: Run, sample_home: Path) -> None:
    said = run("link", "sample", "--home", str(sample_home), "--size", "3", "--out", "sample.csv")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "3 records are too few" in said.err


def test_link_alone_still_needs_its_files(run: Run) -> None:
    assert (said := run("link")).code == 2
    assert "--registry" in said.err
    assert "--out" in run("link", "--registry", "r.csv", "--records", "x.csv").err
    assert run("link", "--help").code == 0
    assert "file not found" in run("link", "--registry", "r.csv", "--records", "x.csv", "--out", "l.csv").err


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=1+1", "'=1+1"), ("+36 1 234", "'+36 1 234"), ("Alfa\n Kft.", "Alfa Kft."), ("Alfa = Béta", "Alfa = Béta")],
)
def test_names_are_shown_and_not_executed(text: str, shown: str) -> None:
    assert shown_as_text(text) == shown


# -- the way back --------------------------------------------------------------------------------------------------


@dataclass
class Back:
    """A home to which a filled file was delivered."""

    shop: Workshop
    review: Version
    quality: Version

    @property
    def table(self) -> pd.DataFrame:
        """The rows of integration.link_quality."""
        path = self.shop.lake.path("integration.link_quality", self.quality.key)
        frame: pd.DataFrame = pq.read_table(path).to_pandas()
        return frame.set_index(frame["measure_code"] + " " + frame["stratum_code"] + " " + frame["weight"])

    def failed(self, version: Version) -> dict[str, str]:
        """Severity of each failed check."""
        return {check.name: check.severity for check in version.checks if not check.passed}


Deliver = Callable[[pd.DataFrame], Back]


@pytest.fixture
def deliver(sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deliver:
    """Delivers a filled file to a copy of the sample home and materialises what depends on it."""
    monkeypatch.delenv("COOPGVA_SOURCES", raising=False)

    def delivered(file: pd.DataFrame) -> Back:
        home = tmp_path / "home"
        shutil.copytree(sample_home, home)
        file.to_csv(home / "filled.csv", sep=";", index=False, encoding="utf-8-sig")
        document = yaml.safe_load((home / "sources.yaml").read_text(encoding="utf-8"))
        source = {"id": "clerical_review", "table": "clerical_review", "format": "csv", "url": "filled.csv"}
        document["sources"].append(source)
        (home / "sources.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        shop = Workshop(Home(home), TABLES, None, "back")
        receive(shop, TABLES["source.clerical_review"], now=dt.datetime.now(dt.UTC), may_fall_back=False)
        review = shop.materialise("source.clerical_review").version
        return Back(shop, review, shop.materialise("integration.link_quality").version)

    return delivered


@pytest.fixture
def drawn(run: Run, sample_home: Path, tmp_path: Path) -> pd.DataFrame:
    """An unfilled file of 120 records."""
    said = run("link", "sample", "--home", str(sample_home), "--size", "120", "--out", "sample.csv")
    assert said.code == 0, said.err
    return read(tmp_path / "sample.csv")


def test_nothing_delivered_is_nothing_wrong(sample_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COOPGVA_SOURCES", raising=False)
    shop = Workshop(Home(sample_home), TABLES, None, "look")
    review, quality = shop.current("source.clerical_review"), shop.current("integration.link_quality")
    assert review is not None
    assert quality is not None
    assert review.rows == 0
    assert all(check.passed for check in review.checks)
    rows = pq.read_table(shop.lake.path("integration.link_quality", quality.key)).to_pandas()
    assert {"linked_share", "expected_precision", "expected_recall"} <= set(rows["measure_code"])
    assert not {"precision", "recall"} & set(rows["measure_code"])
    linked = rows[(rows["measure_code"] == "linked_share") & (rows["weight"] == "count")]
    assert linked["value"].sum() == pytest.approx(1)
    assert quality.facts["expected_precision_count_pct"] > 90
    charts = {chart.name: shop.chart(quality, chart) for chart in TABLES["integration.link_quality"].charts}
    assert charts["score_distribution"].startswith("![Probabilities of the best candidates")
    assert charts["calibration"] == ""


def test_verdicts_become_figures_and_charts(drawn: pd.DataFrame, deliver: Deliver) -> None:
    file = drawn.assign(verdict="Right", who="anna", when="2026. 11. 23.")
    file.loc[:4, ["verdict", "who"]] = ""  # not yet reviewed
    file["inclusion_probability"] = file["inclusion_probability"].str.replace(".", ",")  # as a spreadsheet saves it
    back = deliver(file)
    assert (back.review.rows, back.review.quarantined) == (120, 0)
    assert back.failed(back.review) == {}
    row = back.table.loc[["precision all count"]].iloc[0]
    assert row["value"] == row["interval_high"] == 1
    assert 0.8 < row["interval_low"] < 1
    # a record that the linkage does not link cannot be a wrong link, reviewed or not
    assert row["sample_size"] == 115 + (file.loc[:4, "status"] != "accepted").sum()
    assert back.failed(back.quality).get("sampled_precision_high_enough") is None
    charts = {chart.name: back.shop.chart(back.quality, chart) for chart in TABLES["integration.link_quality"].charts}
    assert charts["calibration"].startswith("![Calibration of the probabilities](data:image/png;base64,")


def test_a_bad_line_is_quarantined_and_stops_nobody(drawn: pd.DataFrame, deliver: Deliver) -> None:
    file = drawn.assign(verdict="right", who="anna", when="2026-11-23")
    file.loc[0, "verdict"] = "perhaps"
    file.loc[1, "who"] = ""
    file.loc[2, "inclusion_probability"] = "often"
    file.loc[3, "right_legal_unit_id"] = "none" if file.loc[3, "shown_legal_unit_id"] else "F00000001"
    file.loc[4, "record_id"] = "gone:0000000000000000"
    back = deliver(file)
    assert (back.review.rows, back.review.quarantined) == (117, 3)
    assert back.review.blocking_failures == ()
    assert back.failed(back.review)["clerical_review_contradiction"] == "warn"
    assert back.failed(back.quality)["reviews_name_known_records"] == "warn"
    assert back.table.loc["precision all count", "value"] == 1
    assert back.table.loc["reviewed_share all count", "sample_size"] == 115


def test_a_sample_that_refutes_the_links_blocks(drawn: pd.DataFrame, deliver: Deliver) -> None:
    wrong = drawn.index % 3 == 0
    file = drawn.assign(verdict="right", who="anna", when="2026-11-23")
    file.loc[wrong, ["verdict", "right_legal_unit_id"]] = ["wrong", "none"]
    back = deliver(file)
    assert back.failed(back.quality)["sampled_precision_high_enough"] == "error"
    assert back.quality.blocking_failures
    assert back.table.loc["precision all count", "value"] == pytest.approx(2 / 3, abs=0.15)
    assert back.failed(back.quality)["probabilities_calibrated"] == "warn"
