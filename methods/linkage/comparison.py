"""What a record and a firm's name have in common, as numbers: one row of attributes per candidate pair.

Belongs here: attributes. Does not belong here: what they are worth (`model`).

Words are aligned softly: equal, the same activity in another language, two words written as one, an initial, an
abbreviation, one to three edits. What is left over on either side counts by its information (inverse document frequency
in the registry), for the record and for the firm apart: a missing rare word says more than a missing `Kereskedelmi`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.hashes import GOLDEN, mixed
from methods.linkage import lexicon
from methods.linkage.places import Places
from methods.linkage.text import Names, Vocabulary

ATTRIBUTES: tuple[str, ...] = (
    "information", "record_rest_max", "record_rest", "firm_rest_max", "firm_rest", "edits", "is_misspelt", "is_initial",
    "is_joined", "is_equal", "is_core_equal", "activity_equal", "activity_record_rest", "activity_firm_rest",
    "activity_conflict", "similarity", "similarity_90", "similarity_zero", "is_acronym", "is_one_word",
    "form_equal", "form_conflict", "is_short", "is_former", "is_outdated", "is_successor",
    "postcode_equal", "town_equal", "capital_equal", "district_equal", "district_conflict", "county_equal",
    "county_conflict", "town_conflict_near", "town_conflict_far", "address_former", "street_equal",
    "before_founded", "is_dissolved", "is_gone",
    "number_equal", "number_group", "number_near", "number_other", "number_equal_name_bad", "number_equal_place_bad",
    "number_equal_both_bad", "body_rest", "is_foreign", "core_equal_far", "information_far", "core_equal_information",
    "number_digits", "core_equal_town", "rest_both", "surplus", "missing", "similarity_full", "joined_equal",
    "similarity_full_80", "record_rest_any", "firm_rest_any", "rest_any_both",
    "is_swapped", "town_information", "town_word", "namesakes",
    "number_outdated",
)  # fmt: skip
"""Columns of the matrix that `compare` returns."""
INDEX = {name: k for k, name in enumerate(ATTRIBUTES)}


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


def compare(
    record: np.ndarray, name: np.ndarray, records: Side, firms: Side, vocabulary: Vocabulary, information: np.ndarray,
    *, chunk: int = 60_000,
) -> np.ndarray:  # fmt: skip
    """Attributes of names and places; those of identifiers, years and kinds of name are left zero.

    Args:
        record, name: the pairs, shape (p,).
        records, firms: the two sides.
        vocabulary: theirs.
        information: information of each word in shares of the largest, shape (v,).
        chunk: pairs at a time; bounds memory.

    Returns:
        Matrix, shape (p, len(ATTRIBUTES)), dtype float32.
    """
    result = np.zeros((len(record), len(ATTRIBUTES)), dtype=np.float32)
    for start in range(0, len(record), chunk):
        part = slice(start, start + chunk)
        _words(result[part], record[part], name[part], records, firms, vocabulary, information)
    _whole_names(result, record, name, records, firms)
    _forms(result, record, name, records, firms)
    _places(result, records.places.take(record), firms.places.take(name))
    return result


def _words(
    out: np.ndarray, record: np.ndarray, name: np.ndarray, records: Side, firms: Side, vocabulary: Vocabulary,
    information: np.ndarray,
) -> None:  # fmt: skip
    left, right = records.names.words[record], firms.names.words[name]
    left = left[:, : max(1, int((left >= 0).any(axis=0).sum()))]
    right = right[:, : max(1, int((right >= 0).any(axis=0).sum()))]
    has_left, has_right = left >= 0, right >= 0
    both = has_left[:, :, None] & has_right[:, None, :]
    alike = ((left[:, :, None] == right[:, None, :]) & both).astype(np.float32)
    activity = np.append(vocabulary.activity, 0)
    left_core, right_core = is_core(left, vocabulary), is_core(right, vocabulary)
    one, two = activity[left], activity[right]
    same = (one[:, :, None] == two[:, None, :]) & both & (one > 0)[:, :, None]
    np.maximum(alike, same * np.float32(0.92), out=alike)
    joined = _joined(alike, left, right, vocabulary)
    # what found no partner yet is compared letter by letter, each pair of words once
    open_left = has_left & (alike.max(axis=2) < 0.9)
    open_right = has_right & (alike.max(axis=1) < 0.9)
    row, i, j = np.nonzero(open_left[:, :, None] & open_right[:, None, :])
    initial = np.zeros(len(left), dtype=bool)
    if row.size:
        code = left[row, i].astype(np.int64) * len(vocabulary.words) + right[row, j]
        unique, inverse = np.unique(code, return_inverse=True)
        likeness = _letters(unique // len(vocabulary.words), unique % len(vocabulary.words), vocabulary)
        alike[row, i, j] = np.maximum(alike[row, i, j], likeness[inverse])
        initial[row[likeness[inverse] == np.float32(0.7)]] = True
    weight = np.append(information, 0.0).astype(np.float32)
    left_weight, right_weight = weight[left], weight[right]
    left_best, right_best = alike.max(axis=2), alike.max(axis=1)
    column = INDEX
    exact = (left_best >= 1) & left_core
    near = (left_best > 0) & (left_best < 1) & left_core
    left_rest = np.where(left_core & (left_best == 0), left_weight, 0)
    right_rest = np.where(right_core & (right_best == 0), right_weight, 0)
    out[:, column["information"]] = np.where(exact | near, left_weight * left_best, 0).sum(axis=1)
    out[:, column["record_rest_max"]] = left_rest.max(axis=1)
    out[:, column["record_rest"]] = left_rest.sum(axis=1)
    out[:, column["firm_rest_max"]] = right_rest.max(axis=1)
    out[:, column["firm_rest"]] = right_rest.sum(axis=1)
    surplus = left_rest.max(axis=1) - right_rest.max(axis=1)
    out[:, column["surplus"]] = np.maximum(surplus, 0)
    out[:, column["missing"]] = np.maximum(-surplus, 0)
    left_any, right_any = left_rest.max(axis=1) > 0.2, right_rest.max(axis=1) > 0.2
    out[:, column["record_rest_any"]] = left_any
    out[:, column["firm_rest_any"]] = right_any
    out[:, column["rest_any_both"]] = left_any & right_any
    out[:, column["rest_both"]] = np.minimum(left_rest.max(axis=1), right_rest.max(axis=1))
    out[:, column["edits"]] = np.where(near, left_weight * (1 - left_best), 0).sum(axis=1)
    out[:, column["is_misspelt"]] = near.any(axis=1)
    out[:, column["is_initial"]] = initial
    out[:, column["is_joined"]] = joined
    left_other, right_other = has_left & ~left_core, has_right & ~right_core
    out[:, column["activity_equal"]] = (left_other & (left_best > 0)).any(axis=1)
    left_gap = np.where(left_other & (left_best == 0), left_weight, 0)
    right_gap = np.where(right_other & (right_best == 0), right_weight, 0)
    out[:, column["activity_record_rest"]] = left_gap.sum(axis=1)
    out[:, column["activity_firm_rest"]] = right_gap.sum(axis=1)
    out[:, column["activity_conflict"]] = np.minimum(left_gap.max(axis=1), right_gap.max(axis=1))
    core_equal = (~left_core | (left_best >= 1)).all(axis=1) & (~right_core | (right_best >= 1)).all(axis=1)
    out[:, column["is_core_equal"]] = core_equal
    full = (~has_left | (left_best >= 1)).all(axis=1) & (~has_right | (right_best >= 1)).all(axis=1)
    out[:, column["is_equal"]] = full
    out[:, column["is_one_word"]] = core_equal & (left_core.sum(axis=1) == 1)
    out[:, column["core_equal_information"]] = np.where(core_equal, out[:, column["information"]], 0)
    body = np.append(vocabulary.is_body, False)[left]
    out[:, column["body_rest"]] = (body & (left_best < 0.9)).any(axis=1)
    digit = vocabulary.is_number
    left_digit, right_digit = np.append(digit, False)[left], np.append(digit, False)[right]
    out[:, column["number_digits"]] = (left_digit & (left_best < 1)).any(axis=1) & (right_digit & (right_best < 1)).any(
        axis=1
    )


def _joined(alike: np.ndarray, left: np.ndarray, right: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Marks two neighbours that are one word on the other side; returns which pairs have such."""
    hashed, power = np.append(vocabulary.hash, np.uint64(0)), np.append(vocabulary.power, np.uint64(1))
    found = np.zeros(len(left), dtype=bool)
    for one, two, turn in ((left, right, False), (right, left, True)):
        if one.shape[1] < 2:
            continue
        pair = hashed[one[:, :-1]] * power[one[:, 1:]] + hashed[one[:, 1:]]
        usable = one[:, 1:] >= 0
        whole = hashed[two]
        match = (pair[:, :, None] == whole[:, None, :]) & usable[:, :, None] & (two >= 0)[:, None, :]
        if one.shape[1] >= 2 and two.shape[1] >= 2:
            # both sides cut in two, at different letters
            other = hashed[two[:, :-1]] * power[two[:, 1:]] + hashed[two[:, 1:]]
            crossed = (pair[:, :, None] == other[:, None, :]) & usable[:, :, None] & (two[:, 1:] >= 0)[:, None, :]
            crossed &= one[:, :-1, None] != two[:, None, :-1]
            match[:, :, :-1] |= crossed
            match[:, :, 1:] |= crossed
        row, i, j = np.nonzero(match)
        if not row.size:
            continue
        found[row] = True
        for step in (0, 1):
            at = (row, j, i + step) if turn else (row, i + step, j)
            alike[at] = np.maximum(alike[at], np.float32(0.97))
    return found


