"""Names as numbers: folded text, tokens as ids of one vocabulary, legal forms and activities apart.

Belongs here: what turns a column of names into arrays that can be compared. Does not belong here: comparing.

Everything a word means is decided once per distinct word, so that a million names cost what their vocabulary costs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from methods.hashes import GOLDEN, mixed
from methods.linkage import lexicon

WIDTH = 8
"""Words of a name that are compared; what follows them is ignored."""

_SPOILED = "[ÃÂÄÅĂĹâ]|\u0083|&[a-zA-Z]{2,8};|&#\\d"
_PLAIN = (("ß", "ss"), ("ł", "l"), ("ø", "o"), ("đ", "d"), ("æ", "ae"), ("œ", "oe"), ("\u0131", "i"))


@dataclass(frozen=True)
class Vocabulary:
    """All words of registry and records.

    Attributes:
        words: the text of each word, shape (v,), dtype object.
        activity: number of the activity, 0 for none, shape (v,).
        is_noun: the activity is a noun and so a part of the name, shape (v,).
        is_body: the word names something that is no firm, shape (v,).
        hash, power: polynomial hash of the text and base to its length; they make the hash of joined words, shape (v,).
        skeleton: hash of the consonants, shape (v,).
        length: letters, shape (v,).
        letters: code points of the first 24 letters, 0 pads, shape (v, 24).
        is_number: the word contains a digit, shape (v,).
    """

    words: np.ndarray
    activity: np.ndarray
    is_noun: np.ndarray
    is_body: np.ndarray
    hash: np.ndarray
    power: np.ndarray
    skeleton: np.ndarray
    length: np.ndarray
    letters: np.ndarray
    is_number: np.ndarray


@dataclass(frozen=True)
class Names:
    """Names as arrays; -1 pads.

    Attributes:
        words: ids of the words without legal form and stop words, shape (n, WIDTH).
        form: bits of `lexicon`, 0 for none, shape (n,).
    """

    words: np.ndarray
    form: np.ndarray

    def take(self, rows: np.ndarray) -> Names:
        """The names of some rows."""
        return Names(self.words[rows], self.form[rows])


def arrow_texts(texts: pd.Series) -> Any:
    """A column as one Arrow array of large strings."""
    import pyarrow as pa

    array = pa.array(texts.astype("str"), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.large_string())


def first_number(texts: pd.Series, pattern: str, *, bare: bool = False) -> np.ndarray:
    """The group `number` of a pattern as whole numbers, 0 where it does not match.

    Args:
        texts: nulls allowed.
        pattern: regular expression (RE2) with a group `number` of digits.
        bare: drop everything but digits first.
    """
    import pyarrow.compute as pc

    array = arrow_texts(texts)
    if bare:
        array = pc.replace_substring_regex(array, r"\D+", "")
    digits = pc.struct_field(pc.extract_regex(array, pattern), "number")
    digits = pc.fill_null(pc.if_else(pc.less(pc.utf8_length(digits), 18), digits, "0"), "0")
    return np.asarray(pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), "int64"))


def fold(texts: Any) -> Any:
    """Arrow texts in lower case, without accents and punctuation, with single spaces; spoiled letters are repaired.

    Args:
        texts: Arrow array of large strings, nulls allowed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    spoiled = pc.fill_null(pc.match_substring_regex(texts, _SPOILED), False)
    if pc.any(spoiled).as_py():
        import ftfy

        repaired = [ftfy.fix_text(text) for text in texts.filter(spoiled).to_pylist()]
        texts = pc.replace_with_mask(texts, spoiled, pa.array(repaired, type=texts.type))
    # A question mark between letters is a letter that was lost; the word stays whole and is found as misspelt.
    texts = pc.replace_substring_regex(texts, "(\\pL)[?\ufffd](\\pL)", "\\1\\2")
    folded = pc.utf8_lower(pc.utf8_normalize(texts, form="NFKD"))
    folded = pc.replace_substring_regex(folded, "\\p{Mn}+|['\u2019`\u00b4]|_x000d_", "")
    for letter, plain in _PLAIN:
        folded = pc.replace_substring(folded, letter, plain)
    folded = pc.replace_substring_regex(folded, r"\b(\pL)\.(\pL)\.(?:(\pL)\.)?(?:(\pL)\.)?", r"\1\2\3\4 ")
    folded = pc.utf8_trim_whitespace(pc.replace_substring_regex(folded, r"[^\pL\pN]+", " "))
    apart = pc.fill_null(pc.match_substring_regex(folded, lexicon.MAY_BE_APART), False)
    if not pc.any(apart).as_py():
        return folded
    some = folded.filter(apart)
    for spelling, form in lexicon.FORMS_APART:
        some = pc.replace_substring_regex(some, spelling, form)
    return pc.replace_with_mask(folded, apart, pc.utf8_trim_whitespace(some))


