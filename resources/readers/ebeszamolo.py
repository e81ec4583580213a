"""Annual reports of the Hungarian Ministry of Justice's portal e-beszámoló (`ebeszamolo_json`), one filing a file.

A filing holds the profit and loss account of a year and of the year before. Items have no codes: they are recognised
by their roman numeral or letter together with their Hungarian text (Act C of 2000, annexes 2 and 3, total-cost and
cost-of-sales layout), never by row number, which differs between the simplified and the detailed form.

Belongs here: the profit and loss account as columns. Does not belong here: thousands (`unit`), sums, value added.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import duckdb

from resources.readers.base import Part, RawRows
from resources.readers.json_file import dump, kind, load_json, refuse_no_rows, text_of
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import RowCollector

ITEMS: dict[str, tuple[tuple[str, ...], str]] = {
    "net_turnover": (("I",), "értékesítés nettó árbevétele"),
    "domestic_turnover": (("01",), "belföldi értékesítés nettó árbevétele"),
    "export_turnover": (("02",), "exportértékesítés nettó árbevétele"),
    "capitalised_own_performance": (("II",), "aktivált saját teljesítmények értéke"),
    "other_income": (("III", "V"), "egyéb bevételek"),
    "material_expenses": (("IV",), "anyagjellegű ráfordítások"),
    "personnel_expenses": (("V",), "személyi jellegű ráfordítások"),
    "wages": (("10",), "bérköltség"),
    "depreciation": (("VI",), "értékcsökkenési leírás"),
    "other_expenses": (("VII", "VI"), "egyéb ráfordítások"),
    "operating_result": (("A",), "üzemi (üzleti) tevékenység eredménye"),
    # E until the reform of 2016, which abolished extraordinary items.
    "profit_before_tax": (("C", "E"), "adózás előtti eredmény"),
}
"""Column: numerals or letters the item may bear, and its text."""

HEAD = ("taxNumber", "registrationNumber", "companyName", "headquarter")
COLUMNS = (
    *HEAD,
    *("year", "is_previous_year", "currency", "unit", "filingDate"),
    *ITEMS,
    *("reversals", "layout", "has_amendments"),
)

_ITEM = re.compile(r"([IVX]+|[A-H]|\d{2})\.\s*(.+)", re.DOTALL)
_REVERSAL = re.compile(r"ebből\W+visszaírt értékvesztés")
_COST_OF_SALES = "értékesítés közvetlen költségei"
_TOTAL_COST = "anyagjellegű ráfordítások"


def read_ebeszamolo_json(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Two rows per filing: the reported year, and the year before with `is_previous_year` = `true`.

    The year is `targetYear` where the file has it, else `year`; the year before is `previousYear`, else one less.
    Amounts are in `unit` (`ezer`: thousands) of `currency`, as published. `layout` is `total_cost` or `cost_of_sales`;
    the latter has no material, personnel and depreciation items. `reversals` is what the detailed form shows under
    other income. `has_amendments` tells a filing with a middle column of corrections to earlier years, which are in
    neither row. A filing whose profit and loss account cannot be read is one reject.

    Raises:
        DeliveryError: not JSON, or not a filing or a list of filings.
    """
    chosen = parse_options(ReaderOptions, options, "ebeszamolo_json")
    document = load_json(part)
    filings = document if isinstance(document, list) else [document]
    refuse_no_rows(part, len(filings), allow_empty=chosen.allow_empty)
    rows = RowCollector(COLUMNS)
    number = 0
    for filing in filings:
        items, problem = _items(filing)
        if problem:
            number += 1
            rows.reject(number, problem, dump(filing))
            continue
        for values in _years(filing, items):
            number += 1
            rows.add(number, values)
    return rows.result()


def _items(filing: Any) -> tuple[list[dict[str, Any]], str]:
    """Rows of the profit and loss account, or why there are none."""
    if not isinstance(filing, dict):
        return [], f"not a filing but {kind(filing)}"
    statement = filing.get("incomeStatement")
    listed = statement.get("rows") if isinstance(statement, dict) else None
    if not isinstance(listed, list):
        return [], "the filing has no profit and loss account"
    if not listed:
        return [], "the profit and loss account has no items (banks and insurers report in another form)"
    items = [item for item in listed if isinstance(item, dict)]
    if len(items) < len(listed):
        return [], "an item of the profit and loss account is not an object"
    recognised = _amounts(items, "targetYearData")
    missing = [column for column in ("net_turnover", "operating_result") if recognised.get(column) is None]
    if missing:
        return [], f"the profit and loss account lacks {' and '.join(missing)}"
    return items, ""


def _years(filing: dict[str, Any], items: list[dict[str, Any]]) -> list[dict[str, str | None]]:
    year = text_of(filing.get("targetYear")) or text_of(filing.get("year"))
    before = text_of(filing.get("previousYear"))
    if not before and year and year.isascii() and year.isdigit():
        before = str(int(year[:9]) - 1)
    texts = {_normal(text_of(item.get("itemName")) or "").partition(". ")[2] for item in items}
    common = {key: text_of(filing.get(key)) for key in (*HEAD, "currency", "unit", "filingDate")}
    common["layout"] = "cost_of_sales" if _COST_OF_SALES in texts and _TOTAL_COST not in texts else "total_cost"
    amended = any(text_of(item.get("amendments")) not in (None, "", "0") for item in items)
    common["has_amendments"] = str(amended).lower()
    reported = {**common, **_amounts(items, "targetYearData"), "year": year, "is_previous_year": "false"}
    earlier_amounts = _amounts(items, "previousYearData")
    if not any(earlier_amounts.values()):
        return [reported]
    return [reported, {**common, **earlier_amounts, "year": before, "is_previous_year": "true"}]


def _amounts(items: list[dict[str, Any]], column: str) -> dict[str, str | None]:
    """Amount by output column; the first of two equal items counts."""
    amounts: dict[str, str | None] = {}
    above = ""
    for item in items:
        name = _normal(text_of(item.get("itemName")) or "")
        amount = text_of(item.get(column))
        if _REVERSAL.fullmatch(name) and above == "other_income":
            amounts.setdefault("reversals", amount)
        match = _ITEM.fullmatch(name)
        if match is None:
            continue
        prefix, text = match.groups()
        above = next((key for key, (marks, wanted) in ITEMS.items() if prefix in marks and text == wanted), "")
        if above:
            amounts.setdefault(above, amount)
    return amounts


def _normal(name: str) -> str:
    """An item's name with single spaces; its text, but not its numeral, in lower case."""
    collapsed = " ".join(unicodedata.normalize("NFC", name).split())
    mark, dot, text = collapsed.partition(".")
    return f"{mark}{dot} {text.strip().casefold()}" if dot else collapsed.casefold()
