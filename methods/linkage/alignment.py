"""The words of a record's name against those of a firm's.

Belongs here: attributes of words. Does not belong here: names as a whole, forms, places (`comparison`).

Words are aligned softly: equal, the same activity in another language, two words written as one, an initial, an
abbreviation, one to three edits. What is left over on either side counts by its information (inverse document frequency
in the registry), for the record and for the firm apart: a missing rare word says more than a missing `Kereskedelmi`.
"""

from __future__ import annotations

import numpy as np

from methods.linkage.attributes import INDEX
from methods.linkage.sides import Side, is_core
from methods.linkage.text import Vocabulary


def align(
    out: np.ndarray, record: np.ndarray, name: np.ndarray, records: Side, firms: Side, vocabulary: Vocabulary,
    information: np.ndarray,
) -> None:  # fmt: skip
    """Fills the attributes of words.

    Args:
        out: matrix of attributes to fill, shape (p, len(ATTRIBUTES)).
        record, name: the pairs, shape (p,).
        records, firms: the two sides.
        vocabulary: theirs.
        information: information of each word in shares of the largest, shape (v,).
    """
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
