"""Concentration, leave-one-out, the change of a share, what a target takes: by hand, by brute force, by properties."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.change_decomposition import ENTRANTS, LEAVERS, MOVEMENTS, decompose_change, movements
from methods.concentration import concentration
from methods.errors import MethodError
from methods.leave_one_out import membership_without
from methods.target import compound_growth, entrants_needed, gap_to_target, largest_joining

# -- concentration ---------------------------------------------------------------------------------------------------


def test_concentration_by_hand() -> None:
    found = concentration([10, 40, 20, 5, 15, 10, 0], denominator=1000)
    assert found["count"] == 6
    assert found[["total", "top1", "top5"]].tolist() == [100, 40, 95]
    assert found[["top1_share_pct", "top5_share_pct", "top1_pp", "top5_pp"]].tolist() == pytest.approx([40, 95, 4, 9.5])
    assert found["hhi"] == pytest.approx(0.16 + 0.04 + 0.0225 + 0.01 + 0.01 + 0.0025)
    assert found["effective_number"] == pytest.approx(1 / 0.245)


def test_a_loss_offsets_the_total_and_still_concentrates() -> None:
    found = concentration([60, 60, -20], denominator=200)
    assert found["total"] == 100
    assert found["top1_share_pct"] == pytest.approx(60)
    assert found["top5_share_pct"] == pytest.approx(100)
    assert found["hhi"] == pytest.approx((60**2 + 60**2 + 20**2) / 140**2)


def test_nobody_contributes() -> None:
    found = concentration([], denominator=100)
    assert found[["count", "total", "top1", "top5_pp"]].tolist() == [0, 0, 0, 0]
    assert found[["top1_share_pct", "hhi", "effective_number"]].isna().all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_concentration_ignores_order_and_bounds_the_effective_number(values: list[float], random: Random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    found = concentration(values, 1e6)
    pd.testing.assert_series_equal(found, concentration(shuffled, 1e6), check_exact=True)
    if found["count"]:
        assert 1 - 1e-9 <= found["effective_number"] <= found["count"] + 1e-6


@given(st.integers(1, 50), st.floats(0.01, 1e6))
def test_equal_contributors_are_as_many_as_effective(count: int, value: float) -> None:
    assert concentration([value] * count, 1.0)["effective_number"] == pytest.approx(count)


# -- leave one out ---------------------------------------------------------------------------------------------------


Link = tuple[str, str, str, float, bool]


def links(*rows: Link) -> pd.DataFrame:
    columns = ["firm_id", "cooperation_id", "link_group_id", "probability", "is_accepted"]
    return pd.DataFrame(list(rows), columns=columns).astype({"probability": "float64", "is_accepted": "bool"})


def without(*rows: Link) -> dict[tuple[str, str], tuple[float, float]]:
    found = membership_without(links(*rows))
    return {(r.firm_id, r.cooperation_id): (r.probability, r.probability_without) for r in found.itertuples()}


def test_a_firm_with_another_cooperation_stays() -> None:
    found = without(("F1", "K1", "a", 1.0, True), ("F1", "K2", "b", 1.0, True), ("F2", "K1", "c", 0.9, True))
    assert found == {("F1", "K1"): (1, 1), ("F1", "K2"): (1, 1), ("F2", "K1"): (0.9, 0)}


def test_independent_groups_by_hand() -> None:
    # 1 - 0.2 x 0.5 = 0.9 with both; one group alone without the other
    found = without(("F", "K1", "a", 0.8, True), ("F", "K2", "b", 0.5, True))
    assert found == {("F", "K1"): (0.9, 0.5), ("F", "K2"): (0.9, 0.8)}


def test_records_of_one_text_are_right_or_wrong_together() -> None:
    # the same text in both: the weaker record keeps 0.7, the stronger one 0.8
    found = without(("F", "K1", "a", 0.8, True), ("F", "K2", "a", 0.7, True))
    assert found == {("F", "K1"): (0.8, 0.7), ("F", "K2"): (0.8, 0.8)}
    certain = without(("F", "K1", "a", 1.0, True), ("F", "K2", "a", 1.0, True))
    assert certain == {("F", "K1"): (1, 1), ("F", "K2"): (1, 1)}


def test_candidates_count_once_no_accepted_link_is_left() -> None:
    found = without(("F", "K1", "a", 0.9, True), ("F", "K2", "b", 0.3, False), ("G", "K1", "c", 0.2, False))
    assert found == {("F", "K1"): (0.9, 0.3), ("G", "K1"): (0.2, 0)}


def test_certain_links_and_hundreds_of_them() -> None:
    rows = [("F", f"K{i:03}", f"g{i}", 0.999999, True) for i in range(200)]
    assert set(without(*rows).values()) == {(1.0, 1.0)}
    found = without(*rows[:1], ("F", "P", "z", 1.0, True))
    assert found == {("F", "K000"): (1, 1), ("F", "P"): (1, 0.999999)}


def test_no_links_at_all() -> None:
    assert membership_without(links()).empty


def counted(rows: list[Link]) -> list[Link]:
    return [row for row in rows if row[4]] or rows


def probability(rows: list[Link]) -> float:
    best: dict[str, float] = {}
    for _, _, group, p, _ in counted(rows):
        best[group] = max(p, best.get(group, 0.0))
    return 1 - math.prod(1 - p for p in best.values())


random_links = st.lists(
    st.tuples(
        st.sampled_from("FGH"),
        st.sampled_from(["K1", "K2", "K3", "P1"]),
        st.sampled_from("abc"),
        st.sampled_from([0.1, 0.3, 0.62, 0.95, 1.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


@settings(deadline=None, max_examples=40)
@given(random_links)
def test_the_two_best_of_a_group_give_what_brute_force_gives(rows: list[Link]) -> None:
    expected = []
    for firm in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == firm]
        for cooperation in sorted({row[1] for row in counted(own)}):
            p, rest = probability(own), probability([row for row in own if row[1] != cooperation])
            expected.append((firm, cooperation, p, min(p, rest)))
    found = membership_without(links(*rows))
    assert list(zip(found["firm_id"], found["cooperation_id"], strict=True)) == [row[:2] for row in expected]
    assert found["probability"].tolist() == pytest.approx([row[2] for row in expected], abs=2e-9)
    assert found["probability_without"].tolist() == pytest.approx([row[3] for row in expected], abs=2e-9)


def test_years_are_kept_apart() -> None:
    frame = links(("F", "K1", "a", 0.8, True), ("F", "K2", "b", 0.5, True)).assign(year=[2022, 2023])
    assert membership_without(frame, by=["year"])["probability_without"].tolist() == [0, 0]


# -- change of a share -----------------------------------------------------------------------------------------------


def pairs(*rows: tuple[float | None, float | None, float | None, float | None, str | None, str | None]) -> pd.DataFrame:
    columns = ["probability_before", "probability_after", "gva_before", "gva_after", "founded_date", "dissolved_date"]
    frame = pd.DataFrame(list(rows), columns=columns)
    return frame.astype(dict.fromkeys(columns[:4], "float64")).assign(
        founded_date=pd.to_datetime(frame["founded_date"]), dissolved_date=pd.to_datetime(frame["dissolved_date"])
    )


CASES = [
    ("continuing", (1, 1, 5, 6, "2000-01-01", None)),
    ("continuing", (1, 1, 5, 6, "2000-01-01", "2023-12-31")),
    ("joined", (None, 1, 5, 6, "2000-01-01", None)),
    ("joined", (None, 1, 5, 6, "2022-03-01", None)),
    ("joined", (None, 1, None, 6, None, None)),
    ("founded", (None, 1, None, 6, "2023-03-01", None)),
    ("founded", (None, 1, None, 6, "2022-01-01", None)),
    ("joined", (None, 1, None, 6, "2021-12-31", None)),
    ("founded", (1, 1, None, 6, "2022-11-01", None)),
    ("account_appeared", (1, 1, None, 6, "2010-11-01", None)),
    ("left", (1, None, 5, 6, None, None)),
    ("left", (1, None, 5, None, None, "2024-01-02")),
    ("dissolved", (1, None, 5, None, None, "2024-01-01")),
    ("dissolved", (1, 1, 5, None, None, "2023-05-01")),
    ("account_missing", (1, 1, 5, None, None, None)),
    (None, (1, 1, None, None, None, None)),
    (None, (None, 1, 5, None, None, None)),
]


@pytest.mark.parametrize(("movement", "row"), CASES)
def test_movements(movement: str | None, row: tuple[float | None, ...]) -> None:
    (found,) = movements(pairs(row), 2023).tolist()  # type: ignore[arg-type]
    assert found == movement if movement else pd.isna(found)


def test_change_by_hand() -> None:
    # economy 1000 -> 1250. A grows 100 -> 150, B joins with 50, C (40) leaves. Share 14 % -> 16 %.
    frame = pairs((1, 1, 100, 150, None, None), (None, 1, 30, 50, None, None), (1, None, 40, 45, None, None))
    found = decompose_change(frame, movements(frame, 2023), (1000.0, 1250.0))
    per_huf = 100 * (1 / 1000 + 1 / 1250) / 2  # 0.09 pp per unit
    assert found["share_before_pct"] == pytest.approx(14)
    assert found["share_pct"] == pytest.approx(16)
    assert found["joined_pp"] == pytest.approx(50 * per_huf) == pytest.approx(4.5)
    assert found["left_pp"] == pytest.approx(-3.6)
    assert found["national_growth_pp"] == pytest.approx(25 * per_huf) == pytest.approx(2.25)
    assert found["own_growth_pp"] == pytest.approx(25 * per_huf)
    assert found["denominator_pp"] == pytest.approx(100 * 170 * (1 / 1250 - 1 / 1000)) == pytest.approx(-3.4)
    assert found["change_pp"] == pytest.approx(4.5 - 3.6 + 2.25 + 2.25 - 3.4) == pytest.approx(2)
    assert found["member_growth_pct"] == pytest.approx(50)
    assert found["national_growth_pct"] == pytest.approx(25)
    assert [found[f"{m}_count"] for m in ("joined", "left", "continuing", "founded")] == [1, 1, 1, 0]


def test_a_surer_link_is_no_growth() -> None:
    frame = pairs((0.5, 0.9, 100, 100, None, None))
    found = decompose_change(frame, movements(frame, 2023), (1000.0, 1000.0))
    assert found["link_pp"] == pytest.approx(4)
    assert found["own_growth_pp"] == pytest.approx(0)
    assert found["continuing_count"] == pytest.approx(0.7)


def test_members_that_grow_with_the_economy_do_not_move_the_share() -> None:
    frame = pairs((1, 1, 100, 130, None, None), (0.5, 0.5, 10, 13, None, None))
    found = decompose_change(frame, movements(frame, 2023), (1000.0, 1300.0))
    assert found["own_growth_pp"] == pytest.approx(0, abs=1e-12)
    assert found["national_growth_pp"] == pytest.approx(-found["denominator_pp"])
    assert found["change_pp"] == pytest.approx(0, abs=1e-12)


def test_an_economy_without_value_is_refused() -> None:
    frame = pairs((1, 1, 1, 1, None, None))
    with pytest.raises(MethodError, match="must be positive"):
        decompose_change(frame, movements(frame, 2023), (0.0, 1.0))


ratio = st.none() | st.floats(0.01, 1)
gva = st.none() | st.floats(-1e5, 1e6)
date = st.none() | st.sampled_from(["2001-01-01", "2022-06-01", "2023-06-01", "2024-06-01"])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(ratio, ratio, gva, gva, date, date), min_size=1, max_size=25),
    st.tuples(st.floats(1e6, 1e9), st.floats(1e6, 1e9)),
    st.randoms(use_true_random=False),
)
def test_terms_add_up_to_the_change_in_any_order(
    rows: list[tuple[float | None, float | None, float | None, float | None, str | None, str | None]],
    economy: tuple[float, float],
    random: Random,
) -> None:
    frame = pairs(*rows)
    found = decompose_change(frame, movements(frame, 2023), economy)
    scale = 1e-9 * (1 + sum(abs(value) for name, value in found.items() if name.endswith("_pp")))
    four = ("entrants_pp", "leavers_pp", "continuing_pp", "denominator_pp")
    assert sum(found[name] for name in four) == pytest.approx(found["change_pp"], abs=scale)
    assert found["share_pct"] - found["share_before_pct"] == pytest.approx(found["change_pp"], abs=scale)
    assert sum(found[f"{name}_pp"] for name in ENTRANTS) == pytest.approx(found["entrants_pp"], abs=scale)
    assert sum(found[f"{name}_pp"] for name in LEAVERS) == pytest.approx(found["leavers_pp"], abs=scale)
    before = frame[["probability_before", "gva_before"]].prod(axis=1, skipna=False).sum()
    assert found["share_before_pct"] == pytest.approx(100 * before / economy[0], abs=scale)
    shuffled = list(rows)
    random.shuffle(shuffled)
    other = pairs(*shuffled)
    again = decompose_change(other, movements(other, 2023), economy)
    assert all(again[name] == value or math.isnan(value) for name, value in found.items())


def test_every_movement_has_a_term() -> None:
    frame = pairs(*(row for _, row in CASES))  # type: ignore[arg-type]
    assert set(movements(frame, 2023).dropna()) == set(MOVEMENTS)


# -- target ----------------------------------------------------------------------------------------------------------


def test_compound_growth_is_the_geometric_mean() -> None:
    assert compound_growth([0.1, 0.21, np.nan]) == pytest.approx(math.sqrt(1.1 * 1.21) - 1)
    assert math.isnan(compound_growth([]))
    assert math.isnan(compound_growth([0.1, -1.0]))


def test_gap_by_hand() -> None:
    assert gap_to_target(30, 1000, 0.1, years=5, member_growth=0, economy_growth=0) == pytest.approx(70)
    # members stand still for two years while the economy doubles each year: 30 of them are worth 7.5
    assert gap_to_target(30, 1000, 0.1, years=2, member_growth=0, economy_growth=1) == pytest.approx(92.5)
    assert gap_to_target(30, 1000, 0.1, years=-3, member_growth=0, economy_growth=1) == pytest.approx(70)
    with pytest.raises(MethodError, match="leaves nothing"):
        gap_to_target(30, 1000, 0.1, years=2, member_growth=-1, economy_growth=0)


@given(st.floats(0, 1e5), st.floats(0.001, 0.9), st.integers(0, 10), st.floats(-0.3, 0.5), st.floats(-0.3, 0.5))
def test_a_gap_that_is_filled_meets_the_target(
    members: float, target: float, years: int, member_growth: float, growth: float
) -> None:
    economy = 1e5
    gap = gap_to_target(members, economy, target, years=years, member_growth=member_growth, economy_growth=growth)
    then = members * (1 + member_growth) ** years + gap * (1 + growth) ** years
    assert then / (economy * (1 + growth) ** years) == pytest.approx(target)


def test_entrants_by_hand() -> None:
    found = entrants_needed(70, [10, 9.9, 100, 0, -5])
    assert found[:3].tolist() == [7, 8, 1]
    assert np.isnan(found[3:]).all()
    assert entrants_needed(0.1 * 3, 0.1).tolist() == [3]  # the quotient is a little more than 3 in doubles
    assert entrants_needed(-1, [10, 0]).tolist() == [0, 0]


@given(st.floats(0.1, 1e6), st.floats(0.01, 1e5))
def test_no_fewer_entrants_would_do(gap: float, size: float) -> None:
    (count,) = entrants_needed(gap, size)
    assert count * size >= gap * (1 - 1e-6)
    assert (count - 1) * size < gap * (1 + 1e-6)


def test_largest_joining_by_hand() -> None:
    found = largest_joining([5, 40, -7, 20, 10, 3, 2], gap=65).set_index("profile")
    assert found.loc["next_needed"].tolist() == [3, 70]
    assert found.loc["next_1"].tolist() == [1, 40]
    assert found.loc["next_5"].tolist() == [5, 78]
    assert list(found.index) == ["next_needed", "next_1", "next_5"]
    exact = largest_joining([0.7, 0.1, 0.1], gap=0.8).set_index("profile")
    assert exact.loc["next_needed", "count"] == 2  # 0.7 + 0.1 is a little less than 0.8 in doubles
    too_small = largest_joining([5, 3], gap=9).set_index("profile")
    assert math.isnan(too_small.loc["next_needed", "count"])
    assert too_small.loc["next_needed", "gva"] == 8
    assert largest_joining([5], gap=-1).iloc[0].tolist() == ["next_needed", 0, 0]
