"""Writes the quality report of a release: a page and a table in Hungarian and in English.

Each page is one file that asks nobody for anything. Equal arguments give equal bytes. Belongs here: layout and files.
Does not belong here: the texts (`concepts.yaml`), the figures (`figures.py`).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from publication.page.words import LANGUAGES, Words, messages
from publication.quality.concepts import Concept, OfficeTexts, report_concepts
from publication.quality.figures import CELLS, TOTAL, all_indicators, cell_counts, report_elements
from publication.style import page_style
from resources.contract import Contract, load_yaml

PAGES = {"hu": "quality-report.html", "en": "quality-report.en.html"}
"""Name of the page by language; what the release page links to."""
TABLES = {"hu": "quality-report.csv", "en": "quality-report.en.csv"}
CSV_COLUMNS = (
    "concept_code",
    "concept_name",
    "text",
    "indicator_code",
    "indicator",
    "stratum_code",
    "value",
    "unit",
    "period",
)
KEY_FIGURES = (
    ("unit_non_response", TOTAL),
    ("imputation_gva", TOTAL),
    ("macro_coverage", TOTAL),
    ("interval_half_width", "N1"),
    ("linked_identifier", "gva"),
    ("expected_precision", "gva"),
    ("completeness", TOTAL),
    ("comparable_length", TOTAL),
)
"""Indicator and stratum of the figures that open the report, where they exist; of the last year."""
_HERE = Path(__file__).parent
_DIGITS = {"%": 2, "percentage points": 3, "days": 2}


@dataclass(frozen=True)
class Report:
    """What is reported, in no language yet.

    Attributes:
        vintage_id: the vintage that is released.
        concepts: in order.
        indicators: all of them, in the columns of `access.quality_indicator`.
        cells: counts of cells by published table.
        titles: title by published table.
        checks: verdicts of checks, or None.
        data_docs: link to Data Docs, for a copy that stays inside.
    """

    vintage_id: str
    concepts: Sequence[Concept]
    indicators: pd.DataFrame
    cells: pd.DataFrame
    titles: Mapping[str, str]
    checks: pd.DataFrame | None
    data_docs: str | None


def write_quality_report(
    folder: Path,
    *,
    indicators: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    contracts: Mapping[str, Contract],
    vintage_id: str,
    revisions: pd.DataFrame | None = None,
    punctuality: pd.DataFrame | None = None,
    checks: pd.DataFrame | None = None,
    office: OfficeTexts | None = None,
    data_docs: str | None = None,
) -> list[Path]:
    """Write the report of a release as a page and as a table in every language.

    Args:
        folder: where to; it is made if it is not there.
        indicators: `access.quality_indicator`.
        tables: the published tables by name; of their cells only `is_withheld`, `table_code` and the years are read.
        contracts: contract by table, at least of the published ones.
        vintage_id: the vintage that they are of.
        revisions: `publication.revisions.revision_summary`, where something was published before.
        punctuality: `publication.quality.figures.release_times`, where there is a release calendar.
        checks: `publication.quality.figures.check_verdicts` of the tables of the vintage.
        office: what the office says of its own (`publication.quality.concepts.load_office`).
        data_docs: link to Great Expectations Data Docs; only for a copy that stays inside.

    Returns:
        The files that were written.

    Raises:
        ConfigurationError: the office or an indicator names an unknown concept, or the office says what is no text.
        CoopgvaError: a table has no contract, or a frame lacks a column.
    """
    concepts = report_concepts(office, _facts(tables, vintage_id))
    figures = all_indicators(indicators, tables, contracts, concepts, revisions, punctuality)
    titles = {name: contracts[name].title for name in sorted(tables)}
    report = Report(vintage_id, concepts, figures, cell_counts(tables), titles, checks, data_docs)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for language in LANGUAGES:
        texts = ((PAGES[language], page(report, language)), (TABLES[language], _csv(report, language)))
        for name, text in texts:
            (folder / name).write_bytes(text.encode("utf-8"))
            written.append(folder / name)
    return written


def _facts(tables: Mapping[str, pd.DataFrame], vintage_id: str) -> dict[str, str]:
    years = tables[CELLS]["reference_year"] if CELLS in tables else pd.Series(dtype="int64")
    first, last = (str(int(years.min())), str(int(years.max()))) if len(years) else ("–", "–")
    return {"vintage": vintage_id, "first_year": first, "last_year": last}


def report_table(report: Report, language: str) -> pd.DataFrame:
    """The report as a table: a row for each concept with its text, and one for each value of its indicators."""
    words = _Wording(language)
    by_concept = dict(list(report.indicators.groupby("sims_concept_code", sort=False)))
    rows: list[list[Any]] = []
    for concept in report.concepts:
        name = concept.names[language]
        rows.append([concept.code, name, words.text(concept), "", "", "", None, "", ""])
        if concept.code in by_concept:
            for r in _ordered(by_concept[concept.code]).to_dict("records"):
                code, period = str(r["indicator_code"]), str(r["reference_period_code"])
                shown = [code, words.indicator(code, r["name"]), r["stratum_code"], r["value"]]
                rows.append([concept.code, name, "", *shown, words.unit(r["unit"]), period])
    return pd.DataFrame(rows, columns=list(CSV_COLUMNS))


def _csv(report: Report, language: str) -> str:
    """RFC 4180, as the tables of the release: points, empty where there is no value."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in report_table(report, language).itertuples(index=False):
        writer.writerow(f"{v:.6g}" if isinstance(v, float) and pd.notna(v) else "" if pd.isna(v) else v for v in row)
    return stream.getvalue()


