"""VAT groups and former seats: shown by some lists, true of the firms they are shown for, and no part of the truth."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from stdnum.hu import anum

from sample import histories
from sample.dirt import strip_accents
from sample.generate import generate
from tests.sample.test_sample_files import digest, read


def test_vat_groups_have_numbers_of_their_own_and_several_members(sample_dir: Path) -> None:
    register = read(sample_dir / "registry" / "business_registry.csv").drop_duplicates("firm_id").set_index("firm_id")
    groups = read(sample_dir / "registry" / "vat_group.csv")
    assert groups["group_tax_number"].str.fullmatch(r"\d{8}-5-\d\d").all()
    assert groups["group_tax_number"].str[:8].map(anum.is_valid).all()
    assert not set(groups["group_tax_number"].str[:8]) & set(register["eu_vat"].str[2:])
    assert groups.groupby("group_tax_number")["firm_id"].nunique().min() >= 2
    enterprise_group = groups["firm_id"].map(register["enterprise_group_id"])
    assert (enterprise_group.groupby(groups["group_tax_number"]).nunique() == 1).all()
    ended = groups[groups["valid_to"] != ""]
    assert (ended["valid_from"] < ended["valid_to"]).all()


def test_former_seats_end_where_the_present_one_begins(sample_dir: Path) -> None:
    register = read(sample_dir / "registry" / "business_registry.csv").drop_duplicates("firm_id").set_index("firm_id")
    seats = read(sample_dir / "registry" / "address_history.csv")
    old, new = seats.iloc[::2].set_index("firm_id"), seats.iloc[1::2].set_index("firm_id")
    assert len(old) > 50
    assert old["valid_to"].equals(new["valid_from"])
    assert (old["settlement"] != new["settlement"]).all()
    assert (new["settlement"] == register.loc[new.index, "settlement"]).all()
    assert (new["postcode"] == register.loc[new.index, "postcode"]).all()


def test_some_lists_show_the_groups_number_and_the_town_of_before(sample_dir: Path) -> None:
    members = pd.read_excel(sample_dir / "clusters" / "cluster_memberships.xlsx", dtype=str, engine="openpyxl")
    truth = pd.read_parquet(sample_dir / "truth" / "membership.parquet")
    truth = truth[truth["source_file"] == "clusters/cluster_memberships.xlsx"].sort_values("row")
    members["firm_id"] = truth["firm_id"].to_numpy()
    groups = read(sample_dir / "registry" / "vat_group.csv")
    numbers = groups.groupby("group_tax_number")["firm_id"].agg(set)
    shown = members[members["tax_number"].isin(numbers.index)]
    assert len(shown) >= 1
    assert all(firm in numbers[number] for firm, number in zip(shown["firm_id"], shown["tax_number"], strict=True))
    old = read(sample_dir / "registry" / "address_history.csv").iloc[::2].set_index("firm_id")
    moved = members[members["firm_id"].isin(old.index)].dropna(subset="settlement")
    before = old.loc[moved["firm_id"], "settlement"].map(lambda town: strip_accents(town).upper())
    is_old = moved["settlement"].map(lambda town: strip_accents(town).upper()).to_numpy() == before.to_numpy()
    assert 0.1 < is_old.mean() < 0.7


def test_what_lists_show_of_histories_is_all_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(1000, 3, tmp_path / "with")
    monkeypatch.setattr(histories, "GROUP_NUMBER_SHOWN", 0.0)
    monkeypatch.setattr(histories, "OLD_SEAT_SHOWN", 0.0)
    generate(1000, 3, tmp_path / "without")
    ours, theirs = digest(tmp_path / "with"), digest(tmp_path / "without")
    assert {name for name in ours if ours[name] != theirs[name]} == {"clusters/cluster_memberships.xlsx"}


def test_a_new_economy_leaves_peoples_decisions_alone(tmp_path: Path) -> None:
    generate(1000, 3, tmp_path)
    path = tmp_path / "decisions" / "decisions.csv"
    assert path.read_text(encoding="utf-8") == "record_id,decision,firm_id,other_record_id,who,when,why\n"
    path.rename(path.with_name("anna.csv"))
    generate(1000, 4, tmp_path)
    assert [p.name for p in path.parent.iterdir()] == ["anna.csv"]
