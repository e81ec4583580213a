"""The linked system of T1 to T8 against an attack that is written down firm by firm, apart from the code it audits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from methods.disclosure import PrimaryRules, certify, intervals, primary, protect
from methods.disclosure.cooperation_tables import (
    CELL,
    DIMENSIONS,
    PLANNED,
    SLIVER,
    CooperationSystem,
    cell_name,
    cooperation_system,
)
from methods.errors import MethodError

RULES = PrimaryRules(frequency=3, p_percent=10.0)
TYPES = {"N1": ("cluster",), "N2": ("cluster", "rdi_project"), "N3": ("cluster", "rdi_project")}


def economy(seed: int, firms: int = 18) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A tiny economy: parts and memberships as `cooperation_system` takes them."""
    draw = np.random.default_rng(seed)
    parts, members = [], []
    for unit in range(firms):
        section = str(draw.choice(["C", "J", "F"], p=[0.5, 0.35, 0.15]))
        codes = {
            "rev2_section": section if unit else None,
            "rev21_section": {"C": "C", "F": "F"}.get(section, str(draw.choice(["J", "K"]))),
            "a64_code": {"C": str(draw.choice(["C25", "C26"])), "F": "F"}.get(section),
            "size_class": str(draw.choice(["0-9", "10-49"])) if draw.random() < 0.9 else None,
        }
        value = float(np.round(draw.lognormal(3, 1.2), 2)) * (-1 if draw.random() < 0.05 else 1)
        share = float(np.round(draw.random(), 2)) if draw.random() < 0.25 else 1.0
        for region, ratio in (("HU11", share), ("HU12" if draw.random() < 0.9 else None, 1 - share)):
            if ratio > 0:
                own = {"unit": f"F{unit}", "group": f"G{unit // 2 if unit < 4 else unit}", "deflator": 1.25}
                parts.append({**own, **codes, "nuts2_code": region, "value": ratio * value})
        found: dict[tuple[str, str], float] = {}
        for numerator, kinds in TYPES.items():
            if numerator == "N1" and draw.random() < 0.4:
                continue
            doubt = float(draw.choice([1.0, 1.0, 0.98, 0.4]))
            for kind in kinds[: draw.integers(1, len(kinds) + 1)]:
                found[numerator, kind] = doubt
            found[numerator, "_T"] = max(p for (n, _), p in found.items() if n == numerator)
        members += [
            {"unit": f"F{unit}", "numerator_code": n, "cooperation_type_code": t, "probability": p,
             "is_accepted": p > 0.5}
            for (n, t), p in found.items()
        ]  # fmt: skip
    return pd.DataFrame(parts), pd.DataFrame(members)


def places(part: Mapping[str, object], kind: str) -> set[tuple[object, ...]]:
    """The places of a part without the numerator, by the plan of the tables in words."""
    r2, r21, a64 = part["rev2_section"], part["rev21_section"], part["a64_code"]
    size, region = part["size_class"], part["nuts2_code"]
    if kind != "_T":
        return {("T4", "_Z", "_T", "_T", kind, "_T")}
    all_places = {
        ("T1", "_Z", "_T", "_T", "_T", "_T"), ("T2", "NACE_REV2", r2, "_T", "_T", "_T"),
        ("T2", "NACE_REV21", r21, "_T", "_T", "_T"), ("T3", "_Z", "_T", region, "_T", "_T"),
        ("T5", "_Z", "_T", "_T", "_T", size), ("T6", "NACE_REV2", r2, "_T", "_T", size),
        ("T7", "NACE_REV2", r2, region, "_T", "_T"), ("T7", "NACE_REV21", r21, region, "_T", "_T"),
        ("T8", "NACE_REV2", a64, "_T", "_T", "_T"),
    }  # fmt: skip
    return {place for place in all_places if not any(code is None or pd.isna(code) for code in place)}


