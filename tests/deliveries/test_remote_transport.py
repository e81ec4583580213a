"""fsspec: the memory filesystem stands for an object store."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from resources.deliveries import Archive
from resources.errors import ConfigurationError, DeliveryError, TransportError
from tests.deliveries.loopback import NIGHT, Fetch, leftovers


@pytest.fixture
def store() -> Iterator[MemoryFileSystem]:
    """A bucket with two deliveries and a folder."""
    filesystem = fsspec.filesystem("memory")
    for name in ("b", "a"):
        filesystem.pipe(f"/bucket/2024/{name}.csv", f"id\n{name}\n".encode())
    filesystem.pipe("/bucket/2024/folder.csv/x.txt", b"x")
    yield filesystem
    filesystem.rm("/", recursive=True)


@pytest.mark.usefixtures("store")
def test_one_file(fetching: Fetch) -> None:
    delivery = fetching("memory://bucket/2024/a.csv").delivery
    assert [(p.name, p.path.read_bytes()) for p in delivery.parts] == [("a.csv", b"id\na\n")]
    assert delivery.url == "memory://bucket/2024/a.csv"


@pytest.mark.usefixtures("store")
def test_glob(fetching: Fetch) -> None:
    assert [p.name for p in fetching("memory://bucket/*/*.csv").delivery.parts] == ["2024/a.csv", "2024/b.csv"]


def test_changed_file_is_a_new_delivery(store: MemoryFileSystem, fetching: Fetch) -> None:
    fetching("memory://bucket/2024/a.csv")
    assert not fetching("memory://bucket/2024/a.csv", now=NIGHT + timedelta(days=1)).is_new
    store.pipe("/bucket/2024/a.csv", b"id\nnew\n")
    assert fetching("memory://bucket/2024/a.csv", now=NIGHT + timedelta(days=2)).is_new


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("memory://bucket/none.csv", "file not found"),
        ("memory://bucket/*.xml", "no file matches"),
        ("memory://bucket/empty.csv", "empty file"),
        ("memory://bucket/page.csv", "HTML page"),
        ("memory://bucket/2024/*.csv", r"b\.csv: larger than the limit of 9 bytes"),
    ],
)
def test_what_cannot_be_a_delivery(
    store: MemoryFileSystem, fetching: Fetch, archive: Archive, url: str, says: str
) -> None:
    store.pipe("/bucket/empty.csv", b"")
    store.pipe("/bucket/page.csv", b"<html>")
    with pytest.raises(DeliveryError, match=says):
        fetching(url, max_bytes=9)
    assert not leftovers(archive)


@pytest.mark.usefixtures("store")
def test_truncation(fetching: Fetch, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryFileSystem, "_open", lambda self, path, **options: io.BytesIO(b"id"))
    with pytest.raises(TransportError, match=r"a\.csv: 2 bytes arrived of 5"):
        fetching("memory://bucket/2024/a.csv")
    assert archive.latest("projects") is None


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("error", "becomes", "says"),
    [
        (PermissionError("key geheim refused"), DeliveryError, r"access refused \(key \*\*\* refused\)"),
        (ConnectionResetError("by geheim"), TransportError, r"ConnectionResetError: by \*\*\*"),
        (EOFError(), TransportError, "EOFError"),
    ],
)
def test_errors_of_the_library(
    fetching: Fetch, monkeypatch: pytest.MonkeyPatch, error: Exception, becomes: type[Exception], says: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(MemoryFileSystem, "_open", fail)
    with pytest.raises(becomes, match=says):
        fetching("memory://clerk:${STORE_PASSWORD}@bucket/2024/a.csv", environ={"STORE_PASSWORD": "geheim"})


@pytest.mark.parametrize(
    ("scheme", "package"),
    [("s3", "coopgva[s3]"), ("sftp", "coopgva[sftp]"), ("gs", "gcsfs"), ("abfs", "adlfs"), ("smb", "smbprotocol")],
)
def test_missing_package_is_named(fetching: Fetch, scheme: str, package: str) -> None:
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError:
        with pytest.raises(ConfigurationError, match=rf"{scheme}:// needs a.*pip install '{re.escape(package)}'"):
            fetching(f"{scheme}://clerk:geheim@host/a.csv")
    else:
        pytest.skip(f"the package for {scheme}:// is installed")
