"""Which firms a record could mean: a short list per record that hardly ever misses the right one.

Belongs here: keys, misspelt words, the join. Does not belong here: which of the firms it is (`model`).

| key | finds |
|---|---|
| word, joined neighbours | any rare word in common, compounds written apart or together |
| pair of words, activities in any language | names made of frequent words |
| word and town, postcode, or county | frequent words in one place |
| near word | one edit (deletion neighbourhood: insertion, deletion, substitution, transposition) |
| core words joined (with place, with form), and with one letter less | any cut into words, one edit, frequent names |
| consonants (with town, when frequent) | several wrong vowels, lost letters |
| initials and town, a word with the next one's initial | acronyms, initials |
| all words | homonyms |

A key that more than `posting_cap` names have is dropped; keys are weighted by their information (inverse document
frequency) and the `candidates` heaviest firms per record are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from methods.hashes import GOLDEN, mixed
from methods.linkage.places import Places
from methods.linkage.sides import is_core
from methods.linkage.text import Names, Vocabulary

SCALE = 200
"""Weights are summed as whole numbers, so that a tie is a tie whatever the order of addition."""
Bonus = Callable[[np.ndarray, np.ndarray], np.ndarray]

_SALT = {
    name: mixed(np.array([k + 11]))[0]
    for k, name in enumerate(
        (
            "pair",
            "town",
            "bones",
            "initials",
            "all",
            "bonetown",
            "core",
            "coretown",
            "near",
            "code",
            "county",
            "form",
            "letter",
        )
    )
}


def keys(
    names: Names, vocabulary: Vocabulary, places: Places, *, alternatives: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keys of names.

    Args:
        names: shape (n, width).
        vocabulary: theirs.
        places: of the names, shape (n,).
        alternatives: words that some words may be misspelt for, as pairs (word, other), shape (k, 2); records only.

    Returns:
        Row, key and weight of each key, shape (m,) each; the weight scales the information of the key.
    """
    words = names.words
    rows_out: list[np.ndarray] = []
    keys_out: list[np.ndarray] = []
    weight_out: list[np.ndarray] = []

    def add(row: np.ndarray, key: np.ndarray, weight: float) -> None:
        rows_out.append(row.astype(np.int32))
        keys_out.append(key)
        weight_out.append(np.full(len(row), weight, dtype=np.float32))

    hashed = np.append(vocabulary.hash, np.uint64(0))
    power = np.append(vocabulary.power, np.uint64(1))
    bones = np.append(vocabulary.skeleton, np.uint64(0))
    # an activity is the same in any language
    acts = vocabulary.activity > 0
    meant = np.append(
        np.where(acts, mixed(vocabulary.activity.astype(np.int64) + (1 << 40)), vocabulary.hash), np.uint64(0)
    )
    here = words >= 0
    town = places.town
    town_hash = mixed(town.astype(np.int64).astype(np.uint64)) ^ _SALT["town"]
    has_town = town >= 0
    has_code = places.postcode >= 0
    code_hash = mixed(places.postcode.astype(np.int64).astype(np.uint64)) ^ _SALT["code"]
    county_hash = mixed(places.county.astype(np.int64).astype(np.uint64)) ^ _SALT["county"]
    # a record says a county in place of a town; firms have both
    has_county = (places.county >= 0) if alternatives is None else (places.county >= 0) & ~has_town
    width = words.shape[1]
    for k in range(width):
        row = np.flatnonzero(here[:, k])
        if not row.size:
            break
        word = words[row, k]
        add(row, hashed[word], 1.0)
        bone = bones[word]
        add(row[bone > 0], bone[bone > 0] ^ _SALT["bones"], 0.45)
        placed = has_town[row]
        add(row[placed], hashed[word[placed]] ^ town_hash[row[placed]], 0.8)
        both = placed & (bone > 0)
        add(row[both], bone[both] ^ town_hash[row[both]] ^ _SALT["bonetown"], 0.35)
        for known, hashes in ((has_code, code_hash), (has_county, county_hash)):
            some = row[known[row]]
            add(some, hashed[words[some, k]] ^ hashes[some], 0.8)
        if k + 1 < width:
            row = np.flatnonzero(here[:, k + 1])
            first, second = words[row, k], words[row, k + 1]
            joined = hashed[first] * power[second] + hashed[second]
            add(row, joined, 0.9)
        for other in range(k + 1, min(width, 5)):
            row = np.flatnonzero(here[:, other])
            a, b = meant[words[row, k]], meant[words[row, other]]
            add(row, mixed(a) + mixed(b) ^ _SALT["pair"], 0.7)
    row = np.flatnonzero(here[:, 1])
    start = np.zeros(len(words), dtype=np.uint64)
    letter = np.append(_first_letters(vocabulary), np.uint64(0))
    for k in range(min(width, 5)):
        # the initials of two, three ... words, read as a word of so many letters
        start = np.where(here[:, k], start * GOLDEN + mixed(letter[words[:, k]]), start)
        fits = row[here[row, k]] if k >= 1 else row[:0]
        there = fits[has_town[fits]]
        add(there, start[there] ^ town_hash[there] ^ _SALT["initials"], 0.5)
    single_letter = np.append(vocabulary.length, 0) == 1
    for k in range(min(width, 4) - 1):
        # a word beside one of which only the first letter is given, on either side
        for one, two in ((k, k + 1), (k + 1, k)):
            row = np.flatnonzero(here[:, k + 1])
            if alternatives is not None:
                row = row[single_letter[words[row, two]]]
            beside = hashed[words[row, one]] ^ mixed(letter[words[row, two]] + np.uint64(1 << 30)) ^ _SALT["letter"]
            add(row, beside, 0.8)
            placed = has_town[row]
            add(row[placed], beside[placed] ^ town_hash[row[placed]], 0.6)
    single = np.flatnonzero(here[:, 0] & has_town)
    short = single[np.append(vocabulary.length, 0)[words[single, 0]] <= 5]
    add(short, hashed[words[short, 0]] ^ town_hash[short] ^ _SALT["initials"], 0.5)
    whole = np.where(here, mixed(meant[words]), np.uint64(0)).sum(axis=1, dtype=np.uint64)
    row = np.flatnonzero(here[:, 0])
    add(row, whole[row] ^ _SALT["all"], 1.0)
    joined, near_row, near_key = _joined_cores(names, vocabulary)
    row = np.flatnonzero(joined > 0)
    add(row, joined[row] ^ _SALT["core"], 1.0)
    form_hash = mixed(names.form.astype(np.int64).astype(np.uint64)) ^ _SALT["form"]
    for known, hashes in ((has_town, town_hash), (has_code, code_hash), (has_county, county_hash)):
        some = row[known[row]]
        add(some, joined[some] ^ hashes[some] ^ _SALT["coretown"], 0.8)
        if hashes is not code_hash:
            some = some[names.form[some] > 0]
            add(some, joined[some] ^ hashes[some] ^ form_hash[some], 0.4)
    add(near_row, near_key ^ _SALT["near"], 0.8)
    if alternatives is not None and len(alternatives):
        begin = np.searchsorted(alternatives[:, 0], np.arange(len(vocabulary.words)))
        end = np.searchsorted(alternatives[:, 0], np.arange(len(vocabulary.words)), side="right")
        for k in range(width):
            row = np.flatnonzero(here[:, k])
            word = words[row, k]
            size = (end - begin)[word]
            row = np.repeat(row, size)
            at = np.repeat(begin[word], size) + ranges(size)
            other = alternatives[at, 1]
            add(row, hashed[other], 0.75)
            placed = has_town[row]
            add(row[placed], hashed[other[placed]] ^ town_hash[row[placed]], 0.6)
    return np.concatenate(rows_out), np.concatenate(keys_out), np.concatenate(weight_out)


