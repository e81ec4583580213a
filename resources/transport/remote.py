"""Object stores, SFTP and FTP through fsspec; what a protocol needs beyond it is installed on demand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import fsspec

from resources.blobs import CHUNK_BYTES, BlobStore, Limits
from resources.errors import ConfigurationError, DeliveryError, TransportError
from resources.transport.address import REMOTE_PACKAGES, Address, scheme_of, without_credentials
from resources.transport.base import MAGIC, Deadline, Received, TransportSettings

_LIBRARY_ERRORS = (
    ("ftplib", "Error"),
    ("paramiko", "SSHException"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
    ("smbprotocol.exceptions", "SMBException"),
)
"""Errors that are not OSErrors, by the module that is loaded when they can occur."""


def receive(address: Address, blobs: BlobStore, limits: Limits, settings: TransportSettings) -> list[Received]:
    """Copy every matching file into the archive, in order of their names.

    Args:
        address: an URL with one of the schemes of `REMOTE_PACKAGES`; its path may be a glob.
        blobs: where the bytes go.
        limits: limits; they hold for all files together.
        settings: patience.

    Raises:
        ConfigurationError: the package for the protocol is not installed.
        DeliveryError: nothing matches, or a file is empty, refused, too large or a web page.
        TransportError: unreachable, changed while being read, truncated or too slow.
    """
    deadline = Deadline(settings.deadline)
    received: list[Received] = []
    taken = 0
    with _explained(address, limits.where):
        filesystem, path = _open_filesystem(address, limits.where)
        for name, file in _matches(filesystem, path, limits.where):
            here = replace(limits, where=f"{limits.where}, {name}", taken=taken)
            size = filesystem.info(file)["size"]
            with blobs.writer(here) as writer, filesystem.open(file, "rb") as stream:
                if size is not None:
                    writer.announce(size)
                while chunk := stream.read(CHUNK_BYTES):
                    writer.write(chunk)
                    deadline.check(here.where)
                if size is not None and (writer.size != size or filesystem.info(file)["size"] != size):
                    raise TransportError(
                        f"{writer.size} bytes arrived of {size}; truncated, or changed while it was being read",
                        where=here.where,
                        action="try again later",
                    )
            taken += writer.size
            received.append(Received(name, writer.blob))
    return received


def _open_filesystem(address: Address, where: str) -> tuple[Any, str]:
    scheme = scheme_of(address.url) or ""
    url, user, password = without_credentials(address.url)
    options: dict[str, Any] = {"username": user, "password": password} if user is not None else {}
    try:
        # Cached listings would hide tonight's file, cached instances would keep credentials.
        filesystem, path = fsspec.core.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False, **options)
    except ImportError:
        raise ConfigurationError(
            f"{scheme}:// needs a package that is not installed",
            where=where,
            action=f"pip install '{REMOTE_PACKAGES[scheme]}'",
        ) from None
    return filesystem, str(path)


def _matches(filesystem: Any, path: str, where: str) -> list[tuple[str, str]]:
    if not MAGIC.search(path):
        return [(PurePosixPath(path).name, path)]
    parts = PurePosixPath(path).parts
    fixed = PurePosixPath(*parts[: next(i for i, part in enumerate(parts) if MAGIC.search(part))])
    files = [file for file, info in filesystem.glob(path, detail=True).items() if info["type"] == "file"]
    if not files:
        raise DeliveryError("no file matches", where=where, action="check the pattern")
    prefix = f"{fixed.as_posix().rstrip('/')}/"
    return sorted((file.removeprefix(prefix), file) for file in files)


@contextmanager
def _explained(address: Address, where: str) -> Iterator[None]:
    """Turn the libraries' errors, which may hold credentials, into ours."""
    try:
        yield
    except FileNotFoundError:
        raise DeliveryError("file not found", where=where, action="check the address with the publisher") from None
    except PermissionError as error:
        raise DeliveryError(
            f"access refused ({address.scrub(error)})", where=where, action="check the credentials"
        ) from None
    except _library_errors() as error:
        raise TransportError(
            f"cannot be reached ({type(error).__name__}: {address.scrub(error)})", where=where, action="try again later"
        ) from None


def _library_errors() -> tuple[type[Exception], ...]:
    loaded = ((sys.modules.get(module), name) for module, name in _LIBRARY_ERRORS)
    return (OSError, EOFError, *(getattr(module, name) for module, name in loaded if hasattr(module, name)))