class FirmByFirm:
    """The attacker who has a variable for what each part of each firm contributes to each numerator and type."""

    def __init__(self, parts: pd.DataFrame, members: pd.DataFrame) -> None:
        self.column: dict[tuple[int, str, str], int] = {}
        self.cells: dict[str, dict[int, float]] = {}
        self.exact: dict[str, float] = {}
        self.sums: dict[str, list[tuple[str, float]]] = {}
        self.order: list[tuple[int, int, bool]] = []  # a is at least as probable as b, and equal when True
        self.truth: list[float] = []
        for at, part in enumerate(parts.to_dict("records")):
            own = members[members["unit"] == part["unit"]].sort_values("probability", ascending=False, kind="stable")
            before, level = -1, 0.0
            for row in own.to_dict("records"):
                p = row["probability"]
                is_near = before >= 0 and p > (1 - SLIVER) * level
                level = level if is_near else p
                here = len(self.truth)
                self.truth.append(level * part["value"])
                if before >= 0:
                    self.order.append((before, here, is_near))
                before = here
                for place in places(part, row["cooperation_type_code"]):
                    name = cell_name((row["numerator_code"], *place))
                    self.cells.setdefault(name, {})[here] = 1.0
                    self.sums.setdefault(name, []).append((part["group"], p * part["value"]))
                self.column[at, row["numerator_code"], row["cooperation_type_code"]] = here

    def interval(self, name: str, is_open: set[str]) -> tuple[float, float]:
        """Smallest and largest value of a cell that agrees with the open ones."""
        size = len(self.truth)
        truth = np.array(self.truth)

        def row(of: Mapping[int, float]) -> np.ndarray:
            result = np.zeros(size)
            result[list(of)] = list(of.values())
            return result

        equal = [row(self.cells[cell]) for cell in sorted(is_open)]
        # what more of a firm the surer membership has is not negative, or not below twice what it is
        steps = {b: row({a: 1.0, b: -1.0}) for a, b, _ in self.order}
        equal += [steps[b] for _, b, is_equal in self.order if is_equal]
        last = [row({i: 1.0}) for i in range(size) if i not in {a for a, _, _ in self.order}]
        less = [-step for step in (*steps.values(), *last)]
        most = [-min(0.0, 2.0 * float(-step @ truth)) for step in less]
        target = row(self.cells[name])
        ends = []
        for direction in (1, -1):
            found = linprog(
                direction * target,
                A_ub=np.array(less),
                b_ub=most,
                A_eq=np.array(equal) if equal else None,
                b_eq=np.array(equal) @ truth if equal else None,
                bounds=(None, None),
            )
            ends.append(target @ found.x if found.status == 0 else direction * -np.inf)
        exact = sum(value for _, value in self.sums[name])
        return tuple(end + exact - target @ truth for end in ends)


def published(linked: CooperationSystem) -> pd.DataFrame:
    """The published cells at current prices, by name."""
    cells = linked.cells
    return cells[~cells["is_difference"] & cells["is_constant_prices"].eq(False)].set_index("name")


def withheld(linked: CooperationSystem, pattern: np.ndarray) -> set[str]:
    """Names of the published cells that a pattern of the system withholds."""
    cells = published(linked)
    return set(cells.index[pattern[cells["number"]]])


