"""Secondary suppression and its proof: published vectors, a hundred random linked tables, refusals, determinism."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.disclosure import LinkedSystem, certify, intervals, linked_system, protect
from methods.disclosure.attack import Prior
from methods.disclosure.protection import Suppression
from methods.errors import MethodError
from tests.methods.disclosure.tables import audit, margins, random_linked, tv15, tv16


def test_tv15_intervals() -> None:
    system, suppressed = tv15()
    found = intervals(system, suppressed)
    assert found["name"].tolist() == ["1|1", "1|2", "2|1", "2|2"]
    np.testing.assert_allclose(found[["lower", "upper"]], [[3, 6], [1, 4], [0, 3], [0, 3]], atol=1e-9)


def test_what_an_attacker_knows_narrows_its_interval() -> None:
    system, suppressed = tv15()
    known = intervals(system, suppressed, cells=[0, 1], known=[3])
    np.testing.assert_allclose(known[["lower", "upper"]], [[5, 5], [2, 2]])


def test_tv16_naive_pattern_gives_a_cell_away() -> None:
    system = tv16()
    naive = intervals(system, system.is_primary).set_index("name")
    assert naive.T["w|b"].tolist() == pytest.approx([47, 47])
    proof = certify(system, system.is_primary)
    assert proof.loc[~proof["is_protected"], "name"].tolist() == ["w|b"]


@pytest.mark.parametrize("method", ["exact", "heuristic", "auto"])
def test_tv16_optimum(method: str) -> None:
    system = tv16()
    result = protect(system, method=method)  # type: ignore[arg-type]
    assert [system.names[c] for c in np.flatnonzero(result.secondary)] == ["x|d"]
    assert result.secondary_cost == 31
    assert result.is_optimal
    assert intervals(system, result.suppressed).set_index("name").T["w|b"].tolist() == pytest.approx([0, 78])
    assert certify(system, result.suppressed)["is_protected"].all()


UNPROTECTABLE = "cannot be protected"


def protected_or_refused(system: LinkedSystem) -> tuple[Suppression | None, str]:
    try:
        return protect(system, method="heuristic"), ""
    except MethodError as error:
        return None, str(error)


@pytest.mark.parametrize("block", range(4))
def test_random_linked_tables_survive_an_independent_audit(block: int) -> None:
    # four blocks make a hundred tables that can be protected at all; the others must be refused rightly
    protected = 0
    for seed in range(1000 * block, 1000 * block + 60):
        if protected == 25:
            break
        system = random_linked(seed)
        heuristic, refusal = protected_or_refused(system)
        if heuristic is None:
            assert UNPROTECTABLE in refusal
            everything = system.is_primary | ~system.is_public
            assert audit(system, everything), f"seed {seed} was refused but withholding everything protects it"
            continue
        exact, joint = protect(system, method="auto"), protect(system, method="joint")
        audited = set[bytes]()
        for result in (heuristic, exact, joint):
            assert result.suppressed[system.is_primary | system.is_hidden].all()
            assert not result.suppressed[system.is_public].any()
            assert certify(system, result.suppressed, result.witnesses)["is_protected"].all()
            if result.suppressed.tobytes() not in audited:
                assert audit(system, result.suppressed) == [], f"seed {seed}, {result.method}"
            audited.add(result.suppressed.tobytes())
        if exact.is_optimal:
            assert exact.secondary_cost <= heuristic.secondary_cost * (1 + 1e-4) + 1e-6
        protected += 1
    assert protected == 25


@given(st.integers(0, 10**6), st.data())
@settings(max_examples=15, deadline=None)
def test_certificate_finds_what_the_audit_finds(seed: int, data: st.DataObject) -> None:
    system = random_linked(seed)
    extra = data.draw(st.lists(st.booleans(), min_size=system.size, max_size=system.size))
    pattern = system.is_primary | (np.array(extra) & ~system.is_public)
    failing = certify(system, pattern).query("~is_protected")["name"]
    assert set(failing) == {finding.split()[0] for finding in audit(system, pattern)}


def test_the_interval_of_every_attacker_is_its_own() -> None:
    rows = insiders = 0
    for seed in range(12):
        system = random_linked(seed)
        if isinstance(protected_or_refused(system)[0], Suppression):
            result = protect(system, method="joint")
            for row in certify(system, result.suppressed, result.witnesses).itertuples():
                cell = system.names.index(row.name)
                known = [] if row.attacker == "outsider" else np.flatnonzero(system.contributor == int(row.attacker))
                # followed no farther than the cell's own size or ten times its protection
                far = max(10 * system.protection[cell], system.values[cell])
                free = intervals(system, result.suppressed, cells=[cell], known=list(known)).iloc[0]
                expected = [max(free["lower"], row.value - far), min(free["upper"], row.value + far)]
                np.testing.assert_allclose([row.lower, row.upper], expected, atol=1e-6)
                rows, insiders = rows + 1, insiders + (row.attacker != "outsider")
    assert rows > 20
    assert insiders > 5


def test_no_contributor_is_asked_for_more_than_it_left_open() -> None:
    # 40 of a total of 50 are one firm's: whoever knows them knows that the total is at least 40
    names = ["total", "own", "b", "c", "other", "all"]
    unsafe = np.isin(names, ["total", "own"])
    system = linked_system(
        names,
        [50, 40, 6, 4, 30, 80],
        [[1, -1, -1, -1, 0, 0], [-1, 0, 0, 0, -1, 1]],
        is_primary=unsafe,
        protection=np.where(unsafe, 20.0, 0.0),
        contributor=np.where(np.array(names) == "own", 5, -1),
    )
    bounds = Prior(system).bounds(0, -1)
    assert bounds == {5: 10.0}
    for method in ("heuristic", "joint"):
        result = protect(system, method=method)  # type: ignore[arg-type]
        proof = certify(system, result.suppressed, result.witnesses)
        insider = proof[(proof["name"] == "total") & (proof["attacker"] == "5")].iloc[0]
        assert [insider["lower"], insider["required_lower"]] == pytest.approx([40.0, 40.0])
        assert insider["required_upper"] == 70
        assert proof["is_protected"].all()


def test_a_cheaper_pattern_than_the_optimum_does_not_exist() -> None:
    checked = 0
    for seed in range(60):
        system = random_linked(seed)
        if system.is_primary.sum() > 3:
            continue
        open_cells = np.flatnonzero(~system.is_primary & ~system.is_public & ~system.is_hidden)
        try:
            best = protect(system, method="exact")
        except MethodError:
            continue
        if not best.secondary.any():
            continue
        # no set of cells that costs less, as large as fits, passes
        assert best.is_optimal
        cheap = open_cells[system.cost[open_cells] < best.secondary_cost]
        rng = np.random.default_rng(seed)
        for _ in range(40):
            some = rng.permutation(cheap)
            taken = some[np.cumsum(system.cost[some]) < best.secondary_cost - 1e-3]
            pattern = system.is_primary.copy()
            pattern[taken] = True
            assert not certify(system, pattern)["is_protected"].all()
        checked += 1
        if checked == 4:
            break
    assert checked == 4


def two_way(**more: object) -> LinkedSystem:
    inner = np.array([[20.0, 50, 10], [8, 19, 22], [17, 32, 12]])
    names, values, equations = margins(["a", "b", "c"], ["x", "y", "z"], inner)
    return linked_system(names, values, equations, **more)  # type: ignore[arg-type]


def flags(system: LinkedSystem, *names: str) -> np.ndarray:
    return np.isin(system.names, names)


def test_single_contributors_know_their_own_cells() -> None:
    plain = two_way()
    unsafe = flags(plain, "a|x", "a|y", "b|x", "b|y")
    levels = np.where(unsafe, 1.0, 0.0)
    alone = np.where(flags(plain, "b|y"), 7, -1)
    without = protect(two_way(is_primary=unsafe, protection=levels))
    assert not without.secondary.any()
    system = two_way(is_primary=unsafe, protection=levels, contributor=alone)
    proof = certify(system, without.suppressed)
    assert proof.query("~is_protected")[["name", "attacker"]].to_numpy().tolist() == [
        ["a|x", "7"],
        ["a|y", "7"],
        ["b|x", "7"],
    ]
    result = protect(system)
    assert result.secondary.any()
    assert audit(system, result.suppressed) == []


def test_public_totals_are_never_suppressed_and_hidden_cells_are_free() -> None:
    base = two_way()
    unsafe = flags(base, "a|z")
    settings_ = {"is_primary": unsafe, "protection": np.where(unsafe, 5.0, 0.0)}
    free = two_way(**settings_, is_hidden=flags(base, "b|z", "a|x", "b|x"))
    result = protect(free)
    assert result.secondary_cost == 0
    assert result.cost == 10
    public = two_way(**settings_, is_public=flags(base, "a|x"))
    assert not protect(public).suppressed[public.is_public].any()


def test_earlier_patterns_are_preferred() -> None:
    names = ["total", "a", "b", "c"]
    unsafe = np.array([False, True, False, False])
    system = linked_system(
        names, [40, 10, 15, 15], [[1, -1, -1, -1]], is_primary=unsafe, protection=np.where(unsafe, 2.0, 0.0)
    )
    for cell in (2, 3):
        preferred = np.zeros(4, dtype=bool)
        preferred[cell] = True
        assert np.flatnonzero(protect(system, preferred=preferred).secondary).tolist() == [cell]


def test_same_system_same_pattern() -> None:
    for seed in (2, 5):
        first, second = (protect(random_linked(seed)) for _ in range(2))
        np.testing.assert_array_equal(first.suppressed, second.suppressed)
        assert first.facts == second.facts


def test_refusals_name_cell_and_reason() -> None:
    base = two_way()
    unsafe = flags(base, "a|x")
    level = np.where(unsafe, 2.0, 0.0)
    with pytest.raises(MethodError, match=r"cell a\|x is unsafe but already public"):
        two_way(is_primary=unsafe, is_public=unsafe, protection=level)
    with pytest.raises(MethodError, match=r"cell a\|x cannot be protected: in equation 0 all other cells are public"):
        protect(two_way(is_primary=unsafe, protection=level, is_public=flags(base, "a|y", "a|z", "a|T")))
    both = flags(base, "a|x", "a|y")
    public = flags(base, "a|z", "a|T")
    trapped = two_way(
        is_primary=both,
        protection=np.where(both, 2.0, 0.0),
        is_public=public,
        contributor=np.where(flags(base, "a|y"), 3, -1),
    )
    with pytest.raises(
        MethodError, match=r"cell a\|x cannot be protected against whoever knows contributor 3.*equation 0"
    ):
        protect(trapped)
    with pytest.raises(MethodError, match="equation 0 does not hold: its terms sum to 1"):
        linked_system(["t", "a", "b"], [10, 4, 5], [[1, -1, -1]])
    with pytest.raises(MethodError, match="cell b has a value that is not finite"):
        linked_system(["t", "a", "b"], [10, 4, np.nan], [[1, -1, -1]])
    with pytest.raises(MethodError, match="cell a is named twice"):
        linked_system(["t", "a", "a"], [9, 4, 5], [[1, -1, -1]])
    with pytest.raises(MethodError, match="there is no method best"):
        protect(base, method="best")  # type: ignore[arg-type]


def test_no_message_tells_a_value() -> None:
    base = two_way()
    unsafe = flags(base, "b|y")
    with pytest.raises(MethodError) as refusal:
        two_way(is_primary=unsafe, is_public=unsafe)
    assert "19" not in str(refusal.value)


def test_protection_is_scale_free() -> None:
    small = tv16()
    for factor in (1e-3, 1e5):
        system = linked_system(
            small.names,
            small.values * factor,
            small.equations,
            is_primary=small.is_primary,
            protection=small.protection * factor,
        )
        np.testing.assert_array_equal(protect(system).suppressed, protect(small).suppressed)
