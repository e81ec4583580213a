"""Totals drawn anew: members, their values and the factors of their cells, each where only it is uncertain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from methods.drawn_totals import (
    VALUES,
    Economy,
    Spreads,
    ValueDraws,
    drawn_memberships,
    drawn_ratios,
    drawn_totals,
    expected_memberships,
)

DRAWS = 4000
TOTAL, OF_A, OF_B, OF_CLUSTERS, OF_PROJECTS = 1, 2, 3, 4, 5

Link = tuple[str, str, str, float, bool]
Place = tuple[int, str, str, str, float, float]
Piece = tuple[str, str, str | None, float, float, float, bool]
Cell = tuple[str, str, float, float, float, float]


def links(*rows: Link) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group_id", "firm_id", "type_code", "probability", "is_counted_firm"])


def places(*rows: Place) -> pd.DataFrame:
    columns = ["place_id", "type_code", "firm_id", "region_code", "expected_ratio", "calibrated_huf_mn"]
    return pd.DataFrame(rows, columns=columns)


def economy(
    pieces: list[Piece],
    cells: list[Cell] | None = None,
    imputed: list[tuple[str, float, float]] | None = None,
    spreads: Spreads | None = None,
) -> Economy:
    piece = [
        "firm_id",
        "region_code",
        "activity_code",
        "bridged_huf_mn",
        "calibrated_huf_mn",
        "share_ratio",
        "is_divided",
    ]
    cell = [
        "activity_code",
        "region_code",
        "micro_huf_mn",
        "calibrated_huf_mn",
        "outside_imputed_variance",
        "outside_square",
    ]
    return Economy(
        2023,
        pd.DataFrame(pieces, columns=piece),
        pd.DataFrame(imputed or [], columns=["firm_id", "imputed_ratio", "log_spread"]),
        pd.DataFrame(cells or [], columns=cell),
        spreads or Spreads(),
    )


def totals(
    links: pd.DataFrame | None, places: pd.DataFrame, economy: Economy | None, sources: str = " ".join(VALUES)
) -> dict[int, np.ndarray]:
    memberships = expected_memberships(places) if links is None else drawn_memberships(links, DRAWS, seed=11)
    chosen = frozenset(sources.split())
    ratios = None if economy is None else drawn_ratios(economy, DRAWS, seed=11, sources=chosen)
    found, drawn = drawn_totals(places, memberships, ratios)
    return dict(zip(found, drawn[0], strict=True))


def test_a_text_means_one_firm_in_every_place_of_every_table() -> None:
    drawn = totals(
        links(("g", "A", "cluster", 0.7, True), ("g", "B", "cluster", 0.3, True)),
        places(
            (TOTAL, "_T", "A", "_T", 0.7, 100.0),
            (TOTAL, "_T", "B", "_T", 0.3, 40.0),
            (OF_A, "_T", "A", "_T", 0.7, 100.0),
            (OF_B, "_T", "B", "_T", 0.3, 40.0),
        ),
        None,
    )
    assert set(np.unique(drawn[TOTAL])) == {40.0, 100.0}
    assert (drawn[OF_A] + drawn[OF_B] == drawn[TOTAL]).all()
    assert (drawn[OF_A] > 0).mean() == pytest.approx(0.7, abs=0.03)


def test_a_firm_counts_once_and_in_a_type_only_by_its_records_there() -> None:
    drawn = totals(
        links(
            ("g1", "A", "cluster", 0.5, True),
            ("g1", "A", "rdi_project", 0.5, True),
            ("g2", "A", "rdi_project", 0.5, True),
            ("g3", "A", "interreg_project", 0.9, False),
        ),
        places(
            (TOTAL, "_T", "A", "_T", 0.75, 10.0),
            (OF_CLUSTERS, "cluster", "A", "_T", 0.5, 10.0),
            (OF_PROJECTS, "rdi_project", "A", "_T", 0.75, 10.0),
        ),
        None,
    )
    assert set(np.unique(drawn[TOTAL])) == {0.0, 10.0}
    assert (drawn[TOTAL] == drawn[OF_PROJECTS]).all()
    assert (drawn[OF_CLUSTERS] <= drawn[TOTAL]).all()
    assert drawn[TOTAL].mean() == pytest.approx(7.5, abs=0.3)
    assert drawn[OF_CLUSTERS].mean() == pytest.approx(5.0, abs=0.3)


def test_links_are_drawn_once_for_all_weights() -> None:
    rows = places((TOTAL, "_T", "A", "_T", 0.6, 100.0), (TOTAL, "_T", "B", "_T", 0.9, 10.0))
    memberships = drawn_memberships(
        links(("g", "A", "cluster", 0.6, True), ("h", "B", "cluster", 0.9, True)), DRAWS, seed=11
    )
    _, drawn = drawn_totals(rows, memberships, None, np.array([[1.0, 0.25], [1.0, 0.0]]))
    assert drawn.shape == (2, 1, DRAWS)
    assert set(np.unique(drawn[0])) == {0.0, 10.0, 100.0, 110.0}
    assert (drawn[1] == np.where(drawn[0] >= 100, 25.0, 0.0)).all()


def test_only_the_imputed_part_moves_and_its_mean_stays() -> None:
    rows = places((TOTAL, "_T", "A", "_T", 1.0, 100.0), (OF_B, "_T", "B", "_T", 1.0, 50.0))
    values = economy(
        [("A", "HU11", "C", 100.0, 100.0, 1.0, False), ("B", "HU11", "C", 50.0, 50.0, 1.0, False)],
        imputed=[("A", 0.4, 0.5)],
    )
    drawn = totals(None, rows, values)
    assert drawn[TOTAL].mean() == pytest.approx(100.0, abs=1.5)
    assert drawn[TOTAL].std() == pytest.approx(40.0 * np.sqrt(np.expm1(0.25)), rel=0.08)
    assert drawn[TOTAL].min() > 60.0
    assert (drawn[OF_B] == 50.0).all()
    assert (totals(None, rows, values, "allocation")[TOTAL] == 100.0).all()


def test_what_is_not_drawn_counts_with_its_expectation() -> None:
    rows = places((TOTAL, "_T", "A", "_T", 0.3, 100.0))
    assert totals(None, rows, None)[TOTAL] == pytest.approx(30.0)


def test_regions_move_against_each_other_and_the_unit_by_their_factors() -> None:
    rows = places(
        (TOTAL, "_T", "A", "_T", 1.0, 110.0),
        (OF_A, "_T", "A", "HU11", 1.0, 60.0),
        (OF_B, "_T", "A", "HU12", 1.0, 50.0),
        (OF_B, "_T", "B", "HU12", 1.0, 7.0),
    )
    # half the unit in each region, calibrated by 1.2 in the one and by 1.0 in the other
    values = economy(
        [
            ("A", "HU11", "C", 50.0, 60.0, 0.5, True),
            ("A", "HU12", "C", 50.0, 50.0, 0.5, True),
            ("B", "HU12", "C", 7.0, 7.0, 1.0, False),
        ],
        spreads=Spreads(agreement=0.05),
    )
    drawn = totals(None, rows, values)
    assert drawn[OF_A] / 60.0 + (drawn[OF_B] - 7.0) / 50.0 == pytest.approx(2.0)
    assert drawn[OF_A] + drawn[OF_B] - 7.0 == pytest.approx(drawn[TOTAL])
    assert drawn[OF_A].std() == pytest.approx(120 * np.sqrt(0.05 * 0.25), rel=0.06)
    assert (totals(None, rows, values, "imputation")[OF_A] == 60.0).all()


def test_a_firm_that_is_its_cell_is_as_sure_as_the_margins() -> None:
    # all of activity C is firm A in one region: whatever its accounts say, the margin says what it is worth
    values = economy(
        [("A", "HU11", "C", 80.0, 100.0, 1.0, False)],
        [("C", "HU11", 80.0, 100.0, 0.0, 0.0), ("J", "HU12", 10.0, 20.0, 4.0, 1.0)],
        imputed=[("A", 1.0, 0.3)],
        spreads=Spreads(cell=0.2, own=0.1),
    )
    rows = places((TOTAL, "_T", "A", "_T", 1.0, 100.0))
    assert totals(None, rows, values)[TOTAL] == pytest.approx(100.0)


def test_imputed_values_of_others_move_the_factor_of_a_member() -> None:
    # one line of two cells: the member's cell gets more of the margin the more the others in it are worth
    values = economy(
        [("A", "HU11", "C", 100.0, 200.0, 1.0, False)],
        [("C", "HU11", 1000.0, 2000.0, 50.0**2, 0.0), ("J", "HU11", 1000.0, 2000.0, 0.0, 0.0)],
    )
    rows = places((TOTAL, "_T", "A", "_T", 1.0, 200.0))
    # margins of C and of J are fixed, so S of C alone decides: 2000 x 100 / S, S = 1000 +/- 50
    drawn = totals(None, rows, values, "imputation")[TOTAL]
    assert drawn.std() == pytest.approx(200 * 0.05, rel=0.06)
    assert (totals(None, rows, values, "own_ratio")[TOTAL] == 200.0).all()


def test_cells_are_drawn_against_each_other_within_their_margins() -> None:
    firms = [("A", "HU11", "C"), ("B", "HU12", "C"), ("C", "HU11", "J"), ("D", "HU12", "J")]
    values = economy(
        [(name, region, activity, 1.0, 1.0, 1.0, False) for name, region, activity in firms],
        [(activity, region, 500.0, 500.0, 0.0, 0.0) for _, region, activity in firms],
        spreads=Spreads(cell=0.1),
    )
    rows = places(*((i, "_T", name, "_T", 1.0, 1.0) for i, (name, _, _) in enumerate(firms)))
    drawn = totals(None, rows, values, "calibration")
    assert drawn[0] + drawn[1] == pytest.approx(2.0)
    assert drawn[0] + drawn[2] == pytest.approx(2.0)
    # of four equal cells one degree of freedom is left: a quarter of the variance
    assert drawn[0].std() == pytest.approx(0.05, rel=0.06)
    assert drawn[0].mean() == pytest.approx(1.0, abs=0.003)


def test_own_ratios_are_independent_of_each_other() -> None:
    values = economy(
        [("A", "HU11", None, 10.0, 10.0, 1.0, False), ("B", "HU11", None, 10.0, 10.0, 1.0, False)],
        spreads=Spreads(own=0.1),
    )
    rows = places((TOTAL, "_T", "A", "_T", 1.0, 10.0), (TOTAL, "_T", "B", "_T", 1.0, 10.0))
    assert totals(None, rows, values, "own_ratio")[TOTAL].std() == pytest.approx(np.sqrt(2), rel=0.06)


def test_order_of_rows_changes_nothing() -> None:
    some = links(("g", "A", "cluster", 0.4, True), ("g", "B", "cluster", 0.5, True), ("h", "B", "cluster", 0.2, True))
    rows = places(*((p, "_T", f, "_T", 0.5, v) for p, f, v in ((TOTAL, "A", 3.0), (TOTAL, "B", 5.0), (OF_B, "B", 5.0))))
    values = economy([("A", "HU11", None, 3.0, 3.0, 1.0, False), ("B", "HU11", None, 5.0, 5.0, 1.0, False)])
    first, second = totals(some, rows, values), totals(some[::-1], rows[::-1], values)
    assert all((first[place] == second[place]).all() for place in first)


def test_choices_of_sources_share_their_numbers_and_do_not_touch_each_other() -> None:
    chosen = economy(
        [
            ("A", "R1", "C", 30.0, 36.0, 0.6, True),
            ("A", "R2", "C", 20.0, 22.0, 0.4, True),
            ("B", "R1", "J", 9, 9, 1, False),
        ],
        [("C", "R1", 60.0, 72.0, 4.0, 90.0), ("C", "R2", 50.0, 55.0, 2.0, 60.0), ("J", "R1", 9.0, 9.0, 0.0, 0.0)],
        [("A", 0.5, 0.3)],
        Spreads(agreement=0.02, cell=0.1, own=0.2),
    )
    together = ValueDraws(chosen, 50, seed=3)
    choices = [VALUES, *(frozenset({source}) for source in sorted(VALUES)), VALUES]
    for sources in choices:
        alone = drawn_ratios(chosen, 50, seed=3, sources=sources)
        found = together.ratios(sources)
        assert np.array_equal(found.of_firm, alone.of_firm)
        assert np.array_equal(found.of_piece, alone.of_piece)
        assert found.of_piece.std(axis=1).max() > 0
