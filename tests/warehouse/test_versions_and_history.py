"""What stands behind the views: keys, references, indexes; and tables that outlive a vintage, as contracts change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resources.contract import Contract, load_contracts
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import REPOSITORY
from resources.warehouse import postgres
from resources.warehouse.history import evolve
from resources.warehouse.postgres import publish_postgres
from resources.warehouse.release import Release
from resources.warehouse.versions import INDEXES, ForeignKey, demand_short_names, foreign_keys, versioned_name
from tests.warehouse.conftest import SHARE, share_rows
from tests.warehouse.office_house import make

Rows = list[dict[str, Any]]
CLUSTER: dict[str, Any] = {
    "table": "source.cluster",
    "title": "Clusters",
    "purpose": "Clusters, made up for tests.",
    "grain": ["cluster_id"],
    "gsbpm": "4.3",
    "confidentiality": "public",
    "columns": {"cluster_id": {"type": "varchar", "description": "Number of the cluster"}},
}
MEMBER: dict[str, Any] = {
    **CLUSTER,
    "table": "integration.member",
    "title": "Members",
    "grain": ["firm_id", "cluster_id"],
    "columns": {
        "firm_id": {"type": "varchar", "description": "Number of the firm"},
        "cluster_id": {"type": "varchar", "description": "Number of the cluster"},
    },
}


@pytest.fixture
def engine(postgres_url: sa.URL) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def ask(engine: sa.Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def contracts_of(*documents: dict[str, Any]) -> dict[str, Contract]:
    return {d["table"]: Contract.model_validate(d) for d in documents}


def share(**changes: Any) -> Contract:
    """The contract of `access.share` with other columns: None takes one away."""
    columns = {**SHARE["columns"], **changes}
    return Contract.model_validate({**SHARE, "columns": {n: c for n, c in columns.items() if c is not None}})


class TestReferences:
    MEMBERS: Rows = [{"firm_id": "1", "cluster_id": "A"}]  # noqa: RUF012

    def references(self, engine: sa.Engine) -> set[tuple[str, str, bool]]:
        query = "SELECT conrelid::regclass::text, confrelid::regclass::text, convalidated FROM pg_constraint "
        return set(ask(engine, query + "WHERE contype = 'f'"))

    def test_a_version_refers_to_the_version_of_its_vintage(
        self, postgres_url: sa.URL, engine: sa.Engine, lake: Path
    ) -> None:
        contracts = contracts_of(CLUSTER, MEMBER)
        for number, clusters in ((1, ["A"]), (2, ["A", "B"]), (3, ["A", "B", "C"])):
            rows = {"source.cluster": [{"cluster_id": c} for c in clusters], "integration.member": self.MEMBERS}
            release = make(lake, number, rows, contracts)
            publish_postgres(postgres_url, contracts, release)
            names = {t.table_name: versioned_name(t) for t in release.tables}
            assert self.references(engine) == {(names["integration.member"], names["source.cluster"], True)}
        versions = ask(engine, "SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'")
        assert versions == [(3,)], "the oldest cluster list was let go: nothing refers to it any more"

    def test_rows_that_point_nowhere_are_published_all_the_same(
        self, postgres_url: sa.URL, engine: sa.Engine, lake: Path
    ) -> None:
        contracts = contracts_of(CLUSTER, MEMBER)
        rows = {"source.cluster": [{"cluster_id": "B"}], "integration.member": self.MEMBERS}
        assert publish_postgres(postgres_url, contracts, make(lake, 1, rows, contracts)).is_replaced
        assert [is_valid for *_, is_valid in self.references(engine)] == [False]
        assert ask(engine, "SELECT cluster_id FROM integration.member") == [("A",)]

    def test_all_that_changed_together_is_let_go_together(
        self, postgres_url: sa.URL, engine: sa.Engine, lake: Path
    ) -> None:
        """By name the list of clusters comes first, but what refers to it has to go before."""
        contracts = contracts_of(CLUSTER, {**MEMBER, "table": "source.member"})
        for number, name in ((1, "A"), (2, "B"), (3, "C")):
            rows = {"source.cluster": [{"cluster_id": name}], "source.member": [{"firm_id": "1", "cluster_id": name}]}
            publish_postgres(postgres_url, contracts, make(lake, number, rows, contracts))
        assert ask(engine, "SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'") == [(4,)]

    def test_what_the_contracts_of_the_house_say(self) -> None:
        keys = foreign_keys(load_contracts(REPOSITORY / "contracts"))
        assert ForeignKey("interpretation.firm_gva", "legal_unit_id", "integration.legal_unit") in keys
        assert ForeignKey("source.cluster_membership", "cluster_id", "source.cluster") in keys
        assert not [k for k in keys if k.parent.startswith("integration.") and k.table.startswith("source.")]
        assert len(keys) > 20


class TestKeysAndIndexes:
    def test_every_layer_has_its_primary_key(self, postgres_url: sa.URL, engine: sa.Engine, lake: Path) -> None:
        contracts = contracts_of(CLUSTER, MEMBER)
        rows: dict[str, Rows] = {"source.cluster": [{"cluster_id": "A"}], "integration.member": TestReferences.MEMBERS}
        publish_postgres(postgres_url, contracts, make(lake, 1, rows, contracts))
        query = (
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid::regclass::text ~ "
        )
        assert ask(engine, query + "'^staging'") == [
            ("PRIMARY KEY (cluster_id)",),
            ("PRIMARY KEY (firm_id, cluster_id)",),
        ] or ask(engine, query + "'^staging'") == [
            ("PRIMARY KEY (firm_id, cluster_id)",),
            ("PRIMARY KEY (cluster_id)",),
        ]

    def test_a_key_that_is_there_twice_is_refused(self, postgres_url: sa.URL, engine: sa.Engine, lake: Path) -> None:
        contracts = contracts_of(CLUSTER)
        rows = {"source.cluster": [{"cluster_id": "A"}, {"cluster_id": "A"}]}
        with pytest.raises(CoopgvaError, match=r"could not create unique index.*23505"):
            publish_postgres(postgres_url, contracts, make(lake, 1, rows, contracts))
        assert ask(engine, "SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'") == [(0,)]

    def test_indexes_name_columns_of_the_house(self) -> None:
        contracts = load_contracts(REPOSITORY / "contracts")
        for table, indexes in INDEXES.items():
            for columns in indexes:
                assert set(columns) <= set(contracts[table].columns), table

    def test_text_sorts_by_its_bytes(self, postgres_url: sa.URL, engine: sa.Engine, lake: Path) -> None:
        contracts = contracts_of(CLUSTER)
        names = ["a", "B", "Á", "_", "Z", "é"]
        rows = {"source.cluster": [{"cluster_id": name} for name in names]}
        publish_postgres(postgres_url, contracts, make(lake, 1, rows, contracts))
        found = [name for (name,) in ask(engine, "SELECT cluster_id FROM source.cluster ORDER BY cluster_id")]
        assert found == sorted(names, key=lambda name: name.encode())

    def test_long_names(self) -> None:
        demand_short_names(load_contracts(REPOSITORY / "contracts"))
        with pytest.raises(ConfigurationError, match="too long for PostgreSQL"):
            demand_short_names(["interpretation." + "x" * 40])


class TestHistory:
    def vintages(self, engine: sa.Engine, column: str = "share_pct") -> list[tuple[Any, ...]]:
        query = f"SELECT left(vintage_id, 6), reference_year, {column} FROM history.share ORDER BY 1, 2"
        return ask(engine, query)

    def release(self, lake: Path, number: int, contract: Contract, rows: Rows | None = None) -> tuple[Any, Release]:
        contracts = {"access.share": contract}
        content = [{c: row.get(c) for c in contract.columns} for row in rows or share_rows(float(number))]
        return contracts, make(lake, number, {"access.share": content}, contracts)

    def test_one_partition_per_vintage(self, postgres_url: sa.URL, engine: sa.Engine, lake: Path) -> None:
        for number in (1, 2):
            publish_postgres(postgres_url, *self.release(lake, number, share()))
        assert self.vintages(engine) == [
            ("000001", 2022, None),
            ("000001", 2023, 1.0),
            ("000002", 2022, None),
            ("000002", 2023, 2.0),
        ]
        partitions = ask(engine, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'history.share'::regclass")
        assert partitions == [(2,)]
        [(plan,)] = ask(engine, "EXPLAIN (FORMAT json) SELECT * FROM history.share WHERE vintage_id = 'none'")
        assert "Seq Scan" not in str(plan), "no partition is looked at in vain"
        [(first,), (second,)] = ask(engine, "SELECT vintage_id FROM history.vintage ORDER BY released_at")
        assert (first[:6], second[:6]) == ("000001", "000002")

    def test_going_back_to_a_vintage_repeats_nothing(self, postgres_url: sa.URL, engine: sa.Engine, lake: Path) -> None:
        first, second = self.release(lake, 1, share()), self.release(lake, 2, share())
        for release in (first, second, first):
            assert publish_postgres(postgres_url, *release).is_replaced
        assert len(self.vintages(engine)) == 4
        assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(1.0,)]

    def test_a_publication_that_was_killed_before_the_switch_resumes(
        self, postgres_url: sa.URL, engine: sa.Engine, lake: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        release = self.release(lake, 1, share())
        with monkeypatch.context() as patch:
            patch.setattr(postgres, "_switch", killed)
            with pytest.raises(KeyboardInterrupt):
                publish_postgres(postgres_url, *release)
        assert self.vintages(engine) == []
        publish_postgres(postgres_url, *release)
        assert len(self.vintages(engine)) == 2

    def test_a_contract_that_grows_and_shrinks(self, postgres_url: sa.URL, engine: sa.Engine, lake: Path) -> None:
        publish_postgres(postgres_url, *self.release(lake, 1, share()))
        note = {"type": "varchar", "required": True, "description": "A remark, new in this vintage"}
        wider = share(note=note, total_huf_mn=None, reference_year={"type": "bigint", "description": "Year, but wider"})
        rows = [{**row, "note": "new"} for row in share_rows(2.0)]
        publish_postgres(postgres_url, *self.release(lake, 2, wider, rows))
        assert [row[2] for row in self.vintages(engine, "note")] == [None, None, "new", "new"]
        assert [row[2] for row in self.vintages(engine, "total_huf_mn")] == [100.0, 100.0, None, None]
        columns = {c["name"]: c for c in sa.inspect(engine).get_columns("share", schema="history")}
        assert str(columns["reference_year"]["type"]) == "BIGINT"
        assert columns["reference_year"]["comment"] == "Year, but wider"
        assert columns["note"]["comment"] == "A remark, new in this vintage"
        publish_postgres(postgres_url, *self.release(lake, 3, share()))
        assert [row[2] for row in self.vintages(engine, "note")] == [None, None, "new", "new", None, None]

    def test_a_type_that_would_lose_values_is_refused(
        self, postgres_url: sa.URL, engine: sa.Engine, lake: Path
    ) -> None:
        publish_postgres(postgres_url, *self.release(lake, 1, share()))
        other = share(share_pct={"type": "date", "description": "Share, but a date by now"})
        rows = [{**row, "share_pct": None} for row in share_rows(1.0)]
        with pytest.raises(
            CoopgvaError, match=r"history\.share\.share_pct: the type changed from DOUBLE PRECISION to D"
        ):
            publish_postgres(postgres_url, *self.release(lake, 2, other, rows))
        assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(1.0,)]

    def test_nothing_to_do_is_nothing_done(self, postgres_url: sa.URL, engine: sa.Engine, lake: Path) -> None:
        """Every type, comment and key of the house's own contracts is recognised as what it is."""
        contracts = {n: c for n, c in load_contracts(REPOSITORY / "contracts").items() if c.layer == "access"}
        with engine.connect() as connection:
            for schema in ("access", "history"):
                connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        with sa.create_engine(postgres_url, poolclass=sa.NullPool).begin() as connection:
            done = evolve(connection, contracts)
            assert f"table history.{'cooperation_gva'} made" in done
            assert len(done) >= len(contracts) + 2
            assert evolve(connection, contracts) == []
