"""What happens to names, towns and tax numbers between a register and somebody's list of participants.

The kinds of damage are those of the real files: capitals without accents, o-tilde for o-double-acute, long, short,
missing, misspelt and translated legal forms, trade names, former names, typing errors, stray spaces. Records are few
(thousands), so this module works record by record.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from sample.names import LONG_FORMS

MISSPELT = {
    "Kft.": (
        "Korlátolt Felelőségű Társaság",
        "Korlátolt Felelősségü Társaság",
        "korlátolt felelősségű társaság",
        "K.F.T.",
    ),
    "Bt.": ("Betéti Tarsaság", "betéti társaság", "B.T."),
    "Zrt.": ("Zártkörüen Működő Részvénytársaság", "Zártkörű Részvénytársaság", "ZRt"),
    "Nyrt.": ("Nyilvánosan Müködő Részvénytársaság", "NyRt."),
    "Kkt.": ("Közkereseti Tarsaság",),
}
ENGLISH = {
    "Kft.": ("Ltd.", "Ltd", "Limited Liability Company", "LLC"),
    "Bt.": ("Limited Partnership", "LP"),
    "Zrt.": ("Plc.", "Private Limited Company", "Co. Ltd."),
    "Nyrt.": ("Plc.", "Public Limited Company"),
    "Kkt.": ("General Partnership",),
}

PROFILES: dict[str, dict[str, float]] = {
    # probabilities: base of the name, legal form, then independent damage
    "cluster": {
        "brand": 0.10,
        "long": 0.15,
        "no_form": 0.20,
        "english": 0.02,
        "upper": 0.06,
        "ascii": 0.10,
        "tilde": 0.04,
        "typo": 0.04,
        "space": 0.02,
        "misspelt": 0.02,
    },
    "cordis": {
        "brand": 0.04,
        "long": 0.55,
        "no_form": 0.03,
        "english": 0.15,
        "upper": 0.94,
        "ascii": 0.97,
        "tilde": 0.0,
        "typo": 0.03,
        "space": 0.01,
        "misspelt": 0.02,
    },
    "structural": {
        "brand": 0.02,
        "long": 0.52,
        "no_form": 0.03,
        "english": 0.0,
        "upper": 0.18,
        "ascii": 0.01,
        "tilde": 0.05,
        "typo": 0.03,
        "space": 0.04,
        "misspelt": 0.06,
    },
    "interreg": {
        "brand": 0.06,
        "long": 0.30,
        "no_form": 0.06,
        "english": 0.25,
        "upper": 0.05,
        "ascii": 0.25,
        "tilde": 0.01,
        "typo": 0.03,
        "space": 0.01,
        "misspelt": 0.01,
    },
    "event": {
        "brand": 0.15,
        "long": 0.08,
        "no_form": 0.25,
        "english": 0.12,
        "upper": 0.04,
        "ascii": 0.15,
        "tilde": 0.02,
        "typo": 0.05,
        "space": 0.02,
        "misspelt": 0.01,
    },
}

FORMER_NAME = 0.35
"""Probability that a firm with a former name is listed under it."""


def strip_accents(text: str) -> str:
    """Drop accents: `Győr` becomes `Gyor`."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def o_tilde(text: str) -> str:
    """Show double acutes as code page 1252 does: `Győr` becomes `Gyõr`."""
    return text.translate(str.maketrans("őŐűŰ", "õÕûÛ"))


def typing_error(rng: np.random.Generator, text: str) -> str:
    """Swap, drop or double one letter."""
    if len(text) < 5:
        return text
    at = int(rng.integers(1, len(text) - 2))
    kind = int(rng.integers(3))
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at] + text[at:]


def firm_name(rng: np.random.Generator, profile: str, brand: str, words: str, form: str, former: str | None) -> str:
    """Return a firm's name as a list of participants shows it.

    Args:
        rng: stream of dirt.
        profile: key of `PROFILES`.
        brand: distinctive part of the name.
        words: words of the trade.
        form: abbreviated legal form with its dot.
        former: former distinctive part, if the firm was renamed.
    """
    chance = PROFILES[profile]
    if former is not None and rng.random() < FORMER_NAME:
        brand = former
    u = rng.random()
    if u < chance["brand"]:
        name = brand
    elif u < chance["brand"] + chance["no_form"]:
        name = f"{brand} {words}"
    else:
        long = rng.random() < chance["long"]
        stem = f"{brand} {words}" if long or rng.random() < 0.15 else brand
        v = rng.random()
        if v < chance["english"]:
            ending = _pick(rng, ENGLISH[form])
        elif v < chance["english"] + chance["misspelt"]:
            ending = _pick(rng, MISSPELT[form])
        elif long:
            ending = LONG_FORMS[form]
        else:
            ending = _pick(rng, (form, form, form, form.rstrip("."), form.upper(), form.lower()))
        name = f"{stem} {ending}"
    return damage(rng, profile, name)


def damage(rng: np.random.Generator, profile: str, name: str) -> str:
    """Apply the damage that does not depend on the kind of organisation."""
    chance = PROFILES[profile]
    tilde, plain, upper, typo, space = rng.random(5)
    if typo < chance["typo"]:
        name = typing_error(rng, name)
    if tilde < chance["tilde"]:
        name = o_tilde(name)
    if plain < chance["ascii"]:
        name = strip_accents(name)
    if upper < chance["upper"]:
        name = name.upper()
    if space < chance["space"]:
        name = name.replace(" ", "  ", 1) if space < chance["space"] / 2 else name + " "
    return name


def town(rng: np.random.Generator, name: str, missing: float = 0.12) -> str:
    """Return a town as listed: sometimes missing, in capitals, without accents or misspelt."""
    u = rng.random()
    if u < missing:
        return ""
    if u < missing + 0.05:
        return name.upper()
    if u < missing + 0.10:
        return strip_accents(name)
    if u < missing + 0.12:
        return o_tilde(name)
    if u < missing + 0.15:
        return typing_error(rng, name)
    return name


def tax_number(rng: np.random.Generator, own: str, other: str, usable: float = 0.34) -> str:
    """Return a tax number as listed.

    Args:
        rng: stream of dirt.
        own: the firm's tax number, 8-1-2.
        other: the tax number of another firm.
        usable: share of records with the right number.

    Returns:
        The right number (in one of its spellings), rarely a wrong one, else an empty string.
    """
    u = rng.random()
    if u < usable:
        return own if u < 0.8 * usable else own.replace("-", "") if u < 0.9 * usable else own[:8]
    if u < usable + 0.006:
        return other
    if u < usable + 0.012:
        return own[:7] + str((int(own[7]) + 3) % 10) + own[8:]
    return ""


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
