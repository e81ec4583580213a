"""The asset `access.release`: vintage, publication, log, as-of runs, failures of one line."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pytest

from assets import gate as gate_module
from assets.access.release import LOG, build_release, headline_table, publication_log, publish, warehouse_folder
from assets.charts import headline_chart
from assets.dagster_asset import WorkshopResource
from assets.workshop import Workshop
from resources.errors import PublishRefusedError
from resources.warehouse.duckdb_file import ACCESS, held_vintage
from resources.warehouse.reading import published_vintage

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def lenient_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's audit is about tables that this house does not have."""
    monkeypatch.setattr(gate_module, "sql_file", lambda name: "SELECT 1 WHERE false")
    monkeypatch.delenv("COOPGVA_WAREHOUSE_URL", raising=False)


def run(house: Any, monkeypatch: pytest.MonkeyPatch, *, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
    """Materialise the release alone, as the job `publish` does."""
    monkeypatch.setattr(Workshop, "contracts", property(lambda self: house.contracts))
    asset = build_release(house.tables(), house.contracts)
    resource = WorkshopResource(home=str(house.home.root))
    return dg.materialize([asset], resources={"workshop": resource}, raise_on_error=raise_on_error)


def test_a_changed_table_makes_a_vintage_and_nothing_changed_makes_none(house: Any) -> None:
    first = publish(house.made(), now=NOW)
    assert (first.is_new, first.is_published, first.changed) == (
        True,
        True,
        ("access.target_tracker", "integration.firm"),
    )
    again = publish(house.made(), now=NOW)
    assert (again.is_new, again.is_published, again.changed) == (False, False, ())
    assert again.in_words == f"nothing changed: no new vintage, {first.vintage.vintage_id} stays, nothing to publish"
    house.edition = "second"
    second = publish(house.made(), now=NOW)
    assert second.vintage.sequence == 2
    assert second.publications[0].previous == first.vintage.vintage_id
    assert published_vintage(house.home).vintage_id == second.vintage.vintage_id
    assert [e["vintage_id"] for e in publication_log(house.home)] == [
        first.vintage.vintage_id,
        second.vintage.vintage_id,
    ]


def test_a_refused_vintage_leaves_the_last_one_published_and_records_nothing(house: Any) -> None:
    good = publish(house.made(), now=NOW)
    house.edition, house.cells = "second", [*house.cells, house.cells[0]]
    shop = house.made()
    with pytest.raises(PublishRefusedError):
        publish(shop, now=NOW)
    assert published_vintage(house.home).vintage_id == good.vintage.vintage_id
    assert len(shop.lake.vintages()) == len(publication_log(house.home)) == 1


def test_a_look_into_the_past_replaces_nothing(house: Any) -> None:
    present = publish(house.made(), now=NOW)
    house.edition = "past"
    past = publish(house.made(as_of="2024-05-31T18:00:00+02:00"), now=NOW)
    assert published_vintage(house.home).vintage_id == present.vintage.vintage_id
    folder = house.home.warehouse / "as-of" / "2024-05-31T180000+0200"
    held = held_vintage(folder / ACCESS)
    assert held
    assert held.vintage_id == past.vintage.vintage_id
    assert [e["as_of"] for e in publication_log(house.home)] == [None, "2024-05-31T18:00:00+02:00"]


def test_the_folder_of_the_past_stays_in_the_warehouse(house: Any) -> None:
    assert warehouse_folder(house.home, "../../etc").parent == house.home.warehouse / "as-of"


def test_going_back_is_logged_and_a_torn_line_is_survived(house: Any) -> None:
    first = publish(house.made(), now=NOW)
    with (house.home.root / LOG).open("a") as handle:
        handle.write('{"published_at": "2026')
    house.edition = "second"
    publish(house.made(), now=NOW)
    house.edition = "first"
    back = publish(house.made(), now=NOW)
    assert (back.is_new, back.is_published) == (False, True)
    assert len(back.changed) == 2
    ids = [e["vintage_id"] for e in publication_log(house.home)]
    assert (len(ids), ids[0], ids[-1]) == (3, first.vintage.vintage_id, first.vintage.vintage_id)


def test_the_asset_tells_vintage_places_and_headline(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.made()
    result = run(house, monkeypatch)
    [materialisation] = result.asset_materializations_for_node("access__release")
    metadata: dict[str, Any] = {k: v.value for k, v in materialisation.metadata.items()}
    vintage = metadata["vintage"]
    assert materialisation.tags
    assert materialisation.tags["dagster/data_version"] == vintage
    assert metadata["status"] == f"new vintage {vintage}: 2 of 2 tables changed"
    assert metadata["changed_tables"] == "- `access.target_tracker`\n- `integration.firm`"
    assert metadata[ACCESS] == str(house.home.warehouse / ACCESS)
    assert (metadata["headline_year"], metadata["headline_share_pct"]) == (2023, 2.0)
    assert "| 2022 | withheld |\n| 2023 | 2.00 % |" in metadata["headline"]
    picture = metadata["headline_chart"].partition("base64,")[2].removesuffix(")")
    assert base64.b64decode(picture, validate=True).startswith(b"\x89PNG")
    with duckdb.connect(metadata[ACCESS], read_only=True) as connection:
        assert connection.sql("SELECT max(share_pct) FROM access.target_tracker").fetchall() == [(2.0,)]


def test_the_asset_waits_for_the_ends_of_the_graph_and_in_the_warehouse_pool(house: Any) -> None:
    asset = build_release(house.tables(), house.contracts)
    [spec] = asset.specs
    # the tracker reads the firms, so whoever waits for the tracker waits for both
    assert {d.asset_key.to_user_string() for d in spec.deps} == {"access/target_tracker"}
    assert asset.op.pool == "warehouse"


def test_a_refusal_is_one_line_and_not_retried(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(house, monkeypatch, raise_on_error=False)
    assert not result.success
    events = [e for e in result.all_events if e.is_step_failure]
    assert len(events) == 1
    assert not [e for e in result.all_events if e.event_type_value == "STEP_UP_FOR_RETRY"]
    failure = events[0].step_failure_data.user_failure_data
    assert failure
    assert failure.description == "integration.firm: the table has not been computed; refresh integration.firm first"


def test_chart_is_drawn_again_to_the_same_bytes_and_follows_the_data() -> None:
    def drawn(*shares: float | None) -> str:
        frame = pd.DataFrame({"reference_year": [2022, 2023], "share_pct": shares})
        return headline_chart(frame, target_share_pct=10.0, target_year=2030)

    pictures = [drawn(None, 2.29), drawn(0.0, 2.29), drawn(1.0, 2.29), drawn(1.0, 5.0)]
    assert len(set(pictures)) == 4
    assert drawn(None, 2.29) == pictures[0]


def test_table_names_withheld_years() -> None:
    frame = pd.DataFrame({"reference_year": [2022, 2023], "share_pct": [None, 2.29]})
    assert headline_table(frame).endswith("| 2022 | withheld |\n| 2023 | 2.29 % |")
