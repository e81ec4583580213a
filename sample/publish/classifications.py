"""Classifications and reference tables: NACE, NUTS, legal forms, postal codes, exchange rates."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from sample.classification import (
    EXCHANGE_RATES,
    NUTS_LABELS,
    counties,
    postcodes,
    records,
    section21,
    settlements,
    table,
)
from sample.national_accounts import YEARS
from sample.publish.files import write_csv

NUTS_VERSIONS = ("2013", "2016", "2021")
RENAMED_2013 = {"HU110": "HU101", "HU120": "HU102"}


def correspondence() -> list[tuple[str, str]]:
    """Return pairs (Rev. 2.1 class, Rev. 2 class), ascending."""
    return sorted((new, row["code"]) for row in records("nace_class") for new in row["code21"].split("/"))


@cache
def nace_codes(version: str) -> pd.DataFrame:
    """Return sections, divisions, groups and classes of NACE `2.0` or `2.1`: code, labels, level, parent."""
    classes = records("nace_class")
    labels = {row["code"]: (row["label_en"], row["label_hu"]) for row in classes}
    if version == "2.0":
        known = {row["code"]: (*labels[row["code"]], row["section"]) for row in classes}
    else:
        # A class that several old ones flow into carries the label of the one that mainly becomes it.
        first = {row["code21"].split("/")[0]: row["code"] for row in reversed(classes)}
        known = {new: (*labels[first.get(new, old)], section21(new)) for new, old in correspondence()}
    named = {row["code"]: (row["label_en"], row["label_hu"]) for row in records("nace_division")}
    rows: list[tuple[str, str, str, int, str | None]] = [
        (row["code"], row["label_en"], row["label_hu"], 1, None)
        for row in records("nace_section")
        if row["version"] == version
    ]
    seen: set[str] = set()
    for code, (english, hungarian, section) in sorted(known.items()):
        division, group = code[:2], code[:4]
        if division not in seen:
            rows.append((division, *named.get(division, (english, hungarian)), 2, section))
        if group not in seen:
            rows.append((group, english, hungarian, 3, division))
        rows.append((code, english, hungarian, 4, group))
        seen |= {division, group}
    frame = pd.DataFrame(rows, columns=["code", "label_en", "label_hu", "level", "parent"])
    return frame.sort_values(["level", "code"], kind="stable")


def _write_correspondence(path: Path) -> None:
    old = nace_codes("2.0").set_index("code")["label_en"]
    new = nace_codes("2.1").set_index("code")["label_en"]
    section = {row["code"]: row["section"] for row in records("nace_class")}
    levels: dict[int, set[tuple[str, str]]] = {1: set(), 2: set(), 3: set(), 4: set()}
    for after, before in correspondence():
        levels[4].add((after, before))
        levels[3].add((after[:4], before[:4]))
        levels[2].add((after[:2], before[:2]))
        levels[1].add((section21(after), section[before]))
    names = {1: "section", 2: "division", 3: "group", 4: "class"}
    lines = [
        "\t".join(
            ["NACE21_CODE", "LEVEL", "NACE21_HEADING", "NACE2_CODE", "NACE2_HEADING", "Common_Content", "Mapping_Type"]
        )
    ]
    for level in (2, 3, 4, 1):
        pairs = sorted(levels[level])
        sources = pd.DataFrame(pairs, columns=["new", "old"]).groupby("new")["old"].agg(", ".join)
        for after, before in pairs:
            kind = f"NACE Rev. 2.1 {names[level]} {after} is mapped to NACE Rev. 2 {names[level]} {sources[after]}"
            fields = (after, level, f"{after} {new[after]}", before, f"{before} {old[before]}")
            lines.append("\t".join([*(f'"{field}"' for field in fields), "", f'"{kind}"']))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def nuts_regions() -> pd.DataFrame:
    """Return Hungary's regions in three versions; HU10 of 2013 became HU11 and HU12 in 2016."""
    rows = []
    for version in NUTS_VERSIONS:
        codes: dict[str, str] = {}
        for code, county in zip(counties()["nuts3_code"], counties()["county"], strict=True):
            shown = RENAMED_2013.get(code, code) if version == "2013" else code
            for length in (2, 3, 4):
                codes.setdefault(shown[:length], NUTS_LABELS[shown[:length]])
            codes[shown] = "Csongrád" if code == "HU333" and version != "2021" else county
        rows += [(version, code, len(code) - 2, label) for code, label in sorted(codes.items())]
    return pd.DataFrame(rows, columns=["nuts_version", "code", "level", "label"])


def write_classifications(out: Path) -> None:
    """Write the files of `classifications/`; the same for every economy."""
    folder = out / "classifications"
    folder.mkdir(parents=True, exist_ok=True)
    for version, name in (("2.0", "nace_rev2"), ("2.1", "nace_rev21")):
        write_csv(_arrow(nace_codes(version)), folder / f"{name}.csv")
    _write_correspondence(folder / "nace21_nace2.tsv")
    write_csv(_arrow(nuts_regions()), folder / "nuts.csv")
    write_csv(_arrow(table("legal_form").replace("", None)), folder / "legal_forms.csv")
    town = settlements()
    county = dict(zip(counties()["nuts3_code"], counties()["county"], strict=True))
    lines = ['"Postal Code";"Place Name";"County";']
    names, regions = town["settlement"].tolist(), town["nuts3_code"].tolist()
    for code, at in zip(postcodes()["postcode"], postcodes()["settlement_index"], strict=True):
        name, nuts3 = names[at], regions[at]
        # The publisher leaves the county of the capital empty.
        lines.append(f"{code};{name};{'' if nuts3 == 'HU110' else county[nuts3]};")
    (folder / "postal_codes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig", newline="\n")
    header = "freq,statinfo,unit,currency\\TIME_PERIOD"
    lines = ["\t".join([header, *(f"{year} " for year in YEARS)])]
    for currency, rates in sorted(EXCHANGE_RATES.items()):
        lines.append("\t".join([f"A,AVG,NAC,{currency}", *(f"{rate:.2f} " for rate in rates)]))
    (folder / "exchange_rates.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
