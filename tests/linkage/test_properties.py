"""What holds for every linkage: one firm per row, no dependence on order, people win, honest probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.linkage.generate import Benchmark, generate
from benchmarks.linkage.run import scores
from methods.errors import MethodError
from methods.linkage import Links, Settings, link


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    return generate(4_000, 1_500, 11)


def linked(b: Benchmark, **changes: pd.DataFrame) -> Links:
    frames = {
        name: getattr(b, name)
        for name in ("registry", "records", "name_history", "address_history", "events", "vat_groups")
    }
    frames |= changes
    return link(frames.pop("registry"), frames.pop("records"), **frames)


@pytest.fixture(scope="module")
def links(benchmark: Benchmark) -> pd.DataFrame:
    return linked(benchmark).links


def test_every_record_has_one_decision(benchmark: Benchmark, links: pd.DataFrame) -> None:
    assert links["record_id"].tolist() == benchmark.records["record_id"].tolist()
    assert list(links) == ["record_id", "firm_id", "probability", "method", "status", "reason"]
    assert set(links["status"]) == {"accepted", "review", "none"}
    assert links["probability"].between(0, 1).all()
    accepted = links["status"] == "accepted"
    # whoever counts every firm id and whoever counts accepted rows sees the same links
    assert links.loc[~accepted, "firm_id"].isna().all()
    assert (links.loc[~accepted, "probability"] == 0).all()
    assert links.loc[accepted, "firm_id"].isin(benchmark.registry["firm_id"]).all()


def test_a_record_under_review_names_its_candidates_in_the_reason(benchmark: Benchmark) -> None:
    found = linked(benchmark)
    review = found.links[found.links["status"] == "review"]
    heaviest = found.candidates.sort_values("probability", ascending=False).drop_duplicates("record_id")
    best = dict(zip(heaviest["record_id"], heaviest["firm_id"], strict=True))
    assert len(review) > 10
    for record, reason in review[["record_id", "reason"]].itertuples(index=False):
        assert best[record] in reason


def test_a_rejected_candidate_of_a_record_under_review_makes_room(benchmark: Benchmark, links: pd.DataFrame) -> None:
    record = links.loc[links["status"] == "review", "record_id"].iloc[0]
    decisions = pd.DataFrame({"record_id": [record], "decision": ["reject"]})
    candidates = linked(benchmark).candidates.query("record_id == @record")
    first = candidates.sort_values("probability", ascending=False)["firm_id"].iloc[0]
    result = linked(benchmark, decisions=decisions.assign(firm_id=first)).links.set_index("record_id")
    assert result.at[record, "method"] == "decision"
    assert f"rejected {first}" in str(result.at[record, "reason"])
    assert result.at[record, "status"] != "accepted"
    assert result["firm_id"].isna()[record]


def test_order_of_rows_does_not_matter(benchmark: Benchmark, links: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)

    def mixed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)

    names = ("registry", "records", "name_history", "address_history", "events", "vat_groups")
    again = linked(benchmark, **{name: mixed(getattr(benchmark, name)) for name in names}).links
    both = links.merge(again, on="record_id", suffixes=("", "_again"))
    assert (both["firm_id"].fillna("") == both["firm_id_again"].fillna("")).all()
    assert (both["status"] == both["status_again"]).all()
    assert both["probability"].to_numpy() == pytest.approx(both["probability_again"].to_numpy(), abs=1e-4)


def test_twice_is_the_same(benchmark: Benchmark, links: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(linked(benchmark).links, links)


def test_good_and_calibrated_on_a_generated_list(benchmark: Benchmark, links: pd.DataFrame) -> None:
    figures = scores(links, benchmark.truth)
    assert figures["F1"] > 0.94
    assert figures["precision"] > 0.98
    assert figures["false"] < 0.06
    assert figures["ECE"] < 0.03


def test_decisions_win(benchmark: Benchmark, links: pd.DataFrame) -> None:
    accepted = links[links["status"] == "accepted"]
    one, two, three = accepted["record_id"].iloc[:3]
    other = links[links["firm_id"].isna()]["record_id"].iloc[0]
    firm = accepted["firm_id"].iloc[0]
    decisions = pd.DataFrame(
        [
            (one, "reject", None, None, "anna", "2024-05-01", "a university"),
            (two, "confirm", "F00000001", None, "bela", "2024-06-01", "called again"),
            (two, "confirm", firm, None, "anna", "2024-05-01", "called them"),
            (other, "same_as", None, two, "anna", "2024-05-02", None),
            (three, "reject", "F99999999", None, "anna", "2024-05-02", None),
        ],
        columns=["record_id", "decision", "firm_id", "other_record_id", "who", "when", "why"],
    )
    result = linked(benchmark, decisions=decisions).links.set_index("record_id")
    assert result["firm_id"].isna()[one]
    assert result.at[one, "status"] == "none"
    assert (result.at[two, "firm_id"], result.at[two, "probability"]) == ("F00000001", 1.0)
    assert result.at[two, "reason"] == "confirmed F00000001 by bela on 2024-06-01: called again"
    assert result.at[other, "firm_id"] == "F00000001"
    before = links.set_index("record_id")
    rest = before.index.difference([one, two, other])
    pd.testing.assert_frame_equal(result.loc[rest], before.loc[rest])


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"decision": "maybe"}, "row 1: maybe is none of confirm, reject, same_as"),
        ({"decision": "confirm"}, "row 1: confirm needs a firm_id"),
        ({"decision": "same_as"}, "row 1: same_as needs an other_record_id"),
    ],
)
def test_a_decision_that_says_nothing_is_refused(benchmark: Benchmark, decision: dict[str, str], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        linked(benchmark, decisions=pd.DataFrame([{"record_id": "R0000000", **decision}]))


def test_bad_frames_are_refused() -> None:
    good = pd.DataFrame({"firm_id": ["a"], "name": ["A Kft."]})
    record = pd.DataFrame({"record_id": ["r"], "name": ["A Kft."]})
    with pytest.raises(MethodError, match="registry: column name is missing"):
        link(good[["firm_id"]], record)
    with pytest.raises(MethodError, match="records: record_id r occurs twice"):
        link(good, pd.concat([record, record]))
    with pytest.raises(MethodError, match="registry: firm_id is empty in row 1"):
        link(good.assign(firm_id=None), record)


def test_empty_and_odd_input() -> None:
    firms = pd.DataFrame({"firm_id": ["a", "b"], "name": ["Zentora Kft.", None]})
    none = link(firms, pd.DataFrame({"record_id": pd.Series([], dtype="str"), "name": pd.Series([], dtype="str")}))
    assert none.links.empty
    assert list(none.links) == ["record_id", "firm_id", "probability", "method", "status", "reason"]
    odd = pd.DataFrame({"record_id": ["1", "2", "3", "4"], "name": [None, "", "Kft.", "?!"]})
    assert (link(firms, odd).links["status"] == "none").all()
    nobody = link(firms.iloc[:0], pd.DataFrame({"record_id": ["1"], "name": ["Zentora Kft."]}))
    assert nobody.links["status"].tolist() == ["none"]


def test_thresholds_are_settings(benchmark: Benchmark) -> None:
    strict = link(benchmark.registry, benchmark.records, settings=Settings(accept=0.99, review=0.98)).links
    assert strict.loc[strict["status"] == "accepted", "probability"].min() >= 0.99
