"""Figures of the links' quality: shares, reading of verdicts, what people's decisions change."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from methods.link_quality import COLUMNS, expected, read_verdicts, sampled, shares, way_of


def records() -> pd.DataFrame:
    """Ten records: six linked (one of them by a decision), two under review, two without a firm."""
    return pd.DataFrame(
        {
            "record_id": [f"r{k}" for k in range(10)],
            "best_unit_id": ["A", "B", "C", "D", "E", "F", "G", "H", None, "K"],
            "best_probability": [0.99, 0.98, 0.97, 0.9, 0.8, 0.7, 0.5, 0.4, 0.0, 0.1],
            "best_status": ["accepted"] * 6 + ["review"] * 2 + ["none"] * 2,
            "unit_id": ["A", "B", "C", "D", "E", "F", "G", "H", None, None],
            "status": ["accepted"] * 6 + ["review"] * 2 + ["none"] * 2,
            "method": ["tax_number", "lei", "name", "name_and_place", "decision", "former_name", "name", "name"]
            + ["none"] * 2,
            "gva_huf_mn": [100.0, 50, 20, 10, 10, 10, 0, 0, 0, 0],
        }
    )


SIZES = pd.Series({"A": 100.0, "B": 50.0, "C": 20.0, "D": 10.0, "E": 10.0, "F": 10.0, "Z": 300.0, "Y": 500.0})


def reviews(verdicts: Mapping[str, tuple[str | None, str | None]]) -> pd.DataFrame:
    """A census of `records` with the given verdicts and right units; no verdict elsewhere."""
    frame = records()
    given = frame["record_id"].map(lambda r: verdicts.get(r, (None, None)))
    right = given.str[1]
    return pd.DataFrame(
        {
            "sample_id": "S1",
            "record_id": frame["record_id"],
            "stratum_code": frame["best_status"] + "|any|all",
            "stratum_size": frame.groupby("best_status")["record_id"].transform("size"),
            "shown_unit_id": frame["best_unit_id"],
            "verdict": given.str[0],
            "right_unit_id": right,
            "is_unit_known": right.isin([*"ABCDEFGHK", "Z"]),
        }
    )


def figure(table: pd.DataFrame, measure: str, stratum: str = "all", weight: str = "count") -> float:
    """One value of the table."""
    at = (table["measure_code"] == measure) & (table["stratum_code"] == stratum) & (table["weight"] == weight)
    (value,) = table.loc[at, "value"]
    return float(value)


ALL_RIGHT: dict[str, tuple[str | None, str | None]] = {f"r{k}": ("RIGHT", None) for k in range(10)}


def test_shares_by_way_and_weight() -> None:
    table = shares(records())
    ways = ("identifier", "name", "people", "review", "none")
    assert [figure(table, "linked_share", way) for way in ways] == pytest.approx([0.2, 0.3, 0.1, 0.2, 0.2])
    assert [figure(table, "linked_share", way, "gva") for way in ways] == pytest.approx([0.75, 0.2, 0.05, 0, 0])
    assert figure(table, "method_share", "lei") == pytest.approx(0.1)
    scores = table[table["measure_code"] == "score_share"]
    assert scores["value"].sum() == pytest.approx(1)
    assert figure(table, "score_share", "accepted|0.95") == pytest.approx(0.3)
    assert figure(table, "score_share", "accepted|0.70") == pytest.approx(0.1)
    assert not table.duplicated(["measure_code", "stratum_code", "weight"]).any()
    assert list(table) == COLUMNS


def test_no_records_no_figures() -> None:
    nothing = records().iloc[:0]
    assert shares(nothing).empty
    kinds = nothing.assign(probability=0.0, is_linked=False, cooperation_type="")
    assert expected(kinds).empty


def test_every_method_is_an_identifier_a_name_or_people() -> None:
    methods = pd.Series(["vat_group", "registration_number", "predecessor_and_place", "short_name", "decision"])
    accepted = pd.Series(["accepted"] * 5)
    assert way_of(accepted, methods).tolist() == ["identifier", "identifier", "name", "name", "people"]


def test_a_census_of_right_verdicts() -> None:
    table = sampled(records(), read_verdicts(records(), reviews(ALL_RIGHT)), SIZES)
    assert figure(table, "precision", "linkage") == 1
    # six of nine records mean a firm and are linked; the two under review and the nearest of r9 were right, too
    assert figure(table, "recall", "linkage") == pytest.approx(6 / 9)
    assert figure(table, "reviewed_share") == 1
    low = table.loc[table["measure_code"] == "precision", "interval_low"]
    assert (low == 1).all()  # a census leaves nothing open


def test_verdicts_decide_what_is_right_wrong_missed_and_unknown() -> None:
    given = ALL_RIGHT | {
        "r1": ("WRONG", "Z"),  # another firm is meant
        "r2": ("WRONG", "none"),  # no firm is
        "r3": ("WRONG", None),  # who knows which
        "r4": ("CANNOT_TELL", None),
        "r5": (None, None),
        "r6": ("WRONG", "None"),
        "r9": ("WRONG", "Z"),
    }
    v = read_verdicts(records(), reviews(given))
    nan = np.nan
    np.testing.assert_equal(v.is_right, [1, 0, 0, 0, nan, nan, 0, 0, 0, 0])
    np.testing.assert_equal(v.is_best_right, [1, 0, 0, 0, nan, nan, 0, 1, 0, 0])
    np.testing.assert_equal(v.is_firm, [1, 1, 0, nan, nan, nan, 0, 1, 0, 1])
    np.testing.assert_equal(v.is_found, [1, 0, 0, nan, nan, nan, 0, 0, 0, 0])
    table = sampled(records(), v, SIZES)
    assert figure(table, "precision", "linkage") == pytest.approx(1 / 4)
    # r0 100 of 100 + 50 + 20 + 10
    assert figure(table, "precision", "linkage", "gva") == pytest.approx(100 / 180)
    # three answers for six accepted records: two mean a firm, one is found; one of two under review, one of two none
    assert figure(table, "recall", "linkage") == pytest.approx(2 / (4 + 1 + 1))


def test_contradictions_unknown_firms_and_lost_records_are_no_answers() -> None:
    given = ALL_RIGHT | {"r0": ("RIGHT", "Z"), "r1": ("RIGHT", "none"), "r2": ("WRONG", "Q"), "r8": ("RIGHT", "Z")}
    v = read_verdicts(records(), reviews(given))
    np.testing.assert_equal(v.is_firm[[0, 1, 2, 8]], [np.nan] * 4)
    assert v.is_right[2] == 0  # whichever firm is meant, it is not this one
    lost = read_verdicts(records().iloc[1:], reviews(ALL_RIGHT))
    assert np.isnan([lost.is_linked[0], lost.is_firm[0], lost.is_best_right[0]]).all()


def test_a_link_that_changed_since_is_judged_as_it_is_now() -> None:
    drawn = reviews(ALL_RIGHT)
    now = records()
    now.loc[0, "best_unit_id"] = "B"
    v = read_verdicts(now, drawn)
    assert (v.is_linked[0], v.is_right[0], v.is_firm[0], v.is_found[0]) == (1, 0, 1, 0)


def test_decisions_mend_exactly_what_they_changed() -> None:
    given = ALL_RIGHT | {"r3": ("WRONG", "Z"), "r5": ("WRONG", "none"), "r8": ("RIGHT", None)}
    decided = records()
    decided.loc[3, ["unit_id", "method"]] = ["Z", "decision"]
    decided.loc[5, ["unit_id", "status", "method"]] = [None, "none", "decision"]
    table = sampled(decided, read_verdicts(decided, reviews(given)), SIZES)
    assert figure(table, "precision", "linkage") == pytest.approx(4 / 6)
    assert figure(table, "precision", "all") == pytest.approx(1)
    assert figure(table, "recall", "linkage") == pytest.approx(4 / 8)
    assert figure(table, "recall", "all") == pytest.approx(5 / 8)
    assert figure(table, "precision", "all", "gva") == pytest.approx(1)


def test_s_and_f_count_a_firm_once() -> None:
    twice = records()
    twice.loc[1, ["best_unit_id", "unit_id"]] = ["A", "A"]
    drawn = reviews(ALL_RIGHT | {"r2": ("WRONG", "none"), "r9": ("WRONG", "A"), "r6": ("WRONG", "Z")})
    drawn.loc[1, "shown_unit_id"] = "A"
    table = sampled(twice, read_verdicts(twice, drawn), SIZES)
    # members: A (twice found, once missed), D, E, F found; Z missed; H has no accounts
    found = 100 + 10 + 10 + 10
    assert figure(table, "membership_recall", "all", "gva") == pytest.approx(found / (found + 300))
    assert figure(table, "false_membership", "all", "gva") == pytest.approx(20 / (SIZES.sum() - found - 300))


def test_two_samples_are_pooled_and_an_empty_one_is_left_out() -> None:
    first = reviews(ALL_RIGHT | {"r0": ("WRONG", "none")})
    empty = reviews({}).assign(sample_id="S2")
    alone = sampled(records(), read_verdicts(records(), first), SIZES)
    both = sampled(records(), read_verdicts(records(), pd.concat([first, empty])), SIZES)
    pd.testing.assert_frame_equal(alone, both)
    again = pd.concat([first, first.assign(sample_id="S3")])
    pooled = sampled(records(), read_verdicts(records(), again), SIZES)
    assert figure(pooled, "precision", "linkage") == pytest.approx(figure(alone, "precision", "linkage"))


def test_expected_quality_by_kind_of_cooperation() -> None:
    candidates = pd.DataFrame(
        {
            "probability": [0.9, 0.7, 0.2],
            "gva_huf_mn": [10.0, 0.0, 10.0],
            "is_linked": [True, True, False],
            "cooperation_type": ["cluster", "event", "event"],
        }
    )
    table = expected(candidates)
    assert figure(table, "expected_precision") == pytest.approx(0.8)
    assert figure(table, "expected_precision", "cluster") == pytest.approx(0.9)
    assert figure(table, "expected_recall", weight="gva") == pytest.approx(9 / 11)
