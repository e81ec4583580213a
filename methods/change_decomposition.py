"""Why a share changed from one year to the next.

Belongs here: who entered and left, and the terms that add up to the change. Does not belong here: revisions between
vintages (`revisions`), contributions to the level (`concentration`).

The share is N / Y: N the expected GVA of cooperating firms (sum of probability p x GVA g), Y that of the economy. With
bars for the mean of both years, d for the difference and r = dY / Y0 for the growth of the economy:

    d(N / Y) =   mean(1/Y) sum over entrants of p1 g1                               entrants
               - mean(1/Y) sum over leavers of p0 g0                                leavers
               + mean(1/Y) sum over continuing members of
                     mean(p) (dg - r g0)                                            own growth
                   + mean(p) r g0                                                   national growth
                   + dp mean(g)                                                     surer or less sure links
               + mean(N) d(1/Y)                                                     denominator

The weights are means of both years (Bennet 1920; Griliches and Regev 1995 average in the same way), so there is no
cross term as in the decomposition of Foster, Haltiwanger and Krizan (2001), whose weights are those of the first year.
Splitting growth into the economy's and the member's own is shift-share analysis (Dunn 1960). Without entrants, leavers
and changed links the national growth of continuing members and the denominator cancel exactly: a member that grows with
the economy does not move the share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from methods.errors import MethodError
from methods.membership import year_bounds

MOVEMENTS = ("joined", "founded", "account_appeared", "left", "dissolved", "account_missing", "continuing")
"""How a firm's contribution changed; see `movements`."""

ENTRANTS, LEAVERS = MOVEMENTS[:3], MOVEMENTS[3:6]


def movements(pairs: pd.DataFrame, year: int) -> pd.Series:
    """What happened to each firm between `year - 1` and `year`.

    | movement | contributes before / after | because |
    |---|---|---|
    | continuing | yes / yes | |
    | founded | no / yes | it has no GVA the year before and was founded in that year or later |
    | account_appeared | no / yes | it cooperated in both years, but has no GVA the year before |
    | joined | no / yes | all others; also a link that is found only now |
    | dissolved | yes / no | it has no GVA any more and ceased by the end of the year |
    | account_missing | yes / no | it cooperates in both years, but has no GVA in this one |
    | left | yes / no | all others |

    Args:
        pairs: `probability_before`, `probability_after` (null where it does not cooperate), `gva_before`, `gva_after`
            (null without value added, cooperating or not), `founded_date`, `dissolved_date` (first day on which it no
            longer existed; null if unknown or alive).
        year: the later year.

    Returns:
        Series of text, null where the firm contributes in neither year.
    """
    was, now = pairs["probability_before"].notna(), pairs["probability_after"].notna()
    had, has = pairs["gva_before"].notna(), pairs["gva_after"].notna()
    before, after = was & had, now & has
    founded = pd.to_datetime(pairs["founded_date"]) >= pd.Timestamp(year_bounds(year - 1)[0])
    ceased = pd.to_datetime(pairs["dissolved_date"]) <= pd.Timestamp(year_bounds(year)[1])
    entered, gone = after & ~before, before & ~after
    names = ["continuing", "founded", "account_appeared", "joined", "dissolved", "account_missing", "left"]
    conditions = [before & after, entered & ~had & founded, entered & was, entered, gone & ~has & ceased, gone & now]
    movement = np.select([*conditions, gone], names, default="")
    return pd.Series(movement, index=pairs.index, dtype="str").where(movement != "")


def decompose_change(pairs: pd.DataFrame, movement: pd.Series, economy: tuple[float, float]) -> Mapping[str, float]:
    """The terms of the change of a share; formulas and sources: see the module.

    Args:
        pairs: as `movements`; GVA in HUF mn.
        movement: of `movements`.
        economy: GVA of the economy before and after, HUF mn.

    Returns:
        `share_before_pct`, `share_pct` (%), `change_pp`; in percentage points one `<movement>_pp` for each of entrants
        and leavers (leavers are negative), `entrants_pp`, `leavers_pp`, `continuing_pp` = `own_growth_pp` +
        `national_growth_pp` + `link_pp`, and `denominator_pp`; entrants, leavers, continuing and denominator add up to
        the change to rounding of doubles (1e-12 relative). Also `<movement>_count` (expected number of firms, the
        sum of their probabilities; continuing: of the mean ones), `member_growth_pct` (growth of the GVA of continuing
        members at mean probability, %; NaN without any) and `national_growth_pct`.

    Raises:
        MethodError: an economy that is not positive.
    """
    y0, y1 = economy
    if not (y0 > 0 and y1 > 0):
        raise MethodError(f"GVA of the economy must be positive, not {y0} and {y1}")
    g0, g1 = pairs["gva_before"].to_numpy(np.float64), pairs["gva_after"].to_numpy(np.float64)
    p0, p1 = pairs["probability_before"].to_numpy(np.float64), pairs["probability_after"].to_numpy(np.float64)
    at = {name: (movement == name).to_numpy() for name in MOVEMENTS}
    kept = at["continuing"]
    mean_p, mean_g = (p0[kept] + p1[kept]) / 2, (g0[kept] + g1[kept]) / 2
    first, last = math.fsum(mean_p * g0[kept]), math.fsum(mean_p * g1[kept])
    national = first * (y1 - y0) / y0
    flow = {name: math.fsum(p1[at[name]] * g1[at[name]]) for name in ENTRANTS}
    flow |= {name: 0.0 - math.fsum(p0[at[name]] * g0[at[name]]) for name in LEAVERS}
    flow |= {
        "own_growth": last - first - national,
        "national_growth": national,
        "link": math.fsum((p1[kept] - p0[kept]) * mean_g),
    }
    before = np.logical_or.reduce([kept, *(at[name] for name in LEAVERS)])
    after = np.logical_or.reduce([kept, *(at[name] for name in ENTRANTS)])
    n0, n1 = math.fsum(p0[before] * g0[before]), math.fsum(p1[after] * g1[after])
    per_huf = 100.0 * (1.0 / y0 + 1.0 / y1) / 2
    terms = {f"{name}_pp": amount * per_huf for name, amount in flow.items()}
    return {
        "share_before_pct": 100.0 * n0 / y0,
        "share_pct": 100.0 * n1 / y1,
        "change_pp": 100.0 * n1 / y1 - 100.0 * n0 / y0,
        "entrants_pp": math.fsum(terms[f"{name}_pp"] for name in ENTRANTS),
        "leavers_pp": math.fsum(terms[f"{name}_pp"] for name in LEAVERS),
        "continuing_pp": math.fsum(terms[name] for name in ("own_growth_pp", "national_growth_pp", "link_pp")),
        "denominator_pp": 100.0 * (n0 + n1) / 2 * (1.0 / y1 - 1.0 / y0),
        **terms,
        **{f"{name}_count": math.fsum(p1[at[name]]) for name in ENTRANTS},
        **{f"{name}_count": math.fsum(p0[at[name]]) for name in LEAVERS},
        "continuing_count": math.fsum(mean_p),
        "member_growth_pct": 100.0 * (last / first - 1.0) if first > 0 else math.nan,
        "national_growth_pct": 100.0 * (y1 / y0 - 1.0),
    }
