"""Names of organisations of any country and kind, as they are compared within one country.

Belongs here: the key under which two spellings are one name, and pairs of keys that differ by spelling alone. Does not
belong here: which records are one organisation (`organisations`), names of firms of the register (`linkage`).

The key of `compared_names` is blind to case, accents, punctuation, legal form, word order, little words and the two
ways to write an umlaut (UNIVERSITAET, UNIVERSITÄT). Two keys are similar when what remains of them after dropping
their common words is the same text with a typing error (Damerau-Levenshtein, restricted), or with a space more or
less, and a rare word or a place is common to them: without it most such pairs are two villages, not one misspelt.
Texts with a digit and short ones are never misspelt: `gymnazium 2` is not `gymnazium 3`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from methods.linkage.text import arrow_texts, fold
from methods.names import normalise_names

_LITTLE = (
    "the of and for in at on de del della delle dei degli di da do dos das du des la le les el los las et y e und der "
    "die dem den zu zur fur van voor het te es a az ve na pro za w we z o u un une an"
)
LITTLE_WORDS = frozenset(_LITTLE.split())
NO_NAMES = frozenset(
    {
        "anonymous",
        "confidential",
        "fyzicka osoba",
        "ismeretlen",
        "maganszemely",
        "missing",
        "n a",
        "na",
        "natural person",
        "nincs",
        "private",
        "private person",
        "tbd",
        "unknown",
        "x",
        "xx",
        "xxx",
        "xxxx",
    }
)
"""Written where no name is given: two of them are not one organisation."""

_ENGLISH_FORMS = frozenset({"private_ltd", "plc", "llc", "llp", "inc"})
_ENGLISH_SPEAKING = frozenset({"UK", "IE", "MT", "CY", "US", "CA", "AU", "NZ", "IN", "ZA", "IL", "NG", "KE"})

ONE_ERROR, TWO_ERRORS = 6, 10
"""Letters of the differing part from which one typing error, or two, are believed."""

RARE = 20
"""A word that at most so many names of the country contain is rare."""

_LEADING_SC = r"^(?:sc )+(.+)$"
_BLOCK = 60
_ROUGH = 80.0


def compared_names(names: pd.Series, countries: pd.Series) -> pd.DataFrame:
    """Keys of names and their legal forms.

    Args:
        names: names as published, nulls allowed.
        countries: two-letter codes as Eurostat writes them, nulls allowed.

    Returns:
        Frame with the index of `names`: `name_key` (as `methods.names.normalise_names` makes it), `key` (its distinct
        words in alphabetical order, separated by spaces; null where there is no name) and `form` (a code of
        `methods.names.LEGAL_FORMS` or null; an English form outside English-speaking countries is a translation and
        says nothing).
    """
    texts = pd.Series(fold(arrow_texts(names)).to_pylist(), index=names.index, dtype="str")
    # SC stands before the names of Romanian firms. Elsewhere it is a word, which goes behind the name, because
    # word order does not count and `normalise_names` takes a leading SC for a form.
    romanian = (countries == "RO").to_numpy(dtype=bool, na_value=False)
    texts = texts.where(~romanian, texts.str.replace(_LEADING_SC, r"\1", regex=True))
    normal = normalise_names(texts.str.replace(_LEADING_SC, r"\1 sc", regex=True))
    codes, unique = pd.factorize(normal["name_key"])
    keys = np.array([*(_key(text) for text in unique), None], dtype=object)
    english = normal["legal_form"].isin(_ENGLISH_FORMS) & ~countries.isin(_ENGLISH_SPEAKING)
    form = normal["legal_form"].where(~english, None)
    columns = {"name_key": normal["name_key"].to_numpy(object), "key": keys[codes], "form": form.to_numpy(object)}
    return pd.DataFrame(columns, index=names.index, dtype="str")


def _key(text: str) -> str | None:
    if text in NO_NAMES:
        return None
    folded = text.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    words = set(folded.split())
    return " ".join(sorted(words - LITTLE_WORDS or words))


def word_frequencies(countries: pd.Series, keys: pd.Series) -> pd.DataFrame:
    """How many distinct keys of a country contain each of their words.

    Args:
        countries: country of each key.
        keys: distinct keys as `compared_names` makes them, no nulls.

    Returns:
        Frame with one row per key and word: `name` (position of the key), `country`, `word`, `frequency`.
    """
    words = [key.split(" ") for key in keys.tolist()]
    size = np.array([len(line) for line in words], dtype=np.int64)
    frame = pd.DataFrame(
        {
            "name": np.repeat(np.arange(len(keys)), size),
            "country": np.repeat(countries.to_numpy(object), size),
            "word": [word for line in words for word in line],
        }
    )
    frame["frequency"] = frame.groupby(["country", "word"])["name"].transform("size").astype(np.int64)
    return frame


def similar_names(names: pd.DataFrame) -> pd.DataFrame:
    """Pairs of names of one country that differ by their spelling alone.

    Args:
        names: `country`, `key`, `form` (null allowed), `places` (set of place keys, may be empty); the rows are
            distinct, their positions name them.

    Returns:
        Frame of pairs `left`, `right` (positions, left < right), `score` in (0, 1): share of the letters that agree.
    """
    keys = [str(key) for key in names["key"].tolist()]
    words = [frozenset(key.split(" ")) for key in keys]
    frequency = word_frequencies(names["country"], names["key"])
    pairs = _candidates(names, frequency)
    form = names["form"].to_numpy(object)
    known = names["form"].notna().to_numpy()
    left, right = pairs[:, 0], pairs[:, 1]
    agrees = ~known[left] | ~known[right] | (form[left] == form[right])
    left, right = left[agrees], right[agrees]

    known_rare = frequency.loc[frequency["frequency"] <= RARE, ["country", "word"]].drop_duplicates()
    rare = set(known_rare.itertuples(index=False, name=None))
    country = names["country"].tolist()
    places = names["places"].tolist()
    found: list[tuple[int, int, float]] = []
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        shared = words[a] & words[b]
        proven = any((country[a], word) in rare for word in shared) or bool(places[a] & places[b])
        errors = _errors(words[a] - shared, words[b] - shared) if proven else None
        if errors is not None:
            letters = max(len(keys[a]), len(keys[b]))
            found.append((a, b, 1.0 - (errors + 0.5) / (letters + 1.0)))
    result = pd.DataFrame(found, columns=["left", "right", "score"])
    return result.astype({"left": np.int64, "right": np.int64, "score": np.float64})


def _errors(left: frozenset[str], right: frozenset[str]) -> int | None:
    """Typing errors between the words that two names do not share; None if they are other words."""
    from rapidfuzz.distance import OSA

    if not left or not right or len(left) > 3 or len(right) > 3:
        return None
    a, b = _joined(left, right)
    if any(letter.isdigit() for letter in a + b):
        return None
    short = min(len(a), len(b))
    errors = OSA.distance(a, b, score_cutoff=2)
    allowed = 2 if short >= TWO_ERRORS else 1 if short >= ONE_ERROR else 0
    return int(errors) if errors <= allowed else None


def _joined(left: frozenset[str], right: frozenset[str]) -> tuple[str, str]:
    """The words of both sides as one text each, in the order in which they fit best."""
    from itertools import permutations

    from rapidfuzz.distance import OSA

    fixed = "".join(sorted(left))
    other = "".join(sorted(right))
    if len(left) == 1 and len(right) == 1:
        return fixed, other
    options = ((("".join(p)), ("".join(q))) for p in permutations(sorted(left)) for q in permutations(sorted(right)))
    return min(options, key=lambda pair: (OSA.distance(*pair), pair))


def _candidates(names: pd.DataFrame, frequency: pd.DataFrame) -> np.ndarray:
    """Pairs worth a look: a rare word in common, or the first or last letters; shape (p, 2)."""
    from rapidfuzz import fuzz
    from rapidfuzz.process import cpdist

    key = names["key"]
    letters = key.str.replace(" ", "", regex=False)
    rare = frequency[frequency["frequency"] <= _BLOCK]
    blocks = [pd.DataFrame({"block": rare["country"] + "|w|" + rare["word"], "name": rare["name"]})]
    for size in (5, 9, 15):
        long = np.flatnonzero((letters.str.len() >= size + 2).to_numpy())
        for side, part in (("a", letters.str.slice(0, size)), ("z", letters.str.slice(-size))):
            block = names["country"] + f"|{side}{size}|" + part
            blocks.append(pd.DataFrame({"block": block.iloc[long].to_numpy(object), "name": long}))
    long_form = pd.concat(blocks, ignore_index=True).drop_duplicates()
    size_of = long_form.groupby("block")["name"].transform("size")
    long_form = long_form[(size_of >= 2) & (size_of <= _BLOCK)]
    both = long_form.merge(long_form, on="block", suffixes=("_left", "_right"))
    both = both.loc[both["name_left"] < both["name_right"], ["name_left", "name_right"]].drop_duplicates()
    pairs = both.sort_values(["name_left", "name_right"]).to_numpy(np.int64)
    if not len(pairs):
        return np.zeros((0, 2), dtype=np.int64)
    texts = key.to_numpy(object)
    # Words in common do not count against the rest, for a misspelt first letter moves its word.
    left, right = texts[pairs[:, 0]].tolist(), texts[pairs[:, 1]].tolist()
    rough = cpdist(left, right, scorer=fuzz.token_set_ratio, score_cutoff=_ROUGH)
    return np.asarray(pairs[rough > 0])
