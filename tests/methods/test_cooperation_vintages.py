"""Two releases of the cooperation tables: what readers have already, against an attack written down firm by firm.

A release of sixty firms; then nothing happens, a firm files late, leaves, or a common factor moves everybody.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import methods.disclosure.cooperation_protection as protection
from methods.disclosure import PrimaryRules
from methods.disclosure.cooperation_protection import protected_year
from methods.disclosure.cooperation_tables import CELL
from methods.disclosure.cooperation_vintages import Earlier, two_releases
from methods.errors import MethodError

RULES = PrimaryRules(frequency=3, p_percent=10.0)
CODES = ["rev2_section", "rev21_section", "a64_code", "size_class", "nuts2_code"]
NO_VERDICT = pd.DataFrame()


def economy(seed: int = 3, firms: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Firms of two sections, a third with two firms, three regions and two sizes; every fourth is in N2 only."""
    draw = np.random.default_rng(seed)
    section = draw.choice(["C", "J"], size=firms)
    section[:2] = "F"
    parts = pd.DataFrame(
        {
            "unit": [f"F{i:02d}" for i in range(firms)],
            "group": [f"G{i:02d}" for i in range(firms)],
            "rev2_section": section,
            "rev21_section": section,
            "a64_code": np.where(section == "C", draw.choice(["C25", "C26"], size=firms), section),
            "size_class": draw.choice(["0-9", "10-49"], size=firms),
            "nuts2_code": draw.choice(["HU11", "HU12", "HU21"], size=firms),
            "value": np.round(draw.lognormal(3.0, 0.5, firms), 3),
            "deflator": 1.1,
        }
    )
    members = [
        {"unit": unit, "numerator_code": n, "cooperation_type_code": t, "probability": 1.0, "is_accepted": True}
        for i, unit in enumerate(parts["unit"])
        for n in ("N1", "N2")[i % 4 == 0 :]
        for t in ("_T", "cluster")
    ]
    return parts, pd.DataFrame(members)


def protect(parts: pd.DataFrame, members: pd.DataFrame, earlier: Earlier | None = None) -> pd.DataFrame:
    return protected_year(2023, parts, members, NO_VERDICT, RULES, "N1", earlier)


@pytest.fixture(scope="module")
def first() -> Earlier:
    """The first release, and what it was made of."""
    parts, members = economy()
    return Earlier(protect(parts, members), parts, members)


def revised(parts: pd.DataFrame, factors: dict[str, float]) -> pd.DataFrame:
    return parts.assign(value=parts["value"] * parts["unit"].map(factors).fillna(1.0))


def statuses(cells: pd.DataFrame) -> pd.Series:
    return cells[cells["is_published"]].set_index(["cell_name", "price_code"])["status"]


def test_the_first_release_compares_with_nothing(first: Earlier) -> None:
    assert set(first.cells["status"]) == {"open", "primary", "secondary", "hidden"}
    assert not first.cells["was_open"].any()


def test_equal_tables_are_taken_over_without_any_program(first: Earlier, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*given: object, **more: object) -> None:
        raise AssertionError("nothing is to be solved")

    monkeypatch.setattr(protection, "protect", never)
    monkeypatch.setattr(protection, "certify", never)
    parts, members = economy()
    # the order of rows is nobody's business
    again = protect(parts, members, first)
    pd.testing.assert_frame_equal(again, first.cells)


def test_a_common_factor_leaves_the_pattern_as_it_was(first: Earlier) -> None:
    parts, members = economy()
    again = protect(parts.assign(value=parts["value"] * 1.03), members, first)
    assert not again["status"].isin(["accepted_change", "given_up"]).any()
    before, after = statuses(first.cells), statuses(again)
    assert (after[before == "open"] == "open").all(), "what readers know by name and size stays open"
    assert not again["was_open"].any()


def test_several_late_firms_are_hidden_among_each_other(first: Earlier) -> None:
    """Of the changed firms each is alone in some cell that is open; its change must not be worked out."""
    parts, members = economy()
    late = {f"F{i:02d}": 1.4 + 0.05 * (i % 4) for i in range(0, 60, 4)}
    release = two_releases(revised(parts, late), members, first, rules=RULES)
    assert len(release.changes)
    cells = protect(revised(parts, late), members, first)
    changes = cells[cells["primary_rule"] == "change"]
    assert (changes["status"] == "hidden").any()
    hidden = changes[changes["status"] == "hidden"]
    assert hidden["is_protected"].all()
    is_open = statuses(cells).xs("V", level=1) == "open"
    was_open = statuses(first.cells).xs("V", level=1) == "open"
    for row in hidden.to_dict("records"):
        name = str(row["cell_name"]).removeprefix("change of ")
        assert not (is_open[name] and was_open[name])
        low, high = change_interval(name, parts, revised(parts, late), members, was_open, is_open)
        assert low <= row["value_huf_mn"] - row["protection_huf_mn"] + 1e-5
        assert high >= row["value_huf_mn"] + row["protection_huf_mn"] - 1e-5
    totals = statuses(cells)[[(f"{n}|T1|_Z|_T|_T|_T|_T", "V") for n in ("N1", "N2")]]
    assert (totals == "open").all()


