"""What a record and a firm's name have in common, as numbers: one row of attributes per candidate pair.

Belongs here: names as a whole, forms, places, and what follows from several attributes. Does not belong here: their
words (`alignment`), what attributes are worth (`model`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from methods.linkage import lexicon
from methods.linkage.alignment import align
from methods.linkage.attributes import ATTRIBUTES, INDEX
from methods.linkage.places import Places
from methods.linkage.sides import Side
from methods.linkage.text import Names, Vocabulary


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
        align(result[part], record[part], name[part], records, firms, vocabulary, information)
    _whole_names(result, record, name, records, firms)
    _forms(result, record, name, records, firms)
    _places(result, records.places.take(record), firms.places.take(name))
    return result


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
