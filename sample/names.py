"""Hungarian firm names, invented: brand, activity words, legal form.

All names are generated from family names, syllables, towns and words of trades; likeness to a real firm is chance.
Homonyms arise as they do in life: family names with the same trade.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample.classification import activities, settlements, table


def _parts(kind: str) -> list[str]:
    parts = table("name_part").set_index("kind")["words"]
    return str(parts[kind]).split()


FAMILY = _parts("family")

START = _parts("start")
MIDDLE = _parts("middle")
END = _parts("end")
SUFFIX = ("", "", "", "", "", "", " 2000", " Plusz", " Holding", " Group", " Hungária", " Pro", " Invest", "-H")

TRADE_WORDS = _parts("trade")

FORMS = ("Kft.", "Bt.", "Zrt.", "Nyrt.", "Kkt.")
FORM_CODES = np.array([9, 6, 10, 10, 3])
"""Company form part of the registration number."""
LONG_FORMS = {
    "Kft.": "Korlátolt Felelősségű Társaság",
    "Bt.": "Betéti Társaság",
    "Zrt.": "Zártkörűen Működő Részvénytársaság",
    "Nyrt.": "Nyilvánosan Működő Részvénytársaság",
    "Kkt.": "Közkereseti Társaság",
}

GIVEN = ("", "", "", " és Társa", " és Fia", " és Fiai", " Testvérek", " Család")


def _take(words: list[str] | tuple[str, ...], index: np.ndarray) -> pa.Array:
    return pa.array(words, type=pa.string()).take(pa.array(index))


def brands(rng: np.random.Generator, settlement: np.ndarray) -> pa.Array:
    """Return the distinctive part of a name for every firm.

    Args:
        rng: stream of names.
        settlement: index into `settlements()` per firm; some firms are called after their town.
    """
    n = settlement.size
    town = settlements()["settlement"].tolist()
    adjective = [name[0] + name[1:] + "i" if not name.endswith("i") else name for name in town]
    kind = rng.choice(4, size=n, p=(0.26, 0.52, 0.16, 0.06))
    initial = np.array(list("ABCDEFGHIJKLMNOPRSTUVWZ"))
    letters = rng.integers(0, initial.size, size=(n, 2))
    family = _take(FAMILY, rng.integers(0, len(FAMILY), n))
    invented = pc.binary_join_element_wise(
        _take(START, rng.integers(0, len(START), n)),
        _take(["", *MIDDLE, *MIDDLE], rng.integers(0, 2 * len(MIDDLE) + 1, n)),
        _take(END, rng.integers(0, len(END), n)),
        _take(SUFFIX, rng.integers(0, len(SUFFIX), n)),
        "",
    )
    candidates = (
        pc.binary_join_element_wise(family, _take(GIVEN, rng.integers(0, len(GIVEN), n)), ""),
        invented,
        pc.binary_join_element_wise(
            _take([str(c) for c in initial], letters[:, 0]),
            pa.array(["-"] * 1).take(pa.array(np.zeros(n, dtype=np.int64))),
            _take(TRADE_WORDS, rng.integers(0, len(TRADE_WORDS), n)),
            _take(
                ["", "-" + "Ker", " " + "Trade", " Épít", " Coop", " Team", *[f" {w}" for w in FAMILY]],
                rng.integers(0, 6 + len(FAMILY), n),
            ),
            "",
        ),
        pc.binary_join_element_wise(
            _take(adjective, settlement), _take(TRADE_WORDS, rng.integers(0, len(TRADE_WORDS), n)), " "
        ),
    )
    return pc.choose(pa.array(kind), *candidates)


def activity_words(rng: np.random.Generator, activity: np.ndarray) -> pa.Array:
    """Return the words of the trade that stand in the name, by class of activity (index into `activities()`)."""
    divisions = table("nace_division").set_index("code")["name_words"].str.split("/")
    per_class = [divisions[code] for code in activities()["division"]]
    first = np.concatenate(([0], np.cumsum([len(words) for words in per_class])))
    words = [word for group in per_class for word in group]
    choice = first[activity] + (rng.random(activity.size) * np.diff(first)[activity]).astype(int)
    return _take(words, choice)


def firm_names(brand: pa.Array, words: pa.Array, form: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Compose the registered name (long legal form) and the registered short name.

    Args:
        brand: from `brands`.
        words: from `activity_words`.
        form: index into `FORMS`.
    """
    long_form = _take(list(LONG_FORMS.values()), form)
    short_form = _take(FORMS, form)
    return pc.binary_join_element_wise(brand, words, long_form, " "), pc.binary_join_element_wise(
        brand, short_form, " "
    )
