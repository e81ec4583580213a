"""Identifiers: what was typed, which firms have it, and how it stands to each candidate.

Belongs here: tax numbers, VAT groups, registration numbers, LEI. Does not belong here: whether an identifier is
believed (`model`): people type their partner's number, so it is one attribute among others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.errors import MethodError
from methods.identifiers import EU_VAT, FOREIGN_VAT, HU_REGISTRATION_NUMBER, HU_TAX_NUMBER, LEI, PIC, normalise
from methods.linkage.attributes import INDEX
from methods.linkage.firms import Registry, years
from methods.linkage.text import first_number

KINDS = ("tax number", "registration number", "LEI", "PIC")
"""What the columns of `Numbers.typed` and `Numbers.listed` are."""
COLUMNS = {"tax_number": 0, "eu_vat": 0, "registration_number": 1, "euid": 1, "lei": 2, "pic": 3}


@dataclass(frozen=True)
class Numbers:
    """Identifiers of records and firms as whole numbers (LEI: hash), 0 where there is none.

    Attributes:
        typed: an identifier of each of `KINDS` per record, shape (records, 4); valid ones only.
        digits: eight digits that were typed as a tax number, valid or not, shape (records,).
        listed: the same per firm, shape (firms, 4).
        record, firm: pairs that an identifier or a VAT group points to.
        group, dated, outdated: pairs (record, firm) of VAT groups, and of identifiers that a firm has or had, in and
            outside the time they are valid, as one code each, ascending.
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
    dated: np.ndarray
    outdated: np.ndarray
    is_own_known: np.ndarray
    is_unknown: np.ndarray
    is_group_number: np.ndarray


def match(
    registry: pd.DataFrame, records: pd.DataFrame, vat_groups: pd.DataFrame | None, identifiers: pd.DataFrame | None,
    year: np.ndarray, firms: Registry, country: str,
) -> Numbers:  # fmt: skip
    """Reads identifiers and joins them exactly.

    Args:
        registry, records, vat_groups, identifiers: frames of `link`.
        year: of each record, 0 where unknown.
        firms: the registry read.
        country: two letters of the registry's country, whose VAT numbers are tax numbers.
    """
    count = len(records)
    typed = np.zeros((count, len(KINDS)), dtype=np.int64)
    digits = np.zeros(count, dtype=np.int64)
    group = np.zeros(count, dtype=np.int64)
    abroad = np.zeros(count, dtype=bool)
    for column in ("tax_number", "registration_number", "euid", "lei", "pic"):
        if column not in records:
            continue
        # the EUID is the registration number behind country and register: HUOCCSZ.01-09-123456
        read = normalise(_bare(records[column]))
        kind, value = read["kind"].to_numpy(object), read["value"]
        valid = read["is_valid"].to_numpy(bool)
        stem = read["hu_tax_stem"].astype("float64").fillna(0).to_numpy().astype(np.int64)
        typed[:, 0] = np.where(typed[:, 0] > 0, typed[:, 0], stem)
        number = _whole(value.where((kind == HU_REGISTRATION_NUMBER) & valid, None))
        typed[:, 1] = np.where(typed[:, 1] > 0, typed[:, 1], number)
        typed[:, 2] = np.where(typed[:, 2] != 0, typed[:, 2], _hashed(value.where((kind == LEI) & valid, None)))
        typed[:, 3] = np.where(typed[:, 3] > 0, typed[:, 3], _whole(value.where((kind == PIC) & valid, None)))
        if column == "tax_number":
            hungarian = kind == HU_TAX_NUMBER
            eight = _whole(value.where(hungarian, None).str.slice(0, 8))
            digits = eight
            group = np.where(hungarian & valid & (stem == 0), eight, 0)
            abroad = np.isin(kind, (EU_VAT, FOREIGN_VAT)) & valid
    listed = _listed(registry, firms)
    pairs = [_joined(typed[:, k], listed[:, k]) for k in range(len(KINDS))]
    dated, outdated = _dated(identifiers, typed, year, firms)
    own = np.zeros(count, dtype=bool)
    for record, _ in (*pairs, dated):
        own[record] = True
    grouped = _grouped(vat_groups, firms, np.where(group > 0, group, typed[:, 0]))
    near = _nearly(np.where(own | (typed > 0).any(axis=1), 0, digits), listed[:, 0])
    record = np.concatenate([pair[0] for pair in (*pairs, grouped, near, dated, outdated)])
    firm = np.concatenate([pair[1] for pair in (*pairs, grouped, near, dated, outdated)])
    in_group = np.zeros(count, dtype=bool)
    in_group[grouped[0]] = True
    unknown = ((typed != 0).any(axis=1) | abroad) & ~own & ~in_group
    unknown[outdated[0]] = False
    code, now, then = (np.unique(pair[0] * max(len(firms.ids), 1) + pair[1]) for pair in (grouped, dated, outdated))
    return Numbers(typed, digits, listed, record, firm, code, now, then, own, unknown, in_group)


def attributes(out: np.ndarray, record: np.ndarray, firm: np.ndarray, home: np.ndarray, found: Numbers) -> None:
    """Fills the attributes of identifiers; a predecessor's number (`home`) counts for its successor."""
    equal = np.zeros(len(record), dtype=bool)
    for k in range(len(KINDS)):
        typed = found.typed[record, k]
        equal |= (typed != 0) & ((typed == found.listed[firm, k]) | (typed == found.listed[home, k]))
    code = record * max(len(found.listed), 1) + firm
    equal |= _among(code, found.dated)
    grouped = _among(code, found.group)
    outdated = _among(code, found.outdated) & ~equal
    out[:, INDEX["number_outdated"]] = outdated
    near = ~equal & _is_near(found.digits[record], found.listed[firm, 0])
    out[:, INDEX["number_equal"]] = equal
    out[:, INDEX["number_group"]] = grouped & ~equal
    out[:, INDEX["number_near"]] = near & ~found.is_own_known[record]
    other = (found.is_own_known | found.is_group_number)[record] & ~equal & ~grouped & ~outdated
    out[:, INDEX["number_other"]] = other


