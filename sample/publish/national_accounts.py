"""National accounts as Eurostat and the office publish them; million HUF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sample.classification import A10_GROUPS, NUTS2, SECTIONS, activities, counties
from sample.national_accounts import DEFLATOR, SECTORS, YEARS, by_nuts2, largest_remainder, national_accounts
from sample.publish.files import write_csv

A64 = {
    "C": (
        "C10-C12",
        "C13-C15",
        "C16",
        "C17",
        "C18",
        "C19",
        "C20",
        "C21",
        "C22",
        "C23",
        "C24",
        "C25",
        "C26",
        "C27",
        "C28",
        "C29",
        "C30",
        "C31_C32",
        "C33",
    ),
    "G": ("G45", "G46", "G47"),
    "J": ("J58", "J59_J60", "J61", "J62_J63"),
}
"""Divisions published below sections; complete for the sections named."""


RELATIVE_PRICE = {"A": 0.02, "C": -0.01, "D": 0.04, "F": 0.02, "G": -0.005, "I": 0.015, "J": -0.02}
"""Assumed yearly change of a section's prices relative to the economy's (0 where not named)."""

Rows = dict[tuple[str, ...], Sequence[str]]
"""Cells of a table by the codes of its dimensions, one cell per year."""


def eurostat_tsv(path: Path, dimensions: Sequence[str], rows: Rows) -> None:
    """Write the present bulk layout: keys joined by commas, years in columns, a blank after every cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    last = f"{dimensions[-1]}\\TIME_PERIOD"
    lines = ["\t".join([",".join([*dimensions[:-1], last]), *(f"{year} " for year in YEARS)])]
    for key in sorted(rows):
        lines.append("\t".join([",".join(key), *(f"{cell} " for cell in rows[key])]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def cells(values: np.ndarray, provisional: int = 1) -> list[str]:
    """Format one series; the last years are provisional (`p`)."""
    return [f"{int(v)} p" if i >= len(YEARS) - provisional else f"{int(v)}" for i, v in enumerate(values)]


def write_national_accounts(out: Path) -> None:
    """Write the four Eurostat tables and the office's own margins of S.11."""
    accounts = national_accounts()
    folder = out / "national_accounts"
    folder.mkdir(parents=True, exist_ok=True)
    gva = accounts.gva
    by_sector = gva.sum(axis=(2, 3))
    output, value = accounts.output.sum(axis=1), accounts.total
    items = {
        "P1": output,
        "P2": output - value,
        "B1G": value,
        "D21X31": accounts.product_taxes,
        "B1GQ": value + accounts.product_taxes,
    }
    deflated = {
        name: np.round(items[name] / (1 + np.array(DEFLATOR))).astype(np.int64) for name in ("P1", "B1G", "D21X31")
    }
    deflated["P2"] = deflated["P1"] - deflated["B1G"]
    deflated["B1GQ"] = deflated["B1G"] + deflated["D21X31"]
    gdp: Rows = {("A", "CP_MNAC", name, "HU"): cells(series) for name, series in items.items()}
    gdp |= {("A", "PYP_MNAC", name, "HU"): cells(series) for name, series in deflated.items()}
    eurostat_tsv(folder / "nama_10_gdp.tsv", ("freq", "unit", "na_item", "geo"), gdp)

    sections = gva.sum(axis=(1, 3))
    a64: Rows = {("A", "CP_MNAC", "TOTAL", "B1G", "HU"): cells(value)}
    for s, letter in enumerate(SECTIONS):
        a64["A", "CP_MNAC", letter, "B1G", "HU"] = cells(sections[:, s])
        if letter in A64:
            split = np.array([largest_remainder(_division_weight(letter), int(total)) for total in sections[:, s]])
            for d, code in enumerate(A64[letter]):
                a64["A", "CP_MNAC", code, "B1G", "HU"] = cells(split[:, d])
    a64["A", "PYP_MNAC", "TOTAL", "B1G", "HU"] = cells(deflated["B1G"])
    for s, series in enumerate(_previous_year_prices(sections, deflated["B1G"]).T):
        a64["A", "PYP_MNAC", SECTIONS[s], "B1G", "HU"] = cells(series)
    eurostat_tsv(folder / "nama_10_a64.tsv", ("freq", "unit", "nace_r2", "na_item", "geo"), a64)

    regional = gva.sum(axis=1)
    areas = {"HU": regional.sum(axis=2)}
    areas |= {code: by_nuts2(regional)[:, :, i] for i, code in enumerate(NUTS2)}
    areas |= {code: regional[:, :, i] for i, code in enumerate(counties()["nuts3_code"])}
    r3gva: Rows = {}
    for geo, values in areas.items():
        r3gva["A", "MIO_NAC", "TOTAL", geo] = cells(values.sum(axis=1))
        for group, letters in A10_GROUPS.items():
            r3gva["A", "MIO_NAC", group, geo] = cells(values[:, [SECTIONS.index(s) for s in letters]].sum(axis=1))
    eurostat_tsv(folder / "nama_10r_3gva.tsv", ("freq", "currency", "nace_r2", "geo"), r3gva)

    sectors: Rows = {}
    for s, sector in enumerate(SECTORS):
        made = accounts.output[:, s]
        for name, direct, series in (
            ("P1", "RECV", made),
            ("P2", "PAID", made - by_sector[:, s]),
            ("B1G", "RECV", by_sector[:, s]),
        ):
            sectors["A", "CP_MNAC", direct, name, sector, "HU"] = cells(series)
    for name, series in items.items():
        direct = "PAID" if name == "P2" else "RECV"
        sectors["A", "CP_MNAC", direct, name, "S1", "HU"] = cells(series)
    eurostat_tsv(folder / "nasa_10_nf_tr.tsv", ("freq", "unit", "direct", "na_item", "sector", "geo"), sectors)
    write_csv(s11_margins(), folder / "s11_gva_margins.csv")


def _previous_year_prices(sections: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return GVA of sections at previous-year prices, shape (years, sections); each year sums to the total."""
    relative = np.array([1 + RELATIVE_PRICE.get(letter, 0.0) for letter in SECTIONS])
    return np.array(
        [largest_remainder(year / relative, int(total)) for year, total in zip(sections, totals, strict=True)]
    )


def _division_weight(letter: str) -> np.ndarray:
    known = activities()[activities()["section"] == letter]
    weight = []
    for code in A64[letter]:
        bounds = [int(part.lstrip(letter)) for part in code.replace("_", "-").split("-")]
        inside = known["division"].astype(int).between(bounds[0], bounds[-1])
        weight.append(float(known.loc[inside, "weight"].sum()))
    return np.array(weight)


def s11_margins() -> pa.Table:
    """GVA of non-financial corporations by section (HU) and by NUTS2 region (all activities), SDMX-CSV 2.0."""
    s11 = national_accounts().gva[:, 0]
    by_region = by_nuts2(s11.sum(axis=1))
    rows = []
    for t, year in enumerate(YEARS):
        series = [("HU", "_T", s11[t].sum())]
        series += [("HU", letter, s11[t, s].sum()) for s, letter in enumerate(SECTIONS)]
        series += [(code, "_T", by_region[t, i]) for i, code in enumerate(NUTS2)]
        for area, activity, amount in series:
            status = "P" if year == YEARS[-1] else "A"
            rows.append(
                (
                    "dataflow",
                    "HCSO:S11_GVA_MARGINS(1.0)",
                    "I",
                    "A",
                    area,
                    "S11",
                    "B1G",
                    activity,
                    "MIO_NAC",
                    "V",
                    year,
                    int(amount),
                    status,
                )
            )
    columns = [
        "STRUCTURE",
        "STRUCTURE_ID",
        "ACTION",
        "FREQ",
        "REF_AREA",
        "REF_SECTOR",
        "STO",
        "ACTIVITY",
        "UNIT_MEASURE",
        "PRICES",
        "TIME_PERIOD",
        "OBS_VALUE",
        "OBS_STATUS",
    ]
    return pa.Table.from_pandas(pd.DataFrame(rows, columns=columns), preserve_index=False)
