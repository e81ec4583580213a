"""The revision triangle: which share every publication gave for every reference year, and how much was revised.

It depends on what was published when, not on the inputs of one vintage, so it is no table of the lake: it is computed
from the publication log and, as the one exception in this room, from table T1 of every published vintage in the lake.
Publication times come from the log alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from methods.revisions import revision_measures
from resources.home import Home
from resources.lake import Lake, Vintage
from resources.publications import publication_log

TABLE = "access.cooperation_gva"
COLUMNS = ["reference_year", "numerator_code", "vintage_id", "published_at", "share_pct"]
KEY = ["numerator_code", "reference_year"]

FIRST_TO_LATEST = "first_to_latest"
EACH_TO_NEXT = "each_to_next"


def published_shares(home: Home, including: Vintage | None = None) -> pd.DataFrame:
    """The share of the whole economy (T1) as published, one row per publication, numerator and reference year.

    Publications of the same vintage in a row are one; looks into the past do not count; vintages that the lake no
    longer has are left out.

    Args:
        home: whose publications.
        including: a vintage that is about to be published, as the last one.

    Returns:
        `reference_year` (int64), `numerator_code`, `vintage_id`, `published_at` (UTC, ISO; null for `including`) and
        `share_pct` (%, null where withheld), in the order of publication, then of numerator and year.
    """
    lake = Lake(home.lake)
    known = {v.vintage_id: v for v in (*lake.vintages(), *([including] if including else []))}
    frames = []
    for vintage_id, published_at in _publications(home, including):
        shares = _shares(lake, known[vintage_id]) if vintage_id in known else None
        if shares is not None:
            frames.append(shares.assign(vintage_id=vintage_id, published_at=published_at))
    if not frames:
        return pd.DataFrame(columns=COLUMNS)
    result = pd.concat(frames, ignore_index=True)[COLUMNS]
    return result.astype({"reference_year": "int64", "share_pct": "float64"})


def _publications(home: Home, including: Vintage | None) -> Iterator[tuple[str, str | None]]:
    before: Any = None
    for entry in publication_log(home):
        if entry.get("as_of") is None and entry["vintage_id"] != before:
            before = entry["vintage_id"]
            yield before, entry["published_at"]
    if including is not None and including.vintage_id != before:
        yield including.vintage_id, None


def _shares(lake: Lake, vintage: Vintage) -> pd.DataFrame | None:
    path = lake.path(TABLE, vintage.tables[TABLE]) if TABLE in vintage.tables else None
    if path is None or not path.exists():
        return None
    columns = ["reference_year", "numerator_code", "share_pct"]
    table = pq.read_table(path, columns=[*columns, "table_code"], filters=pc.field("table_code") == "T1")
    shares: pd.DataFrame = table.select(columns).to_pandas()
    return shares.sort_values(KEY, kind="stable", ignore_index=True)


def revision_summary(shares: pd.DataFrame) -> pd.DataFrame:
    """Mean, mean absolute and relative revisions of the published shares, by numerator.

    Args:
        shares: what `published_shares` returns, in its order.

    Returns:
        For each numerator a row `first_to_latest` (first published share of a year against the latest) and a row
        `each_to_next` (each published share against that of the next publication): `numerator_code`, `comparison`,
        `count`, `mean_revision_pp`, `mean_absolute_revision_pp`, `relative_mean_revision_ratio`,
        `relative_mean_absolute_revision_ratio` (see `methods.revisions.revision_measures`). Withheld shares and years
        published once do not count; measures of nothing are NaN.
    """
    rows = []
    for numerator, part in shares.dropna(subset="share_pct").groupby("numerator_code", sort=True):
        by_year = part.groupby("reference_year", sort=True)["share_pct"]
        several = by_year.transform("size") > 1
        first, latest = (
            part[several].groupby("reference_year", sort=True)["share_pct"].agg(which) for which in ("first", "last")
        )
        following = by_year.shift(-1)
        for comparison, measures in (
            (FIRST_TO_LATEST, revision_measures(first, latest)),
            (EACH_TO_NEXT, revision_measures(part["share_pct"], following)),
        ):
            rows.append(
                {
                    "numerator_code": numerator,
                    "comparison": comparison,
                    "count": int(measures["count"]),
                    "mean_revision_pp": measures["mean_revision"],
                    "mean_absolute_revision_pp": measures["mean_absolute_revision"],
                    "relative_mean_revision_ratio": measures["relative_mean_revision"],
                    "relative_mean_absolute_revision_ratio": measures["relative_mean_absolute_revision"],
                }
            )
    columns = ["numerator_code", "comparison", "count", "mean_revision_pp", "mean_absolute_revision_pp"]
    columns += ["relative_mean_revision_ratio", "relative_mean_absolute_revision_ratio"]
    return pd.DataFrame(rows, columns=columns)
