"""Files on this machine or a mounted share: one path or a glob, relative to the folder of `sources.yaml`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from resources.blobs import BlobStore, Limits
from resources.errors import DeliveryError
from resources.transport.address import Address
from resources.transport.base import MAGIC, Received


def receive(address: Address, base: Path, blobs: BlobStore, limits: Limits) -> list[Received]:
    """Copy every matching file into the archive, in order of their names.

    Args:
        address: a path, a glob (`**` crosses folders) or a `file://` URL.
        base: folder that relative paths start from.
        blobs: where the bytes go.
        limits: limits; they hold for all files together.

    Returns:
        One entry per file, named by its path below the part of the glob that is fixed.

    Raises:
        DeliveryError: nothing matches, or a file is empty, unreadable, too large or a web page.
        TransportError: a file changed while it was being read.
    """
    path = address.url
    if path.lower().startswith("file://"):
        path = unquote(urlsplit(path).path)
    received: list[Received] = []
    taken = 0
    for name, file in _matches(base, path, limits.where):
        where = limits.where if name == file.name == Path(path).name else f"{limits.where}, {name}"
        blob = blobs.add_file(file, replace(limits, where=where, taken=taken))
        taken += blob.size
        received.append(Received(name, blob))
    return received


def _matches(base: Path, path: str, where: str) -> list[tuple[str, Path]]:
    literal = base / path
    if literal.exists() or not MAGIC.search(path):
        return [(literal.name, literal)]
    parts = PurePath(path).parts
    magic = next(index for index, part in enumerate(parts) if MAGIC.search(part))
    folder = base.joinpath(*parts[:magic])
    pattern = str(PurePath(*parts[magic:]))
    found = [
        (file.relative_to(folder).as_posix(), file)
        for file in folder.glob(pattern)
        if file.is_file() and not _is_hidden(file.relative_to(folder))
    ]
    if not found:
        raise DeliveryError("no file matches", where=where, action=f"check the pattern and the folder {folder}")
    return sorted(found)


def _is_hidden(path: PurePath) -> bool:
    """Whether a file is one of those that programs keep beside the data: hidden, or the lock of an office program."""
    return any(part.startswith((".", "~$")) for part in path.parts)