def page(report: Report, language: str) -> str:
    """The page in one language."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    words = _Wording(language)
    other = next(code for code in LANGUAGES if code != language)
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    by_concept = dict(list(report.indicators.groupby("sims_concept_code", sort=False)))
    elements = report_elements(report.concepts)
    style = page_style(_HERE)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        say=words.say,
        language=language,
        other=other,
        other_page=PAGES[other],
        table=TABLES[language],
        vintage_id=report.vintage_id,
        concepts=[(concept, _grid(by_concept.get(concept.code), words)) for concept in report.concepts],
        open=[concept for concept in elements if concept.needs_office],
        elements=len(elements),
        key_figures=_key_figures(report.indicators, words),
        cells=_cells(report, words),
        checks=_checks(report.checks, words),
        data_docs=report.data_docs,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'",
    )


@cache
def _wording() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = load_yaml(_HERE / "wording.yaml")
    return loaded


class _Wording:
    """Words and numbers of the report in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words = Words(language, {})

    def say(self, key: str, /, **values: object) -> str:
        return _wording()[key][self.language].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        return _wording().get(key, {}).get(self.language, otherwise)

    def indicator(self, code: str, name: object) -> str:
        on_page = messages().get(f"QUALITY.{code}", {}).get(self.language, str(name))
        return self.known(f"NAME.{code}", on_page)

    def unit(self, unit: object) -> str:
        return self.known(f"UNIT.{unit}", str(unit))

    def stratum(self, code: object) -> str:
        return "" if code == TOTAL else self.known(f"STRATUM.{code}", str(code))

    def text(self, concept: Concept) -> str:
        """Text of a concept, with the request to the office where it is needed."""
        parts = [concept.texts.get(self.language, "")] + [self.say("to_complete")] * concept.needs_office
        return " ".join(part for part in parts if part)

    def value(self, value: float, unit: object) -> str:
        return self.words.number(value, _DIGITS.get(str(unit), 0))


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Indicators in the order in which they came, strata and periods sorted, the total of each first."""
    order = frame["indicator_code"].map({code: n for n, code in enumerate(frame["indicator_code"].unique())})
    keys = pd.DataFrame(
        {
            "order": order,
            "is_part": frame["stratum_code"] != TOTAL,
            "stratum": frame["stratum_code"],
            "period": frame["reference_period_code"],
        }
    )
    return frame.loc[keys.sort_values(list(keys.columns), kind="stable").index]


def _grid(frame: pd.DataFrame | None, words: _Wording) -> dict[str, Any] | None:
    """Indicators of one concept: a row for each indicator and stratum, a column for each period."""
    if frame is None:
        return None
    periods = sorted(frame["reference_period_code"].unique(), key=lambda code: (code == TOTAL, code))
    rows, definitions = [], {}
    for (code, stratum), part in _ordered(frame).groupby(["indicator_code", "stratum_code"], sort=False):
        first = part.iloc[0]
        values = dict(zip(part["reference_period_code"], part["value"], strict=True))
        name = words.indicator(str(code), first["name"])
        shown = [words.value(values[p], first["unit"]) if p in values else "" for p in periods]
        rows.append((", ".join(filter(None, (name, words.stratum(stratum)))), words.unit(first["unit"]), shown))
        definition = words.known(f"DEFINITION.{code}", str(first["definition"]))
        if definition:
            definitions[name] = definition
    heads = (
        [words.say("value")] if periods == [TOTAL] else [words.say("all_periods") if p == TOTAL else p for p in periods]
    )
    return {"heads": heads, "rows": rows, "definitions": definitions}


def _key_figures(frame: pd.DataFrame, words: _Wording) -> list[tuple[str, str]]:
    figures = []
    for code, stratum in KEY_FIGURES:
        own = frame[(frame["indicator_code"] == code) & (frame["stratum_code"] == stratum)]
        if own.empty:
            continue
        last = own.sort_values("reference_period_code", key=lambda s: s.replace(TOTAL, "")).iloc[-1]
        is_percent = last["unit"] == "%"
        value = float(last["value"])
        number = words.words.percent(value) if is_percent else words.value(value, last["unit"])
        period = "" if last["reference_period_code"] == TOTAL else str(last["reference_period_code"])
        unit = "" if is_percent else words.unit(last["unit"])
        meaning = (words.indicator(code, last["name"]), words.stratum(stratum), period, unit)
        figures.append((number, ", ".join(filter(None, meaning))))
    return figures


def _cells(report: Report, words: _Wording) -> list[tuple[str, str, str, str]]:
    rows = []
    for table, part, cells, withheld in report.cells.itertuples(index=False):
        name = ", ".join(filter(None, (words.known(f"TABLE.{table}", report.titles[table]), words.stratum(part))))
        is_applicable = not pd.isna(withheld)
        hidden = words.words.number(withheld, 0) if is_applicable else words.say("not_checked")
        visible = words.words.number(cells - (withheld if is_applicable else 0), 0)
        rows.append((name, words.words.number(cells, 0), visible, hidden))
    return rows


def _checks(verdicts: pd.DataFrame | None, words: _Wording) -> dict[str, Any] | None:
    """Verdicts by table; only the names of checks that did not pass, for descriptions and samples stay inside."""
    if verdicts is None or verdicts.empty:
        return None
    passed = verdicts["passed"].astype("bool")
    rows = []
    for table, part in verdicts.assign(passed=passed).groupby("table", sort=True):
        failed = part[~part["passed"]].sort_values("check")
        names = ", ".join(str(name) for name in failed["check"])
        counts = [words.words.number(n, 0) for n in (len(part), len(part) - len(failed), len(failed))]
        rows.append((str(table), *counts, names))
    number = {
        "all": len(verdicts),
        "passed": int(passed.sum()),
        "failed": int((~passed).sum()),
        "blocking": int((~passed & (verdicts["severity"] == "error")).sum()),
        "tables": len(rows),
    }
    return {"lead": words.say("checks_lead", **{k: words.words.number(v, 0) for k, v in number.items()}), "rows": rows}
