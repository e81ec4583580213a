"""The quality report: every concept in order, every figure under its own, nothing that must not leave."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from lxml import html as lxml_html

from publication.page.words import LANGUAGES
from publication.quality.concepts import OFFICE_FILE, concept_codes, load_office, report_concepts
from publication.quality.figures import check_verdicts, release_times
from publication.quality.report import PAGES, TABLES, write_quality_report
from resources.contract import load_yaml
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import REPOSITORY
from resources.lake import CheckOutcome, Version
from resources.release_calendar import PlannedRelease, ReleaseCalendar
from tests.publication.small_release import CONTRACTS, SECRET, small_release

VINTAGE = "000007-0a1b2c3d"
HOSTILE = '</style><script>alert("x")</script><b>&'
OFFICIAL = [
    "Contact",
    "Metadata update",
    "Statistical presentation",
    "Unit of measure",
    "Reference period",
    "Institutional mandate",
    "Confidentiality",
    "Release policy",
    "Frequency of dissemination",
    "Accessibility and clarity",
    "Quality management",
    "Relevance",
    "Accuracy and reliability",
    "Timeliness and punctuality",
    "Coherence and comparability",
    "Cost and burden",
    "Data revision",
    "Statistical processing",
    "Comment",
]


def indicator(
    code: str, concept: str, value: float, period: str = "2023", stratum: str = "_T", **more: str
) -> dict[str, Any]:
    unit = more.get("unit", "%")
    return {
        "indicator_code": code,
        "reference_period_code": period,
        "stratum_code": stratum,
        "sims_concept_code": concept,
        "name": more.get("name", f"Name of {code}"),
        "value": value,
        "unit": unit,
        "definition": more.get("definition", f"How {code} is computed."),
    }


def indicators() -> pd.DataFrame:
    """One indicator of every concept that the SQL of `access.quality_indicator` reports under, and some strata."""
    rows = [
        indicator("unit_non_response", "S.13.3.3.1", 2.41, "2022"),
        indicator("unit_non_response", "S.13.3.3.1", 3.42),
        indicator("item_non_response", "S.13.3.3.2", 4.43),
        indicator("imputation", "S.18.5.1", 5.44),
        indicator("imputation_gva", "S.18.5.1", 1.45),
        indicator("macro_coverage", "S.13.3.1", 84.46),
        indicator("completeness", "S.12.3.1", 71.47),
        indicator("completeness", "S.12.3.1", 62.48, stratum="T7"),
        indicator("interval_half_width", "S.13.1", 0.149, stratum="N1", unit="percentage points"),
        indicator("overlap", "S.18.6", 14.51, stratum="N2"),
        indicator("linked_identifier", "S.13.3.4", 88.52, "_T", "gva"),
        indicator("comparable_length", "S.15.2.1", 9.0, "_T", unit="years"),
        indicator("brand_new", "S.11.1", 33.53),
    ]
    return pd.DataFrame(rows)


def versions() -> list[Version]:
    checks = (
        CheckOutcome("row_count", True, "error"),
        CheckOutcome("share_known", False, "warn", "threshold 77", {"samples": ["Titkos Kft."]}),
        CheckOutcome("sums_meet", False, "error"),
    )
    version = Version("interpretation.firm_gva", "k", 1, "c", {}, {}, {}, checks)
    return [version, Version("access.goal_1", "k", 1, "c", {}, {}, {}, checks[:1])]


def revisions() -> pd.DataFrame:
    row = {"numerator_code": "N1", "count": 4}
    measures = {"mean_revision_pp": -0.061, "mean_absolute_revision_pp": 0.072}
    nothing = {"mean_revision_pp": float("nan"), "mean_absolute_revision_pp": float("nan")}
    return pd.DataFrame(
        [
            {**row, **measures, "comparison": "first_to_latest"},
            {**row, **nothing, "count": 0, "comparison": "each_to_next"},
        ]
    )


def times() -> pd.DataFrame:
    planned = [dt.datetime(year, 12, 1, 8, tzinfo=dt.UTC) for year in (2024, 2025)]
    releases = tuple(PlannedRelease(f"r{at.year}", "Annual", (at.year - 1, at.year - 2), at) for at in planned)
    made = {"r2024": planned[0] + dt.timedelta(days=1, hours=12)}
    return release_times(ReleaseCalendar(ZoneInfo("Europe/Budapest"), releases), made)


def written(folder: Path, **more: Any) -> dict[str, str]:
    """The page by language."""
    arguments: dict[str, Any] = {
        "indicators": indicators(),
        "tables": small_release(),
        "contracts": CONTRACTS,
        "vintage_id": VINTAGE,
        "revisions": revisions(),
        "punctuality": times(),
        "checks": check_verdicts(versions()),
    }
    paths = write_quality_report(folder, **(arguments | more))
    assert sorted(path.name for path in paths) == sorted([*PAGES.values(), *TABLES.values()])
    return {language: (folder / name).read_text(encoding="utf-8") for language, name in PAGES.items()}


def table(folder: Path, language: str = "en") -> list[dict[str, str]]:
    text = (folder / TABLES[language]).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def under(page: str) -> dict[str, str]:
    """What a reader reads under the heading of each concept, up to the next."""
    found: dict[str, str] = {}
    for element in lxml_html.fromstring(page).xpath("//main//section/*"):
        if element.get("id"):
            current = element.get("id").upper().replace("-", ".")
            found[current] = ""
        else:
            found[current] += " ".join(element.itertext()) + "\n"
    return found


def test_all_headings_in_order_and_in_both_languages(tmp_path: Path) -> None:
    pages = written(tmp_path)
    for language, page in pages.items():
        headings = lxml_html.fromstring(page).xpath("//main//section//*[self::h2 or self::h3 or self::h4 or self::h5]")
        assert [h.get("id").upper().replace("-", ".") for h in headings] == list(concept_codes())
        tops = [h for h in headings if h.tag == "h2"]
        assert [h.get("id") for h in tops] == [f"s-{n}" for n in range(1, 20)]
        spoken = [h.text_content() for h in tops]
        assert all(name in text for name, text in zip(OFFICIAL, spoken, strict=True)), language
        assert all(h.xpath(f"span[@lang='{'hu' if language == 'en' else 'en'}']")[0].text for h in headings)


def test_the_structure_is_whole() -> None:
    codes = concept_codes()
    numbers = [tuple(int(n) for n in code.split(".")[1:]) for code in codes]
    assert numbers == sorted(numbers)  # no concept out of its order
    assert all(n[:-1] in numbers for n in numbers if len(n) > 1)
    assert all((*n[:-1], n[-1] - 1) in numbers for n in numbers if n[-1] > 1)  # and none left out
    concepts = report_concepts(None, {"vintage": "v", "first_year": "1", "last_year": "2"})
    parents = {code.rsplit(".", 1)[0] for code in codes}
    for concept in concepts:
        assert concept.texts or concept.needs_office or concept.code in parents, concept.code
        assert set(concept.texts) in (set(), set(LANGUAGES)), concept.code


def test_every_indicator_is_under_its_concept(tmp_path: Path) -> None:
    pages = written(tmp_path)
    for language, page in pages.items():
        texts = under(page)
        for row in indicators().to_dict("records"):
            digits = {"%": 2, "percentage points": 3, "years": 0}[row["unit"]]
            value = f"{row['value']:.{digits}f}".replace(".", "," if language == "hu" else ".")
            assert value in texts[row["sims_concept_code"]].split(), (language, row["indicator_code"])
    rows = {
        (r["concept_code"], r["indicator_code"], r["stratum_code"], r["period"]): r["value"] for r in table(tmp_path)
    }
    for row in indicators().to_dict("records"):
        key = (row["sims_concept_code"], row["indicator_code"], row["stratum_code"], row["reference_period_code"])
        assert float(rows[key]) == row["value"]


def test_what_a_release_adds(tmp_path: Path) -> None:
    texts = under(written(tmp_path)["en"])
    values = {(r["indicator_code"], r["stratum_code"], r["period"]): r["value"] for r in table(tmp_path) if r["value"]}
    assert values["first_to_latest_mean", "N1", "_T"] == "-0.061"
    assert values["first_to_latest_absolute", "N1", "_T"] == "0.072"
    assert ("each_to_next_mean", "N1", "_T") not in values  # a mean of nothing is no figure
    assert "−0.061" in texts["S.17.2.1"]
    assert values["punctuality", "r2024", "_T"] == "1.5"
    assert ("punctuality", "r2025", "_T") not in values  # still to come
    assert values["time_lag_first", "_T", "2023"] == "336"  # 1 January to 2 December of a leap year
    assert values["time_lag_first", "_T", "2022"] == "701"
    assert values["described_columns", "_T", "_T"] == "100"
    assert 0 < float(values["completed_elements", "_T", "_T"]) < 100


def test_published_tables_and_withheld_cells_are_counted(tmp_path: Path) -> None:
    tree = lxml_html.fromstring(written(tmp_path)["en"])
    rows = {
        r[0].text_content(): [cell.text_content() for cell in r[1:]]
        for r in tree.xpath("//table[caption='Published tables']/tbody/tr")
    }
    cells = small_release()["access.cooperation_gva"]
    part = cells[cells["table_code"] == "T2"]
    title = CONTRACTS["access.cooperation_gva"].title
    assert rows[f"{title}, T2 by section"] == [
        str(len(part)),
        str((~part.is_withheld).sum()),
        str(part.is_withheld.sum()),
    ]
    assert rows[CONTRACTS["access.goal_1"].title] == ["1", "1", "not applicable"]


def test_verdicts_of_checks(tmp_path: Path) -> None:
    page = written(tmp_path)["en"]
    assert "2 of 4 checks on 2 tables passed; 2 did not, 1 of them blocking." in page
    assert "share_known, sums_meet" in page
    assert "Titkos" not in page  # samples of values stay inside
    assert "threshold 77" not in page
    nothing = written(tmp_path / "none", checks=None, revisions=None, punctuality=None)["en"]
    assert "verdicts of checks were not handed" in nothing
    assert nothing.count("No figure for this release yet.") == 3


def test_what_the_office_says_and_what_waits_for_it(tmp_path: Path) -> None:
    office = {"S.1.1": "Hivatal {vintage}", "S.16": {"hu": "Terhek", "en": "Burden"}, "S.2.1": dt.date(2026, 11, 2)}
    pages = written(tmp_path, office=office)
    texts = {language: under(page) for language, page in pages.items()}
    assert texts["en"]["S.1.1"].strip() == "Hivatal {vintage}"
    assert (texts["hu"]["S.16"].strip(), texts["en"]["S.16"].strip()) == ("Terhek", "Burden")
    assert texts["en"]["S.2.1"].strip() == "2026-11-02"
    assert texts["en"]["S.1.6"].strip() == "To be completed by the office."
    assert texts["hu"]["S.1.6"].strip() == "A hivatal tölti ki."
    open_ones = lxml_html.fromstring(pages["en"]).xpath("//main/p[@class='office']/a/text()")
    assert "S.1.6" in open_ones
    assert not {"S.1.1", "S.16", "S.2.1"} & set(open_ones)
    assert f"vintage {VINTAGE}" in texts["en"]["S.2.2"]
    assert "2022 to 2023" in texts["en"]["S.3.8"]
    everything = written(tmp_path / "all", office=dict.fromkeys(concept_codes(), "said"))["en"]
    assert "To be completed" not in everything


def test_office_file(tmp_path: Path) -> None:
    assert load_office(tmp_path) is None
    path = tmp_path / OFFICE_FILE
    path.write_text('S.1.1: Hivatal\nS.1.7: "+36 1 345 6000"\nS.2.1: 2026-11-02\n', encoding="utf-8")
    office = load_office(tmp_path)
    assert office is not None
    assert office["S.1.7"] == "+36 1 345 6000"
    texts = under(written(tmp_path / "out", office=office)["hu"])
    assert "+36 1 345 6000" in texts["S.1.7"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "S.13.9: x",
            r"quality_report.yaml: .S.13.9. is no concept of SIMS 2.0; S.13 .Accuracy and reliability. has S.13.1,",
        ),
        ("S.4.1: x", r"S.4 .Unit of measure. has no parts"),
        ("contact: x", r"'contact' is no concept of SIMS 2.0; write a code"),
        ("S.1.7: 3613456000", r"S\.1\.7: not a text; put numbers in quotes"),
        ("S.1.1: {en: x}", r"S\.1\.1: needs a text for each of en and hu"),
        ("S.1.1: {en: x, hu: 5}", r"S\.1\.1: hu: .*put the texts in quotes"),
        ("S.1.1: '  '", r"S\.1\.1: needs a text"),
        ("[S.1.1]", "not a mapping"),
        ("S.1.1: [", "not valid YAML"),
    ],
)
def test_what_an_office_may_not_write(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / OFFICE_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=says) as refused:
        load_office(tmp_path)
    assert "\n" not in str(refused.value)


def test_unknown_concepts_are_refused(tmp_path: Path) -> None:
    wrong = pd.concat([indicators(), pd.DataFrame([indicator("odd", "S.20.1", 1.0)])])
    with pytest.raises(ConfigurationError, match=r"quality_indicator: 'S.20.1' is no concept"):
        written(tmp_path, indicators=wrong)
    with pytest.raises(ConfigurationError, match=r"'S.99' is no concept"):
        written(tmp_path, office={"S.99": "x"})
    assert not list(tmp_path.iterdir())  # nothing half written


def test_frames_that_lack_something_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CoopgvaError, match=r"access.quality_indicator: has no column unit"):
        written(tmp_path, indicators=indicators().drop(columns="unit"))
    with pytest.raises(CoopgvaError, match="revisions: has no column comparison"):
        written(tmp_path, revisions=revisions().drop(columns="comparison"))
    with pytest.raises(CoopgvaError, match=r"access.goal_1: there is no contract"):
        written(tmp_path, contracts={k: v for k, v in CONTRACTS.items() if k != "access.goal_1"})


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    odd = indicator(HOSTILE, "S.11.1", 1.0, stratum=HOSTILE, name=HOSTILE, unit=HOSTILE, definition=HOSTILE)
    checks = pd.DataFrame([{"table": HOSTILE, "check": HOSTILE, "severity": "warn", "passed": False}])
    pages = written(
        tmp_path,
        indicators=pd.concat([indicators(), pd.DataFrame([odd])]),
        office={"S.1.1": HOSTILE},
        checks=checks,
        vintage_id=HOSTILE,
        data_docs=HOSTILE,
    )
    for page in pages.values():
        tree = lxml_html.fromstring(page)
        assert not tree.xpath("//script | //b")
        assert len(tree.xpath("//style")) == 1
        assert HOSTILE in tree.xpath("//h3[@id='s-1-1']/following-sibling::p[1]")[0].text_content()
        assert HOSTILE not in page
    assert any(row["text"] == HOSTILE for row in table(tmp_path))


def test_nothing_that_must_not_leave(tmp_path: Path) -> None:
    tables = small_release()
    cells = tables["access.cooperation_gva"]
    secret = cells["is_withheld"]
    assert secret.any()
    for name in ("gva_huf_mn", "share_pct", "contribution_pct", "ci_low_huf_mn"):
        cells[name] = cells[name].astype("float64").mask(secret, SECRET)
    written(tmp_path, tables=tables)
    content = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    for sign in ("98.76", "98,76", "9876"):
        assert sign.encode() not in content
    parameters = [name for name in load_yaml(REPOSITORY / "parameters.yaml") if name.startswith("disclosure")]
    assert parameters
    assert not [name for name in parameters if name.encode() in content]


def test_texts_on_confidentiality_name_no_parameter() -> None:
    facts = {"vintage": "v", "first_year": "", "last_year": ""}
    texts = [text for concept in report_concepts(None, facts) for text in concept.texts.values()]
    about = [text for text in texts if re.search(r"withheld|reveal|visszatart|felfed|dominan|dominál", text)]
    assert len(about) >= 2
    for text in about:
        assert not re.search(r"\d|per cent|three|four|five|három|négy|öt ", text), text
    whole = " ".join(texts)
    assert not re.search(r"\([nk],\s*[nk]\)|p ?%|p[- ]percent|fewer than|kevesebb mint|dominance", whole)


def test_bytes_are_equal_on_rerun(tmp_path: Path) -> None:
    written(tmp_path / "a")
    shuffled = check_verdicts(versions()).iloc[::-1]
    written(tmp_path / "b", checks=shuffled, tables=dict(reversed(small_release().items())))
    for name in (*PAGES.values(), *TABLES.values()):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_pages_are_well_formed_small_and_ask_nobody(tmp_path: Path) -> None:
    for language, page in written(tmp_path).items():
        assert len(page.encode()) < 500_000
        tree = lxml_html.fromstring(page)
        assert tree.get("lang") == language
        assert "default-src 'none'" in tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
        targets = tree.xpath("//@href | //@src")
        assert {t for t in targets if not t.startswith("#")} <= {*PAGES.values(), *TABLES.values(), "data:,"}
        names = tree.xpath("//@id")
        assert len(names) == len(set(names))
        assert {t[1:] for t in targets if t.startswith("#")} <= set(names)
        opened = re.findall(r"<(section|table|tr|p|h[1-6]|ul|li|div|dl|main|a|span)\b", page)
        closed = re.findall(r"</(section|table|tr|p|h[1-6]|ul|li|div|dl|main|a|span)>", page)
        assert sorted(opened) == sorted(closed)
        levels = [int(h.tag[1]) for h in tree.xpath("//h1 | //h2 | //h3 | //h4 | //h5")]
        assert levels[0] == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))


def test_a_release_of_nothing_is_reported(tmp_path: Path) -> None:
    page = written(tmp_path, tables={}, indicators=indicators().iloc[:0], checks=None)["hu"]
    assert "S.19" in page
    assert "Közölt táblák" not in page