def _letters(one: np.ndarray, two: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Likeness of words: 0, 0.7 for an initial, 0.8 for an abbreviation, else 1 less the share of edited letters."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cpdist

    first, second = vocabulary.words[one], vocabulary.words[two]
    size_one, size_two = vocabulary.length[one], vocabulary.length[two]
    short, long = np.minimum(size_one, size_two), np.maximum(size_one, size_two)
    likeness = np.zeros(len(one), dtype=np.float32)
    edits = cpdist(first, second, scorer=OSA.distance, score_cutoff=3, dtype=np.uint8)
    allowed = np.select([short >= 10, short >= 6, short >= 4], [3, 2, 1], 0)
    close = edits <= allowed
    likeness[close] = (1 - edits[close] / (long[close] + 1)).astype(np.float32)
    head = np.asarray(first, dtype="U24"), np.asarray(second, dtype="U24")
    # a piece of a compound: forg(almazo), ip(ari)
    whole = np.where(size_one >= size_two, vocabulary.activity[one], vocabulary.activity[two]) > 0
    inside = (np.strings.find(head[0], head[1]) >= 0) | (np.strings.find(head[1], head[0]) >= 0)
    piece = inside & (long >= short + 3) & ((short >= 4) | ((short >= 2) & whole & (long >= 6)))
    likeness = np.where(piece & ~close, np.float32(0.75), likeness)
    begins = np.strings.startswith(head[0], head[1]) | np.strings.startswith(head[1], head[0])
    digit = vocabulary.is_number
    number = digit[one] | digit[two]
    likeness = np.where(begins & (short >= 2) & (long >= short + 2) & ~close, np.float32(0.8), likeness)
    likeness = np.where(begins & (short == 1) & (long > 1), np.float32(0.7), likeness)
    return np.where(number, np.float32(0), likeness)


def _whole_names(out: np.ndarray, record: np.ndarray, name: np.ndarray, records: Side, firms: Side) -> None:
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cpdist

    similarity = np.asarray(
        cpdist(records.core[record], firms.core[name], scorer=Indel.normalized_similarity, dtype=np.float32, workers=-1)
    )
    ordered = np.zeros(len(record), dtype=np.float32)
    some = np.flatnonzero(similarity < 0.95)
    ordered[some] = cpdist(
        records.ordered[record[some]], firms.ordered[name[some]], scorer=Indel.normalized_similarity,
        dtype=np.float32, workers=-1,
    )  # fmt: skip
    out[:, INDEX["is_swapped"]] = ordered > similarity + 0.1
    similarity = np.maximum(similarity, ordered)
    out[:, INDEX["similarity"]] = similarity
    out[:, INDEX["similarity_90"]] = np.maximum(similarity - 0.9, 0) * 10
    out[:, INDEX["similarity_zero"]] = np.maximum(0.5 - similarity, 0) * 2
    full = np.asarray(
        cpdist(records.full[record], firms.full[name], scorer=Indel.normalized_similarity, dtype=np.float32, workers=-1)
    )
    out[:, INDEX["similarity_full"]] = full
    out[:, INDEX["similarity_full_80"]] = np.maximum(full - 0.8, 0) * 5
    out[:, INDEX["joined_equal"]] = (similarity == 1) | (full == 1)
    initial = (records.initials[record] == firms.names_hash[name]) & (records.initials[record] > 0)
    initial |= (records.names_hash[record] == firms.initials[name]) & (firms.initials[name] > 0)
    out[:, INDEX["is_acronym"]] = initial


def _forms(out: np.ndarray, record: np.ndarray, name: np.ndarray, records: Side, firms: Side) -> None:
    left, right = records.names.form[record], firms.names.form[name]
    known = (left > 0) & (right > 0)
    plain = lexicon.FORM_BITS & ~lexicon.FOREIGN
    foreign = (left & lexicon.FOREIGN) != (right & lexicon.FOREIGN)
    meet = ((left & right & plain) > 0) & ~foreign
    out[:, INDEX["form_equal"]] = known & meet
    out[:, INDEX["form_conflict"]] = known & ~meet
    out[:, INDEX["is_foreign"]] = foreign & (left > 0)


def _places(out: np.ndarray, left: Places, right: Places) -> None:
    column = INDEX
    town = (left.town >= 0) & (right.town >= 0)
    same_town = town & (left.town == right.town)
    code = (left.postcode >= 0) & (right.postcode >= 0)
    same_code = code & (left.postcode == right.postcode)
    district = (left.district > 0) & (right.district > 0)
    same_district = district & (left.district == right.district)
    county = (left.county >= 0) & (right.county >= 0)
    same_county = county & (left.county == right.county)
    capital = same_town & (right.district > 0)
    elsewhere = (left.town == -2) & (right.town >= 0)
    differs = (town & ~same_town) | elsewhere
    differs &= ~same_code
    out[:, column["postcode_equal"]] = same_code
    out[:, column["town_equal"]] = same_town & ~capital & ~same_code
    out[:, column["capital_equal"]] = capital & ~same_code
    out[:, column["district_equal"]] = same_district & ~same_code & same_town
    out[:, column["district_conflict"]] = district & ~same_district & same_town
    unknown = ~town & ~elsewhere & ~same_code
    out[:, column["county_equal"]] = unknown & same_county
    out[:, column["county_conflict"]] = unknown & county & ~same_county
    out[:, column["town_conflict_near"]] = differs & same_county
    out[:, column["town_conflict_far"]] = differs & ~same_county
    out[:, column["street_equal"]] = (left.street > 0) & (left.street == right.street) & ~differs


def hints(typed: Names, places: Places, listed: Names, home: Places) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """What form and place say of a pair before the cut to a few candidates, roughly in natural logarithms of odds.

    Args:
        typed, places: of the records.
        listed, home: of the firms' names.

    Returns:
        A function of record and name, shape (p,) each.
    """

    def said(record: np.ndarray, name: np.ndarray) -> np.ndarray:
        left, right = typed.form[record], listed.form[name]
        known = (left > 0) & (right > 0)
        score = np.where(known, np.where((left & right & lexicon.FORM_BITS) > 0, 0.8, -1.5), 0.0)
        for here, there, same, other in (
            (places.postcode[record], home.postcode[name], 2.5, 0.0),
            (places.district[record], home.district[name], 1.5, -2.0),
            (places.town[record], home.town[name], 0.5, -2.0),
            (places.county[record], home.county[name], 0.5, -1.0),
        ):
            score += np.where((here >= 0) & (there >= 0), np.where(here == there, same, other), 0.0)
        return np.asarray(score, dtype=np.float32)

    return said


def frequencies(
    out: np.ndarray, name: np.ndarray, firms: Side, town_of_word: np.ndarray, information: np.ndarray
) -> None:
    """How much less an agreement says where it is frequent: in a big town, with a town's adjective, with namesakes.

    Args:
        out: matrix of attributes to fill.
        name: name of each pair.
        firms: the side of the firms; their places are one per name.
        town_of_word: town that a word is the adjective of (`Szegedi`), -1 for none, shape (v,).
        information: of each word, shape (v,).
    """
    column = INDEX
    count = max(len(firms.core), 2)
    town, code = firms.places.town, firms.places.postcode
    most = np.log(count)
    by_town = np.bincount(town[town >= 0], minlength=1)
    by_code = np.bincount(code[code >= 0], minlength=1)
    rare_town = np.log(count / np.maximum(by_town[np.maximum(town[name], 0)], 1)) / most
    rare_code = np.log(count / np.maximum(by_code[np.maximum(code[name], 0)], 1)) / most
    same_code = out[:, column["postcode_equal"]] > 0
    same_town = (out[:, column["town_equal"]] + out[:, column["capital_equal"]]) > 0
    out[:, column["town_information"]] = np.where(same_code, rare_code, np.where(same_town, rare_town, 0))
    words = firms.names.words[name]
    own = np.append(town_of_word, -1)[words]
    from_town = (own >= 0) & (own == town[name][:, None])
    said = np.where(from_town, np.append(information, 0.0)[words], 0).max(axis=1)
    out[:, column["town_word"]] = np.where(same_code | same_town, said, 0)
    hashed = pd.util.hash_array(firms.ordered)
    listed, inverse, often = np.unique(hashed, return_inverse=True, return_counts=True)
    del listed
    alike = out[:, column["is_core_equal"]] + out[:, column["joined_equal"]]
    out[:, column["namesakes"]] = np.where(alike > 0, np.log(often[inverse[name]]) / most, 0)


def interactions(out: np.ndarray) -> None:
    """Fills the attributes that are products of others, once all others stand."""
    column = INDEX
    bad_name = (out[:, column["similarity"]] < 0.6) & (out[:, column["information"]] < 0.25)
    far = (
        out[:, column["town_conflict_near"]] + out[:, column["town_conflict_far"]] + out[:, column["county_conflict"]]
    ) > 0
    equal = out[:, column["number_equal"]] > 0
    out[:, column["number_equal_name_bad"]] = equal & bad_name
    out[:, column["number_equal_place_bad"]] = equal & far
    out[:, column["number_equal_both_bad"]] = equal & far & bad_name
    core = out[:, column["is_core_equal"]] > 0
    out[:, column["core_equal_far"]] = core & far
    out[:, column["information_far"]] = np.where(far, out[:, column["information"]], 0)
    near = (out[:, column["town_equal"]] + out[:, column["capital_equal"]] + out[:, column["postcode_equal"]]) > 0
    out[:, column["core_equal_town"]] = core & near
