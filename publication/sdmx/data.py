"""From the published table to SDMX observations: one per cell and unit of measure.

Belongs here: which column becomes which series, and what a withheld cell looks like. Does not belong here: files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from publication.release_table import WITHHELD, decimals, number_text
from publication.sdmx.names import ACTIVITY, definitions
from publication.sdmx.structure import COLUMNS, FLOWS, KEY
from publication.sdmx.validate import check_observations
from resources.contract import Contract
from resources.errors import CoopgvaError

TABLE = "access.cooperation_gva"
TIME_RULE = "any_day"

SHARE_TABLES = ("T1", "T2", "T3", "T4", "T7", "T8")
S11_TABLES = ("T1", "T2", "T3", "T4")


@dataclass(frozen=True)
class Measured:
    """A column of the published table that becomes observations.

    Attributes:
        unit: UNIT_MEASURE.
        prices: PRICES.
        value: column with the value.
        low: column with the lower limit of its interval, if it has one.
        high: column with the upper limit.
        unit_mult: power of ten that the value counts.
        stock_or_flow: STO.
        withheld_in: tables whose withheld cells have this measure. What is not withheld is there if it has a value.
        is_share: not there where national accounts have no denominator.
    """

    unit: str
    prices: str
    value: str
    low: str | None = None
    high: str | None = None
    unit_mult: int = 0
    stock_or_flow: str = "B1G"
    withheld_in: tuple[str, ...] = ("T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8")
    is_share: bool = False


MEASURED = (
    Measured("HUF", "V", "gva_huf_mn", "ci_low_huf_mn", "ci_high_huf_mn", unit_mult=6),
    Measured(
        "PC_S1", "V", "share_pct", "ci_low_share_pct", "ci_high_share_pct", withheld_in=SHARE_TABLES, is_share=True
    ),
    Measured("PC_S11", "V", "share_s11_pct", withheld_in=S11_TABLES, is_share=True),
    Measured("PC_S1_T", "V", "contribution_pct"),
    Measured("PC_S1", "Y", "share_pyp_pct", withheld_in=("T1",), is_share=True),
    Measured("LU", "_Z", "firm_count", stock_or_flow="_Z"),
)


def observations(contract: Contract, table: pa.Table) -> dict[str, pd.DataFrame]:
    """The observations of each dataflow.

    Args:
        contract: of `access.cooperation_gva`; its units decide DECIMALS.
        table: the table as it is released (`release_table`).

    Returns:
        By dataflow a frame of texts with the columns `structure.COLUMNS`, sorted by key. A withheld cell has OBS_STATUS
        Q, CONF_STATUS C and no OBS_VALUE, CI_LOW or CI_HIGH. A cell that is in two tables (a section that is an A*64
        group of its own) is there once.

    Raises:
        CoopgvaError: an unknown code, another rule than any day, or two tables that say different things of one cell.
    """
    found: dict[str, list[dict[str, str]]] = {flow: [] for flow in FLOWS}
    flow_of = {version: flow for flow, versions in FLOWS.items() for version in versions}
    codes = _Codes()
    for row in table.to_pylist():
        _check_rule(row)
        flow = flow_of.get(row["nace_version_code"])
        if flow is None:
            raise CoopgvaError(
                f"no dataflow carries NACE_VERSION '{row['nace_version_code']}'", where=TABLE, action=_CORRECT
            )
        found[flow] += _of_cell(contract, row, codes.translated(row))
    return {flow: _frame(flow, rows) for flow, rows in found.items()}


_CORRECT = "correct the table or publication/sdmx/codelists.yaml"

_COLUMN_OF: Mapping[str, str] = {
    "REF_AREA": "region_code",
    "COOP_TYPE": "cooperation_type_code",
    "SIZE_CLASS": "size_class_code",
    "NUMERATOR": "numerator_code",
    "ATTRIBUTION": "attribution_code",
    "METHOD_FLAG": "method_flag",
    "NUTS_VERSION": "nuts_version_code",
    "NACE_VERSION": "nace_version_code",
    "OBS_STATUS": "obs_status",
    "CONF_STATUS": "conf_status",
}


class _Codes:
    """SDMX codes by the codes of the published table; a code that has none is an error."""

    def __init__(self) -> None:
        words = definitions()
        self._by_part = {name: words.from_table(name) for name in _COLUMN_OF}
        self._activities = {version: words.from_table(ACTIVITY, version) for version in words.activities}
        self._activities["_Z"] = {"_T": "_T"}

    def translated(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The coded dimensions and attributes of one row."""
        found = {name: self._one(name, row[column], self._by_part[name], row) for name, column in _COLUMN_OF.items()}
        activities = self._activities[row["nace_version_code"]]
        return found | {ACTIVITY: self._one(ACTIVITY, row["activity_code"], activities, row)}

    @staticmethod
    def _one(name: str, code: str, known: Mapping[str, str], row: Mapping[str, Any]) -> str:
        if code not in known:
            cell = ", ".join(str(row[column]) for column in ("reference_year", "table_code", *_COLUMN_OF.values()))
            raise CoopgvaError(
                f"code '{code}' of {name} is not in its codelist", where=f"{TABLE} ({cell})", action=_CORRECT
            )
        return known[code]


def _check_rule(row: Mapping[str, Any]) -> None:
    if row["time_rule"] != TIME_RULE:
        raise CoopgvaError(
            f"the structure has no dimension for the rule '{row['time_rule']}'",
            where=f"{TABLE}, time_rule",
            action=f"publish rows of the rule {TIME_RULE} only",
        )


def _of_cell(contract: Contract, row: Mapping[str, Any], coded: Mapping[str, str]) -> list[dict[str, str]]:
    """The observations of one row of the published table."""
    found = []
    for measured in MEASURED:
        value = row[measured.value]
        is_withheld = bool(row[WITHHELD])
        if is_withheld:
            has_none = measured.is_share and row["method_flag"] == "no_denominator"
            if row["table_code"] not in measured.withheld_in or has_none:
                continue
        elif value is None:
            continue
        places = decimals(contract.columns[measured.value])
        limits = {"CI_LOW": measured.low, "CI_HIGH": measured.high}
        texts = {name: _text(row[column], places) if column else "" for name, column in limits.items()}
        found.append(
            {
                **coded,
                "FREQ": "A",
                "REF_SECTOR": "S1",
                "STO": measured.stock_or_flow,
                "UNIT_MEASURE": measured.unit,
                "PRICES": measured.prices,
                "TIME_PERIOD": str(row["reference_year"]),
                "OBS_VALUE": _text(value, places),
                **texts,
                "DECIMALS": str(places),
                "UNIT_MULT": str(measured.unit_mult),
            }
        )
    return found


def _text(value: float | None, places: int) -> str:
    return "" if value is None else number_text(value, places)


def _frame(flow: str, rows: list[dict[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    # Tables share cells; what they say alike is one observation, what they say differently is refused as a double key.
    frame = frame.drop_duplicates().sort_values(list(KEY), ignore_index=True)
    check_observations(flow, frame)
    return frame