def _joined_cores(names: Names, vocabulary: Vocabulary) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hash of the core words joined (0: none), and rows and hashes of the same with each letter left out in turn."""
    core = is_core(names.words, vocabulary)
    letters, length = vocabulary.letters, np.append(vocabulary.length, 0)
    joined = np.zeros((len(core), 20), dtype=np.uint32)
    size = np.zeros(len(core), dtype=np.int64)
    for k in range(core.shape[1]):
        row = np.flatnonzero(core[:, k] & (size < joined.shape[1]))
        word = names.words[row, k]
        for letter in range(letters.shape[1]):
            some = row[(length[word] > letter) & (size[row] + letter < joined.shape[1])]
            if not some.size:
                break
            joined[some, size[some] + letter] = letters[names.words[some, k], letter]
        size[row] = np.minimum(size[row] + length[word], joined.shape[1])
    whole, rows, keys = deletions(joined, size, np.flatnonzero(size >= 6))
    return whole, rows, keys


def deletions(letters: np.ndarray, size: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hashes of texts, and of texts without one of their letters.

    Args:
        letters: code points, 0 pads, shape (n, width).
        size: letters of each text, shape (n,).
        wanted: texts whose letters are left out, shape (k,).

    Returns:
        Hash of each text, shape (n,); row and hash of each text itself and of each with a letter less.
    """
    base = GOLDEN
    width = letters.shape[1]
    value = np.where(letters > 0, mixed(letters), np.uint64(0))
    head = np.zeros((width + 1, len(letters)), dtype=np.uint64)
    for k in range(width):
        head[k + 1] = np.where(letters[:, k] > 0, head[k] * base + value[:, k], head[k])
    whole = head[width].copy()
    rows, keys = [wanted], [whole[wanted]]
    tail = np.zeros(len(letters), dtype=np.uint64)
    power = np.ones(len(letters), dtype=np.uint64)
    for k in range(width - 1, -1, -1):
        some = wanted[size[wanted] > k]
        rows.append(some)
        keys.append(head[k, some] * power[some] + tail[some])
        inside = letters[:, k] > 0
        tail = np.where(inside, value[:, k] * power + tail, tail)
        power = np.where(inside, power * base, power)
    return whole, np.concatenate(rows), np.concatenate(keys)