def _among(code: np.ndarray, codes: np.ndarray) -> np.ndarray:
    if not len(codes):
        return np.zeros(len(code), dtype=bool)
    return np.asarray(codes[np.minimum(np.searchsorted(codes, code), len(codes) - 1)] == code)


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


def _nearly(typed: np.ndarray, listed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose numbers of eight digits differ in one digit: they agree in the first or the last four."""
    records, firms = [], []
    rows = np.flatnonzero(typed > 0)
    for own, other in ((typed // 10_000, listed // 10_000), (typed % 10_000, listed % 10_000)):
        order = np.argsort(other, kind="stable")
        known = other[order]
        for start in range(0, len(rows), 2_000):
            part = rows[start : start + 2_000]
            begin = np.searchsorted(known, own[part])
            size = np.searchsorted(known, own[part], side="right") - begin
            record = np.repeat(part, size)
            at = np.repeat(begin, size) + (np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size))
            firm = order[at]
            kept = _is_near(typed[record], listed[firm])
            records.append(record[kept])
            firms.append(firm[kept])
    if not records:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(records), np.concatenate(firms)


def _listed(registry: pd.DataFrame, firms: Registry) -> np.ndarray:
    listed = np.zeros((len(firms.ids), len(KINDS)), dtype=np.int64)
    ordered = registry.iloc[firms.row]
    for column in ("tax_number", "eu_vat"):
        if column in ordered:
            # the stem of a Hungarian number in any spelling; other countries' numbers have letters in front
            stem = first_number(ordered[column], r"^\s*(?:HU)?\s*(?P<number>\d{8})(?:\D.*|\d{3})?$")
            listed[:, 0] = np.where(listed[:, 0] > 0, listed[:, 0], stem)
    for column in ("registration_number", "euid"):
        if column in ordered:
            number = first_number(ordered[column], r"^(?P<number>\d{10})$", bare=True)
            listed[:, 1] = np.where(listed[:, 1] > 0, listed[:, 1], number)
    if "pic" in ordered:
        listed[:, 3] = first_number(ordered["pic"], r"^\s*(?P<number>[1-9]\d{8})(?:\.0)?\s*$")
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


def _dated(
    identifiers: pd.DataFrame | None, typed: np.ndarray, year: np.ndarray, firms: Registry
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Pairs whose record has an identifier that the firm has or had: valid in the record's year, and not."""
    empty = np.zeros(0, dtype=np.int64)
    if identifiers is None or not len(identifiers):
        return (empty, empty), (empty, empty)
    for column in ("firm_id", "kind", "value"):
        if column not in identifiers:
            raise MethodError(f"identifiers: column {column} is missing")
    kind = identifiers["kind"].astype("str").str.lower().map(COLUMNS)
    firm = identifiers["firm_id"].astype("str").map(pd.Series(np.arange(len(firms.ids)), index=firms.ids))
    read = normalise(_bare(identifiers["value"]))
    whole = _whole(read["value"].where(read["kind"].isin((HU_REGISTRATION_NUMBER, PIC)), None))
    whole = np.where(whole > 0, whole, read["hu_tax_stem"].astype("float64").fillna(0).to_numpy().astype(np.int64))
    whole = np.where(whole > 0, whole, _hashed(read["value"].where(read["kind"] == LEI, None)))
    begin, end = (
        years(identifiers[column]) if column in identifiers else np.zeros(len(identifiers), dtype=np.int64)
        for column in ("valid_from", "valid_to")
    )
    frame = pd.DataFrame({"kind": kind, "value": whole, "firm": firm, "begin": begin, "end": end})
    frame = frame[frame["kind"].notna() & frame["firm"].notna() & (frame["value"] != 0)].astype(np.int64)
    record, which = np.nonzero(typed)
    rows = pd.DataFrame({"record": record, "kind": which, "value": typed[record, which], "year": year[record]})
    both = rows.merge(frame, on=["kind", "value"])
    # half open by date, whole years here: the year in which a number ended still has it
    inside = (both["year"] == 0) | (
        (both["year"] >= both["begin"]) & ((both["end"] == 0) | (both["year"] <= both["end"]))
    )
    now, then = (both[chosen].sort_values(["record", "firm"]) for chosen in (inside, ~inside))
    return (now["record"].to_numpy(), now["firm"].to_numpy()), (then["record"].to_numpy(), then["firm"].to_numpy())


def _bare(column: pd.Series) -> pd.Series:
    """Texts without what makes an EUID of a registration number, and with the county that a tax number lacks.

    HUOCCSZ.01-09-123456 is 01-09-123456; 12345676-2 is 12345676; a VAT group's number keeps its code 5, which says so.
    """
    texts = column.astype("str").str.replace(r"^\s*HUOCCSZ\W*", "", regex=True).str.replace(r"\.0$", "", regex=True)
    texts = texts.str.replace(r"^\s*((?:HU)?\s*\d{8})\s*[-/. ]\s*[1-4]\s*[-/. ]?\s*$", r"\1", regex=True)
    return texts.str.replace(r"^\s*((?:HU)?\s*\d{8})\s*[-/. ]\s*5\s*[-/. ]?\s*$", r"\1-5-41", regex=True)


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
