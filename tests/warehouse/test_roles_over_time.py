"""Roles and rights as a warehouse lives on: new tables, other contracts, vintages before their time, logins."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.contract import Contract
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import REPOSITORY
from resources.warehouse.postgres import publish_postgres
from resources.warehouse.roles import make_login, prepare_roles, withdraw_vintage
from resources.warehouse.target import INNER
from resources.warehouse.versions import versioned_name
from tests.postgres_office import Office
from tests.warehouse.office_house import CONTRACTS, VALUE, Desk, make, open_desk, refused, rows_of


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


class TestTomorrow:
    def test_new_tables_have_the_rights_of_old_ones(self, office: Office, lake: Path) -> None:
        desk = open_desk(office)
        publish_postgres(desk.url("writer"), CONTRACTS, make(lake, 1, rows_of(1.0)))
        more = {
            "access.more": {**CONTRACTS["access.share"].model_dump(), "table": "access.more"},
            "interpretation.more": {**VALUE, "table": "interpretation.more"},
        }
        contracts = CONTRACTS | {name: Contract.model_validate(c) for name, c in more.items()}
        rows = rows_of(2.0)
        rows |= {"access.more": rows["access.share"], "interpretation.more": rows["interpretation.firm_value"]}
        publish_postgres(desk.url("writer"), contracts, make(lake, 2, rows, contracts))
        for login in ("methodologist", "statistician", "public"):
            assert desk.ask(login, "SELECT max(share_pct) FROM access.more") == [(2.0,)]
            assert desk.ask(login, "SELECT max(share_pct) FROM history.more") == [(2.0,)]
        assert desk.ask("methodologist", "SELECT count(DISTINCT firm_id) FROM methodology.more") == [(2,)]
        assert "permission denied" in refused(desk, "methodologist", "SELECT firm_id FROM interpretation.more")
        # a view that the writer makes by hand is open like the others of its schema
        desk.do(
            "writer",
            "CREATE VIEW access.by_hand AS SELECT 1 AS x",
            "CREATE VIEW interpretation.by_hand AS SELECT 1 AS x",
        )
        assert desk.ask("public", "SELECT x FROM access.by_hand") == [(1,)]
        assert "permission denied" in refused(desk, "methodologist", "SELECT x FROM interpretation.by_hand")
        prepare_roles(office.url, contracts)
        assert desk.ask("public", "SELECT x FROM access.by_hand") == [(1,)]
        assert "permission denied" in refused(desk, "methodologist", "SELECT x FROM interpretation.by_hand")

    def test_a_column_that_becomes_identifying_is_closed(self, office: Office, lake: Path) -> None:
        desk = open_desk(office)
        publish_postgres(desk.url("writer"), CONTRACTS, make(lake, 1, rows_of(1.0)))
        cell = CONTRACTS["interpretation.cell"].model_dump()
        cell["columns"]["share_pct"]["confidentiality"] = "identifying"
        contracts = CONTRACTS | {"interpretation.cell": Contract.model_validate(cell)}
        assert desk.ask("methodologist", "SELECT share_pct FROM interpretation.cell")
        publish_postgres(desk.url("writer"), contracts, make(lake, 2, rows_of(1.0), contracts))
        assert "permission denied" in refused(desk, "methodologist", "SELECT share_pct FROM interpretation.cell")
        assert desk.ask("methodologist", "SELECT reference_year FROM interpretation.cell") == [(2022,)]

    def test_roles_come_to_a_warehouse_that_was_published_without(self, office: Office, lake: Path) -> None:
        publish_postgres(office.url, CONTRACTS, make(lake, 1, rows_of(1.0)))
        desk = open_desk(office)
        assert desk.ask("public", "SELECT max(share_pct) FROM access.share") == [(1.0,)]
        assert desk.ask("public", "SELECT max(share_pct) FROM history.share") == [(1.0,)]
        assert desk.ask("methodologist", "SELECT count(*) FROM methodology.firm_value") == [(3,)]
        publish_postgres(desk.url("writer"), CONTRACTS, make(lake, 2, rows_of(2.0)))
        owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace::regnamespace::text IN "
        assert desk.ask("admin", owners + "('staging', 'access', 'history', 'source')") == [("coopgva_writer",)]

    def test_again_changes_nothing_and_takes_back_what_was_given_by_hand(self, office: Office, lake: Path) -> None:
        desk = open_desk(office)
        publish_postgres(desk.url("writer"), CONTRACTS, make(lake, 1, rows_of(1.0)))
        rights = """SELECT relname, array_to_string(ARRAY(
                        SELECT unnest(coalesce(relacl, acldefault('r', relowner)))::text ORDER BY 1), ' ') FROM pg_class
                    WHERE relnamespace::regnamespace::text !~ '^(pg_|inf)' AND relkind IN ('r', 'v', 'p')
                    UNION ALL SELECT nspname, array_to_string(ARRAY(SELECT unnest(nspacl)::text ORDER BY 1), ' ')
                    FROM pg_namespace WHERE nspname !~ '^(pg_|inf)' ORDER BY 1, 2"""
        before = desk.ask("admin", rights)
        desk.do(
            "admin",
            "GRANT USAGE ON SCHEMA source, staging TO PUBLIC",
            "GRANT SELECT ON ALL TABLES IN SCHEMA staging TO coopgva_public",
            "GRANT SELECT ON source.firm TO PUBLIC",
            "GRANT SELECT (firm_id) ON interpretation.firm_value TO coopgva_methodologist",
        )
        assert desk.ask("public", "SELECT count(*) FROM source.firm") == [(3,)]
        done = prepare_roles(office.url, CONTRACTS)
        assert (done.is_hardened, done.tables) == (True, ())
        assert desk.ask("admin", rights) == before
        assert "permission denied" in refused(desk, "public", "SELECT count(*) FROM source.firm")

    def test_the_owner_of_the_database_need_not_be_superuser(self, office: Office, lake: Path) -> None:
        name, database = f"owner_{office.url.database}", office.url.database
        admin = Desk(office)
        admin.do(
            "admin",
            f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'owner of the office'",
            f"ALTER DATABASE {database} OWNER TO {name}",
        )
        roles = [role for (role,) in admin.ask("admin", "SELECT rolname FROM pg_roles WHERE rolname ~ '^coopgva_'")]
        for role in roles:  # of other databases on this server
            admin.do("admin", f"GRANT {role} TO {name} WITH ADMIN OPTION")
        owner = office.login(name, "owner of the office")
        assert not prepare_roles(owner, CONTRACTS).is_hardened
        assert make_login(owner, f"nightly_{database}", "writer", "long enough password")
        assert not make_login(owner, f"nightly_{database}", "writer", "another long password"), "known by now"
        writer = office.login(f"nightly_{database}", "another long password")
        assert publish_postgres(writer, CONTRACTS, make(lake, 1, rows_of(1.0))).is_replaced


class TestEmbargo:
    def test_nothing_of_a_vintage_is_there_before_its_time(self, office: Office, lake: Path) -> None:
        desk = open_desk(office)
        writer = desk.url("writer")
        publish_postgres(writer, CONTRACTS, make(lake, 1, rows_of(1.0)))
        second = make(lake, 2, rows_of(2.0))
        publish_postgres(writer, CONTRACTS, second, layers=INNER)
        for login in ("statistician", "public"):
            assert desk.ask(login, "SELECT max(share_pct) FROM access.share") == [(1.0,)]
            assert desk.ask(login, "SELECT max(share_pct) FROM history.share") == [(1.0,)]
            assert len(desk.ask(login, "SELECT * FROM access.vintage WHERE vintage_id LIKE '000001-%'")) == 6
            names = desk.ask(login, "SELECT count(*) FROM pg_class WHERE relname LIKE '%000002%'")
            assert names == [(0,)]
        version = versioned_name(next(t for t in second.tables if t.table_name == "access.share"))
        assert desk.ask("admin", f"SELECT to_regclass('{version}')") == [(None,)]
        publish_postgres(writer, CONTRACTS, second, layers=("access",))
        assert desk.ask("public", "SELECT max(share_pct) FROM history.share") == [(2.0,)]

    def test_row_level_security_hides_what_is_not_due_or_withdrawn(self, office: Office, lake: Path) -> None:
        desk = open_desk(office)
        first, second = (make(lake, n, rows_of(float(n))) for n in (1, 2))
        for release in (first, second):
            publish_postgres(desk.url("writer"), CONTRACTS, release)
        vintages = "SELECT DISTINCT vintage_id FROM history.share ORDER BY 1"
        both = [(first.vintage_id,), (second.vintage_id,)]
        assert desk.ask("public", vintages) == both

        withdraw_vintage(desk.url("writer"), first.vintage_id, "a wrong delivery")
        assert desk.ask("public", vintages) == both[1:]
        assert desk.ask("public", "SELECT vintage_id FROM history.vintage") == both[1:]
        assert desk.ask("statistician", vintages) == both
        assert desk.ask("statistician", "SELECT reason FROM history.vintage WHERE is_withdrawn") == [
            ("a wrong delivery",)
        ]
        assert "permission denied" in refused(desk, "public", "SELECT reason FROM history.vintage")
        with pytest.raises(CoopgvaError, match="was withdrawn and cannot be published again"):
            publish_postgres(desk.url("writer"), CONTRACTS, first)
        with pytest.raises(ConfigurationError, match="readers have this vintage now"):
            withdraw_vintage(desk.url("writer"), second.vintage_id, "too early")
        withdraw_vintage(desk.url("writer"), first.vintage_id, "", is_undone=True)
        assert desk.ask("public", vintages) == both

        desk.do(
            "writer", f"UPDATE history.vintage SET released_at = 'tomorrow' WHERE vintage_id = '{first.vintage_id}'"
        )
        assert desk.ask("public", vintages) == both[1:]
        assert desk.ask("statistician", vintages) == both
        with pytest.raises(ConfigurationError, match="no such vintage"):
            withdraw_vintage(desk.url("writer"), "000009-00000000", "unknown")


class TestLogins:
    def test_a_login_has_one_role(self, office: Office) -> None:
        desk = open_desk(office)
        assert not desk.add("clerk", "public"), "known already"
        roles = "SELECT rolname FROM pg_roles WHERE pg_has_role(oid, 'MEMBER') AND rolname ~ '^coopgva_'"
        assert desk.ask("clerk", roles) == [("coopgva_public",)]

    def test_a_shadow_in_the_path_of_the_publisher_is_not_fallen_for(self, office: Office, lake: Path) -> None:
        desk = open_desk(office)
        name = desk.url("writer").username
        desk.do(
            "admin",
            "CREATE SCHEMA trap",
            "GRANT USAGE ON SCHEMA trap TO PUBLIC",
            "CREATE FUNCTION trap.pg_try_advisory_lock(integer) RETURNS boolean LANGUAGE sql AS 'SELECT 1/0 = 0'",
            "CREATE FUNCTION trap.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT (1/0)::text'",
            "CREATE FUNCTION trap.obj_description(oid, name) RETURNS text LANGUAGE sql AS 'SELECT (1/0)::text'",
            "CREATE FUNCTION trap.convert_to(text, name) RETURNS bytea LANGUAGE sql AS 'SELECT (1/0)::text::bytea'",
            f"ALTER ROLE {name} IN DATABASE {office.url.database} SET search_path = trap, pg_catalog",
        )
        assert publish_postgres(desk.url("writer"), CONTRACTS, make(lake, 1, rows_of(1.0))).is_replaced
        assert desk.ask("methodologist", "SELECT count(DISTINCT firm_id) FROM methodology.firm_value") == [(2,)]

    @pytest.mark.parametrize(
        ("name", "role", "password", "says"),
        [
            ("coopgva_writer", "writer", "long enough password", "not a name for a login"),
            ('x"; DROP ROLE y', "writer", "long enough password", "not a name for a login"),
            ("someone", "king", "long enough password", "unknown role 'king'"),
            ("someone", "public", "short", "the password is too short"),
            ("postgres", "public", "long enough password", "an administrator's login"),
        ],
    )
    def test_refusals(self, office: Office, name: str, role: str, password: str, says: str) -> None:
        prepare_roles(office.url, CONTRACTS)
        with pytest.raises(ConfigurationError, match=says) as caught:
            make_login(office.url, name, role, password)
        assert f" {password}" not in f" {caught.value}".replace("too short", "")

    def test_roles_first(self, office: Office) -> None:
        with pytest.raises(ConfigurationError, match="no roles of coopgva"):
            make_login(office.url, "someone", "public", "long enough password")

    def test_identifiers_for_methodologists_only(self, office: Office) -> None:
        with pytest.raises(ConfigurationError, match="only methodologists"):
            make_login(office.url, "someone", "public", "long enough password", has_identifiers=True)


def test_scripts_run_by_themselves(office: Office) -> None:
    """They use nothing of ours: an administrator may read them and run them with psql, in the order of their names."""
    for script in sorted((REPOSITORY / "sql" / "warehouse").glob("*.sql")):
        Desk(office).do("admin", script.read_text(encoding="utf-8"))
    assert Desk(office).ask("admin", "SELECT count(*) FROM staging.pseudonym_key") == [(1,)]
