"""What a perfect linker could reach on a generated benchmark: it undoes all damage but cannot see what is not there.

Belongs here: how many firms fit a row equally well once typos, translations and abbreviations are undone. Does not
belong here: any linker.

A row with a usable identifier is certain. Any other row shows a brand (or its first word, an initial, an acronym, or
nothing of it), perhaps an activity, a legal form, a place and a year; all firms of the registry that have all of that,
now or formerly, fit it equally well, and a perfect linker is right with one over their number. It links the rows that
raise F1, which are those with at least half of the F1 reached. Rows without a firm are all recognised.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.linkage.generate import Benchmark

PARTS = ("whole", "first", "initial_first", "initial_second", "acronym")


def rivals(b: Benchmark, chunk: int = 2_000) -> np.ndarray:
    """Firms that fit each row as well as the right one, itself included; infinite where nothing of it is shown.

    Args:
        b: the benchmark.
        chunk: rows at a time; bounds memory.
    """
    firm = b.registry.set_index("firm_id")
    names = b.origin.join(firm[["legal_form", "settlement", "nuts3_code", "postcode", "founded_year"]], on="firm_id")
    names["form"] = names["legal_form"] + "."
    former = b.address_history.drop_duplicates("firm_id").set_index("firm_id")["settlement"]
    names["former_town"] = names["firm_id"].map(former)
    truth = b.truth
    result = np.full(len(truth), np.inf)
    result[truth["has_number"].to_numpy(bool)] = 1
    open_rows = truth["firm_id"].notna().to_numpy() & ~truth["has_number"].to_numpy(bool)
    for part in PARTS:
        rows = truth[open_rows & (truth["part"] == part).to_numpy()]
        listed = names.assign(key=_key(names["brand"], part)).dropna(subset=["key"])
        rows = rows.assign(key=_key(rows["brand"], part), row=rows.index)
        listed = listed[listed["key"].isin(set(rows["key"]))]
        for start in range(0, len(rows), chunk):
            both = rows.iloc[start : start + chunk].merge(listed, on="key", suffixes=("", "_firm"))
            fits = _fits(both)
            number = both[fits].groupby("row")["firm_id_firm"].nunique()
            result[number.index] = number.clip(lower=1)
            alone = rows["row"].iloc[start : start + chunk]
            # a place that the registry does not have: the name alone decides
            rest = alone[~np.isfinite(result[alone])]
            result[rest] = both[both["row"].isin(rest)].groupby("row")["firm_id_firm"].nunique().reindex(rest).fillna(1)
    return result


def ceiling(b: Benchmark) -> dict[str, float]:
    """F1, precision and recall of the perfect linker, and the share of rows with a firm that several firms fit."""
    has = b.truth["firm_id"].notna().to_numpy()
    number = rivals(b)[has]
    chance = np.sort(1 / number)[::-1]
    right = np.cumsum(chance)
    linked = np.arange(1, len(chance) + 1)
    f1 = 2 * right / (linked + len(chance))
    best = int(f1.argmax())
    return {
        "F1": float(f1[best]),
        "precision": float(right[best] / linked[best]),
        "recall": float(right[best] / len(chance)),
        "ambiguous": float((np.isfinite(number) & (number > 1)).mean()),
        "nothing shown": float(np.isinf(number).mean()),
    }


def _key(brand: pd.Series, part: str) -> pd.Series:
    """What of a brand is shown, null where the brand is too short for it."""
    words = brand.str.casefold().str.split()
    first, second = words.str[0], words.str[1]
    if part == "whole":
        return brand.str.casefold().str.replace(r"[\W_]+", "", regex=True)
    if part == "first":
        return first
    if part == "initial_first":
        return (first.str[:1] + " " + words.str[1:].str.join(" ")).where(second.notna())
    if part == "initial_second":
        return (first + " " + second.str[:1]).where(second.notna())
    letters = [("".join(word[0] for word in name if word != "és")) for name in words]
    return pd.Series(letters, index=brand.index).where(second.notna())


def _fits(both: pd.DataFrame) -> pd.Series:
    """True where a firm has all that a row shows."""
    town = (both["town"] == "") | (both["town"] == both["settlement"]) | (both["town"] == both["former_town"])
    county = (both["county"] == "") | (both["county"] == both["nuts3_code"])
    postcode = (both["postcode"] == "") | (both["postcode"] == both["postcode_firm"])
    district = (both["district"] == "") | (both["district"] == both["postcode_firm"].str[1:3])
    activity = (both["activity"] == -9) | (both["activity"] == both["activity_firm"])
    form = (both["form"] == "") | (both["form"] == both["form_firm"])
    year = both["year"].isna() | (both["year"] >= both["founded_year"])
    year |= both["damage"].str.contains("implausible_year")
    return town & county & postcode & district & activity & form & year
