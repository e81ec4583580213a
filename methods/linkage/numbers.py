"""Identifiers: what was typed, which firms have it, and how it stands to each candidate.

Belongs here: tax numbers, VAT groups, registration numbers, LEI. Does not belong here: whether an identifier is
believed (`model`): people type their partner's number, so it is one attribute among others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.identifiers import EU_VAT, FOREIGN_VAT, HU_REGISTRATION_NUMBER, HU_TAX_NUMBER, LEI, normalise
from methods.linkage.comparison import INDEX
from methods.linkage.firms import Registry
from methods.linkage.text import first_number

METHODS = ("tax_number", "registration_number", "lei", "vat_group")


@dataclass(frozen=True)
class Numbers:
    """Identifiers of records and firms as whole numbers (LEI: hash), 0 where there is none.

    Attributes:
        typed: tax stem, registration number and LEI per record, shape (records, 3); valid ones only.
        digits: eight digits that were typed as a tax number, valid or not, shape (records,).
        listed: the same three per firm, shape (firms, 3).
        record, firm: pairs that an identifier or a VAT group points to.
        group: pairs (record, firm) of VAT groups as one code, ascending.
        is_own_known: a valid identifier of the record is a firm's, shape (records,).
        is_unknown: the record has a valid identifier that no firm has, shape (records,).
        is_group_number: the record's number is a VAT group's, shape (records,).
    """

    typed: np.ndarray
    digits: np.ndarray
    listed: np.ndarray
    record: np.ndarray
    firm: np.ndarray
    group: np.ndarray
    is_own_known: np.ndarray
    is_unknown: np.ndarray
    is_group_number: np.ndarray


def match(
    registry: pd.DataFrame, records: pd.DataFrame, vat_groups: pd.DataFrame | None, firms: Registry, country: str
) -> Numbers:
    """Reads identifiers and joins them exactly.

    Args:
        registry, records, vat_groups: frames of `link`.
        firms: the registry read.
        country: two letters of the registry's country, whose VAT numbers are tax numbers.
    """
    count = len(records)
    typed = np.zeros((count, 3), dtype=np.int64)
    digits = np.zeros(count, dtype=np.int64)
    group = np.zeros(count, dtype=np.int64)
    abroad = np.zeros(count, dtype=bool)
    for column in ("tax_number", "registration_number", "lei"):
        if column not in records:
            continue
        # the EUID is the registration number behind country and register: HUOCCSZ.01-09-123456
        texts = records[column].astype("str").str.replace(r"^\s*HUOCCSZ\W*", "", regex=True)
        read = normalise(texts)
        kind, value = read["kind"].to_numpy(object), read["value"]
        valid = read["is_valid"].to_numpy(bool)
        stem = read["hu_tax_stem"].astype("float64").fillna(0).to_numpy().astype(np.int64)
        typed[:, 0] = np.where(typed[:, 0] > 0, typed[:, 0], stem)
        number = _whole(value.where((kind == HU_REGISTRATION_NUMBER) & valid, None))
        typed[:, 1] = np.where(typed[:, 1] > 0, typed[:, 1], number)
        typed[:, 2] = np.where(typed[:, 2] != 0, typed[:, 2], _hashed(value.where((kind == LEI) & valid, None)))
        if column == "tax_number":
            hungarian = kind == HU_TAX_NUMBER
            eight = _whole(value.where(hungarian, None).str.slice(0, 8))
            digits = eight
            group = np.where(hungarian & valid & (stem == 0), eight, 0)
            abroad = np.isin(kind, (EU_VAT, FOREIGN_VAT)) & valid
    listed = _listed(registry, firms)
    pairs = [_joined(typed[:, k], listed[:, k]) for k in range(3)]
    own = np.zeros(count, dtype=bool)
    for record, _ in pairs:
        own[record] = True
    grouped = _grouped(vat_groups, firms, np.where(group > 0, group, typed[:, 0]))
    record = np.concatenate([pair[0] for pair in (*pairs, grouped)])
    firm = np.concatenate([pair[1] for pair in (*pairs, grouped)])
    in_group = np.zeros(count, dtype=bool)
    in_group[grouped[0]] = True
    unknown = ((typed > 0).any(axis=1) | abroad) & ~own & ~in_group
    code = np.unique(grouped[0] * max(len(firms.ids), 1) + grouped[1])
    return Numbers(typed, digits, listed, record, firm, code, own, unknown, in_group)


def attributes(out: np.ndarray, record: np.ndarray, firm: np.ndarray, home: np.ndarray, found: Numbers) -> None:
    """Fills the attributes of identifiers; a predecessor's number (`home`) counts for its successor."""
    equal = np.zeros(len(record), dtype=bool)
    for k in range(3):
        typed = found.typed[record, k]
        equal |= (typed != 0) & ((typed == found.listed[firm, k]) | (typed == found.listed[home, k]))
    code = record * max(len(found.listed), 1) + firm
    grouped = np.zeros(len(record), dtype=bool)
    if len(found.group):
        at = np.minimum(np.searchsorted(found.group, code), len(found.group) - 1)
        grouped = found.group[at] == code
    near = ~equal & _is_near(found.digits[record], found.listed[firm, 0])
    out[:, INDEX["number_equal"]] = equal
    out[:, INDEX["number_group"]] = grouped & ~equal
    out[:, INDEX["number_near"]] = near & ~found.is_own_known[record]
    other = (found.is_own_known | found.is_group_number)[record] & ~equal & ~grouped
    out[:, INDEX["number_other"]] = other


