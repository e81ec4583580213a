"""Firm names as they are compared exactly: one key per spelling-independent name, the legal form apart.

Belongs here: normalisation for the deterministic pass (same key and same place = same firm) and repair of text that was
decoded with the wrong code page. Does not belong here: similarity of names, abbreviations of words, which name wins.

The key is the name in lower case without accents, punctuation, doubled spaces, legal form and status of liquidation.
What it keeps apart it keeps apart on purpose: `kovacs es tarsa` is not `kovacs`; fuzzy comparison is the next pass's.
Legal forms are recognised at the end of a name (or, for those that stand there, at its beginning) in the long,
short and misspelt forms seen in the Hungarian structural-funds, Kohesio, CORDIS and GLEIF files. Source of the
forms: Act V of 2013 (Civil Code), book three; ISO 20275 (GLEIF entity legal forms) for their names.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

# Code, then the regular expression of its folded spellings (lower case, no accents, no punctuation, single spaces).
# The first form that matches wins, so the special stands before the general.
_NONPROFIT = r"(?:(?:kiemelten |kiemelkedoen )?(?:kozhasznu )?non ?prof[a-z]{2,3} |kiemelkedoen kozhasznu |kozhasznu )"
_RT = r"(?:reszv[a-z]{1,4}t[a-z]{0,3}rsa[a-z]{1,4}|rt)"
# Whatever becomes of "korlatolt felelossegu tarsasag": letters doubled, left out, swapped.
_LIMITED = r"ko[a-z]{5,9} ?fel[a-z]{5,11}"
_KFT = f"(?:{_LIMITED} ?t[a-z]{{4,9}}|korl fel tars|kft)"
_ZART = r"(?:za?r[a-z]{0,3}k[a-z]{2,6}n?(?: ?m[a-z]{1,2}kod[a-z]{1,2})?)"
_NYILT = r"(?:ny[a-z]{3,7}san(?: ?m[a-z]{1,2}kod[a-z]{1,2})?)"
_FORMS: tuple[tuple[str, str], ...] = (
    ("nonprofit_kft", f"{_NONPROFIT}{_KFT}|nkft"),
    ("nonprofit_zrt", f"{_NONPROFIT}?{_ZART} non ?profit {_RT}|{_NONPROFIT}(?:{_ZART} {_RT}|zrt)|nzrt"),
    ("nonprofit_nyrt", f"{_NONPROFIT}(?:{_NYILT} {_RT}|nyrt)"),
    ("nonprofit_bt", f"{_NONPROFIT}(?:beteti tarsasag|bt)"),
    ("kht", r"(?:kiemelkedoen )?kozhasznu tarsasag|kht"),
    ("kft", _KFT),
    ("zrt", f"{_ZART} {_RT}|zrt"),
    ("nyrt", f"{_NYILT} {_RT}|nyrt"),
    ("rt", f"{_NONPROFIT}?{_RT}"),
    ("bt", r"bet+eti tars[a-z]{2,5}|bt"),
    ("kkt", r"kozkereseti tarsasag|kkt"),
    ("egyeni_ceg", f"(?:{_LIMITED} )?egyeni ceg|ec"),
    # Three letters, two countries: egyeni vallalkozo (sole proprietor) and eingetragener Verein (association).
    ("ev", r"egyeni vallalkozo|e ?v|eingetragener verein"),
    ("szovetkezet", r"(?:(?:szocialis|europai|iskola|mezogazdasagi|agrar) )?szovetkezet"),
    ("alapitvany", r"(?:(?:kiemelkedoen )?(?:kozhasznu )?(?:koz)?)alapitvany[a]?"),
    ("egyesulet", r"(?:(?:kiemelkedoen )?kozhasznu )?egyesulet[e]?"),
    ("egyesules", r"egyesules"),
    ("ugyvedi_iroda", r"ugyvedi iroda"),
    ("fioktelep", r"(?:magyarorszagi )?fioktelepe?"),
    ("gmbh_co_kg", r"gmbh (?:co|und co|u co|and co) (?:kg|kgaa|ohg)"),
    ("gmbh", r"g?gmbh|gesellschaft (?:mit beschrankter haftung|m b h|mbh)|mbh"),
    ("kg", r"kg"),
    ("ag", r"ag|aktiengesellschaft"),
    ("private_ltd", r"(?:(?:co|company|private|public|pvt|non ?profit) )*(?:ltd|limited|limited company)"),
    ("plc", r"plc|public limited company"),
    ("llc", r"llc|l l c|limited liability company"),
    ("llp", r"llp|limited liability partnership"),
    ("inc", r"inc|incorporated|corp|corporation"),
    ("sro", r"(?:spol(?:ecnost)? )?s ?r ?o|spolocnost s rucenim obmedzenym"),
    ("as", r"a ?s|akciova spolecnost|akciova spolocnost"),
    ("sp_zoo", r"sp(?:olka)? z ?(?:o ?o|ograniczona odpowiedzialnoscia)"),
    ("sa_pl", r"spolka akcyjna"),
    ("doo", r"d ?o ?o|drustvo s ogranicenom odgovornoscu|druzba z omejeno odgovornostjo"),
    ("dd", r"d ?d|dionicko drustvo"),
    ("srl", r"s ?r ?l|societate cu raspundere limitata|societa a responsabilita limitata"),
    ("spa", r"s ?p ?a|societa per azioni"),
    ("sas", r"s ?a ?s"),
    ("sarl", r"s ?a ?r ?l|societe a responsabilite limitee"),
    ("sa", r"s ?a|societe anonyme|sociedad anonima|sociedade anonima"),
    ("sl", r"s ?l ?u?|sociedad limitada"),
    ("lda", r"lda|limitada"),
    ("bv", r"b ?v|besloten vennootschap"),
    ("nv", r"n ?v|naamloze vennootschap"),
    ("bvba", r"bvba|sprl"),
    ("ab", r"ab|aktiebolag"),
    ("aps", r"aps|anpartsselskab"),
    ("oyj", r"oyj"),
    ("oy", r"oy|osakeyhtio"),
    ("ou", r"ou|osauhing"),
    ("uab", r"uab|uzdaroji akcine bendrove"),
    ("sia", r"sia"),
    ("ae", r"a ?e|anonimi etaireia"),
    ("eood", r"eood|ЕООД".lower()),
    ("ood", r"ood|ООД".lower()),
    ("ead", r"ead|ЕАД".lower()),
    ("ad", r"ad|АД".lower()),
    ("kda", r"kda"),
    ("asbl", r"asbl|vzw|aisbl"),
)
LEGAL_FORMS: tuple[str, ...] = tuple(code for code, _ in _FORMS)
"""Codes of the legal forms that `normalise_names` returns."""

_LEADING = r"uab|sia|sc|ou|kft|zrt"
_STATUS = r"f ?a|v ?a|kt ?a|cs ?a|(?:felszamolas|vegelszamolas|kenyszertorles|csodeljaras) alatt|in liquidation"
_FORM_PATTERN = "|".join(f"(?:{pattern})" for _, pattern in _FORMS)
_COMPILED = tuple((code, re.compile(pattern)) for code, pattern in _FORMS)
_STANDALONE_LETTERS = (("ß", "ss"), ("ł", "l"), ("ø", "o"), ("đ", "d"), ("æ", "ae"), ("œ", "oe"), ("\u0131", "i"))
# UTF-8 read as a Western code page: these characters are never followed by such a sign in a real name.
_DOUBLE_ENCODED = "[ÃÄÅÂ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122\u20ac]"


def normalise_names(names: pd.Series) -> pd.DataFrame:
    """Splits names into a comparison key and a legal form.

    Args:
        names: names as published, nulls allowed.

    Returns:
        Frame with the index of `names`: `name_key` (null where the name is null or has no letter or digit) and
        `legal_form` (one of `LEGAL_FORMS`, null where none is recognised). A name that is nothing but a legal form
        keeps it as its key.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    codes, unique = pd.factorize(names)
    folded = _fold(pa.array(np.asarray(unique, dtype=object), type=pa.large_string(), from_pandas=True))
    # Matched without the name before it: RE2 then runs backwards from the end and is five times as fast.
    ending = f" (?P<form>{_FORM_PATTERN})(?: (?:{_STATUS}))?$"
    form = pc.struct_field(pc.extract_regex(folded, ending), "form")
    key = pc.replace_substring_regex(folded, ending, "")
    leading = pc.extract_regex(pc.if_else(pc.is_null(form), folded, ""), f"^(?P<form>{_LEADING}) (?P<key>.+)$")
    form = pc.coalesce(form, pc.struct_field(leading, "form"))
    key = pc.coalesce(pc.struct_field(leading, "key"), key)
    key = pc.if_else(pc.equal(key, ""), pa.scalar(None, key.type), key)

    # Few distinct spellings of forms stand behind many names: each is looked up once.
    encoded = form.dictionary_encode()
    known = np.array([*(_form_code(text) for text in encoded.dictionary.to_pylist()), None], dtype=object)
    spelling = np.asarray(encoded.indices.fill_null(len(known) - 1))
    keys = np.array([*key.to_pylist(), None], dtype=object)
    result = pd.DataFrame({"name_key": keys, "legal_form": known[np.append(spelling, len(known) - 1)]}, dtype="str")
    # factorize numbers a null -1: the row after the distinct names.
    return result.take(codes % len(result)).set_axis(names.index)


