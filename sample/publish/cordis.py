"""CORDIS: projects and organisations of two framework programmes, zipped CSV with a byte order mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sample.listing import Entry, Lister
from sample.projects import Projects
from sample.publish.files import quoted_lines, write_zip
from sample.publish.record import Log

PROJECT_COLUMNS = [
    "id",
    "acronym",
    "status",
    "title",
    "startDate",
    "endDate",
    "totalCost",
    "ecMaxContribution",
    "legalBasis",
    "topics",
    "ecSignatureDate",
    "frameworkProgramme",
    "masterCall",
    "subCall",
    "fundingScheme",
    "nature",
    "objective",
    "contentUpdateDate",
    "rcn",
    "grantDoi",
]
ORGANISATION_COLUMNS = [
    "projectID",
    "projectAcronym",
    "organisationID",
    "vatNumber",
    "name",
    "shortName",
    "SME",
    "activityType",
    "street",
    "postCode",
    "city",
    "country",
    "nutsCode",
    "geolocation",
    "organizationURL",
    "contactForm",
    "contentUpdateDate",
    "rcn",
    "order",
    "role",
    "ecContribution",
    "netEcContribution",
    "totalCost",
    "endOfParticipation",
    "active",
]
FILES = {"h2020": ("cordis-h2020.zip", "H2020", 640_000), "horizon": ("cordis-horizon.zip", "HORIZON", 101_050_000)}
THEMES = ("Smart", "Green", "Resilient", "Digital", "Circular", "Advanced", "Integrated", "Predictive")
SUBJECTS = (
    "manufacturing",
    "mobility",
    "health diagnostics",
    "food systems",
    "energy storage",
    "materials",
    "logistics",
    "construction",
    "robotics",
    "water treatment",
    "photonics",
    "data spaces",
)
ACTIVITY_TYPE = {"firm": "PRC", "university": "HES", "research_institute": "REC", "municipality": "PUB", "other": "OTH"}


def vat_number(rng: np.random.Generator, entry: Entry) -> str:
    """Return a VAT number as CORDIS has it: valid for about a third of Hungarian rows, else empty or MISSING."""
    if entry.country != "HU":
        return (
            f"{entry.country}{rng.integers(10**8, 10**9)}"
            if rng.random() < 0.7
            else ("MISSING" if rng.random() < 0.1 else "")
        )
    u = rng.random()
    if u < 0.36:
        return f"HU{entry.tax_number[:8]}"
    return "MISSING" if u < 0.42 else f"HU{rng.integers(10**10, 10**11)}" if u < 0.425 else ""


def write_cordis(rng: np.random.Generator, out: Path, projects: Projects, lister: Lister, log: Log) -> None:
    """Write both programmes.

    Args:
        rng: stream of dirt.
        out: directory of the economy.
        projects: all projects.
        lister: names of partners.
        log: takes who is who.
    """
    pic: dict[tuple[str, int], int] = {}
    for programme, (file, framework, first_id) in FILES.items():
        chosen = projects.projects[projects.projects["programme"] == programme]
        project_rows: list[tuple[object, ...]] = []
        organisation_rows: list[tuple[object, ...]] = []
        places = dict(list(projects.places[projects.places["project"].isin(chosen.index)].groupby("project")))
        for at, (number, start, end) in enumerate(zip(chosen.index, chosen["start"], chosen["end"], strict=True)):
            project_id = first_id + 7 * at
            theme, subject = str(rng.choice(THEMES)), str(rng.choice(SUBJECTS))
            acronym = f"{theme[:4].upper()}-{subject.split()[0][:5].upper()}-{at + 1}"
            cost = 0.0
            group = places[number]
            for kind, party, order in zip(group["kind"], group["party"], group["order"], strict=True):
                entry = lister.listed("cordis", kind, int(party))
                code = pic.setdefault((kind, int(party)), 900_000_000 + 37 * len(pic))
                grant = round(float(rng.lognormal(12.2, 0.7)), 2)
                cost += grant * 1.25
                role = "coordinator" if order == 1 else "participant" if rng.random() < 0.95 else "thirdParty"
                total = f"{grant * 1.25:.2f}".rstrip("0").rstrip(".").replace(".", ",")
                organisation_rows.append(
                    (
                        project_id,
                        acronym,
                        code,
                        vat_number(rng, entry),
                        entry.name,
                        entry.short_name.upper(),
                        str(bool(rng.random() < 0.5)),
                        ACTIVITY_TYPE.get(entry.kind, "PRC"),
                        "",
                        entry.postcode,
                        entry.settlement.upper() if rng.random() < 0.6 else entry.settlement,
                        entry.country,
                        "",
                        "",
                        "",
                        "",
                        "2025-06-01 12:00:00",
                        2_000_000 + len(organisation_rows),
                        order,
                        role,
                        grant,
                        0.0 if rng.random() < 0.02 else grant,
                        total,
                        str(bool(rng.random() < 0.03)),
                        "",
                    )
                )
                log.add(
                    f"cordis/{file}", len(organisation_rows), f"{project_id}|{code}", entry.name, entry.unit, entry.kind
                )
            finished = pd.Timestamp(end) < pd.Timestamp("2025-12-01")
            last = (pd.Timestamp(end) - pd.Timedelta(days=1)).date()
            total = f"{cost:.2f}".rstrip("0").rstrip(".").replace(".", ",")
            project_rows.append(
                (
                    project_id,
                    acronym,
                    "CLOSED" if finished else "SIGNED",
                    f"{theme} {subject}; a joint approach",
                    pd.Timestamp(start).date(),
                    last,
                    total,
                    round(cost * 0.8, 2),
                    framework,
                    f"{framework}-TOPIC-{at % 40 + 1}",
                    (pd.Timestamp(start) - pd.Timedelta(days=60)).date(),
                    framework,
                    f"{framework}-CALL-{at % 9 + 1}",
                    f"{framework}-CALL-{at % 9 + 1}",
                    "RIA" if len(group) > 1 else "SME-1",
                    "",
                    f'The project "{acronym}" develops {subject}; partners test it in practice.',
                    "2025-06-01 12:00:00",
                    200_000 + at,
                    f"10.3030/{project_id}",
                )
            )
        write_zip(
            out / "cordis" / file,
            {
                "project.csv": quoted_lines(PROJECT_COLUMNS, project_rows).encode("utf-8-sig"),
                "organization.csv": quoted_lines(ORGANISATION_COLUMNS, organisation_rows).encode("utf-8-sig"),
            },
        )
