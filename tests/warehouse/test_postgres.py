"""The PostgreSQL warehouse: versioned tables, the switch of the views, readers in the way, rights, secrets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from resources.contract import Contract
from resources.errors import ConfigurationError, CoopgvaError, TransportError
from resources.home import Home
from resources.warehouse import connection, versions
from resources.warehouse.connection import URL
from resources.warehouse.connection import postgres_url as parse_url
from resources.warehouse.duckdb_file import ACCESS, WAREHOUSE
from resources.warehouse.postgres import publish_postgres, published_vintage
from resources.warehouse.release import Release
from resources.warehouse.target import INNER, build_staged, publish_inner, publish_release, release_staged
from resources.warehouse.versions import versioned_name
from tests.warehouse.conftest import FIRM_ROWS

Contracts = dict[str, Contract]
Releaser = Callable[..., Release]


@pytest.fixture
def engine(postgres_url: sa.URL) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def ask(engine: sa.Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def do(engine: sa.Engine, *statements: str) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


VERSIONS = "SELECT tablename FROM pg_tables WHERE schemaname = 'staging'"


def test_postgres_and_duckdb_hold_the_same_values(
    postgres_url: sa.URL,
    engine: sa.Engine,
    contracts: Contracts,
    release_of: Releaser,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = release_of(2.0)
    publish_postgres(postgres_url, contracts, release)
    publish_release(home.warehouse, contracts, release)
    with duckdb.connect(home.warehouse / WAREHOUSE, read_only=True) as connection:
        for table in ("source.firm", "access.share", "access.vintage"):
            query = f"SELECT * FROM {table} ORDER BY 1, 2"
            expected = connection.execute(query).fetchall()
            assert len(expected) >= 2
            assert ask(engine, query) == expected


def test_types_comments_and_key(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    release = release_of(2.0)
    publish_postgres(postgres_url, contracts, release)
    inspector = sa.inspect(engine)
    columns = {c["name"]: c for c in inspector.get_columns("firm", schema="source")}
    assert columns["name"]["comment"] == "Name as registered; 100% of it: 'quoted', too"
    assert columns["employees"]["comment"] == "Persons employed at year end [persons]"
    assert [str(c["type"]) for c in columns.values()] == [
        'TEXT COLLATE "C"',
        'TEXT COLLATE "C"',
        "INTEGER",
        "BIGINT",
        "DOUBLE PRECISION",
        "BOOLEAN",
        "DATE",
    ]
    comment = ask(engine, "SELECT obj_description('access.share'::regclass, 'pg_class')")
    assert comment[0][0] == (
        "Share of cooperating firms. The published share (%, 100%s of it) by year, made up for tests. "
        "One row per reference_year, numerator_code."
    )
    table = versioned_name(release.tables[0]).split(".")[1]
    assert inspector.get_pk_constraint(table, schema="staging")["constrained_columns"] == [
        "reference_year",
        "numerator_code",
    ]


def test_only_changed_tables_are_loaded_and_the_version_before_last_goes(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    copy = versions._copy

    def counted(connection: sa.Connection, table: sa.Table, path: object) -> int:
        copied.append(table.name.split("__")[1])
        return copy(connection, table, path)  # type: ignore[arg-type]

    monkeypatch.setattr(versions, "_copy", counted)
    first, second, third = release_of(1.0), release_of(2.0), release_of(3.0)
    assert publish_postgres(postgres_url, contracts, first).previous is None
    assert publish_postgres(postgres_url, contracts, second).previous == first.vintage_id
    assert copied == ["share", "firm", "share"]
    assert len(ask(engine, VERSIONS)) == 3
    assert not publish_postgres(postgres_url, contracts, second).is_replaced
    assert copied == ["share", "firm", "share"]

    publish_postgres(postgres_url, contracts, third)
    kept = {versioned_name(t).split(".")[1] for t in (*second.tables, *third.tables)}
    assert {str(row[0]) for row in ask(engine, VERSIONS)} == kept
    assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(3.0,)]
    held = published_vintage(postgres_url)
    assert held
    assert (held.vintage_id, held.tables) == (third.vintage_id, third.tables)


def test_the_switch_waits_for_a_reader_who_is_idle_in_transaction(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    publish_postgres(postgres_url, contracts, release_of(1.0))
    reader = sa.create_engine(postgres_url, poolclass=sa.NullPool).connect()
    query = sa.text("SELECT max(share_pct) FROM access.share")
    assert reader.execute(query).scalar() == 1.0

    done: list[object] = []
    publisher = threading.Thread(
        target=lambda: done.append(
            publish_postgres(postgres_url, contracts, release_of(2.0), lock_timeout="100ms", attempts=20)
        )
    )
    publisher.start()
    try:
        for _ in range(100):  # until the publisher stands before the view
            waiting = ask(
                engine, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%VIEW%'"
            )
            if waiting != [(0,)]:
                break
        assert waiting != [(0,)]
        publisher.join(0.5)  # longer than several lock timeouts
        assert publisher.is_alive()
        assert reader.execute(query).scalar() == 1.0
        assert ask(engine, "SELECT DISTINCT vintage_id FROM access.vintage") == [(release_of(1.0).vintage_id,)]
    finally:
        reader.close()
        publisher.join(60)
    assert len(done) == 1
    assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(2.0,)]


def test_a_reader_who_never_lets_go_keeps_the_old_vintage(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    publish_postgres(postgres_url, contracts, release_of(1.0))
    with sa.create_engine(postgres_url, poolclass=sa.NullPool).connect() as reader:
        reader.execute(sa.text("SELECT max(share_pct) FROM access.share")).scalar()
        with pytest.raises(TransportError, match="readers with open transactions hold the views"):
            publish_postgres(postgres_url, contracts, release_of(2.0), lock_timeout="50ms", attempts=2)
    assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(1.0,)]
    assert publish_postgres(postgres_url, contracts, release_of(2.0)).is_replaced


def test_a_failed_switch_changes_no_view(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    firms = [{**dict.fromkeys(contracts["source.firm"].columns), "firm_id": "9"}]
    publish_postgres(postgres_url, contracts, release_of(1.0))
    with sa.create_engine(postgres_url, poolclass=sa.NullPool).connect() as reader:
        reader.execute(sa.text("SELECT * FROM source.firm")).all()  # the second view; the first could be replaced
        with pytest.raises(TransportError):
            publish_postgres(postgres_url, contracts, release_of(2.0, firms=firms), lock_timeout="50ms", attempts=1)
    assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(1.0,)]
    assert ask(engine, "SELECT count(*) FROM source.firm") == [(3,)]


def test_grants_outlive_a_view_whose_columns_changed(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    role = f"reader_{postgres_url.database}"
    publish_postgres(postgres_url, contracts, release_of(1.0))
    do(engine, f"CREATE ROLE {role}")
    try:
        do(engine, f"GRANT SELECT ON access.share TO {role}", "GRANT SELECT ON access.share TO PUBLIC")
        share = contracts["access.share"]
        columns = {n: c for n, c in reversed(list(share.columns.items())) if n != "share_pct"}
        narrower = {**contracts, "access.share": share.model_copy(update={"columns": columns})}
        rights = "SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = 'share' "
        before = ask(engine, rights + "ORDER BY 1, 2")
        publish_postgres(postgres_url, narrower, release_of(2.0))
        assert [c["name"] for c in sa.inspect(engine).get_columns("share", schema="access")] == list(columns)
        assert ask(engine, rights + "ORDER BY 1, 2") == before
        assert (role, "SELECT") in before
        assert ("PUBLIC", "SELECT") in before
    finally:
        do(engine, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_table_that_is_no_longer_made_loses_its_view(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    release = release_of(1.0)
    publish_postgres(postgres_url, contracts, release)
    do(engine, "CREATE VIEW access.mine AS SELECT 1 AS x")
    smaller = Release("smaller", release.only("access").tables, {"access.share": release.files["access.share"]})
    publish_postgres(postgres_url, contracts, smaller)
    assert set(sa.inspect(engine).get_view_names("access")) == {"share", "mine"}
    assert sa.inspect(engine).get_view_names("source") == []


def test_a_version_in_use_by_someones_view_is_left_alone(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    first = release_of(1.0)
    publish_postgres(postgres_url, contracts, first)
    do(engine, f"CREATE VIEW public.mine AS SELECT * FROM {versioned_name(first.tables[0])}")
    publish_postgres(postgres_url, contracts, release_of(2.0))
    publish_postgres(postgres_url, contracts, release_of(3.0))
    assert ask(engine, "SELECT max(share_pct) FROM public.mine") == [(1.0,)]


def test_a_wrong_number_of_rows_leaves_no_table_behind(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    good = release_of(1.0)
    other = release_of(1.0, firms=[{**dict.fromkeys(contracts["source.firm"].columns), "firm_id": "9"}])
    mixed = Release(good.vintage_id, good.tables, {**good.files, "source.firm": other.files["source.firm"]})
    with pytest.raises(CoopgvaError, match=r"source\.firm: 1 rows were loaded where the lake has recorded 3"):
        publish_postgres(postgres_url, contracts, mixed)
    assert [str(r[0]).split("__")[1] for r in ask(engine, VERSIONS)] == ["share"]
    assert published_vintage(postgres_url) is None


def test_one_publisher_at_a_time(postgres_url: sa.URL, contracts: Contracts, release_of: Releaser) -> None:
    with sa.create_engine(postgres_url, poolclass=sa.NullPool).connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_lock(connection._PUBLISHER)))
        with pytest.raises(TransportError, match="another process is publishing"):
            publish_postgres(postgres_url, contracts, release_of(1.0))
    assert publish_postgres(postgres_url, contracts, release_of(1.0)).is_replaced


class TestUrlsAndSecrets:
    @pytest.mark.parametrize("text", ["postgresql://u:geheim@h/d", "mysql://u:geheim@h/d", "geheim", "://geheim"])
    def test_the_driver_must_be_named(self, text: str) -> None:
        with pytest.raises(ConfigurationError, match=r"postgresql\+psycopg://") as caught:
            parse_url(text)
        assert "geheim" not in str(caught.value)

    def test_no_server(self, contracts: Contracts, release_of: Releaser) -> None:
        url = parse_url("postgresql+psycopg://someone:geheim@127.0.0.1:1/db")
        with pytest.raises(TransportError, match=r"PostgreSQL 127\.0\.0\.1/db: the server cannot be used") as caught:
            publish_postgres(url, contracts, release_of(1.0))
        assert "geheim" not in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_driver_that_repeats_the_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PGPASSWORD", "umgebung")
        url = parse_url("postgresql+psycopg://someone:geheim@127.0.0.1:1/db")
        error = sa.exc.OperationalError("q", {}, psycopg.OperationalError("geheim and\n umgebung were wrong"))
        with pytest.raises(TransportError, match=r"\*\*\* and \*\*\* were wrong"), connection.one_line_errors(url):
            raise error

    def test_no_right_to_create(
        self, postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
    ) -> None:
        role = f"nobody_{postgres_url.database}"
        do(engine, f"CREATE ROLE {role} LOGIN PASSWORD 'geheim'")
        try:
            url = postgres_url.set(username=role, password="geheim")
            with pytest.raises(CoopgvaError, match="permission denied") as caught:
                publish_postgres(url, contracts, release_of(1.0))
            assert "geheim" not in str(caught.value)
        finally:
            do(engine, f"DROP ROLE {role}")


class TestChoice:
    def test_postgres_is_published_before_the_small_file(
        self,
        postgres_url: sa.URL,
        contracts: Contracts,
        release_of: Releaser,
        home: Home,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv(URL, postgres_url.render_as_string(hide_password=False))
        done = publish_release(home.warehouse, contracts, release_of(1.0))
        assert [p.target.split()[0] for p in done] == ["PostgreSQL", "DuckDB"]
        assert sorted(p.name for p in home.warehouse.glob("*.duckdb")) == ["access.duckdb"]

    def test_the_past_never_reaches_postgres(
        self,
        postgres_url: sa.URL,
        contracts: Contracts,
        release_of: Releaser,
        home: Home,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv(URL, postgres_url.render_as_string(hide_password=False))
        publish_release(home.warehouse, contracts, release_of(1.0), is_as_of=True)
        assert published_vintage(postgres_url) is None


def test_layers_are_published_apart_and_readers_see_theirs_when_released(
    postgres_url: sa.URL, engine: sa.Engine, contracts: Contracts, release_of: Releaser
) -> None:
    """Even a right given in advance on everything in schema access finds nothing of what is under embargo."""
    changed = [{**FIRM_ROWS[0], "name": "changed"}, *FIRM_ROWS[1:]]
    first, second = release_of(1.0), release_of(2.0, firms=changed)
    publish_postgres(postgres_url, contracts, first)
    published = ask(engine, "SELECT vintage_id, table_name, key FROM access.vintage ORDER BY 2")
    do(engine, "ALTER DEFAULT PRIVILEGES IN SCHEMA access GRANT SELECT ON TABLES TO PUBLIC")
    done = publish_postgres(postgres_url, contracts, second, layers=INNER)
    assert (done.is_replaced, done.previous) == (True, first.vintage_id)
    assert ask(engine, "SELECT name FROM source.firm WHERE firm_id = '1'") == [("changed",)]
    assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(1.0,)]
    assert ask(engine, "SELECT vintage_id, table_name, key FROM access.vintage ORDER BY 2") == published
    [(tables,)] = ask(engine, "SELECT count(*) FROM pg_tables WHERE schemaname = 'staging' AND tablename ~ '^access__'")
    assert tables == 1, "only the released version of access.share"
    assert not publish_postgres(postgres_url, contracts, second, layers=INNER).is_replaced

    released = publish_postgres(postgres_url, contracts, second, layers=("access",))
    assert (released.is_replaced, released.previous) == (True, first.vintage_id)
    assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(2.0,)]
    assert ask(engine, "SELECT name FROM source.firm WHERE firm_id = '1'") == [("changed",)]
    recorded = ask(engine, "SELECT vintage_id, table_name FROM access.vintage")
    assert recorded == [(second.vintage_id, "access.share")]
    assert not publish_postgres(postgres_url, contracts, second, layers=("access",)).is_replaced
    third = release_of(3.0, firms=changed)
    assert publish_postgres(postgres_url, contracts, third).is_replaced, "without a calendar all layers at once again"
    assert ask(engine, "SELECT count(*) FROM access.vintage") == [(2,)]


def test_a_release_under_embargo_reaches_postgres_at_its_time(
    postgres_url: sa.URL,
    engine: sa.Engine,
    contracts: Contracts,
    release_of: Releaser,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(URL, postgres_url.render_as_string(hide_password=False))
    release = release_of(2.0)
    inner = publish_inner(home.warehouse, contracts, release)
    assert inner.target.startswith("PostgreSQL")
    assert ask(engine, "SELECT count(*) FROM source.firm") == [(3,)]
    assert ask(engine, "SELECT to_regclass('access.share')") == [(None,)]
    (home.root / "staged").mkdir(parents=True)
    file = build_staged(home.root / "staged", contracts, release)
    assert not (home.warehouse / ACCESS).exists()
    release_staged(home.warehouse, file, contracts, release)
    assert ask(engine, "SELECT max(share_pct) FROM access.share") == [(2.0,)]
    assert (home.warehouse / ACCESS).exists()
