"""Members of zip archives, honest and hostile."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from resources.deliveries import Archive
from resources.errors import DeliveryError
from resources.transport.base import TransportSettings
from tests.deliveries.loopback import NIGHT, Fetch, Publisher, leftovers


def packed(members: dict[str, bytes], *, stored: bool = False) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 31, 2, 0, 0)), content, method)
    return buffer.getvalue()


@pytest.fixture
def cordis(tmp_path: Path) -> Path:
    """An archive as CORDIS publishes it."""
    path = tmp_path / "cordis.zip"
    path.write_bytes(packed({"csv/organization.csv": b"id;name\n", "csv/project.csv": b"id\n", "csv/": b""}))
    return path


def test_members_and_archive_are_both_kept(cordis: Path, fetching: Fetch, archive: Archive) -> None:
    delivery = fetching("cordis.zip", member="organization.csv").delivery
    (part,) = delivery.parts
    assert (part.name, part.path.read_bytes()) == ("csv/organization.csv", b"id;name\n")
    container = delivery.record.parts[0].container
    assert container is not None
    assert container.name == "cordis.zip"
    assert archive.blobs.path(container.sha256).read_bytes() == cordis.read_bytes()


def test_without_member_the_archive_is_the_part(cordis: Path, fetching: Fetch) -> None:
    (part,) = fetching("cordis.zip").delivery.parts
    assert (part.name, part.path.read_bytes()) == ("cordis.zip", cordis.read_bytes())


def test_pattern_may_match_several(cordis: Path, fetching: Fetch) -> None:
    assert [p.name for p in fetching("cordis.zip", member="csv/*.csv").delivery.parts] == [
        "csv/organization.csv",
        "csv/project.csv",
    ]


def test_several_archives(cordis: Path, tmp_path: Path, fetching: Fetch) -> None:
    (tmp_path / "horizon.zip").write_bytes(packed({"organization.csv": b"id\n"}))
    assert [p.name for p in fetching("*.zip", member="organization.csv").delivery.parts] == [
        "cordis.zip/csv/organization.csv",
        "horizon.zip/organization.csv",
    ]


def test_packed_anew_with_equal_content_is_no_new_delivery(cordis: Path, fetching: Fetch) -> None:
    fetching("cordis.zip", member="organization.csv")
    cordis.write_bytes(packed({"csv/organization.csv": b"id;name\n"}, stored=True))
    assert not fetching("cordis.zip", member="organization.csv", now=NIGHT.replace(year=2025)).is_new


def test_over_http_an_unchanged_archive_is_not_transferred(publisher: Publisher, fetching: Fetch) -> None:
    content = packed({"a.csv": b"id\n", "b.csv": b"x\n"})
    publisher.answers["/c.zip"] = lambda e: (
        e.reply(304) if e.headers.get("If-None-Match") else e.reply(200, content, ETag='"1"')
    )
    url = publisher.url("/c.zip")
    assert fetching(url, member="a.csv").is_new
    assert not fetching(url, member="a.csv", now=NIGHT.replace(year=2025)).is_new
    assert fetching(url, member="b.csv", now=NIGHT.replace(year=2026)).is_new
    assert ["If-None-Match" in headers for _, headers in publisher.requests] == [False, True, False]


def test_no_such_member_lists_what_is_there(cordis: Path, fetching: Fetch) -> None:
    with pytest.raises(
        DeliveryError, match=r"cordis\.zip: no member matches 'org\.csv'; there are: csv/organization\.csv, csv/pro"
    ):
        fetching("cordis.zip", member="org.csv")


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "C:/evil.csv", "c:evil.csv", "a\\evil.csv"]
)
def test_names_that_point_outside(tmp_path: Path, fetching: Fetch, archive: Archive, name: str) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"good.csv": b"id\n", name: b"x\n"}))
    with pytest.raises(DeliveryError, match=r"member '.*evil\.csv' points outside"):
        fetching("a.zip", member="good.csv")
    assert archive.latest("projects") is None


@pytest.mark.parametrize("kept", [10, 40, 100, -1, -30])
def test_truncated_archive(cordis: Path, fetching: Fetch, archive: Archive, kept: int) -> None:
    cordis.write_bytes(cordis.read_bytes()[:kept])
    with pytest.raises(DeliveryError, match=r"cordis\.zip: not a whole zip archive"):
        fetching("cordis.zip", member="organization.csv")
    assert archive.latest("projects") is None


def test_damaged_member(tmp_path: Path, fetching: Fetch, archive: Archive) -> None:
    content = bytearray(packed({"a.csv": b"id;name\n" * 50}, stored=True))
    content[60] ^= 1
    (tmp_path / "a.zip").write_bytes(bytes(content))
    with pytest.raises(DeliveryError, match=r"member a\.csv: damaged or truncated \(Bad CRC-32"):
        fetching("a.zip", member="a.csv")
    assert not leftovers(archive)


def test_encrypted_member(tmp_path: Path, fetching: Fetch) -> None:
    content = bytearray(packed({"a.csv": b"id\n"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(bytes(content))
    with pytest.raises(DeliveryError, match=r"member a\.csv: encrypted"):
        fetching("a.zip", member="a.csv")


def test_unknown_compression(tmp_path: Path, fetching: Fetch) -> None:
    content = bytearray(packed({"a.csv": b"id\n"}))
    content[8] = 9
    content[content.index(b"PK\x01\x02") + 10] = 9
    (tmp_path / "a.zip").write_bytes(bytes(content))
    with pytest.raises(DeliveryError, match=r"cannot be read .*usual compression"):
        fetching("a.zip", member="a.csv")


def test_bomb_by_ratio(tmp_path: Path, fetching: Fetch, impatient: TransportSettings) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"a.csv": b"0" * 2_000_000}))
    strict = replace(impatient, zip_ratio_from=1_000_000)
    with pytest.raises(DeliveryError, match=r"unpacks \d+ bytes to 2000000, more than 200 times.*zip bomb"):
        fetching("a.zip", member="a.csv", settings=strict)
    assert fetching("a.zip", member="a.csv").delivery.size == 2_000_000


def test_bomb_by_default_limits(tmp_path: Path, fetching: Fetch) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"a.csv": b"0" * (51 * 1024**2)}))
    with pytest.raises(DeliveryError, match="zip bomb"):
        fetching("a.zip", member="a.csv")


def test_bomb_of_many_members(tmp_path: Path, fetching: Fetch) -> None:
    members = {f"{n}.csv": hashlib.sha256(bytes([n])).digest() * 40 for n in range(10)}  # 1280 bytes each
    (tmp_path / "a.zip").write_bytes(packed(members))
    with pytest.raises(DeliveryError, match=r"member 7\.csv: larger than the limit of 10000 bytes"):
        fetching("a.zip", member="*.csv", max_bytes=10_000)


def test_bomb_that_lies_about_its_size(tmp_path: Path, fetching: Fetch, archive: Archive) -> None:
    content = bytearray(packed({"a.csv": b"0" * 100_000}))
    for header, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(header) + offset
        content[at : at + 4] = (1000).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(bytes(content))
    with pytest.raises(DeliveryError, match=r"damaged or truncated"):
        fetching("a.zip", member="a.csv", max_bytes=10_000)
    assert not leftovers(archive)


def test_too_many_members(tmp_path: Path, fetching: Fetch, impatient: TransportSettings) -> None:
    (tmp_path / "a.zip").write_bytes(packed({f"{n}.csv": b"x" for n in range(11)}))
    with pytest.raises(DeliveryError, match="11 members, more than the limit of 10"):
        fetching("a.zip", member="1.csv", settings=replace(impatient, zip_members=10))


def test_page_inside_an_archive(tmp_path: Path, fetching: Fetch) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"a.csv": b"<html>"}))
    with pytest.raises(DeliveryError, match=r"member a\.csv: HTML page"):
        fetching("a.zip", member="a.csv")
