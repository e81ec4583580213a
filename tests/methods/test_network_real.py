"""Ties between countries in the published participations of H2020 (a sample of the programme's organisations)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from methods.network import network_shape, region_ties

DELIVERY = "cordis/h2020_organizations_latest_2023-05-29.csv"


def test_countries_of_h2020(shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / DELIVERY, dtype="str", keep_default_na=False)
    country = rows.groupby("organisationID")["country"].transform("min").replace("", "_U")
    rows = pd.DataFrame(
        {"project_id": rows["projectID"], "organisation_id": rows["organisationID"], "region_code": country}
    )
    ties, shape = region_ties(rows), network_shape(rows)
    members = rows.drop_duplicates(["project_id", "organisation_id"])
    joint = members[members.groupby("project_id")["organisation_id"].transform("size") > 1]
    assert shape["participations"] == len(joint)
    assert ties["weight"].sum() == pytest.approx(len(joint) / 2)
    assert ties["tie_count"].sum() == shape["ties"]
    strength = pd.concat([ties.set_index(end)["weight"] for end in ("region_a", "region_b")]).groupby(level=0).sum()
    assert strength.to_dict() == pytest.approx(joint["region_code"].value_counts().to_dict())
    assert (shape["organisations"], shape["projects"], shape["ties"], shape["components"]) == (3033, 391, 39331, 14)
    foremost = ties.nlargest(1, "weight").to_dict("records")[0]
    assert (foremost["region_a"], foremost["region_b"], foremost["project_count"]) == ("DE", "FR", 164)
