"""The archive: content-addressed, as of a moment, whole after anything."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from resources.blobs import BlobWriter, Limits
from resources.deliveries import Archive, parse_as_of
from resources.errors import ConfigurationError, DeliveryError, TransportError
from resources.sources import Source
from resources.transport.fetch import fetch
from tests.deliveries.loopback import NIGHT, Fetch, leftovers

WEEK = timedelta(days=7)


def weekly(folder: Path, archive: Archive) -> list[str]:
    """Three weekly deliveries; returns their ids."""
    ids = []
    for week, text in enumerate(("one", "two", "three")):
        (folder / f"{text}.csv").write_text(text)
        delivery = archive.import_at("cordis", {"org.csv": folder / f"{text}.csv"}, received_at=NIGHT + week * WEEK)
        ids.append(delivery.delivery_id)
    return ids


def test_bytes_are_kept_under_their_hash(tmp_path: Path, archive: Archive, fetching: Fetch) -> None:
    (tmp_path / "a.csv").write_bytes(b"id\n1\n")
    delivery = fetching("a.csv").delivery
    sha256 = hashlib.sha256(b"id\n1\n").hexdigest()
    (part,) = delivery.parts
    assert part.path == archive.root / "blobs" / sha256[:2] / sha256
    assert part.path.read_bytes() == b"id\n1\n"
    assert part.path.stat().st_mode & 0o077 == 0
    expected = hashlib.sha256(f'[["a.csv","{sha256}"]]'.encode()).hexdigest()
    assert delivery.delivery_id == expected
    (record,) = (archive.root / "deliveries" / "projects").glob("2*.json")
    assert record.name == f"20240531T020000.000000Z-{expected[:12]}.json"
    assert not leftovers(archive)


def test_what_was_current_at_a_moment(tmp_path: Path, archive: Archive) -> None:
    ids = weekly(tmp_path, archive)

    def current(as_of: datetime | None) -> str | None:
        delivery = archive.latest("cordis", as_of)
        return delivery.delivery_id if delivery else None

    assert current(NIGHT - timedelta(microseconds=1)) is None
    assert current(NIGHT) == ids[0]
    assert current(NIGHT + WEEK - timedelta(microseconds=1)) == ids[0]
    assert current(NIGHT + WEEK) == ids[1]
    assert current((NIGHT + WEEK).astimezone(timezone(timedelta(hours=-2)))) == ids[1]
    assert current(None) == ids[2]
    assert [d.delivery_id for d in archive.history("cordis")] == ids
    assert archive.latest("another") is None
    assert archive.history("another") == ()


def test_real_weekly_deliveries_in_order(shared_data: Path, fetching: Fetch, archive: Archive) -> None:
    weeks = {"2023-05-29": 2_088_874, "2023-06-05": 1_998_823, "2023-06-12": 1_104_507}
    for day in weeks:
        file = shared_data / "cordis" / f"h2020_organizations_latest_{day}.csv"
        assert fetching(str(file), now=datetime.fromisoformat(f"{day}T02:00:00+00:00")).is_new
    assert archive.latest("projects", parse_as_of("2023-05-28")) is None
    for day, size in weeks.items():
        delivery = archive.latest("projects", parse_as_of(day))
        assert delivery is not None
        assert delivery.size == size
        archive.verify(delivery.parts[0])


def test_an_older_delivery_can_be_loaded_later(tmp_path: Path, archive: Archive) -> None:
    ids = weekly(tmp_path, archive)
    (tmp_path / "zero.csv").write_text("zero")
    archive.import_at("cordis", {"org.csv": tmp_path / "zero.csv"}, received_at=NIGHT - WEEK)
    assert [d.delivery_id for d in archive.history("cordis")][1:] == ids
    checked = archive.last_checked("cordis")
    assert checked is not None
    assert checked.checked_at == NIGHT + 2 * WEEK


def test_equal_bytes_make_no_new_delivery(tmp_path: Path, archive: Archive, fetching: Fetch) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    first = fetching("a.csv")
    os.utime(tmp_path / "a.csv", (1, 1))
    second = fetching("a.csv", now=NIGHT + WEEK)
    (tmp_path / "a.csv").write_text("id\n2\n")
    third = fetching("a.csv", now=NIGHT + 2 * WEEK)
    (tmp_path / "a.csv").write_text("id\n1\n")
    fourth = fetching("a.csv", now=NIGHT + 3 * WEEK)
    assert [r.is_new for r in (first, second, third, fourth)] == [True, False, True, True]
    assert second.delivery == first.delivery
    assert fourth.delivery.delivery_id == first.delivery.delivery_id
    assert len(archive.history("projects")) == 3


def test_glob_is_one_delivery_in_order_of_names(tmp_path: Path, fetching: Fetch, archive: Archive) -> None:
    for name in (
        "inbox/2023/b.csv",
        "inbox/2023/a.csv",
        "inbox/2024/a.csv",
        "inbox/2024/.hidden.csv",
        "inbox/2024/~$a.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "inbox/2024/folder.csv").mkdir()
    delivery = fetching("inbox/*/*.csv").delivery
    assert [p.name for p in delivery.parts] == ["2023/a.csv", "2023/b.csv", "2024/a.csv"]
    assert delivery.size == 3 * len("inbox/2023/a.csv")
    (tmp_path / "inbox/2023/b.csv").rename(tmp_path / "inbox/2023/c.csv")
    assert fetching("inbox/*/*.csv", now=NIGHT + WEEK).is_new


def test_a_name_with_brackets_is_a_name_if_there_is_such_a_file(tmp_path: Path, fetching: Fetch) -> None:
    (tmp_path / "list [final].csv").write_text("x")
    assert fetching("list [final].csv").delivery.parts[0].name == "list [final].csv"


def test_file_url(tmp_path: Path, fetching: Fetch) -> None:
    (tmp_path / "a b.csv").write_text("x")
    assert fetching((tmp_path / "a b.csv").as_uri()).delivery.parts[0].name == "a b.csv"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("none.csv", r"source projects \(none\.csv\): file not found"),
        ("inbox/*.txt", r"source projects \(inbox/\*\.txt\): no file matches"),
        ("inbox/empty.csv", "empty file"),
        ("inbox/*.csv", r"source projects \(inbox/\*\.csv\), empty\.csv: empty file"),
        ("inbox", "a folder, not a file"),
        ("inbox/pipe", "not a plain file"),
        ("inbox/page.html", "HTML page instead of data"),
    ],
)
def test_what_cannot_be_a_delivery(tmp_path: Path, fetching: Fetch, archive: Archive, url: str, says: str) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/empty.csv").touch()
    (tmp_path / "inbox/page.html").write_text("\n <!-- x --><!DOCTYPE html>")
    os.mkfifo(tmp_path / "inbox/pipe")
    with pytest.raises(DeliveryError, match=says):
        fetching(url)
    assert archive.latest("projects") is None
    assert not leftovers(archive)


def test_the_size_limit_holds_for_all_files_together(tmp_path: Path, fetching: Fetch) -> None:
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("x" * 400)
    assert fetching("*.csv", max_bytes=1200).delivery.size == 1200
    with pytest.raises(DeliveryError, match=r"c\.csv: larger than the limit of 1199 bytes"):
        fetching("*.csv", max_bytes=1199)


def test_a_page_is_data_where_pages_are_expected(tmp_path: Path, fetching: Fetch) -> None:
    (tmp_path / "page.html").write_text("<html>")
    assert fetching("page.html", format="html").is_new


@pytest.mark.parametrize("change", ["grows", "is overwritten", "is replaced"])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1\n" * 100)
    os.utime(path, (1, 1))
    original = BlobWriter.write

    def write(writer: BlobWriter, data: bytes) -> None:
        original(writer, data)
        if change == "grows":
            path.write_bytes(b"1\n" * 120)
            os.utime(path, (1, 1))
        elif change == "is overwritten":
            path.write_bytes(b"2\n" * 100)
        else:
            (tmp_path / "new").write_bytes(b"3\n" * 100)
            os.utime(tmp_path / "new", (1, 1))
            (tmp_path / "new").replace(path)

    monkeypatch.setattr("resources.blobs.CHUNK_BYTES", 150)
    monkeypatch.setattr(BlobWriter, "write", write)
    with pytest.raises(TransportError, match="changed while it was being read"):
        archive.blobs.add_file(path, Limits("source a", max_bytes=10_000))
    assert not leftovers(archive)


def test_damage_is_noticed_and_mended(tmp_path: Path, archive: Archive, fetching: Fetch) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (part,) = fetching("a.csv").delivery.parts
    archive.verify(part)
    part.path.chmod(0o600)
    part.path.write_text("id\n9\n")
    with pytest.raises(DeliveryError, match=r"a\.csv: the archived bytes have changed"):
        archive.verify(part)
    fetching("a.csv", now=NIGHT + WEEK)
    archive.verify(part)
    part.path.unlink()
    with pytest.raises(DeliveryError, match="missing"):
        archive.verify(part)


def test_a_damaged_record_is_named(tmp_path: Path, archive: Archive) -> None:
    weekly(tmp_path, archive)
    path = sorted((archive.root / "deliveries" / "cordis").glob("2*.json"))[-1]
    path.write_text(path.read_text()[:40])
    with pytest.raises(DeliveryError, match="record is damaged"):
        archive.latest("cordis")
    assert archive.latest("cordis", NIGHT) is not None


@pytest.mark.parametrize("files", [{}, {"a.csv": Path("none.csv")}])
def test_nothing_to_import(archive: Archive, files: dict[str, Path]) -> None:
    with pytest.raises(DeliveryError, match=r"no file to import|file not found"):
        archive.import_at("cordis", files, received_at=NIGHT)


def test_moments_need_a_time_zone(tmp_path: Path, archive: Archive) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(ValueError, match="time zone"):
        archive.import_at("cordis", {"a.csv": tmp_path / "a.csv"}, received_at=datetime(2024, 5, 31))


def test_a_full_disk(archive: Archive, fetching: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.csv").write_text("x")
    monkeypatch.setattr("resources.blobs.os.fsync", full)
    with pytest.raises(TransportError, match=r"archive cannot be written \(No space left on device\)"):
        fetching("a.csv")
    assert not leftovers(archive)
    assert archive.latest("projects") is None


def test_leftovers_of_killed_processes_are_swept(archive: Archive) -> None:
    incoming = archive.root / "incoming"
    incoming.mkdir(parents=True)
    for name, age in (("old", 3 * 86_400), ("young", 3600)):
        (incoming / name).touch()
        moment = time.time() - age
        os.utime(incoming / name, (moment, moment))
    archive.blobs.sweep()
    assert [p.name for p in leftovers(archive)] == ["young"]


def fetch_often(folder: Path, barrier: object, outcomes: object) -> None:
    """Body of one of two processes: fetches the same changing content at the same moments."""
    archive = Archive(folder / "archive")
    source = Source(id="projects", table="project", format="csv", url="*.csv")
    barrier.wait()  # type: ignore[attr-defined]
    for step in range(8):
        source_now = source.model_copy(update={"url": f"{step % 3}.csv"})
        result = fetch(source_now, folder, archive, now=NIGHT + step * WEEK)
        outcomes.put((step, result.is_new, result.delivery.parts[0].path.read_bytes()))  # type: ignore[attr-defined]


def test_two_processes_at_once(tmp_path: Path) -> None:
    for name in range(3):
        (tmp_path / f"{name}.csv").write_bytes(bytes([65 + name]) * 300_000)
    context = multiprocessing.get_context("spawn")
    barrier, outcomes = context.Barrier(2), context.SimpleQueue()
    processes = [context.Process(target=fetch_often, args=(tmp_path, barrier, outcomes)) for _ in range(2)]
    for process in processes:
        process.start()
    seen = [outcomes.get() for _ in range(16)]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    archive = Archive(tmp_path / "archive")
    for step in range(8):
        assert sorted(is_new for s, is_new, _ in seen if s == step) == [False, True]
    assert all(content == bytes([65 + step % 3]) * 300_000 for step, _, content in seen)
    assert len(archive.history("projects")) == 8
    assert not leftovers(archive)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-31", datetime(2024, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2024-05-31T18:00", datetime(2024, 5, 31, 18, tzinfo=UTC)),
        ("2024-05-31T18:00:00+02:00", datetime(2024, 5, 31, 16, tzinfo=UTC)),
        ("2024-05-31 18:00:00Z", datetime(2024, 5, 31, 18, tzinfo=UTC)),
    ],
)
def test_as_of(text: str, moment: datetime) -> None:
    assert parse_as_of(text) == moment


@pytest.mark.parametrize("text", ["2024-02-30", "yesterday", "", "31.05.2024"])
def test_as_of_that_is_no_date(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a date"):
        parse_as_of(text)
