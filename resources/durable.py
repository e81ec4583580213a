"""Files that exist whole or not at all: write to a temporary name, fsync, rename."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from resources.errors import ConfigurationError

CHUNK = 1 << 20


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; on success fsync it and rename it to `path`.

    Readable by the owner only unless `mode` says otherwise: nearly everything here speaks of single firms.

    A process that dies inside leaves `path` as it was; the leftover `.tmp` file is never read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Yield a new folder (mode 0700) on the file system of `target`, so that it can take its name by renaming.

    What has not been renamed by the end is removed.

    Raises:
        ConfigurationError: the place cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    except OSError as error:
        raise ConfigurationError(
            f"cannot write there ({error.strerror or error})", where=str(target), action="choose another --out"
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, document: Any) -> None:
    """Write a JSON document atomically, keys sorted, so that equal content is equal bytes."""
    with replacing(path) as temporary:
        temporary.write_text(canonical_json(document) + "\n", encoding="utf-8")


def canonical_json(document: Any) -> str:
    """JSON text with sorted keys and two-space indent."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, indent=2)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def fingerprint(document: Any) -> str:
    """SHA-256 of a JSON-able document, independent of key order."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
