"""The distinctive parts of invented firms' names.

Belongs here: brands. Does not belong here: what lists make of them (`damage`).
"""

from __future__ import annotations

import numpy as np

from benchmarks.linkage import words as w
from sample.classification import settlements, table


def _family() -> list[str]:
    plain_names = str(table("name_part").set_index("kind")["words"]["family"]).split()
    roots = [
        "Berke",
        "Csik",
        "Darvas",
        "Ger",
        "Hom",
        "Ked",
        "Lipt",
        "Mar",
        "Nád",
        "Pet",
        "Rad",
        "Sal",
        "Szent",
        "Tor",
        "Vár",
        "Zal",
        "Bar",
        "Dob",
        "Fül",
        "Gyar",
        "Hal",
        "Kom",
        "Mez",
    ]
    ends = [
        "fi",
        "falvi",
        "házi",
        "szegi",
        "völgyi",
        "hegyi",
        "laki",
        "mezei",
        "ányi",
        "osi",
        "váry",
        "esi",
        "ódi",
        "ady",
    ]
    return [*plain_names, *(root + end for end in ends for root in roots)]


class Names:
    """Brands and activities of invented firms."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        parts = table("name_part").set_index("kind")["words"]
        self.start, self.middle, self.end = (str(parts[k]).split() for k in ("start", "middle", "end"))
        self.family = _family()
        share = 1.0 / (np.arange(len(self.family)) + 8.0)
        self.family_share = np.cumsum(share / share.sum())
        self.towns = settlements()["settlement"].tolist()

    def pick(self, items: list[str] | tuple[str, ...]) -> str:
        return items[int(self.rng.random() * len(items))]

    def surname(self) -> str:
        return self.family[int(np.searchsorted(self.family_share, self.rng.random()))]

    def invented(self) -> str:
        middle = self.pick(self.middle) if self.rng.random() < 0.75 else ""
        middle += self.pick(self.middle) if self.rng.random() < 0.2 else ""
        return self.pick(self.start) + middle + self.pick(self.end)

    def brand(self, town: str) -> str:
        u, rng = self.rng.random(), self.rng
        if u < 0.07:
            tail = self.pick(("és Társa", "és Fia", "és Fiai", "Testvérek", "és Tsa", "Család"))
            return f"{self.surname()} {tail}"
        if u < 0.15:
            return f"{self.surname()} {self.pick(w.GIVEN)}"
        if u < 0.21:
            return f"{self.surname()} és {self.surname()}"
        if u < 0.53:
            tail = self.pick(("", "", "", "", " 2000", " Plusz", " Group", " Pro", " Invest", "-H", " Hungary", " 98"))
            return self.invented() + tail
        if u < 0.59:
            letters = "".join(self.pick(tuple("ABCDEFGHIKLMNOPRSTUVZ")) for _ in range(3 + int(rng.random() * 2)))
            v = rng.random()
            return (
                letters
                if v < 0.5
                else f"{letters}-{self.pick(('Ker', 'Bau', 'Trans'))}"
                if v < 0.9
                else " & ".join(letters[:2])
            )
        if u < 0.80:
            second = self.pick(w.WORDS)
            joint = self.pick((" ", " ", "-", ""))
            return f"{self.pick(w.WORDS)}{joint}{second.lower() if rng.random() < 0.2 else second}"
        if u < 0.88:
            ending = self.pick(("Bau", "Trade", "Ker", "Team", "Szerviz", "Med", "Soft", "Print"))
            return f"{self.pick(w.WORDS)}{self.pick(self.end)} {ending}"
        if u < 0.92:
            return f"{town}i {self.pick(w.WORDS)}"
        ending = self.pick(("Bau", "Ker", "Trans", "Team", "Metál", "Vill", "Gép", "Ép", "Kert", "Auto"))
        return f"{self.surname()}-{ending}"
