"""What a person typed in a field for tax numbers, and whether it can be one.

Belongs here: recognising and checking identifiers of legal units. Does not belong here: which firm an identifier
belongs to (`firm_identity`), downloading registers.

| kind | value | valid when |
|---|---|---|
| `hu_tax_number` | stem `12345678` or, as typed, `12345678-2-42` | check digit (stdnum.hu.anum), VAT code 1-5, county |
| `eu_vat` | country prefix and number, `ATU57194903` | stdnum.eu.vat (a Hungarian one is a `hu_tax_number`) |
| `foreign_vat` | prefix and number outside the EU, GB included | stdnum has a check of that country and it passes |
| `hu_registration_number` | `01-09-296700` (court, form, number) | court 01 to 20, legal form 01 to 23 |
| `euid` | `HUOCCSZ.01-09-296700` (register, number) | Hungarian: as the registration number; else shape |
| `lei` | 20 characters | stdnum.lei (ISO 17442, ISO 7064 check digits) |
| `pic` | 9 digits | first digit not 0 (the Commission publishes no check digit) |
| `missing` | none | never: empty, MISSING, N/A, nincs ... |
| `dummy` | none | never: all digits alike, 12345678; all-alike numbers would pass the check digit |
| `unknown` | the compacted text | never |

The stem is what two Hungarian numbers are compared by. VAT code 5 marks the number of a VAT group, whose stem is no
legal unit's. Source of the Hungarian formats: Act CL of 2017 on taxation rules (tax number), Act V of 2006 (company
registration number), Commission Implementing Regulation (EU) 2020/2244, annex, point 8 (EUID); the shapes are those
seen in CORDIS and e-beszamolo deliveries.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

HU_TAX_NUMBER = "hu_tax_number"
EU_VAT = "eu_vat"
FOREIGN_VAT = "foreign_vat"
HU_REGISTRATION_NUMBER = "hu_registration_number"
EUID = "euid"
LEI = "lei"
PIC = "pic"
MISSING = "missing"
DUMMY = "dummy"
UNKNOWN = "unknown"
KINDS = (HU_TAX_NUMBER, EU_VAT, FOREIGN_VAT, HU_REGISTRATION_NUMBER, EUID, LEI, PIC, MISSING, DUMMY, UNKNOWN)

# Counties of the tax authority: 02 to 20 and the second series 22 to 40, Budapest 41 to 44, large taxpayers 51.
_COUNTIES = frozenset([*range(2, 21), *range(22, 45), 51])
_MISSING_WORDS = frozenset(
    {
        "MISSING",
        "NA",
        "NONE",
        "NULL",
        "NIL",
        "NAN",
        "NINCS",
        "NEMLEGES",
        "NEMADOTT",
        "NOTAPPLICABLE",
        "NOTAVAILABLE",
        "NOVAT",
        "NOVATNUMBER",
        "UNKNOWN",
        "ISMERETLEN",
        "FOLYAMATBAN",
        "PENDING",
        "TBD",
        "X",
        "XX",
        "XXX",
        "XXXX",
    }
)
_HU_SHAPE = re.compile(r"(?:HU)?(\d{8})(?:(\d)(\d{2}))?")
_REGISTRATION_DASHED = re.compile(r"(?:CG\.?\s*)?(\d{2})\s*-\s*(\d{2})\s*-\s*(\d{6})")
# Two letters in the register's code tell an EUID from a VAT number with points, ATU571.94903.
_EUID = re.compile(r"([A-Z]{2})((?=\d*[A-Z]\d*[A-Z])[0-9A-Z]{2,9})\.([0-9A-Z./-]{1,30}(?:_[0-9A-Z]{1,2})?)")
_HU_REGISTER = "OCCSZ"
_DUMMY_DIGITS = frozenset({"12345", "123456", "1234567", "12345678", "123456789", "1234567890", "00000000001"})
_PREFIXED_DIGITS = re.compile(r"[A-Z]{0,3}(\d+)")
_VAT_SHAPE = re.compile(r"[A-Z]{2}(?=(?:[A-Z]*\d){5})[0-9A-Z]{5,16}")
_SEPARATORS = re.compile(r"[^0-9A-Z]+")
_WEIGHTS = np.array([9, 7, 3, 1, 9, 7, 3, 1])


class Identifier(NamedTuple):
    """What a text is; `value` is None for `missing` and `dummy`."""

    kind: str
    value: str | None
    is_valid: bool


def parse(text: str | None) -> Identifier:
    """Recognises one identifier; see the module for kinds, values and checks.

    Args:
        text: what was typed, in any case, with spaces, dots, dashes and prefixes as people write them.

    Returns:
        Kind, normalised value and validity. Bare 8 and 11 digits are read as Hungarian tax numbers (the field is one
        for tax numbers), bare 9 digits as a PIC, bare 10 digits as a registration number if court and form fit.
    """
    if text is None or not isinstance(text, str):
        return Identifier(MISSING, None, False)
    typed = text.strip().upper()
    compact = _SEPARATORS.sub("", typed)
    if not compact or compact in _MISSING_WORDS:
        return Identifier(MISSING, None, False)
    if _is_dummy(compact):
        return Identifier(DUMMY, None, False)
    if match := _REGISTRATION_DASHED.fullmatch(typed):
        return _registration_number("".join(match.groups()))
    if (match := _EUID.fullmatch(typed)) and any(character.isdigit() for character in match[3]):
        return _euid(*match.groups())
    if match := _HU_SHAPE.fullmatch(compact):
        return _hungarian(*match.groups())
    if len(compact) == 20 and not compact.isdigit():
        return Identifier(LEI, compact, _passes("lei", compact))
    if _VAT_SHAPE.fullmatch(compact):
        return _vat(compact)
    if compact.isdigit() and len(compact) == 9:
        return Identifier(PIC, compact, compact[0] != "0")
    if compact.isdigit() and len(compact) == 10:
        number = _registration_number(compact)
        if number.is_valid:
            return number
    return Identifier(UNKNOWN, compact, False)


def normalise(series: pd.Series) -> pd.DataFrame:
    """Recognises a whole column; every distinct value is looked at once, Hungarian tax numbers with numpy.

    Args:
        series: texts as typed, nulls allowed.

    Returns:
        Frame with the index of the series: `kind`, `value` (null for missing and dummy), `is_valid`, and `hu_tax_stem`
        (the 8 digits of a valid Hungarian tax number that is not a VAT group's, else null) to join on.
    """
    codes, unique = pd.factorize(series)
    texts = pd.Series([*unique, None], dtype=object)
    fast = _hungarian_column(texts)
    registered = _registration_column(texts)
    fast = fast.where(registered["kind"].isna(), registered)
    slow = np.flatnonzero(fast["kind"].isna().to_numpy())
    parsed = pd.DataFrame([parse(texts.iloc[k]) for k in slow], columns=list(Identifier._fields), index=slow)
    found = pd.concat([fast[fast["kind"].notna()], parsed.astype(object)]).sort_index()
    found["is_valid"] = found["is_valid"].astype(bool)

    # The last distinct value is the null, which factorize numbers -1.
    result = found.take(np.where(codes < 0, len(unique), codes)).set_axis(series.index)
    joins = (result["kind"] == HU_TAX_NUMBER) & result["is_valid"]
    stem = result["value"].where(joins).astype("str")
    result["hu_tax_stem"] = stem.str.slice(0, 8).where(stem.str.slice(9, 10) != "5", None)
    return result.astype({"kind": "str", "value": "str", "hu_tax_stem": "str"})


def _hungarian_column(texts: pd.Series) -> pd.DataFrame:
    """The Hungarian tax numbers among the texts in their usual spelling; other rows have no kind."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_text = texts.map(lambda text: isinstance(text, str)).astype(bool)
    typed = pa.array(texts.where(is_text, None), type=pa.large_string())
    parts = pc.extract_regex(typed, r"^\s*(?:HU)?(?P<stem>\d{8})(?P<code>-?\d-?\d{2})?\s*$")
    usual = np.asarray(pc.is_valid(parts))
    stem = pc.struct_field(parts, "stem").filter(pa.array(usual)).to_pandas().astype(object)
    code = pc.struct_field(parts, "code").filter(pa.array(usual)).to_pandas().str.replace("-", "", regex=False)
    result = pd.DataFrame({"kind": None, "value": None, "is_valid": False}, index=texts.index, dtype=object)
    if not len(stem):
        return result
    number = stem.astype(np.int64).to_numpy()
    digits = number[:, None] // 10 ** np.arange(7, -1, -1) % 10
    short = (code == "").to_numpy()
    tail = code.where(~short, "000").astype(np.int64).to_numpy()
    is_dummy = (digits == digits[:, :1]).all(axis=1) | (number == 12_345_678)
    # The check of stdnum.hu.anum on whole columns; a test holds the two against each other.
    is_valid = (digits @ _WEIGHTS) % 10 == 0
    is_valid &= short | (np.isin(tail // 100, (1, 2, 3, 4, 5)) & np.isin(tail % 100, sorted(_COUNTIES)))
    full = stem.where(short, stem + "-" + code.str.slice(0, 1) + "-" + code.str.slice(1))
    rows = np.flatnonzero(usual)
    result.loc[rows, "kind"] = np.where(is_dummy, DUMMY, HU_TAX_NUMBER)
    result.loc[rows, "value"] = full.where(~is_dummy, None).to_numpy()
    result.loc[rows, "is_valid"] = is_valid & ~is_dummy
    return result


def _registration_column(texts: pd.Series) -> pd.DataFrame:
    """The registration numbers among the texts in their usual spelling, 01-09-296700; other rows have no kind."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_text = texts.map(lambda text: isinstance(text, str)).astype(bool)
    typed = pa.array(texts.where(is_text, None), type=pa.large_string())
    usual = np.asarray(pc.fill_null(pc.match_substring_regex(typed, r"^\d{2}-\d{2}-\d{6}$"), False))
    rows = np.flatnonzero(usual)
    value = texts.iloc[rows].astype(object).to_numpy()
    number = np.array([int(text.replace("-", "")) for text in value], dtype=np.int64)
    court, form, serial = number // 10**8, number // 10**6 % 100, number % 10**6
    result = pd.DataFrame({"kind": None, "value": None, "is_valid": False}, index=texts.index, dtype=object)
    # what might be a dummy is looked at one by one
    valid = (court >= 1) & (court <= 20) & (form >= 1) & (form <= 23) & (serial > 0)
    keep = valid & ~np.isin(number, [int("1" * 10), 1_234_567_890])
    result.loc[rows[keep], "kind"] = HU_REGISTRATION_NUMBER
    result.loc[rows[keep], "value"] = value[keep]
    result.loc[rows[keep], "is_valid"] = True
    return result


def _hungarian(stem: str, vat_code: str | None, county: str | None) -> Identifier:
    if _is_dummy(stem):
        return Identifier(DUMMY, None, False)
    valid = _passes("hu.anum", stem)
    if vat_code is None or county is None:
        return Identifier(HU_TAX_NUMBER, stem, valid)
    known = vat_code in "12345" and int(county) in _COUNTIES
    return Identifier(HU_TAX_NUMBER, f"{stem}-{vat_code}-{county}", valid and known)


def _registration_number(digits: str) -> Identifier:
    court, form, number = digits[:2], digits[2:4], digits[4:]
    valid = 1 <= int(court) <= 20 and 1 <= int(form) <= 23 and int(number) > 0
    return Identifier(HU_REGISTRATION_NUMBER, f"{court}-{form}-{number}", valid)


def _euid(country: str, register: str, number: str) -> Identifier:
    if country != "HU":
        return Identifier(EUID, f"{country}{register}.{number}", True)
    match = _REGISTRATION_DASHED.fullmatch(number)
    own = _registration_number("".join(match.groups())) if match else None
    valid = own is not None and own.is_valid and register == _HU_REGISTER
    return Identifier(EUID, f"{country}{register}.{number}", valid)


def euid(registration_number: str) -> str:
    """The EUID of a Hungarian company, made of its registration number as `parse` writes it."""
    return f"HU{_HU_REGISTER}.{registration_number}"


def _vat(compact: str) -> Identifier:
    from stdnum.eu import vat
    from stdnum.exceptions import ValidationError
    from stdnum.util import get_cc_module

    # Publishers write the ISO code of Greece and the everyday one of the United Kingdom.
    prefix = {"GR": "EL", "UK": "GB"}.get(compact[:2], compact[:2])
    number = prefix + compact[2:]
    if prefix.lower() in vat.MEMBER_STATES or prefix == "EL":
        try:
            return Identifier(EU_VAT, vat.validate(number), True)
        except ValidationError:
            return Identifier(EU_VAT, number, False)
    country = get_cc_module(prefix.lower(), "vat")
    if country is None:
        return Identifier(FOREIGN_VAT, number, False)
    # Some countries' checks want the number with its prefix (CHE...), others without it (GB...).
    return Identifier(FOREIGN_VAT, number, bool(country.is_valid(number) or country.is_valid(number[2:])))


def _is_dummy(compact: str) -> bool:
    match = _PREFIXED_DIGITS.fullmatch(compact)
    return match is not None and (len(set(match.group(1))) == 1 or match.group(1) in _DUMMY_DIGITS)


def _passes(module: str, number: str) -> bool:
    from stdnum import lei
    from stdnum.hu import anum

    return bool({"lei": lei, "hu.anum": anum}[module].is_valid(number))