def near_words(vocabulary: Vocabulary, frequency: np.ndarray, wanted: np.ndarray, cap: int) -> np.ndarray:
    """Pairs of a record's word and a registry's word one edit apart.

    Args:
        vocabulary: all words.
        frequency: names of the registry with the word, shape (v,).
        wanted: words of records, shape (k,).
        cap: words with more than this many names are believed to be spelt as meant.

    Returns:
        Pairs (word, other) in order of word, shape (m, 2).
    """
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cpdist

    sought = wanted[(frequency[wanted] <= cap) & (vocabulary.length[wanted] >= 4) & (vocabulary.length[wanted] <= 24)]
    listed = np.flatnonzero((frequency > 0) & (vocabulary.length >= 4) & (vocabulary.length <= 24))
    _, left_word, left_key = deletions(vocabulary.letters[sought], vocabulary.length[sought], np.arange(len(sought)))
    _, right_word, right_key = deletions(vocabulary.letters[listed], vocabulary.length[listed], np.arange(len(listed)))
    left_word, right_word = sought[left_word], listed[right_word]
    kept = key_filter(left_key)(right_key)
    right_word, right_key = right_word[kept], right_key[kept]
    order = np.lexsort((right_word, right_key))
    right_word, right_key = right_word[order], right_key[order]
    begin = np.searchsorted(right_key, left_key)
    size = np.minimum(np.searchsorted(right_key, left_key, side="right") - begin, 60)
    one = np.repeat(left_word, size)
    two = right_word[np.repeat(begin, size) + ranges(size)]
    different = one != two
    code = np.unique(one[different].astype(np.int64) * len(vocabulary.words) + two[different])
    one, two = code // len(vocabulary.words), code % len(vocabulary.words)
    digits = vocabulary.is_number
    plausible = ~(digits[one] | digits[two]) & (vocabulary.activity[two] == 0)
    one, two = one[plausible], two[plausible]
    if not one.size:
        return np.zeros((0, 2), dtype=np.int64)
    distance = cpdist(vocabulary.words[one], vocabulary.words[two], scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
    return np.column_stack([one, two])[distance <= 1]


def candidates(
    records: tuple[np.ndarray, np.ndarray, np.ndarray],
    names: tuple[np.ndarray, np.ndarray],
    firm: np.ndarray,
    *,
    posting_cap: int,
    keep: int,
    budget: int = 400,
    bonus: Bonus | None = None,
    chunk: int = 3_000_000,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joins keys of records and of the registry's names.

    Args:
        records: row, key and weight of each record's key.
        names: row and key of the registry's names; a name belongs to `firm[row]`.
        firm: firm of each name, shape (names,).
        posting_cap: longest list of names a key may have.
        keep: names kept per record.
        budget: pairs looked at per record; its shortest lists come first.
        bonus: what else speaks for a pair before the cut, in the unit of the weights, from record and name.
        chunk: pairs looked at at a time; bounds memory.

    Returns:
        Record, name and weight of the candidates, in order of record and falling weight; a firm may appear with two
        of its names.
    """
    row, key, weight = records
    bits = np.uint64(max(len(firm) - 1, 1).bit_length())
    listed = _common(names, key, posting_cap, bits)
    # looked up in order: a million random look-ups miss the cache a million times
    order = np.argsort(key)
    row, key, weight = row[order], key[order] >> bits, weight[order]
    begin = np.searchsorted(listed, key << bits)
    size = np.searchsorted(listed, (key << bits) | ((np.uint64(1) << bits) - np.uint64(1)), side="right") - begin
    used = np.flatnonzero((size > 0) & (size <= posting_cap))
    name = (listed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    del listed
    # by record, the shortest lists first
    used = used[np.lexsort((size[used], row[used]))]
    row, begin, size, weight = row[used], begin[used], size[used], weight[used]
    first = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1]))) if len(row) else used
    total = np.cumsum(size)
    before = total - size
    spent = total - np.repeat(before[first], np.diff(np.append(first, len(row))))
    used = np.flatnonzero(spent <= np.maximum(budget, size))
    row, begin, size, weight = row[used], begin[used], size[used], weight[used]
    score = np.round(weight * np.log(len(firm) / np.maximum(size, 1)) * SCALE).astype(np.int64)
    total = np.concatenate(([0], np.cumsum(size)))
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    start = 0
    while start < len(row):
        stop = int(np.searchsorted(total, total[start] + chunk, side="right"))
        stop = max(stop - 1, start + 1)
        if stop < len(row):
            # a record is never cut in two
            first_row = int(np.searchsorted(row, row[stop]))
            stop = first_row if first_row > start else int(np.searchsorted(row, row[start], side="right"))
        part = slice(start, stop)
        found.append(
            _best(
                np.repeat(row[part], size[part]),
                name[np.repeat(begin[part], size[part]) + ranges(size[part])],
                np.repeat(score[part], size[part]),
                keep,
                bonus,
            )
        )
        start = stop
    if not found:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, np.zeros(0, dtype=np.float32)
    record, name, summed = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return record, name, summed


def _common(names: tuple[np.ndarray, np.ndarray], wanted: np.ndarray, cap: int, bits: np.uint64) -> np.ndarray:
    """Key and name in one number, sorted: of keys that are wanted and, by a rough count, not too frequent."""
    kept = key_filter(wanted)(names[1])
    name, key = names[0][kept], names[1][kept]
    shift = np.uint64(64 - 25)
    often = np.bincount((key >> shift).astype(np.int64), minlength=1 << 25)
    kept = often[(key >> shift).astype(np.int64)] <= cap
    del often
    packed: np.ndarray = ((key[kept] >> bits) << bits) | name[kept].astype(np.uint64)
    packed.sort()
    return packed


def _best(
    record: np.ndarray, name: np.ndarray, score: np.ndarray, keep: int, bonus: Bonus | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums the scores of each pair and keeps the heaviest; all is sorted as one whole number, which is much faster."""
    lowest = int(record.min())
    bits = max(int(name.max()), 1).bit_length()
    mask = (1 << bits) - 1
    packed = ((record.astype(np.int64) - lowest) << (bits + 16)) | (name << 16) | np.minimum(score, 0xFFFF)
    packed.sort()
    pair = packed >> 16
    first = np.flatnonzero(np.concatenate(([True], pair[1:] != pair[:-1])))
    summed = np.add.reduceat(packed & 0xFFFF, first)
    pair = pair[first]
    record, name = pair >> bits, pair & mask
    if bonus is not None:
        summed = summed + np.round(bonus(record + lowest, name) * SCALE).astype(np.int64)
    top = (1 << 18) - 1
    packed = (record << (bits + 18)) | ((top - np.clip(summed, 0, top)) << bits) | name
    packed.sort()
    record, name = packed >> (bits + 18), packed & mask
    start = np.flatnonzero(np.concatenate(([True], record[1:] != record[:-1])))
    rank = np.arange(len(record)) - np.repeat(start, np.diff(np.append(start, len(record))))
    kept = rank < keep
    summed = top - (packed[kept] >> bits & top)
    return record[kept] + lowest, name[kept], (summed / SCALE).astype(np.float32)


def key_filter(wanted: np.ndarray, bits: int = 27) -> Callable[[np.ndarray], np.ndarray]:
    """A filter without false negatives: True where a key may be among the wanted."""
    table = np.zeros(1 << bits, dtype=bool)
    shift = np.uint64(64 - bits)
    table[(wanted >> shift).astype(np.int64)] = True
    return lambda values: np.asarray(table[(values >> shift).astype(np.int64)])


def ranges(size: np.ndarray) -> np.ndarray:
    """0, 1 ... size-1 for each size, one after the other."""
    total = int(size.sum())
    start = np.cumsum(size) - size
    return np.asarray(np.arange(total) - np.repeat(start, size))


def _first_letters(vocabulary: Vocabulary) -> np.ndarray:
    return np.array([ord(word[0]) if word else 0 for word in vocabulary.words.tolist()], dtype=np.uint64)
