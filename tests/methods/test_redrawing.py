"""Draws that stay one-to-one where records of a text say too much, and shares that are drawn anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from methods.draws import draw_links, one_to_one, redrawn_shares, share_variance


def test_the_weakest_candidates_give_way_and_others_keep_what_they_have() -> None:
    links = pd.DataFrame(
        [("a", "F1", 0.5), ("a", "F2", 0.9), ("b", "F1", 0.3), ("a", "F3", 0.2), ("b", "F2", 0.6)],
        columns=["group_id", "firm_id", "probability"],
        index=[7, 3, 5, 1, 2],
    )
    result = one_to_one(links)
    assert result.index.tolist() == links.index.tolist()
    assert result["probability"].tolist() == pytest.approx([0.1, 0.9, 0.3, 0.0, 0.6], abs=1e-12)
    assert draw_links(result, 300, seed=1)[[0, 1, 3]].sum(axis=0).max() == 1


def test_redrawn_shares_add_up_and_have_the_given_mean_and_variance() -> None:
    unit = pd.Series(["u", "u", "u", "w", "w"])
    share = np.array([0.7, 0.2, 0.1, 0.5, 0.5])
    drawn = share[:, None] * redrawn_shares(unit + "|" + pd.Series(list("abcab")), unit, share, 0.04, 20_000, seed=5)
    assert np.allclose(drawn[:3].sum(axis=0), 1.0)
    assert np.allclose(drawn[3:].sum(axis=0), 1.0)
    assert drawn.mean(axis=1) == pytest.approx(share, abs=0.005)
    assert drawn.var(axis=1) == pytest.approx(0.04 * share * (1 - share), rel=0.05)


def test_shares_that_agree_are_not_redrawn() -> None:
    unit = pd.Series(["u", "u"])
    assert (redrawn_shares(pd.Series(["a", "b"]), unit, np.array([0.4, 0.6]), 0.0, 10, seed=1) == 1).all()


def test_share_variance_recovers_what_was_drawn() -> None:
    unit = pd.Series(np.repeat(np.arange(4000), 3).astype(str))
    share = np.tile([0.6, 0.3, 0.1], 4000)
    drawn = share * redrawn_shares(unit + pd.Series(np.tile(list("abc"), 4000)), unit, share, 0.1, 1, seed=2)[:, 0]
    assert share_variance(share, drawn) == pytest.approx(0.1, rel=0.08)
    assert share_variance(share, share) == 0
    assert share_variance(np.zeros(0), np.zeros(0)) == 0