def change_interval(
    name: str, then: pd.DataFrame, now: pd.DataFrame, members: pd.DataFrame, was_open: pd.Series, is_open: pd.Series
) -> tuple[float, float]:
    """What an intruder learns of the change of a cell who has a variable for every firm in both releases.

    He knows all open cells, that nobody is negative, and of every change that it is at most twice what it was.
    """
    count = len(then)
    before, after = then["value"].to_numpy(), now["value"].to_numpy()
    of = {n: then["unit"].isin(members.loc[members["numerator_code"] == n, "unit"]).to_numpy() for n in ("N1", "N2")}
    place = {cell: in_cell(cell, then) & of[cell[:2]] for cell in is_open.index}
    equal, right = [], []
    for cell, at in place.items():
        for shift, values, known in ((0, before, was_open), (count, after, is_open)):
            if known[cell]:
                row = np.zeros(2 * count)
                row[shift + np.flatnonzero(at)] = 1.0
                equal.append(row)
                right.append(values[at].sum())
    moved = np.abs(after - before)
    apart = np.hstack([-np.eye(count), np.eye(count)])
    target = np.concatenate([-place[name].astype(float), place[name].astype(float)])
    ends = []
    for sign in (1, -1):
        found = linprog(
            sign * target, A_ub=np.vstack([apart, -apart]), b_ub=np.concatenate([2 * moved, 2 * moved]),
            A_eq=np.array(equal), b_eq=right, bounds=(0, None),
        )  # fmt: skip
        assert found.status == 0
        ends.append(float(target @ found.x))
    return ends[0], ends[1]


def in_cell(name: str, parts: pd.DataFrame) -> np.ndarray:
    _, table, version, activity, region, _, size = name.split("|")
    column = {"T8": "a64_code"}.get(table, "rev2_section" if version == "NACE_REV2" else "rev21_section")
    inside = np.ones(len(parts), dtype=bool)
    for code, of in ((activity, column), (region, "nuts2_code"), (size, "size_class")):
        if code != "_T":
            inside &= (parts[of] == code).to_numpy()
    return inside


def test_one_late_firm_is_accepted_with_the_totals_and_listed(first: Earlier) -> None:
    parts, members = economy()
    cells = protect(revised(parts, {"F05": 1.5}), members, first)
    accepted = cells[cells["status"] == "accepted_change"]
    assert "change of N1|T1|_Z|_T|_T|_T|_T" in set(accepted["cell_name"])
    assert accepted["is_primary"].all()
    assert not accepted["is_published"].any()
    late = parts.loc[parts["unit"] == "F05", "value"].iloc[0]
    np.testing.assert_allclose(accepted["value_huf_mn"], 0.5 * late)
    # whatever had no part of it stays as it was
    before, after = statuses(first.cells), statuses(cells)
    assert (after[before == "open"] == "open").all()


def test_a_firm_that_left_is_a_change_as_well(first: Earlier) -> None:
    parts, members = economy()
    left = members[members["unit"] != "F05"]
    cells = protect(parts[parts["unit"] != "F05"], left, first)
    accepted = cells[cells["status"] == "accepted_change"]
    np.testing.assert_allclose(accepted["value_huf_mn"], -parts.loc[parts["unit"] == "F05", "value"].iloc[0])
    assert set(accepted["primary_rule"]) == {"change"}


def test_an_unsafe_cell_that_readers_have_is_given_up_and_not_printed_again(first: Earlier) -> None:
    parts, members = economy()
    before = statuses(first.cells)
    name = next(n for n, price in before[before == "open"].index if "|T3|" in n)
    # stricter rules than before: the cell is unsafe now, its value is out
    cell = first.cells.set_index("cell_name").loc[name]
    verdict = pd.DataFrame([{**{c: cell[c] for c in CELL}, "rule": "complement", "protection": 1.0}])
    cells = protected_year(2023, parts, members, verdict, RULES, "N1", first).set_index("cell_name")
    assert cells.loc[name, "status"] == "given_up"
    assert cells.loc[name, "was_open"]
    assert cells.loc[name, "is_primary"]


def test_a_cell_that_was_closed_after_readers_saw_it_stays_closed(first: Earlier) -> None:
    parts, members = economy()
    before = statuses(first.cells)
    closed = [n for n, price in before[before == "open"].index if "|T7|" in n or "|T6|" in n][:2]
    marked = first.cells.assign(was_open=first.cells["cell_name"].isin(closed))
    marked["status"] = marked["status"].mask(marked["was_open"], "secondary")
    marked["tables_sha256"] = "another"
    cells = protect(parts, members, replace(first, cells=marked)).set_index("cell_name")
    assert len(closed)
    assert (cells.loc[closed, "status"] == "secondary").all()
    assert cells.loc[closed, "was_open"].all()


def test_without_contributions_equal_values_are_public(first: Earlier) -> None:
    parts, members = economy()
    values = Earlier(first.cells.drop(columns=["tables_sha256", "was_open"]))
    cells = protect(revised(parts, {"F05": 1.5}), members, values)
    before, after = statuses(first.cells), statuses(cells)
    late = parts.set_index("unit").loc["F05"]
    untouched = [
        key
        for key in before.index
        if not in_cell(key[0], parts[parts["unit"] == "F05"]).any() and before[key] == "open"
    ]
    assert late["value"] > 0
    assert len(untouched)
    assert (after[untouched] == "open").all()


def test_contributions_that_do_not_make_the_earlier_cells_are_refused(first: Earlier) -> None:
    parts, members = economy()
    wrong = replace(first, parts=revised(parts, {"F07": 2.0}))
    with pytest.raises(MethodError, match="do not make its cells"):
        protect(revised(parts, {"F05": 1.5}), members, wrong)
