"""Structural funds (JSON), Kohesio beneficiaries (TSV) and Interreg partners (CSV)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sample import dirt
from sample.classification import NUTS_LABELS, counties
from sample.listing import Lister
from sample.projects import FOREIGN_CITIES, Projects
from sample.publish.files import days, write_csv
from sample.publish.record import Log

STRUCTURAL = {
    "structural_2014_2020": ("structural_funds_2014_2020.json", "ÚSZT", "uszt", "GINOP-2"),
    "structural_2021_2027": ("structural_funds_2021_2027.json", "SZT+", "szt", "GINOP_PLUSZ-2"),
}
PURPOSES = (
    "energetikai korszerűsítés",
    "kapacitásbővítő beruházás",
    "termékfejlesztés",
    "telephelyfejlesztés",
    "munkahelyi képzés",
    "eszközbeszerzés",
    "digitalizáció",
    "prototípus kifejlesztése",
)
CALL = "{}.{}.{}: vállalkozások {}"
PRIORITIES = (
    "Zöldgazdaság-fejlesztési Program",
    "Vállalkozásfejlesztési Program",
    "Tudomány - Innováció Program",
    "Foglalkoztatási Program",
    "Közvetett kapcsolat",
)
INTERREG_PROGRAMMES = (
    "Interreg Central Europe",
    "Danube Transnational Programme",
    "Interreg V-A Slovakia-Hungary",
    "Interreg V-A Austria-Hungary",
    "Interreg V-A Romania-Hungary",
)
EN_COUNTRIES = {
    "AT": "Austria",
    "SK": "Slovakia",
    "SI": "Slovenia",
    "HR": "Croatia",
    "RO": "Romania",
    "PL": "Poland",
    "CZ": "Czechia",
    "BG": "Bulgaria",
    "EE": "Estonia",
    "LT": "Lithuania",
}


def huf(amount: float) -> str:
    """Format an amount as the publisher does: `11 065 359 .- HUF`."""
    return f"{round(amount):,}".replace(",", " ") + " .- HUF"


def write_structural_funds(rng: np.random.Generator, out: Path, projects: Projects, lister: Lister, log: Log) -> None:
    """Write both periods; partners of a joint project repeat its title and call; a few rows are exact duplicates."""
    folder = out / "projects"
    folder.mkdir(parents=True, exist_ok=True)
    # The publisher still speaks of Central Hungary, which NUTS 2016 split into the capital and Pest.
    region = {code: NUTS_LABELS["HU10" if code.startswith("HU1") else code[:4]] for code in counties()["nuts3_code"]}
    for programme, (file, label, short, call) in STRUCTURAL.items():
        chosen = projects.projects[projects.projects["programme"] == programme]
        start = {n: pd.Timestamp(s) for n, s in zip(chosen.index, chosen["start"], strict=True)}
        joint = dict(zip(chosen.index, chosen["joint"], strict=True))
        places = projects.places[projects.places["project"].isin(chosen.index)]
        entries: list[tuple[dict[str, str], int, str, int]] = []
        for project, kind, party in zip(places["project"], places["kind"], places["party"], strict=True):
            entry = lister.listed("structural", kind, int(party))
            if joint[project]:
                title = f"Konzorciumi K+F+I projekt {project:06d}: {PURPOSES[project % 8]}"
            else:
                title = f"{PURPOSES[project % 8].capitalize()} ({entry.settlement}, {project:06d})"
            grant = float(rng.lognormal(17.2, 1.0))
            row = {
                "_program": label,
                "_program_id": short,
                "_fund": "KA",
                "Pályázó neve": entry.name,
                "Projekt megnevezése": title,
                "Kitörési pont": PRIORITIES[project % 5],
                "Pályázati kiírás megnevezése": CALL.format(
                    call, project % 6 + 1, project % 4 + 1, PURPOSES[project % 7]
                ),
                "Forrás megnevezése": "KA",
                "Beruházás helye (régió)": region[entry.nuts3],
                "Beruházás helye (megye)": lister.counties[entry.nuts3],
                "Beruházás helye (helység)": dirt.town(rng, entry.settlement, missing=0.03),
                "Megítélt összeg": ".- HUF" if rng.random() < 0.004 else huf(grant),
                "Támogatás aránya": f"{int(rng.integers(35, 101))} %",
                "Támogatási döntés dátuma": f"{start[project]:%Y.%m.%d}",
                "Közvélemény-tájékoztató": "Konstrukciószintű aggregált adatok",
            }
            repeat = 2 if not joint[project] and rng.random() < 0.002 else 1
            entries.extend([(row, entry.unit, entry.kind, project)] * repeat)
        for at, (row, unit, kind, project) in enumerate(entries, start=1):
            log.add(f"projects/{file}", at, str(project), row["Pályázó neve"], unit, kind)
        text = json.dumps([row for row, *_ in entries], ensure_ascii=False, indent="\t")
        (folder / file).write_text(text + "\n", encoding="utf-8", newline="\n")


def write_kohesio(rng: np.random.Generator, out: Path, firms: int, lister: Lister, log: Log) -> None:
    """Write beneficiaries by county: Hungarian ones with stray quotes, and some of the neighbours."""
    header = [
        "Country",
        "Region",
        "Beneficiary Name",
        "Total Budget",
        "EU Contribution",
        "Number of Projects",
        "Transliterated Name",
        "",
    ]
    lines = ["\t".join(header)]
    count = int(np.clip(0.02 * firms, 200, 4000))
    units = np.unique(rng.integers(0, firms, count))
    file = "projects/kohesio_beneficiaries.tsv"

    def add(country: str, region: str, name: str, unit: int, kind: str) -> None:
        budget = float(rng.lognormal(13.2, 1.2))
        shown = f"{budget:.2f}" if budget < 1e7 else f"{budget:.9E}".replace("E+0", "E")
        share = f"{budget * 0.6:.2f}" if budget * 0.6 < 1e7 else f"{budget * 0.6:.9E}".replace("E+0", "E")
        lines.append("\t".join([country, region, name, shown, share, str(int(rng.geometric(0.6))), "", ""]))
        log.add(file, len(lines) - 1, "", name, unit, kind)

    for country in sorted(EN_COUNTRIES):
        if country in FOREIGN_CITIES:
            for k in range(max(4, count // 60)):
                add(
                    EN_COUNTRIES[country],
                    FOREIGN_CITIES[country].title(),
                    f"Beneficiary {country} {k + 1}",
                    -1,
                    "foreign",
                )
    for firm in units:
        entry = lister.listed("structural", "firm", int(firm))
        name = f'"{entry.name.split()[0]}" {" ".join(entry.name.split()[1:])}' if rng.random() < 0.035 else entry.name
        add("Hungary", lister.counties[entry.nuts3], name, entry.unit, "firm")
    for body in range(0, len(lister.bodies), 2):
        entry = lister.listed("structural", "institution", body)
        add("Hungary", lister.counties[entry.nuts3], entry.name, entry.unit, entry.kind)
    path = out / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def write_interreg(rng: np.random.Generator, out: Path, projects: Projects, lister: Lister, log: Log) -> None:
    """Write partners of Interreg projects; `end_date` is the last day of the project, as in CORDIS."""
    chosen = projects.projects[projects.projects["programme"] == "interreg"]
    places = projects.places[projects.places["project"].isin(chosen.index)]
    starts, last_days = chosen["start"].tolist(), (chosen["end"] - pd.Timedelta(days=1)).tolist()
    rows = []
    for project, kind, party, order in zip(
        places["project"], places["kind"], places["party"], places["order"], strict=True
    ):
        entry = lister.listed("interreg", kind, int(party))
        at = int(project - chosen.index[0])
        number = f"IR{at + 1:05d}"
        total = round(float(rng.lognormal(12, 0.6)), 2)
        tax = dirt.tax_number(rng, entry.tax_number, lister.other_tax_number()) if entry.tax_number else ""
        rows.append(
            (
                number,
                f"REGIO{at + 1}",
                INTERREG_PROGRAMMES[at % 5],
                starts[at],
                last_days[at],
                entry.name,
                "lead partner" if order == 1 else "partner",
                entry.country,
                entry.nuts3 or None,
                dirt.town(rng, entry.settlement) or None,
                tax or None,
                round(total * float(rng.uniform(0.5, 1.0)), 2),
                total,
            )
        )
        log.add("projects/interreg_partners.csv", len(rows), f"{number}|{order}", entry.name, entry.unit, entry.kind)
    columns = [
        "project_id",
        "project_acronym",
        "programme",
        "start_date",
        "end_date",
        "partner_name",
        "partner_role",
        "country",
        "nuts3_code",
        "settlement",
        "tax_number",
        "eligible_cost_eur",
        "total_cost_eur",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    table = pa.table(
        {
            name: days(frame[name])
            if name.endswith("_date")
            else pa.array(frame[name].astype(object).where(frame[name].notna(), None))
            for name in columns
        }
    )
    write_csv(table, out / "projects" / "interreg_partners.csv")