def prepare(texts: pd.Series) -> tuple[Vocabulary, Names]:
    """Reads names of registry and records together, so that they share a vocabulary.

    Args:
        texts: names, nulls allowed.
    """
    import pyarrow.compute as pc

    folded = pc.fill_null(fold(arrow_texts(texts)), "")
    for ending in lexicon.FORM_ENDINGS:
        # A form glued to the name: only behind four letters, and never a plain word of its own.
        folded = pc.replace_substring_regex(folded, rf"(\pL{{4,}}){ending}\b", rf"\1 {ending}")
    lists = pc.split_pattern(folded, " ")
    encoded = lists.flatten().dictionary_encode()
    words = np.array(encoded.dictionary.to_pylist(), dtype=object)
    ids = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    # Ids follow the alphabet, not the order of rows.
    order = np.argsort(words.astype(str), kind="stable") if len(words) else np.arange(0)
    rank = np.empty(len(words), dtype=np.int32)
    rank[order] = np.arange(len(words), dtype=np.int32)
    words, ids = words[order], rank[ids] if len(ids) else ids
    offsets = np.asarray(lists.offsets)
    if len(words) and words[0] == "":
        # a text without a letter or digit splits into one empty word
        filled = ids > 0
        offsets = np.concatenate(([0], np.cumsum(filled)))[offsets]
        ids = ids[filled]
    vocabulary, meaning, is_strong, is_weak, is_stop, is_long, canonical = _meanings(
        words, _generic(words, ids, offsets)
    )
    return vocabulary, _names(ids, offsets, meaning, is_strong, is_weak, is_stop, is_long, canonical)


