"""One side of the comparison: the words of names in the forms in which they are compared as a whole.

Belongs here: what follows from one name alone. Does not belong here: what two names have in common (`alignment`,
`comparison`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from methods.hashes import GOLDEN, mixed
from methods.linkage.places import Places
from methods.linkage.text import Names, Vocabulary


@dataclass(frozen=True)
class Side:
    """One side of the comparison: records, or names of firms.

    Attributes:
        names: their words.
        places: their places (firms: one per name).
        core: words that are no activity, joined, for the comparison of whole names, dtype object.
        ordered: the same in the order of the alphabet, dtype object.
        full: all words joined, dtype object.
        initials: hash of the initials, 0 for one word.
        names_hash: hash of the first word where it is the only one, 0 else.
    """

    names: Names
    places: Places
    core: np.ndarray
    ordered: np.ndarray
    full: np.ndarray
    initials: np.ndarray
    names_hash: np.ndarray


def is_core(words: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """True for words that are part of the name: not an adjective of an activity, or the first word."""
    adjective: np.ndarray = np.append((vocabulary.activity > 0) & ~vocabulary.is_noun, False)[words]
    core: np.ndarray = (words >= 0) & ~adjective
    core[:, 0] = words[:, 0] >= 0
    return core


def cores(names: Names, vocabulary: Vocabulary, *, ordered: bool = False) -> np.ndarray:
    """The core words of each name joined without spaces, as they stand or in order of the alphabet, dtype object."""
    words = np.append(vocabulary.words, "").astype(object)
    core = np.where(is_core(names.words, vocabulary), names.words, len(vocabulary.words))
    if ordered:
        # numbers of words follow the alphabet
        core = np.sort(core, axis=1)
    joined = np.full(len(names.words), "", dtype=object)
    for k in range(names.words.shape[1]):
        if (core[:, k] < len(vocabulary.words)).any():
            joined = joined + words[core[:, k]]
    return joined


def fulls(names: Names, vocabulary: Vocabulary) -> np.ndarray:
    """All words of each name joined without spaces, dtype object."""
    words = np.append(vocabulary.words, "").astype(object)
    joined = np.full(len(names.words), "", dtype=object)
    for k in range(names.words.shape[1]):
        joined = joined + words[names.words[:, k]]
    return joined


def initials(names: Names, vocabulary: Vocabulary) -> np.ndarray:
    """Hash of the initials of the core words, comparable with the hash of a word; 0 for fewer than two."""
    letter = np.array([ord(word[0]) if word else 0 for word in [*vocabulary.words.tolist(), ""]], dtype=np.uint64)
    core = is_core(names.words, vocabulary)
    hashed = np.zeros(len(names.words), dtype=np.uint64)
    for k in range(names.words.shape[1]):
        value = hashed * GOLDEN + mixed(letter[names.words[:, k]])
        hashed = np.where(core[:, k], value, hashed)
    return np.where(core.sum(axis=1) >= 2, hashed, np.uint64(0))


def single_words(names: Names, vocabulary: Vocabulary) -> np.ndarray:
    """Hash of names of one core word of at most five letters, 0 else; an acronym is such a word."""
    core = is_core(names.words, vocabulary)
    length = np.append(vocabulary.length, 0)[names.words[:, 0]]
    return np.where(
        (core.sum(axis=1) == 1) & (length <= 5), np.append(vocabulary.hash, np.uint64(0))[names.words[:, 0]], 0
    )
