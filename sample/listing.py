"""How an organisation is listed by those who are not the register: its dirty name, town and tax number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample import dirt
from sample.classification import counties, settlements
from sample.economy import Population, institutions
from sample.identity import Identity
from sample.names import FORMS


@dataclass(frozen=True)
class Entry:
    """One listed organisation.

    Attributes:
        unit: number of the legal unit (firms first, see `identity`), -1 for foreign organisations.
        name: dirty name.
        short_name: short or trade name, may be empty.
        kind: firm, university, research_institute, municipality, other or foreign.
        settlement: true town in the register's spelling (foreign: city).
        country: two letters.
        nuts3: NUTS3 code, empty abroad.
        postcode: true postal code, empty where unknown.
        tax_number: true tax number 8-1-2, empty abroad.
    """

    unit: int
    name: str
    short_name: str
    kind: str
    settlement: str
    country: str
    nuts3: str
    postcode: str
    tax_number: str


class Lister:
    """Looks up organisations and damages their names."""

    def __init__(
        self,
        rng: np.random.Generator,
        population: Population,
        identity: Identity,
        foreign: pd.DataFrame,
        postcodes: list[str],
    ) -> None:
        self.rng = rng
        self.population, self.identity, self.foreign = population, identity, foreign
        self.bodies = institutions()
        self.towns = settlements()["settlement"].tolist()
        self.nuts3 = settlements()["nuts3_code"].tolist()
        self.postcodes = postcodes
        self.counties = dict(zip(counties()["nuts3_code"], counties()["county"], strict=True))

    def former(self, firm: int) -> str | None:
        """Return the former distinctive part of a firm's name, if it was renamed."""
        at = int(np.searchsorted(self.identity.renamed, firm))
        if at < self.identity.renamed.size and self.identity.renamed[at] == firm:
            return str(self.identity.former_brand[at].as_py())
        return None

    def other_tax_number(self) -> str:
        """Return the tax number of some firm."""
        return str(self.identity.tax_number[int(self.rng.integers(self.population.count))].as_py())

    def listed(self, profile: str, kind: str, party: int) -> Entry:
        """Return an organisation as listed under a profile of `dirt.PROFILES`.

        Args:
            profile: whose list it is.
            kind: firm, institution or foreign.
            party: its index among its kind.
        """
        if kind == "foreign":
            row = self.foreign.iloc[party]
            return Entry(-1, row["name"], row["short_name"], "foreign", row["city"], row["country"], "", "", "")
        if kind == "firm":
            unit = party
            brand, words = self.identity.brand[party].as_py(), self.identity.words[party].as_py()
            form = FORMS[int(self.population.form[party])]
            name = dirt.firm_name(self.rng, profile, brand, words, form, self.former(party))
            short = brand if self.rng.random() < 0.4 else ""
            postcode = self.postcodes[int(self.population.postcode[party])]
        else:
            unit = self.population.count + party
            body = self.bodies[party]
            english = self.rng.random() < (0.35 if profile in ("cordis", "interreg") else 0.02)
            name = dirt.damage(self.rng, profile, body["english_name"] if english else body["name"])
            short, kind, postcode = body["short_name"], body["kind"], ""
        at = int(self.identity.settlement[unit])
        tax = str(self.identity.tax_number[unit].as_py())
        return Entry(unit, name, short, kind, self.towns[at], "HU", self.nuts3[at], postcode, tax)
