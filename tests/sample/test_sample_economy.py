"""The economy as drawn: margins, published facts, shares, streams."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sample.accounts import MEMBER_EMPLOYEES, heads, profit_and_loss
from sample.economy import NEVER, cell_margins
from sample.generate import SMALLEST, Economy, draw, facts_2023
from sample.national_accounts import PUBLISHED, YEARS, largest_remainder, national_accounts, yearly_totals
from sample.streams import draw_within
from sample.truth import participation, shares
from sample.value_added import N1_SHARE, common_factor

Y2023 = YEARS.index(2023)


def test_published_years_are_the_published_figures() -> None:
    accounts = national_accounts()
    assert accounts.total[YEARS.index(2020)] == 40_874_382
    assert accounts.total[YEARS.index(2021)] == 46_646_434
    assert accounts.total[YEARS.index(2022)] == 56_186_433
    by_sector = accounts.gva.sum(axis=(2, 3))
    for year in (2020, 2021, 2022):
        t = YEARS.index(year)
        assert tuple(by_sector[t]) == PUBLISHED[year][2:]
        assert accounts.output[t].sum() == PUBLISHED[year][0]


def test_years_before_2020_lie_between_the_published_ones() -> None:
    totals = yearly_totals()
    # Half way between 2012 and 2020 geometric interpolation is the geometric mean.
    assert totals[2016][2] == round((PUBLISHED[2012][2] * PUBLISHED[2020][2]) ** 0.5)
    assert totals[2023][2] == round(PUBLISHED[2022][2] * 1.135)


@pytest.mark.parametrize("firms", [1000, 3000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_size_meets_the_margins_and_the_share(firms: int, seed: int) -> None:
    economy = draw(firms, seed)
    margins = cell_margins()
    n1 = economy.taking_part["N1"]
    total = national_accounts().total
    assert economy.gva.min() >= 0
    for t in range(len(YEARS)):
        sums = economy.local_units.cell_sums(economy.population, economy.gva[:, t])
        np.testing.assert_allclose(sums, margins[t], rtol=1e-9)
        share = 100 * economy.gva[n1.firm[n1.any_day[:, t]], t].sum() / total[t]
        assert share == pytest.approx(N1_SHARE[t], rel=1e-10)
    assert N1_SHARE[Y2023] == 2.29


def test_the_full_sample_has_the_published_members(large_economy: Economy) -> None:
    nothing = {name: np.zeros(100_000) for name in ("net_turnover", "export_turnover", "employees")}
    nothing["net_turnover"] += 1
    facts = facts_2023(large_economy, nothing)
    assert (facts["accredited_clusters"], facts["member_firms"], facts["members"]) == (26, 944, 1028)


def test_members_match_published_employment_turnover_and_exports(large_economy: Economy) -> None:
    n1 = large_economy.taking_part["N1"]
    firms = n1.firm[n1.any_day[:, Y2023]]
    staff = heads(large_economy.traits, large_economy.population, large_economy.gva, Y2023)
    assert staff[firms].sum() == pytest.approx(MEMBER_EMPLOYEES, rel=0.005)
    rng = np.random.default_rng(0)
    books = profit_and_loss(rng, large_economy.traits, large_economy.gva[firms, Y2023], firms, staff[firms] > 0)
    assert 3_400_000 < books["net_turnover"].sum() / 1000 < 3_550_000
    assert books["export_turnover"].sum() / books["net_turnover"].sum() == pytest.approx(0.61, abs=0.01)


def test_a_few_giants_matter(large_economy: Economy) -> None:
    gva = np.sort(large_economy.gva[:, Y2023])[::-1]
    assert gva[:200].sum() / gva.sum() > 0.10
    assert np.median(gva[gva > 0]) < gva.mean() / 4


def test_members_share_their_enterprise_with_nobody(economy: Economy) -> None:
    taking_part = economy.taking_part["N2"].firm
    assert not economy.population.multi_unit[taking_part].any()
    assert not economy.population.anchor[taking_part].any()
    assert economy.population.multi_unit.any()


def test_nobody_is_a_member_before_its_founding_or_after_its_end(economy: Economy) -> None:
    members = economy.cooperations.memberships.query("firm >= 0")
    firm = members["firm"].to_numpy()
    assert (members["valid_from"].to_numpy() >= economy.population.founded[firm]).all()
    assert (members["valid_to"].to_numpy() <= economy.population.dissolved[firm]).all()


def test_weights_count_overlapping_days_once() -> None:
    frame = pd.DataFrame(
        {
            "firm": [7, 7, 9, 9],
            "start": np.array(["2023-04-01", "2023-01-01", "2022-12-01", "2023-12-31"], dtype="datetime64[D]"),
            "end": np.array(["2023-07-01", "2023-07-01", "2023-01-01", NEVER], dtype="datetime64[D]"),
        }
    )
    part = participation(frame)
    assert part.firm.tolist() == [7, 9]
    assert part.weight[0, Y2023] == pytest.approx(181 / 365)
    assert part.weight[1, Y2023] == pytest.approx(1 / 365)
    assert part.december[:, Y2023].tolist() == [False, True]
    assert part.december[:, Y2023 - 1].tolist() == [False, True]


def test_day_weights_equal_a_count_of_days(economy: Economy) -> None:
    from sample.truth import intervals

    frame = intervals(economy.cooperations, economy.projects)["N2"]
    part = economy.taking_part["N2"]
    year = set(np.arange(np.datetime64("2021-01-01"), np.datetime64("2022-01-01")))
    for firm, rows in list(frame.groupby("firm"))[::9]:
        days: set[np.datetime64] = set()
        for start, end in zip(rows["start"], rows["end"], strict=True):
            last = min(np.datetime64(str(end)[:10]), np.datetime64("2022-01-01"))
            days |= set(np.arange(np.datetime64(str(start)[:10]), max(last, np.datetime64(str(start)[:10])))) & year
        at = int(np.searchsorted(part.firm, firm))
        assert part.weight[at, YEARS.index(2021)] == pytest.approx(len(days) / 365)


def test_shares_weigh_and_divide() -> None:
    frame = pd.DataFrame({"firm": [0], "start": [np.datetime64("2023-07-02")], "end": [np.datetime64("2024-01-01")]})
    part = participation(frame)
    table = shares({"N1": part, "N2": part}, np.full((1, len(YEARS)), 1000.0)).set_index(
        ["year", "numerator", "time_rule"]
    )
    assert table.loc[(2023, "N1", "day_weighted"), "numerator_huf_mn"] == pytest.approx(1000 * 183 / 365)
    assert table.loc[(2023, "N1", "any_day"), "share_pct"] == pytest.approx(100_000 / 63_771_601)
    assert table.loc[(2022, "N1", "any_day"), "firms"] == 0


def test_draw_within_stays_in_the_group_and_follows_the_weights() -> None:
    rng = np.random.default_rng(4)
    group = np.repeat([0, 2, 3], 20_000)
    member_group, weight = np.array([0, 0, 2, 3, 3]), np.array([1.0, 3.0, 5.0, 1.0, 1.0])
    drawn = draw_within(rng, group, member_group, weight)
    assert (member_group[drawn] == group).all()
    assert np.mean(drawn[:20_000] == 1) == pytest.approx(0.75, abs=0.02)


def test_largest_remainder_meets_the_total_and_leaves_zeros() -> None:
    rounded = largest_remainder(np.array([1.0, 1.0, 1.0, 0.0]), 100)
    assert sorted(rounded.tolist()) == [0, 33, 33, 34]
    assert rounded[3] == 0


def test_common_factor_respects_limits_and_says_when_there_is_no_room() -> None:
    counted, total, limit = np.array([10.0, 10.0]), np.array([20.0, 10.0]), np.array([30.0, 100.0])
    factor = common_factor(counted, total, limit, 55.0)
    assert (counted * np.minimum(factor, limit / total)).sum() == pytest.approx(55.0)
    assert factor == pytest.approx(4.0)
    with pytest.raises(ValueError, match="room"):
        common_factor(counted, total, limit, 1e6)


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match=str(SMALLEST)):
        draw(SMALLEST - 1, 1)
