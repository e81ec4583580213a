"""Fetching: from a source's configuration to a recorded delivery, whatever the transport."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resources.blobs import Limits
from resources.deliveries import Archive, Delivery, DeliveryRecord, LastChecked, PartRecord
from resources.sources import Source
from resources.transport import archive_member, database, http, local, remote
from resources.transport.address import Address, expand
from resources.transport.base import Received, TransportSettings

_HTML_FORMATS = ("html",)


@dataclass(frozen=True)
class FetchResult:
    """What came of asking a source.

    Attributes:
        delivery: what is current now.
        is_new: whether it differs from what was current before.
    """

    delivery: Delivery
    is_new: bool


def fetch(
    source: Source,
    base: Path,
    archive: Archive,
    *,
    now: datetime,
    settings: TransportSettings | None = None,
    environ: Mapping[str, str] | None = None,
) -> FetchResult:
    """Ask a source, archive what it has and record it if it is new.

    Collected older files can be loaded with their date of receipt as `now`.

    Args:
        source: the configuration.
        base: folder that relative paths start from (that of `sources.yaml`).
        archive: where bytes and records go.
        now: moment of receipt, with time zone.
        settings: patience and limits; None for the defaults.
        environ: values of `${NAME}` in the address; None for the process's environment.

    Raises:
        ConfigurationError: a variable is not set, a package is missing, the address is malformed.
        DeliveryError: what came is missing, empty, too large, a web page, a bomb, not what was asked for.
        TransportError: the source cannot be reached or was cut off; retrying may help.
    """
    settings = settings or TransportSettings()
    address = expand(source.url, os.environ if environ is None else environ, where=f"source {source.id}")
    limits = Limits(
        where=f"source {source.id} ({address.shown})",
        max_bytes=source.max_bytes,
        refuse_html=source.format not in _HTML_FORMATS,
    )
    archive.blobs.sweep()
    parts: tuple[PartRecord, ...]
    if address.kind == "http":
        known = _known(source, address, archive, now)
        answer = http.receive(
            address,
            archive.blobs,
            limits,
            settings,
            name=source.id,
            validators=http.Validators(known[0].etag, known[0].last_modified) if known else None,
        )
        parts = known if answer is None else _parts(source, [answer], archive, limits, settings)
    else:
        parts = _parts(source, _receive(source, address, base, archive, limits, settings), archive, limits, settings)
    delivery, is_new = archive.record(source.id, parts, received_at=now, url=address.shown, member=source.member)
    return FetchResult(delivery, is_new)


def _receive(
    source: Source, address: Address, base: Path, archive: Archive, limits: Limits, settings: TransportSettings
) -> list[Received]:
    if address.kind == "database":
        name = f"{source.id}.csv"
        query = source.query or ""
        return [database.receive(address, query, base, archive.blobs, limits, settings, name=name)]
    if address.kind == "remote":
        return remote.receive(address, archive.blobs, limits, settings)
    return local.receive(address, base, archive.blobs, limits)


def _parts(
    source: Source, received: list[Received], archive: Archive, limits: Limits, settings: TransportSettings
) -> tuple[PartRecord, ...]:
    if source.member is not None:
        return tuple(archive_member.unpack(received, source.member, archive.blobs, limits, settings))
    return tuple(
        PartRecord(
            name=file.name,
            sha256=file.blob.sha256,
            size=file.blob.size,
            etag=file.etag,
            last_modified=file.last_modified,
        )
        for file in received
    )


def _known(source: Source, address: Address, archive: Archive, now: datetime) -> tuple[PartRecord, ...]:
    """The parts a server may answer "not modified" to; none if the question or the archive is not the same."""
    delivery = archive.latest(source.id, now)
    candidates: tuple[LastChecked | DeliveryRecord | None, ...] = (
        archive.last_checked(source.id),
        delivery.record if delivery else None,
    )
    for known in candidates:
        if known is None or (known.url, known.member) != (address.shown, source.member):
            continue
        if delivery and known.delivery_id != delivery.delivery_id:
            continue
        if all(archive.blobs.holds(part.sha256, part.size) for part in known.parts):
            return known.parts
    return ()
