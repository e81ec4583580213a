"""How much later vintages differ from earlier ones.

Belongs here: revision measures of one pair of vintages. Does not belong here: the revision triangle itself, the
decomposition of a revision by cause, which recompute vintages.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from methods.errors import MethodError


def revision_measures(earlier: ArrayLike | pd.Series, later: ArrayLike | pd.Series) -> pd.Series:
    """Mean, mean absolute and relative revisions between two vintages of the same periods.

    Source: METHODS section 9; the relative mean absolute revision is that of the ESS handbook for quality and metadata
    reports, the sum of absolute revisions over the sum of absolute later values.

    Args:
        earlier: (periods,) values as first published; a Series is matched to the other by index.
        later: (periods,) values as published later, same unit. Periods missing in either are left out.

    Returns:
        Series with `count`, `mean_revision` and `mean_absolute_revision` (unit of the values),
        `relative_mean_revision` and `relative_mean_absolute_revision` (ratios to the mean absolute later value; NaN
        where that is zero). All but the count are NaN when no period is in both.

    Raises:
        MethodError: arrays of different length.
    """
    if isinstance(earlier, pd.Series) and isinstance(later, pd.Series):
        first, second = earlier.astype(np.float64).align(later.astype(np.float64), join="inner")
        old, new = first.to_numpy(), second.to_numpy()
    else:
        old, new = np.asarray(earlier, dtype=np.float64), np.asarray(later, dtype=np.float64)
    if old.shape != new.shape:
        raise MethodError(f"{old.size} earlier and {new.size} later values: vintages must cover the same periods")
    known = np.isfinite(old) & np.isfinite(new)
    revision, level = new[known] - old[known], np.abs(new[known])
    if not revision.size:
        mean = absolute = scale = np.nan
    else:
        mean, absolute, scale = float(revision.mean()), float(np.abs(revision).mean()), float(level.mean())
    return pd.Series(
        {
            "count": float(revision.size),
            "mean_revision": mean,
            "mean_absolute_revision": absolute,
            "relative_mean_revision": mean / scale if scale else np.nan,
            "relative_mean_absolute_revision": absolute / scale if scale else np.nan,
        }
    )
