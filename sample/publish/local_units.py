"""Local units by county, as a survey of local units has them, and their true shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from sample.accounts import Traits, heads
from sample.classification import counties
from sample.economy import Population
from sample.identity import Identity
from sample.local_units import LocalUnits
from sample.national_accounts import YEARS
from sample.publish.files import write_csv


def write_local_units(
    out: Path, population: Population, identity: Identity, traits: Traits, gva: np.ndarray, units: LocalUnits
) -> None:
    """Write `registry/local_unit.csv` and `truth/local_unit.csv`.

    A firm is surveyed in its first year and then in even years; wage bills of firms that do not tell them are empty.

    Args:
        out: directory of the economy.
        population: the S.11 firms.
        identity: who everybody is.
        traits: what does not change about the books.
        gva: true GVA, million HUF, shape (firms, years).
        units: who works where.
    """
    county = counties()["nuts3_code"].to_numpy(dtype=object)[units.nuts3]
    firm_id = identity.firm_id.take(pa.array(units.firm))
    exists = gva[units.firm] > 0
    tables = []
    for t, year in enumerate(YEARS):
        asked = exists[:, t] & ((year % 2 == 0) | ~exists[:, :t].any(axis=1))
        at = np.flatnonzero(asked)
        firm = units.firm[at]
        staff = np.maximum(heads(traits, population, gva, t)[firm], 1) * units.head_share[at]
        bill = gva[firm, t] * traits.coverage[firm] * traits.labour_share[firm] / 1.135 * units.share[at]
        tables.append(
            pa.table(
                {
                    "firm_id": firm_id.take(pa.array(at)),
                    "year": pa.array(np.full(at.size, year)),
                    "nuts3_code": pa.array(county[at], type=pa.string()),
                    "employees": pa.array(np.round(staff, 2)),
                    "wages_huf_mn": pa.array(np.round(bill, 3), mask=~units.has_wages[at]),
                }
            )
        )
    write_csv(pa.concat_tables(tables), out / "registry" / "local_unit.csv")
    truth = {"firm_id": firm_id, "nuts3_code": pa.array(county, type=pa.string()), "wage_share": pa.array(units.share)}
    write_csv(pa.table(truth), out / "truth" / "local_unit.csv")