@pytest.mark.parametrize("seed", range(3))
def test_cells_are_those_of_the_tables(seed: int) -> None:
    parts, members = economy(seed)
    linked = cooperation_system(parts, members, rules=RULES)
    audit = FirmByFirm(parts, members)
    assert sorted(published(linked).index) == sorted(audit.cells)
    for row in published(linked).itertuples():
        groups, values = zip(*audit.sums[row.Index], strict=True)
        assert linked.system.values[row.number] + row.known == pytest.approx(row.value)
        assert row.value == pytest.approx(sum(values))
        verdict = primary(values, groups, rules=RULES)
        assert row.contributor_count == verdict.contributor_count
        if verdict.is_unsafe:
            assert row.is_primary
            assert row.protection >= verdict.protection_level - 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_the_system_knows_what_an_attacker_knows_of_every_firm(seed: int) -> None:
    parts, members = economy(seed, firms=12)
    linked = cooperation_system(parts, members, rules=RULES)
    audit, cells = FirmByFirm(parts, members), published(linked)
    # the totals at constant prices are what T1 says again, here with one deflator for all
    real = linked.cells.loc[linked.cells["is_constant_prices"].eq(True), "number"]
    pattern = np.random.default_rng(seed).random(linked.system.size) < 0.6
    pattern[real] = True
    secret = withheld(linked, pattern)
    asked = cells[cells.index.isin(secret)].iloc[::4]
    found = intervals(linked.system, pattern, cells=asked["number"].tolist())
    for name, known, low, high in zip(asked.index, asked["known"], found["lower"], found["upper"], strict=True):
        expected = audit.interval(name, set(cells.index) - secret)
        assert (low + known, high + known) == pytest.approx(expected, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_no_unsafe_cell_is_disclosed(seed: int) -> None:
    parts, members = economy(seed, firms=12)
    linked = cooperation_system(parts, members, rules=RULES)
    system, cells = linked.system, published(linked)
    chosen = protect(system)
    assert certify(system, chosen.suppressed)["is_protected"].all()
    audit = FirmByFirm(parts, members)
    is_open = set(cells.index) - withheld(linked, chosen.suppressed)
    unsafe = cells[cells["is_primary"]]
    assert len(unsafe)
    for name, row in unsafe.iterrows():
        low, high = audit.interval(name, is_open)
        assert low <= max(row["value"] - row["protection"], system.lower[row["number"]] + row["known"]) + 1e-5
        assert high >= row["value"] + row["protection"] - 1e-5


def test_a_difference_of_two_safe_cells_is_protected() -> None:
    # four firms of N1 and of C; N2 has one more, so N2 less N1 would be that one
    parts = pd.DataFrame(
        [{"unit": f, "group": f, "rev2_section": "C", "value": 10.0 + f, "deflator": 1.0} for f in range(5)]
    ).reindex(columns=["unit", "group", *DIMENSIONS, "value", "deflator"])
    members = pd.DataFrame(
        [(f, n, "_T", 1.0, True) for f in range(5) for n in ("N1", "N2") if f < 4 or n == "N2"],
        columns=["unit", "numerator_code", "cooperation_type_code", "probability", "is_accepted"],
    )
    linked = cooperation_system(parts, members, rules=RULES)
    assert not published(linked)["is_primary"].any()
    assert linked.cells.loc[linked.cells["is_difference"], "name"].tolist() == [
        "N2|T1|_Z|_T|_T|_T|_T less N1|T1|_Z|_T|_T|_T|_T"
    ]
    # the headline survives
    assert withheld(linked, protect(linked.system).suppressed) == {"N2|T1|_Z|_T|_T|_T|_T", "N2|T2|NACE_REV2|C|_T|_T|_T"}


def test_doubts_that_hardly_differ_do_not_hide_that_two_cells_are_one() -> None:
    parts, members = economy(1)
    one = members[members["numerator_code"] == "N2"].assign(probability=0.99)
    other = one.assign(numerator_code="N1", probability=0.985)
    linked = cooperation_system(parts, pd.concat([one, other]), rules=RULES)
    cells = published(linked)
    first, second = (cells[cells["numerator_code"] == n] for n in ("N1", "N2"))
    # one cell of the system each: N1 cannot be withheld beside an open N2
    assert first["number"].tolist() == second["number"].tolist()
    assert (first["value"].to_numpy() != second["value"].to_numpy()).all()


def test_candidates_only_are_unsafe_by_frequency() -> None:
    parts, members = economy(2)
    linked = cooperation_system(parts, members.assign(is_accepted=False), rules=RULES)
    assert (published(linked)["primary_rule"] == "frequency").all()


def test_verdicts_of_others_count() -> None:
    parts, members = economy(0, firms=40)
    plain = cooperation_system(parts, members, rules=RULES)
    cells = published(plain)
    safe = cells[~cells["is_primary"] & (cells["table_code"] == "T2")].iloc[[0]]
    verdict = safe[CELL].assign(rule="complement", protection=4.5)
    found = published(cooperation_system(parts, members, rules=RULES, verdicts=verdict)).loc[safe.index[0]]
    assert (found["is_primary"], found["primary_rule"], found["protection"]) == (True, "complement", 4.5)
    line = safe[CELL].assign(rule="proxy", protection=np.nan)
    found = published(cooperation_system(parts, members, rules=RULES, verdicts=line)).loc[safe.index[0]]
    assert found["protection"] == pytest.approx(0.1 * abs(found["value"]), rel=0.2)
    with pytest.raises(MethodError, match=r"a verdict on N9\|"):
        cooperation_system(parts, members, rules=RULES, verdicts=verdict.assign(numerator_code="N9"))


def test_order_of_rows_changes_nothing() -> None:
    parts, members = economy(3)
    one = cooperation_system(parts, members, rules=RULES)
    other = cooperation_system(
        parts.sample(frac=1, random_state=1), members.sample(frac=1, random_state=2), rules=RULES
    )
    assert one.system.names == other.system.names
    np.testing.assert_allclose(one.system.values, other.system.values)
    assert abs(one.system.equations - other.system.equations).max() < 1e-9


def test_a_value_that_is_missing_is_named() -> None:
    parts, members = economy(0)
    with pytest.raises(MethodError, match="value is missing in row 3"):
        cooperation_system(parts.assign(value=parts["value"].where(parts.index != 3)), members, rules=RULES)


def test_the_plan_is_that_of_the_interpretation_layer() -> None:
    from resources.engine import sql_file

    text = sql_file("interpretation/contribution.sql")
    for table, version, activity, by_region, by_size, by_type in PLANNED:
        kind = {None: "none", "rev2_section": "rev2", "rev21_section": "rev21", "a64_code": "a64"}[activity]
        flags = ", ".join(str(flag).lower() for flag in (by_region, by_size, by_type))
        assert f"('{table}', '{version}', '{kind}', {flags})" in text
    assert text.count("('T") == len(PLANNED)
