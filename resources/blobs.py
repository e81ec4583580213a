"""Bytes kept by their content: one file per SHA-256, written whole or not at all.

Belongs here: streaming to disk while hashing, size limit, refusal of empty files and web pages, verification. Does not
belong here: what a delivery is (`resources.deliveries`) or how bytes arrive (`resources.transport`).
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from resources.durable import file_sha256, sync_folder
from resources.errors import DeliveryError, TransportError

CHUNK_BYTES = 1024**2
_SNIFFED_BYTES = 1024
_ABANDONED_SECONDS = 2 * 86_400


@dataclass(frozen=True)
class Blob:
    """Archived bytes: their hash and their number."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Limits:
    """What is allowed in, and what an error names as its place.

    Attributes:
        where: the source and its address, without secrets.
        max_bytes: size limit in bytes.
        refuse_html: whether a web page is an error.
        taken: bytes of the same delivery that are already in and count towards the limit.
    """

    where: str
    max_bytes: int
    refuse_html: bool = True
    taken: int = 0


class BlobWriter:
    """Takes the bytes of one file: hashes, counts, and refuses what cannot be data."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._hash = hashlib.sha256()
        self._head = b""
        self.size = 0

    def announce(self, size: int) -> None:
        """Refuse a size the other side has announced, before it is transferred.

        Raises:
            DeliveryError: above the limit.
        """
        if self._limits.taken + size > self._limits.max_bytes:
            raise DeliveryError(
                f"larger than the limit of {self._limits.max_bytes} bytes",
                where=self._limits.where,
                action="check the file, then raise max_bytes of the source",
            )

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            DeliveryError: the size limit is passed, or the bytes are a web page.
            TransportError: the archive's disk does not take them.
        """
        self.announce(self.size + len(data))
        if len(self._head) < _SNIFFED_BYTES:
            self._head += data[: _SNIFFED_BYTES - len(self._head)]
            if len(self._head) == _SNIFFED_BYTES:
                self._check_head()
        self._hash.update(data)
        self.size += len(data)
        with writable(self._limits.where):
            self._stream.write(data)

    @property
    def blob(self) -> Blob:
        """Hash and size of what has been written."""
        return Blob(self._hash.hexdigest(), self.size)

    def finish(self) -> None:
        """Check what can only be known at the end.

        Raises:
            DeliveryError: nothing was written, or the bytes are a web page.
        """
        if self.size == 0:
            raise DeliveryError(
                "empty file (0 bytes)", where=self._limits.where, action="ask the publisher for the file"
            )
        self._check_head()

    def _check_head(self) -> None:
        if self._limits.refuse_html and looks_like_html(self._head):
            raise html_instead_of_data(self._limits.where)


class BlobStore:
    """Files named by the SHA-256 of their bytes, below one folder; safe for several processes at once.

    Readable by the account that runs the house alone: deliveries identify firms.
    """

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._incoming = root / "incoming"

    def path(self, sha256: str) -> Path:
        """Where the bytes with this hash are."""
        return self._blobs / sha256[:2] / sha256

    def holds(self, sha256: str, size: int) -> bool:
        """Whether a file with this name and length is there; `verify` reads it."""
        path = self.path(sha256)
        return path.is_file() and path.stat().st_size == size

    @contextmanager
    def writer(self, limits: Limits) -> Iterator[BlobWriter]:
        """Take in one file; if the block ends well its bytes are archived under `writer.blob`, else they are gone.

        Raises:
            DeliveryError: too large, empty or a web page.
            TransportError: the archive cannot be written.
        """
        with writable(limits.where):
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self._incoming)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                writer = BlobWriter(stream, limits)
                yield writer
                writer.finish()
                with writable(limits.where):
                    stream.flush()
                    os.fsync(descriptor)
            final = self.path(writer.blob.sha256)
            with writable(limits.where):
                final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Replacing equal bytes is cheap and mends a blob that was damaged.
                temporary.replace(final)
                sync_folder(final.parent)
        finally:
            temporary.unlink(missing_ok=True)

    def add_file(self, path: Path, limits: Limits) -> Blob:
        """Copy a local file in.

        Raises:
            DeliveryError: missing, not a plain file, not readable, empty, too large or a web page.
            TransportError: it changed while it was being read, or the disk failed.
        """
        try:
            # Asked before opening, as opening a pipe waits for its writer.
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                what = "a folder, not a file" if stat.S_ISDIR(mode) else "not a plain file"
                raise DeliveryError(what, where=limits.where, action="name a file or a glob")
            with path.open("rb") as stream:
                before = os.fstat(stream.fileno())
                with self.writer(limits) as writer:
                    writer.announce(before.st_size)
                    while chunk := stream.read(CHUNK_BYTES):
                        writer.write(chunk)
                    after, named = os.fstat(stream.fileno()), path.stat()
                    states = {(s.st_ino, s.st_size, s.st_mtime_ns) for s in (before, after, named)}
                    if len(states) > 1 or writer.size != before.st_size:
                        raise TransportError(
                            "the file changed while it was being read",
                            where=limits.where,
                            action="try again when it is complete; deliver under another name and rename at the end",
                        )
        except FileNotFoundError:
            raise DeliveryError("file not found", where=limits.where, action="check the path") from None
        except PermissionError:
            raise DeliveryError("not readable", where=limits.where, action="check the file's permissions") from None
        except OSError as error:
            raise TransportError(
                f"cannot be read ({error.strerror or error})", where=limits.where, action="try again"
            ) from None
        return writer.blob

    def verify(self, sha256: str, *, where: str) -> None:
        """Read bytes again and compare their hash.

        Raises:
            DeliveryError: missing, or changed since they were archived.
        """
        path = self.path(sha256)
        try:
            found = file_sha256(path)
        except FileNotFoundError:
            raise DeliveryError(
                f"the archived bytes are missing ({path})", where=where, action="restore the archive from a backup"
            ) from None
        if found != sha256:
            raise DeliveryError(
                f"the archived bytes have changed: their SHA-256 is {found[:12]}, not {sha256[:12]} ({path})",
                where=where,
                action="restore the archive from a backup, or fetch the source again",
            )

    def sweep(self) -> None:
        """Remove what killed processes left on its way more than two days ago."""
        limit = time.time() - _ABANDONED_SECONDS
        for path in self._incoming.glob("*"):
            try:
                if path.stat().st_mtime < limit:
                    path.unlink()
            except FileNotFoundError:
                # Its own process has just finished with it.
                continue


def looks_like_html(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a web page."""
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n").lower()
    while text.startswith(("<?xml", "<!--")):
        _, closed, text = text.partition("?>" if text.startswith("<?xml") else "-->")
        text = text.lstrip() if closed else ""
    return text.startswith(("<!doctype html", "<html"))


def html_instead_of_data(where: str) -> DeliveryError:
    """The error for a web page where data were expected."""
    return DeliveryError(
        "HTML page instead of data",
        where=where,
        action="open the address in a browser; the file may have moved or need a login",
    )


@contextmanager
def writable(where: str) -> Iterator[None]:
    """Explain a disk that fails, is full or belongs to somebody else.

    Raises:
        TransportError: for any OSError in the block.
    """
    try:
        yield
    except OSError as error:
        raise TransportError(
            f"the archive cannot be written ({error.strerror or error})",
            where=where,
            action="check space and permissions",
        ) from None