def _names(
    ids: np.ndarray,
    offsets: np.ndarray,
    meaning: np.ndarray,
    is_strong: np.ndarray,
    is_weak: np.ndarray,
    is_stop: np.ndarray,
    is_long: np.ndarray,
    canonical: np.ndarray,
) -> Names:
    count = len(offsets) - 1
    sizes = np.diff(offsets)
    row = np.repeat(np.arange(count), sizes)
    position = np.arange(len(ids)) - offsets[:-1].repeat(sizes)
    strong, weak, stop = is_strong[ids], is_weak[ids], is_stop[ids]
    # what stands between two words of one long form is a spoiled word of it: Korlatolt Fel?ss?g? Tarsasag
    part = is_long[ids]
    strong[1:-1] |= part[:-2] & part[2:] & (row[:-2] == row[2:])
    content = ~(strong | weak | stop)
    last = np.full(count, -1, dtype=np.int64)
    np.maximum.at(last, row[content], position[content])
    form = strong | (weak & (position > last[row]))
    # A name that is nothing but forms keeps its words.
    bare = np.ones(count, dtype=bool)
    bare[row[~form & ~stop]] = False
    bits = np.zeros(count, dtype=np.int32)
    np.bitwise_or.at(bits, row[form], meaning[ids[form]])
    kept = (~form & ~stop) | bare[row]
    row, ids = row[kept], canonical[ids[kept]]
    sizes = np.bincount(row, minlength=count)
    position = np.arange(len(ids)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    fits = position < WIDTH
    matrix = np.full((count, WIDTH), -1, dtype=np.int32)
    matrix[row[fits], position[fits]] = ids[fits]
    return Names(matrix, _resolved(bits))


def _resolved(bits: np.ndarray) -> np.ndarray:
    """One form out of the parts of a long or translated one."""
    lx = lexicon
    partner, limited = (bits & lx.PARTNERSHIP) > 0, (bits & lx.LIMITED_WORD) > 0
    public, foreign = (bits & lx.PUBLIC_WORD) > 0, (bits & lx.FOREIGN) > 0
    form = bits & lx.FORM_BITS
    form = np.where(public & ((bits & lx.RT) > 0), lx.NYRT, form)
    form = np.where(limited & (form == 0), lx.KFT | lx.ZRT, form)
    form = np.where(partner, np.where(limited, lx.BT, lx.KKT), form)
    return np.where(foreign, form | lx.FOREIGN, form).astype(np.int32)


def _generic(words: np.ndarray, ids: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Words that are activities by their ending, or by standing often and hardly ever first (an adjective's ending)."""
    texts = pd.Series(words, dtype="str")
    ends = texts.str.endswith(lexicon.ACTIVITY_ENDINGS).to_numpy(bool) & (texts.str.len() >= 6).to_numpy(bool)
    count = np.bincount(ids, minlength=len(words))
    heads = ids[offsets[:-1][np.diff(offsets) > 0]]
    first = np.bincount(heads, minlength=len(words))
    often = (count >= max(20, (len(offsets) - 1) // 5000)) & (first <= 0.1 * count)
    adjective = texts.str.endswith(("i", "o")).to_numpy(bool) & ~texts.isin(lexicon.GIVEN_NAMES).to_numpy(bool)
    return ends | (often & adjective & (texts.str.len() >= 5).to_numpy(bool))


def _meanings(
    words: np.ndarray, generic: np.ndarray
) -> tuple[Vocabulary, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    count = len(words)
    texts = pd.Series(words, dtype="str")
    index = {word: k for k, word in enumerate(words.tolist())}
    meaning = np.zeros(count, dtype=np.int32)
    is_strong, is_weak, is_stop, is_long = (np.zeros(count, dtype=bool) for _ in range(4))
    for target, table in ((is_strong, lexicon.STRONG_FORMS), (is_weak, lexicon.WEAK_FORMS)):
        for word, bits in table.items():
            if (k := index.get(word)) is not None:
                target[k], meaning[k] = True, bits
    for word in lexicon.STOP:
        if (k := index.get(word)) is not None:
            is_stop[k] = True
    length = texts.str.len().to_numpy(np.int64) if count else np.zeros(0, dtype=np.int64)
    first = texts.str.slice(0, 1)
    for word, allowed in lexicon.LONG_WORDS.items():
        near = np.flatnonzero((np.abs(length - len(word)) <= allowed) & (first == word[0]).to_numpy() & ~is_weak)
        if near.size:
            distance = cdist([word], words[near].tolist(), scorer=OSA.distance, score_cutoff=allowed)[0]
            found = near[distance <= allowed]
            is_strong[found], is_long[found], meaning[found] = True, True, lexicon.STRONG_FORMS[word]
    canonical = np.arange(count, dtype=np.int32)
    for word, other in lexicon.ABBREVIATIONS.items():
        if word in index and other in index:
            canonical[index[word]] = index[other]
    hashed, power = _hashes(texts, length)
    bones = (
        texts.str.replace(r"[aeiouy]", "", regex=True).str.replace("w", "v").str.replace(r"(.)\1+", r"\1", regex=True)
    )
    bones = bones.where(bones.str.len() >= 3, "")
    bone_hash, _ = _hashes(bones, bones.str.len().to_numpy(np.int64) if count else length)
    activity = _beginnings(texts, lexicon.ACTIVITIES).astype(np.int32)
    # an activity without a translation is equal only to itself
    activity = np.where((activity == 0) & generic, 1000 + np.arange(count, dtype=np.int32), activity)
    vocabulary = Vocabulary(
        words,
        activity,
        texts.isin(lexicon.NOUNS).to_numpy(bool),
        _beginnings(texts, (" ".join(lexicon.NON_FIRM),)) > 0,
        hashed,
        power,
        np.where((bones.str.len() >= 3).to_numpy(), bone_hash, np.uint64(0)),
        length,
        letter_matrix(texts, length).astype(np.uint32),
        texts.str.contains(r"\d", regex=True).to_numpy(bool),
    )
    return vocabulary, meaning, is_strong, is_weak, is_stop, is_long, canonical


def _beginnings(texts: pd.Series, groups: tuple[str, ...]) -> np.ndarray:
    """The number (from 1) of the group whose word a text equals or begins with; the longest beginning wins."""
    equal: dict[str, int] = {}
    begins: dict[int, dict[str, int]] = {}
    for number, group in enumerate(groups, start=1):
        for word in group.split():
            if word.startswith("="):
                equal.setdefault(word[1:], number)
            else:
                begins.setdefault(len(word), {}).setdefault(word, number)
                equal.setdefault(word, number)
    found = texts.map(equal).fillna(0).to_numpy(np.int16)
    for size in sorted(begins, reverse=True):
        if size >= 3:
            found = np.where(found > 0, found, texts.str.slice(0, size).map(begins[size]).fillna(0).to_numpy(np.int16))
    return found


def _hashes(texts: pd.Series, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Polynomial hash modulo 2^64 of each text, and the base to its length."""
    hashed = np.zeros(len(texts), dtype=np.uint64)
    power = np.ones(len(texts), dtype=np.uint64)
    letters = letter_matrix(texts, length)
    for k in range(letters.shape[1]):
        here = letters[:, k]
        inside = here > 0
        hashed = np.where(inside, hashed * GOLDEN + mixed(here), hashed)
        power = np.where(inside, power * GOLDEN, power)
    return hashed, power


def letter_matrix(texts: pd.Series, length: np.ndarray, width: int = 24) -> np.ndarray:
    """Code points of the first `width` letters of each text, 0 pads, shape (n, width), dtype uint64."""
    wide = int(min(width, length.max())) if len(length) else 0
    if not wide:
        return np.zeros((len(texts), 0), dtype=np.uint64)
    fixed = np.asarray(texts.str.slice(0, wide).to_numpy(object), dtype=f"U{wide}")
    return fixed.view(np.uint32).reshape(len(texts), wide).astype(np.uint64)


_ROMAN = re.compile(r"^(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})$")


def roman(text: str) -> int:
    """The number that a roman numeral below 40 means, 0 if it is none."""
    if not _ROMAN.match(text):
        return 0
    values = {"i": 1, "v": 5, "x": 10}
    total = 0
    for here, after in zip(text, [*text[1:], "i"], strict=True):
        total += -values[here] if values[after] > values[here] else values[here]
    return total
