"""Firms in several counties: who they are, that margins and truth follow their parts, and what is published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sample.classification import NUTS2, counties
from sample.economy import cell_margins
from sample.generate import Economy
from sample.local_units import ROOM, LocalUnits, settled
from sample.national_accounts import YEARS
from sample.streams import streams
from sample.truth import region_shares
from sample.value_added import true_value_added
from tests.sample.conftest import SEED
from tests.sample.test_sample_files import read


def test_firms_in_several_counties_are_large_or_cooperate(economy: Economy) -> None:
    units, population = economy.local_units, economy.population
    firms, count = np.unique(units.firm, return_counts=True)
    assert firms.size > 20
    assert (count >= 2).all()
    cooperating = np.isin(firms, economy.taking_part["N2"].firm)
    assert (population.large[firms] | cooperating).all()
    assert not population.anchor[firms].any()
    for share in (units.share, units.head_share):
        np.testing.assert_allclose(np.bincount(units.firm, weights=share)[firms], 1)
        assert share.min() > 0
    seat = units.nuts3 == population.nuts3[units.firm]
    assert np.array_equal(units.firm[seat], firms)
    assert not pd.DataFrame({"firm": units.firm, "nuts3": units.nuts3}).duplicated().any()
    region = counties()["nuts2_index"].to_numpy()[units.nuts3]
    assert (region != (population.cell % len(NUTS2))[units.firm]).any()


def test_parts_meet_the_margins_and_members_keep_their_value(economy: Economy) -> None:
    population, members = economy.population, economy.taking_part["N2"].firm
    at_seat = true_value_added(
        streams(SEED)["growth"], population, economy.taking_part["N1"], economy.taking_part["N2"]
    )
    np.testing.assert_array_equal(economy.gva[members], at_seat[members])
    spread = economy.local_units.spread(population.count)
    np.testing.assert_array_equal(economy.gva[spread], at_seat[spread])
    for t in range(len(YEARS)):
        sums = economy.local_units.cell_sums(population, economy.gva[:, t])
        np.testing.assert_allclose(sums, cell_margins()[t], rtol=1e-9)
    exists = at_seat > 0
    change = economy.gva[exists] / at_seat[exists]
    # inflow and outflow of a cell are at most a share of its other firms
    assert np.abs(change - 1).max() <= ROOM + 1e-9
    assert np.abs(change - 1).max() > 0.001


def test_without_local_units_everything_is_at_the_seat(economy: Economy) -> None:
    nobody = LocalUnits(*(np.array([], dtype=k) for k in (np.int64, np.int64, float, float, bool)))
    members = economy.taking_part["N2"].firm
    at_seat = settled(economy.gva, economy.population, nobody, members)
    sums = np.bincount(economy.population.cell, weights=at_seat[:, 0], minlength=cell_margins().shape[1])
    np.testing.assert_allclose(sums, cell_margins()[0], rtol=1e-9)
    np.testing.assert_allclose(settled(at_seat, economy.population, nobody, members), at_seat, rtol=1e-9)


def test_published_keys_follow_the_truth(sample_dir: Path) -> None:
    survey = read(sample_dir / "registry" / "local_unit.csv")
    assert list(survey.columns) == ["firm_id", "year", "nuts3_code", "employees", "wages_huf_mn"]
    known = survey["wages_huf_mn"] != ""
    assert known.groupby(survey["firm_id"]).nunique().eq(1).all()
    assert 0.2 < known.mean() < 0.9
    truth = pd.read_csv(sample_dir / "truth" / "local_unit.csv").set_index(["firm_id", "nuts3_code"])["wage_share"]
    # a bill of HUF 1 mn has three digits, so its shares have about as many
    bill = survey[known].assign(wages=lambda f: f["wages_huf_mn"].astype(float))
    whole = bill.groupby(["firm_id", "year"])["wages"].transform("sum")
    true = truth.loc[list(zip(bill["firm_id"], bill["nuts3_code"], strict=True))].to_numpy()
    np.testing.assert_allclose(bill["wages"] / whole, true, atol=2e-3 / whole.min())
    staff = survey.assign(heads=survey["employees"].astype(float))
    heads = staff["heads"] / staff.groupby(["firm_id", "year"])["heads"].transform("sum")
    true = truth.loc[list(zip(staff["firm_id"], staff["nuts3_code"], strict=True))].to_numpy()
    assert 0.001 < np.abs(heads - true).mean() < 0.05
    # surveyed in the first year and in even years
    years = survey.groupby("firm_id")["year"].agg(lambda y: sorted(set(y.astype(int))))
    for first, *later in years:
        assert later == list(range(first + 2 - first % 2, later[-1] + 1 if later else 0, 2))


def test_regional_truth_adds_up_and_divides_by_wage_bill(sample_dir: Path, economy: Economy) -> None:
    region = pd.read_csv(sample_dir / "truth" / "region_share.csv")
    share = pd.read_csv(sample_dir / "truth" / "share.csv").query("time_rule == 'any_day'")
    summed = region.groupby(["year", "numerator"])["numerator_huf_mn"].sum()
    whole = share.set_index(["year", "numerator"])
    np.testing.assert_allclose(summed, whole["numerator_huf_mn"].loc[summed.index])
    economy_huf_mn = region.groupby(["year", "numerator"])["denominator_huf_mn"].sum()
    np.testing.assert_allclose(economy_huf_mn, whole["denominator_huf_mn"].loc[summed.index])

    units, t = economy.local_units, YEARS.index(2023)
    taking_part = economy.taking_part["N1"]
    members = set(taking_part.firm[taking_part.any_day[:, t]].tolist())
    by_hand = np.zeros(len(NUTS2))
    own = {int(f): np.flatnonzero(units.firm == f) for f in np.unique(units.firm)}
    for firm in members:
        for row in own.get(firm, []):
            by_hand[counties()["nuts2_index"].iloc[units.nuts3[row]]] += units.share[row] * economy.gva[firm, t]
        if firm not in own:
            by_hand[economy.population.cell[firm] % len(NUTS2)] += economy.gva[firm, t]
    assert set(own) & members
    found = region_shares(economy.taking_part, economy.gva, economy.population, units)
    found = found[(found["year"] == 2023) & (found["numerator"] == "N1")].set_index("nuts2_code")["numerator_huf_mn"]
    np.testing.assert_allclose(found.loc[list(NUTS2)], by_hand)
    assert found.sum() == pytest.approx(by_hand.sum())
