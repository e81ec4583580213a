"""Who everybody is: identifiers and names of firms, institutions and financial corporations.

The legal units of a register are, in this order: S.11 firms, institutions (universities, institutes, chambers,
municipalities), S.12 corporations. `firm_id` numbers them from 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sample.classification import counties, settlements
from sample.economy import NEVER, Population, institutions
from sample.identifiers import digits, joined, serials, tax_stems
from sample.names import FORM_CODES, activity_words, brands, firm_names


@dataclass
class Identity:
    """Columns over all legal units (firms first) unless said otherwise.

    Attributes:
        firm_id: `F` and eight digits.
        stem: eight-digit tax number stem.
        tax_number: 8-1-2.
        registration_number: 2-2-6; null for institutions.
        brand: distinctive part of the name, firms only.
        words: words of the trade, firms only.
        name: registered name.
        short_name: registered short name.
        renamed: firms that changed their name, ascending.
        former_brand: their former distinctive part, in the order of `renamed`.
        renamed_on: day of the change, in the order of `renamed`.
        settlement: index into `settlements()`.
        financial_class: NACE Rev. 2 class of the S.12 corporations, in their order.
    """

    firm_id: pa.Array
    stem: np.ndarray
    tax_number: pa.Array
    registration_number: pa.Array
    brand: pa.Array
    words: pa.Array
    name: pa.Array
    short_name: pa.Array
    renamed: np.ndarray
    former_brand: pa.Array
    renamed_on: np.ndarray
    settlement: np.ndarray
    financial_class: np.ndarray


def make_identity(ids: np.random.Generator, names: np.random.Generator, population: Population) -> Identity:
    """Give every legal unit its identifiers and names.

    Args:
        ids: stream of identifiers.
        names: stream of names.
        population: the S.11 firms.
    """
    n = population.count
    bodies = institutions()
    financial = max(8, n // 400)
    towns = settlements()["settlement"].tolist()
    settlement = np.concatenate(
        (population.settlement, [towns.index(body["settlement"]) for body in bodies], np.zeros(financial, dtype=int))
    )
    total = settlement.size

    stem = tax_stems(ids, total)
    nuts3 = settlements()["nuts3_index"].to_numpy()[settlement]
    area = counties()["tax_area_code"].astype(int).to_numpy()[nuts3]
    area = np.where(area == 41, ids.integers(41, 45, total), area)
    vat_code = np.where(np.concatenate((population.size < 0.8, np.zeros(total - n, dtype=bool))), 1, 2)
    tax_number = joined(digits(stem, 8), digits(vat_code, 1), digits(area, 2), separator="-")

    court = counties()["court_code"].astype(int).to_numpy()[nuts3]
    form_code = np.concatenate((FORM_CODES[population.form], np.full(total - n, 10)))
    registration = joined(digits(court, 2), digits(form_code, 2), digits(serials(court, form_code), 6), separator="-")
    is_body = (np.arange(total) >= n) & (np.arange(total) < n + len(bodies))
    registration = pa.compute.if_else(pa.array(is_body), pa.scalar(None, pa.string()), registration)

    brand, words = brands(names, population.settlement), activity_words(names, population.activity)
    source = pa.array(np.where(population.same_as >= 0, population.same_as, np.arange(n)))
    brand, words = brand.take(source), words.take(source)
    name, short_name = firm_names(brand, words, population.form)
    settled = (population.founded < np.datetime64("2014-01-01")) & (population.dissolved == NEVER)
    renamed = np.flatnonzero(settled & (names.random(n) < 0.05))
    former = brands(names, population.settlement[renamed])
    renamed_on = np.datetime64("2015-01-01") + names.integers(0, 3600, renamed.size)

    kinds = [("Biztosító", "65.12"), ("Bank", "64.19"), ("Vagyonkezelő", "64.20"), ("Alkusz", "66.22")]
    choice = names.choice(4, size=financial, p=(0.1, 0.1, 0.3, 0.5))
    banks = brands(names, np.zeros(financial, dtype=int))
    ending = pa.array([f"{kind} Zártkörűen Működő Részvénytársaság" for kind, _ in kinds]).take(pa.array(choice))
    short_ending = pa.array([f"{kind} Zrt." for kind, _ in kinds]).take(pa.array(choice))
    return Identity(
        firm_id=joined(
            pa.array(["F"] * 1).take(pa.array(np.zeros(total, dtype=np.int64))), digits(np.arange(1, total + 1), 8)
        ),
        stem=stem,
        tax_number=tax_number,
        registration_number=registration,
        brand=brand,
        words=words,
        name=pa.concat_arrays(
            [name, pa.array([body["name"] for body in bodies]), joined(banks, ending, separator=" ")]
        ),
        short_name=pa.concat_arrays(
            [short_name, pa.array([body["short_name"] for body in bodies]), joined(banks, short_ending, separator=" ")]
        ),
        renamed=renamed,
        former_brand=former,
        renamed_on=renamed_on,
        settlement=settlement,
        financial_class=np.array([code for _, code in kinds])[choice],
    )
