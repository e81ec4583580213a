"""The clerical sample: who is drawn, and what verdicts on them say about all, on populations whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.clerical_estimates import (
    Estimate,
    Sample,
    after_decisions,
    calibration,
    error_rate,
    expected_quality,
    false_membership,
    precision,
    recall,
)
from methods.clerical_sample import allocate, draw_sample, probability_bands, record_numbers, strata_of
from methods.errors import MethodError
from methods.uncertainty import corrected_share, naive_share


def population(size: int = 3000, seed: int = 1, *, drift: float = 0.0) -> pd.DataFrame:
    """Records with probabilities, sizes and the truth; `drift` makes the probabilities too sure."""
    draws = np.random.default_rng(seed)
    p = np.where(draws.random(size) < 0.6, draws.beta(30, 0.6, size), draws.beta(0.5, 1.5, size))
    p[draws.random(size) < 0.15] = 0.0
    status = np.where(p >= 0.6, "accepted", np.where(p >= 0.3, "review", "none"))
    is_shown = draws.random(size) < np.clip(p - drift * (p > 0.9), 0, 1)
    another = ~is_shown & (draws.random(size) < 0.2)
    gva = np.where(p > 0, np.exp(draws.normal(4, 1.6, size)), 0.0)
    return pd.DataFrame(
        {
            "record_id": [f"source:{k:016x}" for k in range(size)],
            "status": status,
            "probability": p,
            "gva_huf_mn": gva,
            "is_linked": (status == "accepted").astype(float),
            "is_right": is_shown.astype(float),
            "is_firm": (is_shown | another).astype(float),
            "is_found": ((status == "accepted") & is_shown).astype(float),
            "gva_meant": np.where(is_shown, gva, np.exp(draws.normal(4, 1.2, size))),
        }
    )


def truth(frame: pd.DataFrame) -> dict[str, float]:
    """Precision and recall of the whole population, by count and by GVA."""
    linked, firm = frame["is_linked"], frame["is_firm"]
    return {
        "precision": (linked * frame["is_right"]).sum() / linked.sum(),
        "precision_gva": (linked * frame["is_right"] * frame["gva_huf_mn"]).sum()
        / (linked * frame["gva_huf_mn"]).sum(),
        "recall": frame["is_found"].sum() / firm.sum(),
        "recall_gva": (frame["is_found"] * frame["gva_meant"]).sum() / (firm * frame["gva_meant"]).sum(),
    }


def estimates(drawn: pd.DataFrame, frame: pd.DataFrame) -> dict[str, Estimate]:
    """The same from a sample; what is NaN in the frame was not answered."""
    both = drawn.merge(frame, on="record_id")
    sample = Sample.of(both)
    value = {name: both[name].to_numpy(float) for name in frame.columns if name not in ("record_id", "status")}
    one = np.ones(len(both))
    found = {}
    for name, amount, meant in (("", one, one), ("_gva", value["gva_huf_mn"], value["gva_meant"])):
        found["precision" + name] = precision(sample, value["is_linked"], value["is_right"], amount)
        found["recall" + name] = recall(sample, value["is_firm"], value["is_found"], meant, amount)
    assert None not in found.values()
    return {name: estimate for name, estimate in found.items() if estimate is not None}


# -- the draw ------------------------------------------------------------------------------------------------------


def test_sample_has_its_size_every_stratum_and_its_inclusion_probabilities() -> None:
    frame = population()
    drawn = draw_sample(frame, 300, 7)
    assert len(drawn) == 300
    assert drawn["record_id"].is_unique
    strata = strata_of(frame, 300)
    counts = strata.value_counts()
    assert set(drawn["stratum_code"]) == set(counts.index)
    for code, part in drawn.groupby("stratum_code"):
        assert set(part["stratum_size"]) == {counts[code]}
        assert np.allclose(part["inclusion_probability"], len(part) / counts[code])
        assert len(part) >= min(5, counts[code])
    assert strata[frame["record_id"].isin(drawn["record_id"])].value_counts().to_dict() == (
        drawn["stratum_code"].value_counts().to_dict()
    )


def test_the_draw_depends_on_ids_and_seed_alone() -> None:
    frame = population()
    drawn = draw_sample(frame, 200, 7)
    shuffled = frame.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(drawn, draw_sample(shuffled, 200, 7))
    assert set(drawn["record_id"]) != set(draw_sample(frame, 200, 8)["record_id"])
    assert not drawn["stratum_code"].is_monotonic_increasing  # whoever stops halfway has seen part of each stratum


def test_the_largest_are_all_taken() -> None:
    frame = population()
    frame.loc[[10, 500, 900], ["gva_huf_mn", "probability"]] = [[9e5, 0.9], [8e5, 0.8], [7e5, 0.7]]
    frame.loc[[10, 500, 900], "status"] = "accepted"
    drawn = draw_sample(frame, 200, 7)
    largest = drawn[drawn["stratum_code"].str.endswith("|any|largest")]
    assert {frame["record_id"][k] for k in (10, 500, 900)} <= set(largest["record_id"])
    assert (largest["inclusion_probability"] == 1).all()
    assert len(largest) <= 50


def test_doubtful_links_are_drawn_more_often() -> None:
    frame = population().assign(gva_huf_mn=1.0)
    take = allocate(frame.assign(stratum_code=strata_of(frame, 300)), 300, 5)
    count = strata_of(frame, 300).value_counts()
    sure, doubtful = (
        sum(take[c] for c in take if band in c) / sum(count[c] for c in take if band in c)
        for band in ("accepted|0.99-1.00", "review|0.30-0.60")
    )
    assert doubtful > 2 * sure


def test_a_small_population_is_taken_whole_and_a_small_sample_refused() -> None:
    frame = population(60)
    assert len(draw_sample(frame, 60, 1)) == 60
    assert (draw_sample(frame, 500, 1)["inclusion_probability"] == 1).all()
    with pytest.raises(MethodError, match=r"10 records are too few for \d+ strata: take \d+ or more"):
        draw_sample(population(), 10, 1)
    with pytest.raises(MethodError, match="not unique"):
        draw_sample(pd.concat([frame, frame]), 10, 1)


@settings(max_examples=15, deadline=None)
@given(st.integers(80, 600), st.integers(0, 99), st.integers(0, 10))
def test_every_draw_has_the_size_asked_for(size: int, seed: int, floor: int) -> None:
    frame = population(700)
    drawn = draw_sample(frame, size, seed, floor=floor)
    assert len(drawn) == size
    assert drawn["inclusion_probability"].between(0, 1, inclusive="right").all()


def test_bands_and_numbers() -> None:
    bands = probability_bands(np.array([0.0, 0.1, 0.95, 1.0, np.nan]), (0.10, 0.95))
    assert bands.tolist() == ["0.00-0.10", "0.10-0.95", "0.95-1.00", "0.95-1.00", "0.00-0.10"]
    numbers = record_numbers([f"r{k}" for k in range(2000)], 3)
    assert abs(numbers.mean() - 0.5) < 0.02
    assert numbers.min() >= 0
    assert numbers.max() < 1


# -- what it says --------------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(st.integers(30, 400), st.integers(0, 1000))
def test_a_census_gives_the_exact_value_without_an_interval(size: int, seed: int) -> None:
    frame = population(size, seed)
    found, right = estimates(draw_sample(frame, size, 1), frame), truth(frame)
    for name, estimate in found.items():
        assert estimate.value == pytest.approx(right[name], abs=1e-12)
        assert estimate.low == pytest.approx(estimate.value, abs=1e-9)
        assert estimate.high == pytest.approx(estimate.value, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(60, 250), st.integers(0, 1000), st.floats(0, 0.9))
def test_estimates_and_limits_are_shares_in_order(size: int, seed: int, unanswered: float) -> None:
    frame = population(600, seed)
    silent = np.random.default_rng(seed).random(600) < unanswered
    frame.loc[silent, ["is_right", "is_firm", "is_found"]] = np.nan
    both = draw_sample(frame, size, seed).merge(frame, on="record_id")
    sample, one = Sample.of(both), np.ones(len(both))
    value = {name: both[name].to_numpy(float) for name in ("is_linked", "is_right", "is_firm", "is_found", "gva_meant")}
    for estimate in (
        precision(sample, value["is_linked"], value["is_right"], one),
        recall(sample, value["is_firm"], value["is_found"], value["gva_meant"], one),
    ):
        if estimate is not None:
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
            assert estimate.sample_size <= size


@pytest.mark.parametrize("drift", [0.0, 0.05])
def test_estimates_are_unbiased_and_intervals_cover(drift: float) -> None:
    frame = population(2000, 5, drift=drift)
    right = truth(frame)
    runs = 80
    values: dict[str, list[float]] = {name: [] for name in right}
    covered, above = dict.fromkeys(right, 0), dict.fromkeys(right, 0)
    for seed in range(runs):
        for name, estimate in estimates(draw_sample(frame, 200, seed), frame).items():
            values[name].append(estimate.value)
            covered[name] += estimate.low <= right[name] <= estimate.high
            above[name] += estimate.low > right[name]
    for name, target in right.items():
        drawn = np.array(values[name])
        assert abs(drawn.mean() - target) < 3 * drawn.std() / np.sqrt(runs) + 0.003, name
        assert covered[name] / runs >= 0.91, (name, covered[name] / runs)
        assert above[name] / runs <= 0.06, name


def test_an_interval_is_not_a_point_where_all_verdicts_agree() -> None:
    sample = Sample(np.full(50, "A", object), np.full(50, 1000.0), np.ones(50))
    one = np.ones(50)
    found = precision(sample, one, one, one)
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    # Clopper-Pearson for 50 of 50 is 0.9289; 5 % of the stratum was seen
    assert found.low == pytest.approx(1 - (1 - 0.025 ** (1 / 50)) * np.sqrt(0.95), abs=2e-3)
    none = precision(sample, one, 0 * one, one)
    assert none is not None
    assert none.value == none.low == 0.0
    assert none.high == pytest.approx(1 - found.low, abs=1e-12)


def test_two_equal_strata_that_agree_are_as_good_as_one() -> None:
    one = np.ones(100)
    halves = Sample(np.array(["A", "B"], object).repeat(50), np.full(100, 500.0), one)
    whole = Sample(np.full(100, "A", object), np.full(100, 1000.0), one)
    apart, together = precision(halves, one, one, one), precision(whole, one, one, one)
    assert apart is not None
    assert together is not None
    assert apart.low == pytest.approx(together.low, abs=1e-12)


def test_a_simple_random_sample_has_wilsons_interval() -> None:
    # 10 of 100 in error, hardly any finite population correction: Wilson (0.0552, 0.1744)
    error = np.zeros(100)
    error[:10] = 1
    sample = Sample(np.full(100, "A", object), np.full(100, 1e9), np.ones(100))
    found = error_rate(sample, error, np.ones(100))
    assert found is not None
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.0552, abs=0.003)
    assert found.high == pytest.approx(0.1744, abs=0.003)


def test_a_part_that_is_everywhere_the_same_has_no_variance() -> None:
    # whatever the sizes: a quarter of each is in error, so a quarter of all is (ratio, not difference, of totals)
    base = np.exp(np.random.default_rng(1).normal(3, 1, 60))
    sample = Sample(np.full(60, "A", object), np.full(60, 6000.0), np.ones(60))
    found = error_rate(sample, base / 4, base)
    assert found is not None
    assert (round(found.low, 9), round(found.value, 9), round(found.high, 9)) == (0.25, 0.25, 0.25)


def test_a_stratum_without_answers_is_stood_in_for_by_its_neighbour() -> None:
    strata = np.array(["S|accepted|0.60|small", "S|accepted|0.80|small", "S|review|0.30|small"], object).repeat(10)
    sample = Sample(strata, np.array([900.0, 100.0, 50.0]).repeat(10), np.ones(30))
    right = np.ones(30)
    right[:10] = np.nan
    right[10:15] = 0
    linked = np.array([1.0, 1.0, 0.0]).repeat(10)
    found = precision(sample, linked, right, np.ones(30))
    assert found is not None
    assert (found.value, found.base, found.sample_size) == (0.5, 1000.0, 20)


def test_unanswered_records_make_the_interval_wider_and_leave_the_value() -> None:
    frame = population(3000, 2)
    drawn = draw_sample(frame, 400, 2)
    full = estimates(drawn, frame)
    half = frame.assign(is_right=frame["is_right"].where(record_numbers(frame["record_id"], 99) < 0.4))
    half["is_found"] = frame["is_found"].where(half["is_right"].notna())
    half["is_firm"] = frame["is_firm"].where(half["is_right"].notna())
    part = estimates(drawn, half)
    for name in ("precision", "recall"):
        assert part[name].sample_size < full[name].sample_size
        assert part[name].high - part[name].low > full[name].high - full[name].low
        assert part[name].low <= truth(frame)[name] <= part[name].high


def test_recall_needs_an_answer_from_every_group_of_strata() -> None:
    frame = population(3000, 2)
    both = draw_sample(frame, 300, 2).merge(frame, on="record_id")
    both.loc[both["status"] == "none", "is_firm"] = np.nan
    arrays = [both[name].to_numpy(float) for name in ("is_firm", "is_found", "gva_meant", "gva_huf_mn")]
    assert recall(Sample.of(both), *arrays) is None


def test_two_samples_of_one_population_are_pooled() -> None:
    frame = population(4000, 3)
    parts = []
    for seed in (1, 2):
        drawn = draw_sample(frame, 200, seed)
        parts.append(drawn.assign(stratum_code=f"S{seed}|" + drawn["stratum_code"], scale=0.5))
    pooled, single = estimates(pd.concat(parts), frame), estimates(draw_sample(frame, 200, 1), frame)
    for name in ("precision", "recall"):
        assert pooled[name].high - pooled[name].low < single[name].high - single[name].low
        assert pooled[name].base == pytest.approx(single[name].base, rel=0.1)


def test_what_people_mended_counts_in_full() -> None:
    found = Estimate(0.90, 0.85, 0.94, 200, 1000.0)
    moved = after_decisions(found, 40.0, 1000.0, 1000.0)
    assert (moved.value, moved.low, moved.high) == pytest.approx((0.94, 0.89, 0.98))
    # 30 wrong links were taken away instead: 900 of 970 are right
    assert after_decisions(found, 0.0, 1000.0, 970.0).value == pytest.approx(900 / 970)
    assert after_decisions(found, 500.0, 1000.0, 1000.0).high == 1.0


def test_false_membership_and_recall_correct_a_share() -> None:
    draws = np.random.default_rng(4)
    size, members = 5000, 600
    gva = np.exp(draws.normal(3, 1, size))
    linked = np.zeros(size)
    linked[: int(members * 0.9)] = 1
    linked[members : members + 40] = 1
    right = (np.arange(size) < members).astype(float)
    at = np.flatnonzero(linked)
    sample = Sample(np.full(at.size, "accepted|any|all", object), np.full(at.size, float(at.size)), np.ones(at.size))
    found = false_membership(sample, linked[at], right[at], gva[at], float(gva[members:].sum()))
    assert found is not None
    s = float(gva[: int(members * 0.9)].sum() / gva[:members].sum())
    share = float(gva[:members].sum() / gva.sum())
    naive = float((gva * linked).sum() / gva.sum())
    assert naive == pytest.approx(naive_share(share, s, found.value))
    assert corrected_share(naive, s, found.value) == pytest.approx(share)


def test_calibration_finds_what_is_too_sure() -> None:
    for drift, low, high in ((0.0, 0.0, 0.05), (0.25, 0.08, 0.30)):
        frame = population(4000, 6, drift=drift)
        both = draw_sample(frame, 900, 6).merge(frame, on="record_id")
        shown = both["probability"].where(both["probability"] > 0).to_numpy(float)
        table, error = calibration(Sample.of(both), shown, both["is_right"].to_numpy(float))
        assert low <= error <= high, (drift, error)
        assert table["weight_ratio"].sum() == pytest.approx(1)
        assert (table["low"] <= table["observed"]).all()
        assert (table["observed"] <= table["high"]).all()
        inside = [
            float(low) - 1e-9 <= mean <= float(high) + 1e-9
            for (low, high), mean in zip(table["band"].str.split("-"), table["expected"], strict=True)
        ]
        assert all(inside)


def test_expected_quality_is_what_the_probabilities_say() -> None:
    found = expected_quality(np.array([0.9, 0.8, 0.4, 0.1]), np.array([1.0, 1, 1, 1]), np.array([1, 1, 0, 0]))
    assert found is not None
    assert found[0].value == pytest.approx(0.85)
    assert found[1].value == pytest.approx(1.7 / 2.2)
    assert found[0].low < 0.85 < found[0].high
    weighted = expected_quality(np.array([0.9, 0.8, 0.4]), np.array([10.0, 0, 5]), np.array([1, 1, 0]))
    assert weighted is not None
    assert weighted[0].value == pytest.approx(0.9)
    assert weighted[1].value == pytest.approx(9 / 11)
    assert expected_quality(np.array([0.2]), np.array([1.0]), np.array([0])) is None


def test_a_damaged_design_is_refused() -> None:
    frame = pd.DataFrame({"stratum_code": ["A", "A"], "stratum_size": [10, 11]})
    with pytest.raises(MethodError, match="stratum A holds 10 to 11 records"):
        Sample.of(frame)
    with pytest.raises(MethodError, match="and 2 were drawn"):
        Sample.of(frame.assign(stratum_size=1))
