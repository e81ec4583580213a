"""The gate refuses what must not be published, in one line that names table, reason and action."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets import gate as gate_module
from assets.gate import gate, value_columns
from assets.workshop import Workshop
from resources.errors import PublishRefusedError, StaleInputError

NOTHING = "SELECT 1 WHERE false"


def refusal(shop: Workshop, audit: str = NOTHING) -> str:
    with pytest.raises(PublishRefusedError) as caught:
        gate(shop, audit)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_lets_through_what_is_in_order(house: Any) -> None:
    shop = house.made()
    assert {n: v.key for n, v in gate(shop, NOTHING).items()} == {n: shop.key(n) for n in shop.tables}


def test_a_table_that_was_never_computed(house: Any) -> None:
    shop = house.open()
    assert refusal(shop) == "integration.firm: the table has not been computed; refresh integration.firm first"


def test_a_table_made_from_an_older_input_names_the_input_to_refresh(house: Any) -> None:
    house.made()
    house.edition = "second"
    shop = house.open()
    shop.materialise("integration.firm")
    assert refusal(shop) == (
        "access.target_tracker: the table was made from inputs that are no longer current; "
        "refresh access.target_tracker first"
    )


def test_the_deepest_missing_input_is_named(house: Any) -> None:
    house.made()
    house.edition = "second"
    shop = house.open()
    shop.tables = dict(reversed(shop.tables.items()))
    assert refusal(shop).endswith("refresh integration.firm first")


def test_a_recorded_input_that_is_not_the_current_one(house: Any) -> None:
    shop = house.made()
    version = shop.current("access.target_tracker")
    shop.lake.seal(replace(version, inputs={"integration.firm": "0" * 32}))
    assert "access.target_tracker: the recorded input integration.firm is not the current one" in refusal(shop)


def test_a_source_that_has_not_delivered(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(self: Workshop, name: str) -> None:
        raise StaleInputError("source 'x' has not delivered anything", where="source.x", action="materialise source.x")

    monkeypatch.setattr(Workshop, "current", late)
    assert "source 'x' has not delivered anything; materialise source.x" in refusal(house.open())


def test_a_failed_blocking_check(house: Any) -> None:
    house.cells = [*house.cells, house.cells[0]]
    assert refusal(house.made()).startswith("access.target_tracker: the blocking check primary_key failed; ")


def test_a_warning_does_not_refuse(house: Any) -> None:
    shop = house.made()
    version = shop.current("access.target_tracker")
    warning = replace(version.checks[0], name="odd", passed=False, severity="warn")
    shop.lake.seal(replace(version, checks=(*version.checks, warning)))
    assert gate(shop, NOTHING)


def test_a_check_without_a_recorded_result(house: Any) -> None:
    shop = house.made()
    shop.lake.seal(replace(shop.current("integration.firm"), checks=()))
    assert "integration.firm: no result is recorded for the blocking check primary_key" in refusal(shop)


def test_a_flipped_bit(house: Any) -> None:
    shop = house.made()
    path: Path = shop.lake.path("integration.firm", shop.key("integration.firm"))
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    text = refusal(shop)
    assert text.startswith("integration.firm: the file ")
    assert "does not have the bytes that were sealed; refresh integration.firm" in text


class TestDisclosure:
    def test_a_withheld_cell_with_a_value(self, house: Any) -> None:
        house.cells[0]["share_pct"] = 77.125
        text = refusal(house.made())
        assert "access.target_tracker: 1 withheld cells still hold a value in share_pct;" in text
        assert "77" not in text

    def test_a_public_column_stays_open(self, house: Any) -> None:
        assert house.cells[0]["is_withheld"]
        assert house.cells[0]["total_huf_mn"] == 100.0
        assert gate(house.made(), NOTHING)
        assert value_columns(house.contracts["access.target_tracker"]) == ["share_pct"]

    def test_a_number_without_unit_and_a_text_with_unit_are_values(self, house: Any) -> None:
        contract = house.contracts["access.target_tracker"]
        column = contract.columns["share_pct"]
        more = {
            "rank": column.model_copy(update={"type": "integer", "unit": None}),
            "size_band": column.model_copy(update={"type": "varchar"}),
        }
        wider = contract.model_copy(update={"columns": {**contract.columns, **more}})
        assert value_columns(wider) == ["share_pct", "rank", "size_band"]

    def test_the_audit_sees_all_layers_and_tells_only_the_number(self, house: Any) -> None:
        audit = """SELECT t.*, f.name FROM access.target_tracker AS t, integration.firm AS f
                   WHERE share_pct = 2.0 AND f.firm_id <> $reference_area"""
        text = refusal(house.made(), audit)
        assert text.startswith("sql/access/checks/disclosure_audit.sql: 3 cells fail the disclosure audit; ")
        assert "2.0" not in text

    @pytest.mark.parametrize("audit", ["", "-- nothing", "CREATE TEMP TABLE t AS SELECT 1"])
    def test_an_audit_that_asks_nothing(self, house: Any, audit: str) -> None:
        assert "the disclosure audit asks nothing" in refusal(house.made(), audit)

    @pytest.mark.parametrize("audit", ["SELECT * FROM access.nowhere", "SELECT FROM WHERE"])
    def test_an_audit_that_cannot_run(self, house: Any, audit: str) -> None:
        assert "the disclosure audit cannot run" in refusal(house.made(), audit)

    def test_no_audit_at_all(self, house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gate_module, "AUDIT", "access/checks/absent.sql")
        with pytest.raises(PublishRefusedError, match="there is no disclosure audit"):
            gate(house.made())
