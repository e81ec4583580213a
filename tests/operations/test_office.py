"""What an office deploys: a real instance with its records in PostgreSQL, units that systemd accepts."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

from pipelines.instance import close_abandoned_runs, open_instance
from pipelines.operations.maintenance import Retention, maintain
from resources.errors import ConfigurationError
from resources.home import REPOSITORY, Home

DEPLOY = REPOSITORY / "deploy"
UNITS = ("coopgva-code.service", "coopgva-daemon.service", "coopgva-webserver.service", "coopgva-backup.service")
EXPOSURE = 2.0
"""systemd's own measure: 0 is sealed, 10 is open; it calls what is below 2 OK."""


@pytest.fixture
def office_home(home: Home, postgres_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose Dagster settings are the office's, with a database of its own."""
    host = postgres_url.host or str(postgres_url.query.get("host", ""))
    named = {
        "HOST": "" if host.startswith("/") else host,
        "PORT": str(postgres_url.port or postgres_url.query.get("port", 5432)),
        "USER": str(postgres_url.username),
        "PASSWORD": str(postgres_url.password or "unused"),
        "DATABASE": str(postgres_url.database),
    }
    for name, value in named.items():
        monkeypatch.setenv(f"COOPGVA_DAGSTER_PG_{name}", value)
    if host.startswith("/"):
        monkeypatch.setenv("PGHOST", host)  # the server of the tests listens on a socket alone
    home.dagster.mkdir(mode=0o700)
    shutil.copy(DEPLOY / "dagster.yaml", home.dagster / "dagster.yaml")
    return home


def test_a_run_is_recorded_in_postgresql(office_home: Home, postgres_url: sa.URL) -> None:
    pytest.importorskip("dagster_postgres")

    @dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="table")])
    def table() -> dg.MaterializeResult:  # type: ignore[type-arg]
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="sound")])

    job = dg.Definitions(assets=[table]).resolve_implicit_global_asset_job_def()
    with open_instance(office_home) as instance:
        assert "postgresql+psycopg2://" in instance.run_storage.postgres_url  # type: ignore[attr-defined]
        assert instance.run_retries_enabled
        assert instance.run_monitoring_enabled
        assert instance.global_op_concurrency_default_limit == 1
        run = job.execute_in_process(instance=instance)
        assert run.success
        assert close_abandoned_runs(instance) == []
    assert not list(office_home.dagster.rglob("*.db")), "nothing is kept in SQLite"
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT run_id, status FROM runs")).fetchall()
        events = connection.execute(sa.text("SELECT count(*) FROM event_logs")).scalar_one()
    assert [(str(run_id), status) for run_id, status in rows] == [(run.run_id, "SUCCESS")]
    assert events > 5
    with open_instance(office_home) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("table")) is not None
        job.execute_in_process(instance=instance)
        later = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
        maintain(office_home, instance, now=later, retention=Retention(runs=1))
        assert [r.run_id for r in instance.get_runs()] != [run.run_id]
        assert len(instance.get_runs()) == 1, "the run with the newest state of the asset stays"
    lines = (office_home.root / "logs").glob("*.jsonl")
    assert run.run_id in "".join(path.read_text(encoding="utf-8") for path in lines)


@pytest.mark.parametrize(
    "storage",
    [
        {"postgres_url": "postgresql://u:p@h/d"},
        {"postgres_url": {"env": "OUR_URL"}},
        {"postgres_db": {"hostname": "h", "username": "u", "password": "p", "db_name": "d"}},
    ],
)
def test_a_storage_without_its_driver_is_refused(
    home: Home, storage: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_URL", "postgresql://u:marker-password@h/d")
    home.dagster.mkdir()
    (home.dagster / "dagster.yaml").write_text(yaml.safe_dump({"storage": {"postgres": storage}}))
    with pytest.raises(ConfigurationError, match=r"write scheme: postgresql\+psycopg2") as refused, open_instance(home):
        pass
    assert "marker-password" not in str(refused.value)


def units_here(folder: Path) -> list[Path]:
    """The units with the commands of this environment, so that systemd finds them."""
    folder.mkdir()
    found = []
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text(encoding="utf-8").replace("/opt/coopgva/.venv/bin", str(Path(sys.executable).parent))
        (folder / path.name).write_text(text, encoding="utf-8")
        found.append(folder / path.name)
    return sorted(found)


def test_systemd_accepts_the_units_and_calls_them_sealed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze")
    units = units_here(tmp_path / "units")
    assert {unit.name for unit in units} == {*UNITS, "coopgva-backup.timer"}
    verified = subprocess.run([analyze, "verify", *map(str, units)], capture_output=True, text=True, check=False)
    if "Failed to initialize manager" in verified.stderr:
        pytest.skip(f"systemd-analyze does not work here: {verified.stderr.strip()}")
    assert (verified.returncode, verified.stderr) == (0, "")
    for unit in (u for u in units if u.suffix == ".service"):
        command = [analyze, "security", "--offline=true", "--no-pager", str(unit)]
        judged = subprocess.run(command, capture_output=True, text=True, check=False)
        level = re.search(r"Overall exposure level for \S+ (\d+\.\d+)", judged.stdout)
        assert level, judged.stdout + judged.stderr
        assert float(level[1]) < EXPOSURE


def test_units_containers_and_workspace_name_one_code_server() -> None:
    place = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))["load_from"][0]["grpc_server"]
    code = (DEPLOY / "systemd" / UNITS[0]).read_text(encoding="utf-8")
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for command in (code, compose["code"]["command"]):
        assert f"--host {place['host']} --port {place['port']}" in command
        assert f"--location-name {place['location_name']}" in command
    own = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text(encoding="utf-8"))["load_from"][0]["python_module"]
    assert place["location_name"] == own["location_name"], "runs keep their place when an office moves to the units"
    assert all("no-new-privileges:true" in compose[name]["security_opt"] for name in ("code", "daemon", "webserver"))
    named = set(re.findall(r"env: (\w+)", (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "coopgva.env.example").read_text(encoding="utf-8")
    assert named <= set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_the_office_changes_where_records_are_and_nothing_else() -> None:
    office = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
    house = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    where = {"storage", "local_artifact_storage", "compute_logs"}
    del office["run_monitoring"]["poll_interval_seconds"]
    assert {k: v for k, v in office.items() if k not in where} == {k: v for k, v in house.items() if k not in where}