def repair_text(texts: pd.Series, *, hungarian: bool = True) -> pd.Series:
    """Repairs letters that a wrong code page spoiled, for display; keys do not need it.

    Args:
        texts: names or addresses, nulls allowed.
        hungarian: also replace o with tilde and u with circumflex, which Western code pages show for the double acute
            (Gyõr for Győr). Not for sources in languages that use those letters (Estonian, Portuguese, French).

    Returns:
        Series of the same index: Unicode NFC, UTF-8 that had been read as a Western code page decoded again, carriage
        returns of spreadsheets (`_x000D_`) dropped, spaces single.
    """
    repaired = texts.astype("str").str.replace(r"(?i)_x000d_", " ", regex=True)
    spoiled = repaired.str.contains(_DOUBLE_ENCODED, regex=True).fillna(False).astype(bool)
    if spoiled.any():
        repaired = repaired.where(~spoiled, repaired[spoiled].map(_decoded_again))
    repaired = repaired.str.normalize("NFC")
    if hungarian:
        for wrong, right in zip("õÕûÛ", "őŐűŰ", strict=True):
            repaired = repaired.str.replace(wrong, right, regex=False)
    return repaired.str.replace(r"\s+", " ", regex=True).str.strip()


def _fold(texts: Any) -> Any:
    """Arrow texts in lower case, without accents and punctuation, with single spaces."""
    import pyarrow as pa
    import pyarrow.compute as pc

    spoiled = pc.fill_null(pc.match_substring_regex(texts, _DOUBLE_ENCODED), False)
    if pc.any(spoiled).as_py():
        decoded = [_decoded_again(text) for text in texts.filter(spoiled).to_pylist()]
        texts = pc.replace_with_mask(texts, spoiled, pa.array(decoded, type=texts.type))
    folded = pc.utf8_lower(pc.utf8_normalize(texts, form="NFKD"))
    folded = pc.replace_substring_regex(folded, "\\p{Mn}+|['\u2019`\u00b4]|_x000d_", "")
    for letter, plain in _STANDALONE_LETTERS:
        folded = pc.replace_substring(folded, letter, plain)
    # The dot after a single letter is an initial's or an abbreviation's: k.f.t. is kft, a.b.c. is abc.
    folded = pc.replace_substring_regex(folded, r"\b(\pL)\.", r"\1")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(folded, r"[^\pL\pN]+", " "))


def _decoded_again(text: str) -> str:
    """Decodes each spoiled pair of characters on its own, for spoiled and sound letters meet in one name."""
    return re.sub(_DOUBLE_ENCODED, _letter, text)


def _letter(pair: re.Match[str]) -> str:
    for page in ("cp1252", "latin-1"):
        try:
            return pair.group().encode(page).decode("utf-8")
        except UnicodeError:
            continue
    return pair.group()


def _form_code(text: str | None) -> str | None:
    if text is None:
        return None
    # "SC" opens a Romanian name; without the form that closes it, it is none
    return next((code for code, pattern in _COMPILED if pattern.fullmatch(text)), None)
