"""VAT groups, former seats, and an empty file for people's decisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from sample.classification import postcodes, settlements
from sample.economy import NEVER, Population
from sample.histories import Histories
from sample.identity import Identity
from sample.publish.files import days, write_csv
from sample.publish.registry import STREETS

DECISIONS = ("record_id", "decision", "firm_id", "other_record_id", "who", "when", "why")


def write_histories(out: Path, population: Population, identity: Identity, histories: Histories) -> None:
    """Write `registry/vat_group.csv`, `registry/address_history.csv` and, if there is none, `decisions/decisions.csv`.

    Args:
        out: directory of the economy.
        population: the S.11 firms.
        identity: who everybody is.
        histories: VAT groups and former seats.
    """
    write_csv(
        pa.table(
            {
                "group_tax_number": histories.group_number,
                "firm_id": identity.firm_id.take(pa.array(histories.member)),
                "valid_from": days(histories.joined_on),
                "valid_to": days(histories.left_on),
            }
        ),
        out / "registry" / "vat_group.csv",
    )
    moved, count = histories.moved, histories.moved.size
    code = np.concatenate((histories.old_postcode, population.postcode[moved]))
    town = postcodes()["settlement_index"].to_numpy()[code]
    house = (np.arange(count) * 7) % 180 + 1
    street = [f"{STREETS[(at * 3) % len(STREETS)]} {number}." for at, number in enumerate(house.tolist())]
    seats = pa.table(
        {
            "firm_id": pa.concat_arrays([identity.firm_id.take(pa.array(moved))] * 2),
            "postcode": pa.array(postcodes()["postcode"].to_numpy(dtype=object)[code], type=pa.string()),
            "settlement": pa.array(settlements()["settlement"].to_numpy(dtype=object)[town], type=pa.string()),
            "address": pa.array([*street, *[None] * count], type=pa.string()),
            "valid_from": days(np.concatenate((population.founded[moved], histories.moved_on))),
            "valid_to": days(np.concatenate((histories.moved_on, np.full(count, NEVER)))),
        }
    )
    order = np.arange(2 * count).reshape(2, count).T.ravel()
    write_csv(seats.take(pa.array(order)), out / "registry" / "address_history.csv")
    # what people decided since is theirs: a new economy in the same folder leaves it alone
    if not any((out / "decisions").glob("*.csv")):
        empty = pa.table({name: pa.array([], type=pa.string()) for name in DECISIONS})
        write_csv(empty, out / "decisions" / "decisions.csv")
