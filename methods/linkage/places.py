"""Where a firm sits and where a record says it does: town, district, county, postcode, whatever was typed.

Belongs here: reading places. Does not belong here: what agreement of places is worth (`model`).

Towns and counties are learnt from the registry itself; distinct spellings are looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.linkage.text import arrow_texts, first_number, fold, roman

CAPITAL = "budapest"
_DROP = frozenset({"ker", "kerulet", "keruleti", "kulterulet", "belterulet", "varos", "megye", "county", "hu", "h"})
_TRANSLATED = {"bp": CAPITAL, "bpest": CAPITAL, "bud": CAPITAL}


@dataclass(frozen=True)
class Places:
    """Places as numbers; -1 where unknown, shape (n,) each.

    Attributes:
        town, county: numbers that registry and records share.
        postcode: four digits.
        district: of the capital, 1 to 23.
        street: hash of street and number, 0 where unknown.
    """

    town: np.ndarray
    county: np.ndarray
    postcode: np.ndarray
    district: np.ndarray
    street: np.ndarray

    def take(self, rows: np.ndarray) -> Places:
        """The places of some rows."""
        return Places(*(getattr(self, name)[rows] for name in ("town", "county", "postcode", "district", "street")))


class Gazetteer:
    """Towns, counties and postcodes of the registry.

    Args:
        registry: `settlement`, `county`, `nuts3_code`, `postcode`; absent columns are unknown.
        former: former addresses with `settlement` and `postcode`.
    """

    def __init__(self, registry: pd.DataFrame, former: pd.DataFrame) -> None:
        town = _column(registry, "settlement")
        keys = _keys(pd.concat([town, _column(former, "settlement")], ignore_index=True))
        known = keys[keys != ""]
        self.towns = sorted(known.unique().tolist())
        self._town = {name: k for k, name in enumerate(self.towns)}
        county = _per_text(_folded(_column(registry, "county")), _county_key)
        nuts3 = _column(registry, "nuts3_code").fillna("")
        label = county.where(county != "", nuts3)
        self.counties = sorted(label[label != ""].unique().tolist())
        self._county = {name: k for k, name in enumerate(self.counties)}
        own = keys.iloc[: len(registry)].map(self._town).fillna(-1).astype(int).to_numpy()
        number = label.map(self._county).fillna(-1).astype(int).to_numpy()
        code = _postcodes(_column(registry, "postcode"))
        self._county_of_nuts3 = _majority(
            nuts3.to_numpy(object)[nuts3.to_numpy() != ""], number[nuts3.to_numpy() != ""]
        )
        self._county_of_town = _majority(own[own >= 0], number[own >= 0])
        both = (code >= 0) & (own >= 0)
        self._town_of_code = _majority(code[both], own[both])
        self._county_of_code = _majority(code[code >= 0], number[code >= 0])

    def read(self, frame: pd.DataFrame) -> Places:
        """Places of a frame with any of `settlement`, `postcode`, `county`, `nuts3_code`, `address`."""
        town_text = _folded(_column(frame, "settlement"))
        codes, unique = pd.factorize(town_text)
        table = self._resolved(list(unique))
        town, county, typed_code, district = (table[:, k][codes] for k in range(4))
        postcode = _postcodes(_column(frame, "postcode"))
        postcode = np.where(postcode >= 0, postcode, typed_code)
        address = _folded(_column(frame, "address"))
        if (postcode < 0).any() and (address != "").any():
            postcode = np.where(postcode >= 0, postcode, _postcodes(address))
        town = np.where(town >= 0, town, _mapped(postcode, self._town_of_code))
        label = (
            _per_text(_folded(_column(frame, "county")), _county_key)
            .map(self._county)
            .fillna(-1)
            .astype(int)
            .to_numpy()
        )
        nuts3 = _column(frame, "nuts3_code").fillna("")
        by_nuts = nuts3.map(self._county_of_nuts3).fillna(-1).astype(int).to_numpy()
        for other in (label, by_nuts, _mapped(town, self._county_of_town), _mapped(postcode, self._county_of_code)):
            county = np.where(county >= 0, county, other)
        capital = (postcode >= 1011) & (postcode <= 1239)
        district = np.where((district < 0) & capital, postcode // 10 % 100, district)
        return Places(town, county, postcode, district, _street(address))

    def adjectives(self, words: np.ndarray) -> np.ndarray:
        """The town that each word is the adjective of (`Szegedi`) or names, -1 for none."""
        texts = pd.Series(words, dtype="str")
        bare = texts.str.replace("i$", "", regex=True).map(self._town)
        return np.asarray(bare.fillna(texts.map(self._town)).fillna(-1).astype(int).to_numpy())

    def _resolved(self, texts: list[str]) -> np.ndarray:
        """Town, county, postcode and district of distinct folded texts, -1 where not said."""
        found = np.full((len(texts), 4), -1, dtype=np.int64)
        open_rows: list[int] = []
        open_words: list[str] = []
        for k, text in enumerate(texts):
            tokens = [_TRANSLATED.get(token, token) for token in text.split()]
            if not tokens:
                continue
            codes = [token for token in tokens if re.fullmatch(r"[1-9]\d{3}", token)]
            if codes:
                found[k, 2] = int(codes[0])
            is_district = any(token.startswith("ker") for token in tokens)
            numbers = [int(t) if t.isdigit() and len(t) <= 2 else roman(t) for t in tokens]
            number = next((n for n in numbers if 1 <= n <= 23), -1)
            name = "".join(
                t for t, n in zip(tokens, numbers, strict=True) if t not in _DROP and not n and not t.isdigit()
            )
            if number > 0 and (is_district or name in ("", CAPITAL)):
                found[k, 3], name = number, CAPITAL
            county = self._county.get(_county_key(text), -1)
            if county >= 0 and ("megye" in text or "county" in text or name not in self._town):
                found[k, 1] = county
            elif name in self._town:
                found[k, 0] = self._town[name]
            elif name.endswith("i") and name[:-1] in self._town:
                found[k, 1] = self._county_of_town.get(self._town[name[:-1]], -1)
            elif name:
                open_rows.append(k)
                open_words.append(name)
        if open_rows and self.towns:
            best, distance = _nearest(open_words, self.towns)
            for k, at, edits, word in zip(open_rows, best, distance, open_words, strict=True):
                if edits <= (1 if len(word) < 7 else 2):
                    found[k, 0] = at
                else:
                    # a place outside the registry's country or list: known to be none of its towns
                    found[k, 0] = -2 if found[k, 2] < 0 else -1
        return found


def _nearest(words: list[str], towns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    best, least = np.zeros(len(words), dtype=np.int64), np.zeros(len(words), dtype=np.int64)
    for start in range(0, len(words), 2000):
        part = words[start : start + 2000]
        distance = cdist(part, towns, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
        best[start : start + 2000] = distance.argmin(axis=1)
        least[start : start + 2000] = distance.min(axis=1)
    return best, least


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series([None] * len(frame), dtype="str")
    return frame[name].astype("str").reset_index(drop=True)


def _folded(column: pd.Series) -> pd.Series:
    import pyarrow as pa
    import pyarrow.compute as pc

    codes, unique = pd.factorize(column)
    texts = fold(pa.array(np.asarray(unique, dtype=object), type=pa.large_string(), from_pandas=True))
    values = np.array([*pc.fill_null(texts, "").to_pylist(), ""], dtype=object)
    return pd.Series(pd.array(values, dtype="str").take(codes))


def _per_text(column: pd.Series, function: Callable[[str], str]) -> pd.Series:
    """A function of text applied to each distinct text."""
    codes, unique = pd.factorize(column)
    values = np.array([*(function(text) for text in unique), ""], dtype=object)
    return pd.Series(pd.array(values, dtype="str").take(codes))


def _keys(column: pd.Series) -> pd.Series:
    folded = _folded(column)
    codes, unique = pd.factorize(folded)
    keys = []
    for text in unique:
        tokens = [_TRANSLATED.get(token, token) for token in text.split()]
        kept = [t for t in tokens if t not in _DROP and not t.isdigit() and not roman(t)]
        keys.append("".join(kept))
    return pd.Series(pd.array(np.array(keys, dtype=object), dtype="str").take(codes))


def _county_key(text: str) -> str:
    return "".join(t for t in text.split() if t not in ("megye", "varmegye", "county", "vm", "m", "fovaros"))


def _postcodes(column: pd.Series) -> np.ndarray:
    codes, unique = pd.factorize(column)
    found = first_number(pd.Series(unique, dtype="str"), r"(?:^|\D)(?P<number>[1-9]\d{3})(?:\.0)?(?:\D|$)")
    return np.append(np.where(found > 0, found, -1), -1)[codes]


def _street(address: pd.Series) -> np.ndarray:
    if not (address != "").any():
        return np.zeros(len(address), dtype=np.uint64)
    import pyarrow.compute as pc

    kinds = r"\b(utca|u|ut|utja|ter|tere|korut|krt|setany|koz|sor|[1-9]\d{3})\b"
    bare = pc.replace_substring_regex(arrow_texts(address), kinds, "")
    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(bare, r"\s+", " "))
    texts = np.asarray(bare.to_pandas(), dtype=object)
    return np.where(texts != "", pd.util.hash_array(texts), np.uint64(0))


def _majority(keys: np.ndarray, values: np.ndarray) -> dict[object, int]:
    """The value that most rows of a key have; the smaller wins a tie."""
    if not len(keys):
        return {}
    counts = pd.DataFrame({"key": keys, "value": values}).value_counts().rename("n").reset_index()
    counts = counts[counts["value"] >= 0].sort_values(["key", "n", "value"], ascending=[True, False, True])
    first = counts.drop_duplicates("key")
    return dict(zip(first["key"].tolist(), first["value"].astype(int).tolist(), strict=True))


def _mapped(values: np.ndarray, table: dict[object, int]) -> np.ndarray:
    return pd.Series(values).map(table).fillna(-1).astype(np.int64).to_numpy()