def _is_near(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """True where two numbers of eight digits differ in one digit or in two neighbours that changed places."""
    scale = 10 ** np.arange(7, -1, -1)
    both = (one > 0) & (two > 0)
    result = np.zeros(len(one), dtype=bool)
    rows = np.flatnonzero(both)
    left, right = (part[rows, None] // scale % 10 for part in (one, two))
    differs = left != right
    count = differs.sum(axis=1)
    first = differs.argmax(axis=1)
    after = np.minimum(first + 1, 7)
    line = np.arange(len(rows))
    swapped = (count == 2) & (left[line, first] == right[line, after]) & (left[line, after] == right[line, first])
    result[rows] = (count == 1) | swapped
    return result


def _listed(registry: pd.DataFrame, firms: Registry) -> np.ndarray:
    listed = np.zeros((len(firms.ids), 3), dtype=np.int64)
    ordered = registry.iloc[firms.row]
    for column in ("tax_number", "eu_vat"):
        if column in ordered:
            # the stem of a Hungarian number in any spelling; other countries' numbers have letters in front
            stem = first_number(ordered[column], r"^\s*(?:HU)?\s*(?P<number>\d{8})(?:\D.*|\d{3})?$")
            listed[:, 0] = np.where(listed[:, 0] > 0, listed[:, 0], stem)
    if "registration_number" in ordered:
        listed[:, 1] = first_number(ordered["registration_number"], r"^(?P<number>\d{10})$", bare=True)
    if "lei" in ordered:
        lei = ordered["lei"].astype("str").str.strip().str.upper()
        listed[:, 2] = _hashed(lei.where(lei.str.len() == 20, None))
    return listed


def _joined(typed: np.ndarray, listed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(listed, kind="stable")
    known = listed[order]
    begin = np.searchsorted(known, typed)
    size = np.where(typed != 0, np.searchsorted(known, typed, side="right") - begin, 0)
    # a number that many firms share is nobody's
    size = np.where(size <= 20, size, 0)
    record = np.repeat(np.arange(len(typed)), size)
    start = np.repeat(begin, size) + (np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size))
    return record, order[start]


def _grouped(groups: pd.DataFrame | None, firms: Registry, stem: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    empty = np.zeros(0, dtype=np.int64)
    if groups is None or not len(groups):
        return empty, empty
    number = pd.Series(first_number(groups["group_tax_number"], r"^\s*(?:HU)?\s*(?P<number>\d{8})"))
    member = groups["firm_id"].astype("str").map(pd.Series(np.arange(len(firms.ids)), index=firms.ids))
    known = (number > 0).to_numpy() & member.notna().to_numpy()
    frame = pd.DataFrame({"stem": number[known].astype(np.int64), "firm": member[known].astype(np.int64)})
    rows = pd.DataFrame({"stem": stem, "record": np.arange(len(stem))})
    both = rows[rows["stem"] > 0].merge(frame.drop_duplicates(), on="stem").sort_values(["record", "firm"])
    return both["record"].to_numpy(np.int64), both["firm"].to_numpy(np.int64)


def _whole(texts: pd.Series) -> np.ndarray:
    return first_number(texts, r"^(?P<number>\d+)$", bare=True)


def _hashed(texts: pd.Series) -> np.ndarray:
    known = texts.notna().to_numpy()
    result = np.zeros(len(texts), dtype=np.int64)
    if known.any():
        result[known] = pd.util.hash_array(texts[known].to_numpy(object)).astype(np.int64) | 1
    return result
