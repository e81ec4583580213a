"""How much of a total rests on its largest contributors.

Belongs here: top contributions, the Herfindahl-Hirschman index and its reciprocal. Does not belong here: whether a cell
may be published (`disclosure`), who forms a group.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def concentration(contributions: ArrayLike, denominator: float) -> pd.Series:
    """Top-1 and top-5 contribution to a total, and the effective number of its contributors.

    Sources: METHODS section 2; Herfindahl-Hirschman index with its reciprocal as the number of equally large
    contributors that would be as concentrated ("numbers equivalent", Adelman 1969).

    Args:
        contributions: (contributors,) one value per enterprise group, HUF mn; negative ones are kept.
        denominator: what the total is a share of, HUF mn.

    Returns:
        Series with `count` (contributors other than zero), `total`, `top1`, `top5` (HUF mn, sums of the largest
        values), `top1_share_pct`, `top5_share_pct` (% of the total; above 100 where losses offset part of it, NaN for a
        total that is not positive), `top1_pp`, `top5_pp` (percentage points of the denominator), `hhi` (ratio in
        [1 / count, 1]) and `effective_number` (1 / hhi). The index uses absolute values, so that a large loss counts as
        the large contribution it is. Sums are exact (`math.fsum`): the order of contributors changes nothing.
    """
    values = np.sort(np.asarray(contributions, dtype=np.float64))[::-1]
    values = values[values != 0]
    total = math.fsum(values)
    top1, top5 = math.fsum(values[:1]), math.fsum(values[:5])
    absolute = math.fsum(np.abs(values))
    hhi = math.fsum((np.abs(values) / absolute) ** 2) if absolute > 0 else math.nan
    of_total = 100.0 / total if total > 0 else math.nan
    of_economy = 100.0 / denominator
    return pd.Series(
        {
            "count": float(values.size),
            "total": total,
            "top1": top1,
            "top5": top5,
            "top1_share_pct": top1 * of_total,
            "top5_share_pct": top5 * of_total,
            "top1_pp": top1 * of_economy,
            "top5_pp": top5 * of_economy,
            "hhi": hhi,
            "effective_number": 1.0 / hhi,
        }
    )
