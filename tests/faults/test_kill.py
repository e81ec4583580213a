"""`kill -9` at four random moments of a refresh: readers never notice, and a rerun gives the bytes of a quiet night."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from assets.catalogue import TABLES
from assets.workshop import Workshop
from resources.home import REPOSITORY, Home
from tests.economy.tiny import ACCOUNT_HEADER, FIRMS, STEMS, YEAR, account, tax_stem, write_tiny_economy

KILLS = 4
SEED = 20261123


def refresh(home: Path) -> subprocess.Popen[str]:
    """`coopgva refresh` in a process group of its own."""
    environment = {k: v for k, v in os.environ.items() if k not in ("COOPGVA_HOME", "COOPGVA_SOURCES", "DAGSTER_HOME")}
    return subprocess.Popen(
        [sys.executable, "-c", "from pipelines.cli import main; main()", "refresh", "--home", str(home)],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(home: Path) -> str:
    process = refresh(home)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def add_firm(home: Path, number: int) -> None:
    """One more firm, too small to move a margin, so that nearly every table has to be computed again."""
    firm, stem = f"G{number}", tax_stem(100 + number)
    STEMS[firm] = stem
    registry = home / "deliveries" / "business_registry.csv"
    line = next(x for x in registry.read_text(encoding="utf-8").splitlines() if x.startswith("F7,"))
    with registry.open("a", encoding="utf-8") as handle:
        handle.write(line.replace("F7", firm).replace(STEMS["F7"], stem) + "\n")
    with (home / "deliveries" / "annual_accounts.csv").open("a", encoding="utf-8") as handle:
        handle.write(",".join(map(str, account(firm, 0.1))) + "\n")


@dataclass
class Reader(threading.Thread):
    """Opens the published file again and again, as a statistician's tool would."""

    path: Path
    seen: set[str] = field(default_factory=set)
    reads: int = 0
    troubles: list[str] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.enough.wait(0.05):
            try:
                with duckdb.connect(str(self.path), read_only=True) as connection:
                    vintages = connection.execute("SELECT DISTINCT vintage_id FROM vintage").fetchall()
                    rows = connection.execute("SELECT count(*) FROM target_tracker").fetchone()
            except duckdb.Error as error:
                self.troubles.append(str(error))
                continue
            self.reads += 1
            if len(vintages) != 1 or rows != (2,):
                self.troubles.append(f"not one complete vintage: {vintages}, {rows}")
            self.seen.update(v[0] for v in vintages)


def content(home: Path) -> dict[str, bytes]:
    """Bytes of every current table and its sidecar, and of the published tables as CSV."""
    shop = Workshop(Home(home), TABLES, None, "compare")
    found = {}
    for name in TABLES:
        path = shop.lake.path(name, shop.key(name))
        found[name] = path.read_bytes()
        found[f"{name} sidecar"] = path.with_suffix(".json").read_bytes()
    with duckdb.connect(str(home / "warehouse" / "access.duckdb"), read_only=True) as connection:
        for table in ("cooperation_gva", "target_tracker"):
            found[f"published {table}"] = repr(connection.execute(f"FROM {table} ORDER BY ALL").fetchall()).encode()
    return found


def give_readers_the_same(home: Path, quiet: Path) -> None:
    """What readers had before the last refresh: it is protected beside that, so a quiet night must know it as well."""
    shop = Workshop(Home(home), TABLES, None, "compare")
    last = sorted(path.stem for path in (home / "lake" / "vintages").glob("*.json"))[-1]
    (quiet / "lake" / "vintages").mkdir(parents=True)
    for path in (home / "lake" / "vintages").glob("*.json"):
        if path.stem != last:
            shutil.copy(path, quiet / "lake" / "vintages")
    lines = (home / "publications.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["vintage_id"] != last]
    (quiet / "publications.jsonl").write_text("".join(kept), encoding="utf-8")
    for name in TABLES["interpretation.cell_protection"].earlier:
        now = shop.lake.path(name, shop.key(name))
        there = quiet / now.relative_to(home).parent
        there.mkdir(parents=True, exist_ok=True)
        for path in now.parent.iterdir():
            if path.stem != now.stem:
                shutil.copy(path, there)


def test_killed_refreshes_converge_and_readers_do_not_notice(tmp_path: Path) -> None:
    assert set(FIRMS) <= set(STEMS)
    assert ACCOUNT_HEADER.startswith("tax_number")
    assert YEAR == 2023
    home = write_tiny_economy(tmp_path / "home")
    started = time.monotonic()
    finish(home)
    duration = time.monotonic() - started

    draw, killed = random.Random(SEED), 0
    reader = Reader(home / "warehouse" / "access.duckdb")
    reader.start()
    for number in range(3 * KILLS):
        if killed == KILLS:
            break
        add_firm(home, number)
        process, begun = refresh(home), time.monotonic()
        try:
            process.wait(timeout=draw.uniform(0.1, 0.9) * duration)
            duration = time.monotonic() - begun  # the machine is faster than it was: aim earlier
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()
    finish(home)
    reader.enough.set()
    reader.join()

    assert killed == KILLS
    assert reader.troubles == []
    assert reader.reads > 2 * KILLS
    quiet = tmp_path / "quiet"
    quiet.mkdir()
    shutil.copytree(home / "deliveries", quiet / "deliveries")
    for name in ("sources.yaml", "parameters.yaml"):
        shutil.copy(home / name, quiet / name)
    give_readers_the_same(home, quiet)
    finish(quiet)
    disturbed, undisturbed = content(home), content(quiet)
    assert [name for name in undisturbed if undisturbed[name] != disturbed[name]] == []
