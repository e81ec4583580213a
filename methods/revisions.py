"""How much later vintages differ from earlier ones, and why.

Belongs here: revision measures of one pair of vintages, the sums of a decomposition by cause. Does not belong here:
the revision triangle (`publication.revisions`), the recomputations that a decomposition needs (`pipelines.explain`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from methods.errors import MethodError

METHOD = "method"
"""The cause of what no delivery explains: code, parameters, classifications."""


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


def decompose_by_cause(
    before: pd.Series, base: pd.Series, swapped: Mapping[str, pd.Series], after: pd.Series
) -> pd.DataFrame:
    """The terms by cause that add up to the change of each figure between two vintages.

    Source: METHODS section 9. Inputs are swapped one group at a time in a fixed order, each on top of those before it:
    the term of a cause is its figure less the figure of the step before, so interactions count for the later cause.
    What is left is `method`: the earlier deliveries computed in today's way less the figure recorded then, and the
    figure recorded later less the last step.

    Args:
        before: (figures,) as recorded in the earlier vintage, by any index.
        base: (figures,) recomputed from the deliveries of the earlier vintage.
        swapped: by cause, in the order of swapping: (figures,) recomputed with the inputs of this cause and of all
            before it from the later vintage.
        after: (figures,) as recorded in the later vintage.

    Returns:
        One row per figure of `before`, in its order: `before`, `after`, `change`, a column per cause, `method`. In each
        row the causes and `method` add up to `change` (`math.fsum`, to the last bit or two); all are NaN where a figure
        is missing anywhere.

    Raises:
        MethodError: a cause is called `method`, or an index has a figure twice.
    """
    if METHOD in swapped:
        raise MethodError("'method' is what remains, it cannot be swapped")
    steps = [before, base, *swapped.values(), after]
    if not all(step.index.is_unique for step in steps):
        raise MethodError("a figure stands twice: each vintage has one value for it")
    values = np.array([step.reindex(before.index).to_numpy(dtype=np.float64) for step in steps])
    values[:, ~np.isfinite(values).all(axis=0)] = np.nan
    change = values[-1] - values[0]
    terms = np.diff(values[1:-1], axis=0)
    rest = [math.fsum([total, *(-term for term in column)]) for total, column in zip(change, terms.T, strict=True)]
    frame = pd.DataFrame({"before": values[0], "after": values[-1], "change": change}, index=before.index)
    for cause, term in zip(swapped, terms, strict=True):
        frame[cause] = term
    frame[METHOD] = np.array(rest, dtype=np.float64)
    return frame
