"""Organisations on the published participations of H2020: codes hidden from the rule must be found again by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from methods.identifiers import normalise
from methods.organisations import group_organisations

DELIVERY = "cordis/h2020_organizations_latest_2023-05-29.csv"


@pytest.fixture(scope="module")
def participations(shared_data: Path) -> pd.DataFrame:
    rows = pd.read_csv(shared_data / DELIVERY, dtype="str")
    vat = normalise(rows["vatNumber"].str.replace(r"\W", "", regex=True))
    return pd.DataFrame(
        {
            "record_id": rows.index.astype(str),
            "name": rows["name"],
            "country": rows["country"],
            "legal_unit_id": None,
            "is_refused": False,
            "is_ambiguous": False,
            "pic": rows["organisationID"],
            "identifier": ("VAT:" + vat["value"]).where(vat["is_valid"], None),
            "place": rows["city"].str.upper(),
        }
    )


def pairs(*columns: pd.Series) -> int:
    sizes = pd.concat(columns, axis=1, ignore_index=True).value_counts(dropna=False)
    return int((sizes * (sizes - 1) // 2).sum())


def test_every_code_is_one_organisation(participations: pd.DataFrame) -> None:
    got = group_organisations(participations)
    assert (len(participations), got["organisation_id"].nunique()) == (5153, 3114)
    assert (got["organisation_id"] == "PIC:" + participations["pic"]).all()


def test_a_vat_number_has_several_codes_only_where_firms_share_it(participations: pd.DataFrame) -> None:
    known = participations.dropna(subset="identifier")
    codes = known.groupby("identifier")["pic"].nunique()
    assert (len(codes), int((codes > 1).sum())) == (2677, 3)
    assert known.groupby("pic")["identifier"].nunique().max() == 1
    shared = known[known["identifier"].isin(codes.index[codes > 1])]
    assert (shared.groupby("identifier")["name"].nunique() == 2).all()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("columns", [["pic"], ["pic", "identifier"]])
def test_hidden_codes_are_found_again(participations: pd.DataFrame, share: float, columns: list[str]) -> None:
    hidden = np.random.default_rng(1).random(len(participations)) < share
    rows = participations.copy()
    rows.loc[hidden, columns] = None
    got = group_organisations(rows)["organisation_id"]
    together, truly = pairs(got), pairs(participations["pic"])
    both = pairs(got, participations["pic"])
    assert both / together >= 0.999
    assert both / truly >= 0.999
