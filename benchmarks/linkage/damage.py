"""What happens to a name on its way into a list, and rows that mean no firm at all.

Belongs here: damage, each kind under its label. Does not belong here: the registry (`generate`).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from benchmarks.linkage import words as w
from benchmarks.linkage.brands import Names

FORMS = ("Kft.", "Bt.", "Zrt.", "Nyrt.", "Kkt.")


@dataclass
class Seen:
    """What of a firm a list still shows, misspelt or not: what somebody who undoes all damage could go by.

    Attributes:
        part: whole, first (word), initial_first, initial_second, acronym or nothing.
        activity: number of the activity, -9 where it is not shown or wrong.
        form: legal form, empty where it is not shown or wrong.
    """

    part: str = "whole"
    activity: int = -9
    form: str = ""


def plain(text: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def nobody(
    names: Names,
    k: int,
    brand: list[str],
    activity: list[int],
    form: np.ndarray,
    town: np.ndarray,
    rng: np.random.Generator,
) -> tuple[int | None, str, str, int, str, str, str | None]:
    """A row without a firm: kind, brand, activity, form, town, country."""
    u = rng.random()
    f = FORMS[form[k]]
    if u < 0.22:
        return None, "university", names.pick(w.UNIVERSITIES), -2, "", str(town[k]), "HU"
    if u < 0.42:
        body = names.pick(w.BODIES).format(town=town[k], family=names.surname(), given=names.pick(w.GIVEN))
        return None, "body", body, -2, "", str(town[k]), "HU"
    if u < 0.60:
        ending, country = w.FOREIGN_FORMS[int(rng.random() * len(w.FOREIGN_FORMS))]
        stem = brand[k].split()[0] if rng.random() < 0.3 else names.invented()
        city = names.pick(("Wien", "Graz", "Bratislava", "Milano", "Ljubljana", "Cluj", "London", "Kraków"))
        return None, "foreign", f"{stem} {ending}", -2, "", city, country
    if u < 0.80:
        return None, "not_in_registry", names.brand(str(town[k])), activity[k], f, str(town[k]), "HU"
    tokens = brand[k].split()
    if rng.random() < 0.5 and len(tokens) > 1:
        near = " ".join([*tokens[:-1], names.pick(w.SISTERS) if rng.random() < 0.6 else names.pick(w.WORDS)])
    else:
        near = f"{tokens[0]} {names.pick(w.WORDS)}"
    return None, "near_miss", near, activity[k], f, str(town[k]), "HU"


def written(
    names: Names, rng: np.random.Generator, brand: str, activity: int, form: str, damage: list[str], *, firm: bool
) -> tuple[str, Seen]:
    """The name as a list shows it, and what it still says; appends what was done to `damage`."""
    seen = Seen()
    if activity == -2:
        text = brand
        return plain(text).upper() if rng.random() < 0.25 else text, seen
    stem = brand
    tokens = stem.split()
    u = rng.random()
    if u < 0.04 and len(tokens) == 2 and "és" not in tokens:
        stem = f"{tokens[1]} {tokens[0]}"
        damage.append("word_order")
    elif u < 0.065 and len(tokens) >= 2:
        seen.part = "initial_first" if rng.random() < 0.5 else "initial_second"
        is_first = seen.part == "initial_first"
        stem = f"{tokens[0][0]}. {' '.join(tokens[1:])}" if is_first else f"{tokens[0]} {tokens[1][0]}."
        damage.append("initial")
    elif u < 0.10 and len(tokens) == 2 and "és" not in tokens:
        stem = tokens[0] + tokens[1].lower()
        damage.append("joined")
    elif u < 0.12 and len(tokens) == 1 and len(stem) >= 7:
        cut = 3 + int(rng.random() * (len(stem) - 5))
        stem = f"{stem[:cut]} {stem[cut:]}"
        damage.append("split")
    elif u < 0.14 and " és " in stem:
        stem = stem.replace(" és ", " & ").replace("Társa", names.pick(("Partner", "Co.", "Tsa.", "Tarsa")))
        damage.append("and_partner")
    elif u < 0.15 and len(tokens) >= 2 and firm:
        stem, seen.part = tokens[0], "first"
        damage.append("trade_name")
    elif u < 0.162 and firm:
        stem, seen.part = names.invented(), "nothing"
        damage.append("unknown_trade_name")
    elif u < 0.168 and len(tokens) >= 2:
        stem, seen.part = "".join(t[0] for t in tokens if t != "és").upper(), "acronym"
        damage.append("acronym")
    for native, foreign in w.SISTERS_FOREIGN.items():
        if stem.endswith(native) and rng.random() < 0.15:
            stem = stem.removesuffix(native) + foreign
            damage.append("sister_translated")
    words = ""
    if activity >= 0:
        v = rng.random()
        seen.activity = activity if v < 0.59 else -9
        if v < 0.35:
            words = w.ACTIVITY[activity][0]
        elif v < 0.50:
            words = w.ACTIVITY[activity][1]
            damage.append("activity_abbreviated")
        elif v < 0.59:
            words = w.ACTIVITY[activity][2]
            damage.append("activity_translated")
        elif v < 0.61:
            words = w.ACTIVITY[int(rng.random() * len(w.ACTIVITY))][0]
            damage.append("activity_wrong")
    v = rng.random()
    seen.form = "" if v < 0.17 or 0.31 <= v < 0.33 else form
    if v < 0.17:
        ending = ""
        damage.append("form_dropped")
    elif v < 0.25:
        ending = names.pick(w.ENGLISH_FORM[form])
        damage.append("form_translated")
    elif v < 0.31:
        ending = names.pick(w.BAD_FORM[form])
        damage.append("form_misspelt")
    elif v < 0.33:
        ending = names.pick(FORMS)
        damage.append("form_wrong")
    elif v < 0.6:
        ending = form
    else:
        ending = w.LONG_FORM[form]
    text = " ".join(part for part in (stem, words, ending) if part)
    if rng.random() < 0.02 and ending:
        text = " ".join(part for part in (ending, stem, words) if part)
        damage.append("form_first")
    if rng.random() < 0.09:
        text = typo(rng, text, len(stem))
        damage.append("typo")
        if rng.random() < 0.15:
            text = typo(rng, text, len(stem))
    v = rng.random()
    if v < 0.16:
        text = plain(text).upper()
    elif v < 0.22:
        text = text.upper()
    elif v < 0.28:
        text = plain(text)
    elif v < 0.31:
        text = text.translate(str.maketrans("őŐűŰ", "õÕûÛ"))
        damage.append("o_tilde")
    elif v < 0.335:
        text = text.encode("utf-8").decode("cp1252", errors="ignore")
        damage.append("mojibake")
    elif v < 0.345:
        text = "".join(c if ord(c) < 128 else "?" for c in text)
        damage.append("question_marks")
    if rng.random() < 0.03:
        text = text.replace(" ", "  ", 1) if rng.random() < 0.5 else f'"{text}"'
    return text, seen


def typo(rng: np.random.Generator, text: str, within: int | None = None) -> str:
    end = min(len(text), within or len(text))
    if end < 4:
        return text
    at = 1 + int(rng.random() * (end - 3))
    kind = int(rng.random() * 4)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + "abcdefghijklmnoprstuvz"[int(rng.random() * 22)] + text[at + 1 :]


def roman(number: int) -> str:
    tens, ones = divmod(number, 10)
    return "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]
