"""Members of zip archives: unpacked into blobs of their own, within limits that stop bombs.

Names of members never become paths: bytes are kept by their hash. Names that point outside are refused all the same,
as no honest archive has them.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath, PureWindowsPath

from resources.blobs import CHUNK_BYTES, Blob, BlobStore, Limits
from resources.deliveries import Container, PartRecord
from resources.errors import DeliveryError
from resources.transport.base import Received, TransportSettings

_ENCRYPTED = 0x1
_NAMES_SHOWN = 10


def unpack(
    containers: Sequence[Received], pattern: str, blobs: BlobStore, limits: Limits, settings: TransportSettings
) -> list[PartRecord]:
    """Archive the members that match a pattern.

    Args:
        containers: zip archives that have arrived.
        pattern: fnmatch pattern, compared with a member's whole name and with its last part.
        blobs: where the archives are and the members go.
        limits: limits; `max_bytes` holds for all unpacked members together.
        settings: limits on number of members and compression ratio.

    Returns:
        One part per member, named as in the archive (`archive/member` if there are several archives).

    Raises:
        DeliveryError: not a zip archive or a truncated one, a name that points outside, an encrypted member, a bomb,
            or no member that matches.
    """
    parts: list[PartRecord] = []
    taken = 0
    for container in containers:
        where = f"{limits.where}, {container.name}"
        try:
            with zipfile.ZipFile(blobs.path(container.blob.sha256)) as archive:
                for member in _selected(archive, pattern, where, settings):
                    here = replace(limits, where=f"{where}, member {member.filename}", taken=taken)
                    blob = _unpack_one(archive, member, blobs, here, settings)
                    taken += blob.size
                    name = member.filename if len(containers) == 1 else f"{container.name}/{member.filename}"
                    parts.append(
                        PartRecord(
                            name=name,
                            sha256=blob.sha256,
                            size=blob.size,
                            etag=container.etag,
                            last_modified=container.last_modified,
                            container=Container(
                                name=container.name, sha256=container.blob.sha256, size=container.blob.size
                            ),
                        )
                    )
        except zipfile.BadZipFile as error:
            raise DeliveryError(
                f"not a whole zip archive ({error})", where=where, action="fetch it again or ask the publisher"
            ) from None
    return parts


def _selected(archive: zipfile.ZipFile, pattern: str, where: str, settings: TransportSettings) -> list[zipfile.ZipInfo]:
    """The members that match, in order of their names, after the whole directory has been checked."""
    members = archive.infolist()
    if len(members) > settings.zip_members:
        raise DeliveryError(
            f"{len(members)} members, more than the limit of {settings.zip_members}",
            where=where,
            action="ask the publisher for a smaller archive",
        )
    for member in members:
        if _points_outside(member.orig_filename):
            raise DeliveryError(
                f"member {member.orig_filename!r} points outside the archive",
                where=where,
                action="do not use this file; tell the publisher",
            )
    files = [member for member in members if not member.is_dir()]
    chosen = [
        member
        for member in files
        if fnmatchcase(member.filename, pattern) or fnmatchcase(PurePosixPath(member.filename).name, pattern)
    ]
    if not chosen:
        names = sorted(member.filename for member in files)
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        raise DeliveryError(
            f"no member matches '{pattern}'; there are: {', '.join(names[:_NAMES_SHOWN]) or 'none'}{more}",
            where=where,
            action="correct member",
        )
    return sorted(chosen, key=lambda member: member.filename)


def _points_outside(name: str) -> bool:
    return (
        "\\" in name
        or "\0" in name
        or name.startswith("/")
        or bool(PureWindowsPath(name).drive)
        or ".." in PurePosixPath(name).parts
    )


def _unpack_one(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, blobs: BlobStore, limits: Limits, settings: TransportSettings
) -> Blob:
    if member.flag_bits & _ENCRYPTED:
        raise DeliveryError("encrypted", where=limits.where, action="ask the publisher for an open file")
    ratio = member.file_size / max(1, member.compress_size)
    if member.file_size > settings.zip_ratio_from and ratio > settings.zip_ratio:
        raise DeliveryError(
            f"unpacks {member.compress_size} bytes to {member.file_size}, more than {settings.zip_ratio:g} times",
            where=limits.where,
            action="do not use this file; it looks like a zip bomb",
        )
    try:
        # Reading ends at the announced size and compares the CRC, so a false announcement is found out.
        with blobs.writer(limits) as writer, archive.open(member) as stream:
            writer.announce(member.file_size)
            while chunk := stream.read(CHUNK_BYTES):
                writer.write(chunk)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise DeliveryError(
            f"damaged or truncated ({error})", where=limits.where, action="fetch it again or ask the publisher"
        ) from None
    except NotImplementedError as error:
        raise DeliveryError(
            f"packed in a way that cannot be read ({error})",
            where=limits.where,
            action="ask the publisher for the usual compression (deflate)",
        ) from None
    return writer.blob
