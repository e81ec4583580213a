"""The archive of deliveries: what each source delivered when, and which delivery was current at a moment.

Belongs here: delivery records and selection as of a moment. Does not belong here: how bytes arrive
(`resources.transport`), how they are kept (`resources.blobs`) or what they mean (`resources.readers`).

Layout::

    blobs/<2 hex>/<sha256>                               bytes as received, and members unpacked from them
    deliveries/<source>/<received_at>-<delivery>.json    one record for each delivery that differs from the one before
    deliveries/<source>/last_checked.json                when the source was last asked, and what was current then
    incoming/                                            bytes on their way; never read

Nothing but a finished file ever has its final name, so a killed process leaves the archive whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from resources.blobs import BlobStore, Limits, writable
from resources.contract import Strict, explain_validation
from resources.durable import fingerprint, replacing
from resources.errors import ConfigurationError, DeliveryError, TransportError
from resources.readers.base import Part

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_LOCK_SECONDS = 60
_NO_LIMIT = 2**63


class Container(Strict):
    """The zip archive a part was unpacked from; its bytes are kept too."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int


class PartRecord(Strict):
    """What a delivery's record says of one part; the validators are those of the file that was transferred."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int
    etag: str | None = None
    last_modified: str | None = None
    container: Container | None = None


class DeliveryRecord(Strict):
    """A delivery as recorded; `url` is masked, `member` is the pattern of the members unpacked."""

    source_id: str
    delivery_id: str
    received_at: datetime
    url: str
    member: str | None = None
    size: int
    parts: tuple[PartRecord, ...] = Field(min_length=1)


class LastChecked(Strict):
    """The last time a source was asked; its parts carry the newest validators of the delivery then current."""

    checked_at: datetime
    delivery_id: str
    url: str
    member: str | None = None
    parts: tuple[PartRecord, ...]


@dataclass(frozen=True)
class Delivery:
    """What one source delivered at one moment.

    Attributes:
        source_id: the source.
        delivery_id: SHA-256 over the names and hashes of the parts.
        received_at: when it was received (UTC).
        url: the address, secrets masked.
        size: bytes of all parts.
        parts: files in order of their names.
        record: the record as it is kept.
    """

    source_id: str
    delivery_id: str
    received_at: datetime
    url: str
    size: int
    parts: tuple[Part, ...]
    record: DeliveryRecord


class Archive:
    """Deliveries under one folder; safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blobs = BlobStore(root)

    def latest(self, source_id: str, as_of: datetime | None = None) -> Delivery | None:
        """The delivery that was current at a moment: the newest received by then; None if there was none.

        Raises:
            DeliveryError: its record is damaged.
        """
        names = self._record_names(source_id)
        if as_of is not None:
            stamp = _utc(as_of).strftime(_STAMP)
            names = [name for name in names if name.rpartition("-")[0] <= stamp]
        return self._delivery(self._read_record(source_id, names[-1])) if names else None

    def history(self, source_id: str) -> tuple[Delivery, ...]:
        """All deliveries of a source, oldest first.

        Raises:
            DeliveryError: a record is damaged.
        """
        return tuple(self._delivery(self._read_record(source_id, name)) for name in self._record_names(source_id))

    def last_checked(self, source_id: str) -> LastChecked | None:
        """When the source was last asked; None if never, or if the note is damaged (the next check renews it)."""
        try:
            return LastChecked.model_validate_json((self._folder(source_id) / "last_checked.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def verify(self, part: Part) -> None:
        """Read a part's bytes again and compare their hash.

        Raises:
            DeliveryError: missing, or changed since they were archived.
        """
        self.blobs.verify(part.sha256, where=part.name)

    def record(
        self,
        source_id: str,
        parts: tuple[PartRecord, ...],
        *,
        received_at: datetime,
        url: str,
        member: str | None = None,
    ) -> tuple[Delivery, bool]:
        """Record a delivery whose bytes are archived, unless it equals the one that was current at that moment.

        Args:
            source_id: the source.
            parts: at least one, names unique.
            received_at: moment of receipt, with time zone.
            url: the address, secrets masked.
            member: pattern of the members that were unpacked.

        Returns:
            The delivery current at `received_at`, and whether a record was written.

        Raises:
            DeliveryError: two parts have the same name.
            TransportError: the archive is locked or cannot be written.
        """
        received_at = _utc(received_at)
        parts = tuple(sorted(parts, key=lambda part: part.name))
        if len({part.name for part in parts}) != len(parts):
            raise DeliveryError("two parts have the same name", where=f"source {source_id}", action="narrow the glob")
        delivery_id = _delivery_id(parts)
        folder = self._folder(source_id)
        with self._locked(folder):
            current = self.latest(source_id, received_at)
            is_new = current is None or current.delivery_id != delivery_id
            if current is None or is_new:
                record = DeliveryRecord(
                    source_id=source_id,
                    delivery_id=delivery_id,
                    received_at=received_at,
                    url=url,
                    member=member,
                    size=sum(part.size for part in parts),
                    parts=parts,
                )
                self._write_json(folder / f"{received_at.strftime(_STAMP)}-{delivery_id[:12]}.json", record)
                current = self._delivery(record)
            before = self.last_checked(source_id)
            if before is None or before.checked_at <= received_at:
                checked = LastChecked(
                    checked_at=received_at, delivery_id=delivery_id, url=url, member=member, parts=parts
                )
                self._write_json(folder / "last_checked.json", checked)
        return current, is_new

    def import_at(
        self, source_id: str, files: Mapping[str, Path], *, received_at: datetime, url: str = "imported"
    ) -> Delivery:
        """Register files as a delivery of a given moment, to load what was collected before the house was built.

        Args:
            source_id: the source.
            files: part names and where their bytes are now; they are copied.
            received_at: moment of receipt, with time zone.
            url: where the files came from, for the record.

        Raises:
            DeliveryError: no file, or one that is missing or empty.
        """
        if not files:
            raise DeliveryError("no file to import", where=f"source {source_id}", action="name at least one")
        parts = []
        for name, path in files.items():
            limits = Limits(f"source {source_id} ({path})", max_bytes=_NO_LIMIT, refuse_html=False)
            blob = self.blobs.add_file(path, limits)
            parts.append(PartRecord(name=name, sha256=blob.sha256, size=blob.size))
        return self.record(source_id, tuple(parts), received_at=received_at, url=url)[0]

    def _folder(self, source_id: str) -> Path:
        return self.root / "deliveries" / source_id

    def _record_names(self, source_id: str) -> list[str]:
        return sorted(path.name for path in self._folder(source_id).glob("[0-9]*-*.json"))

    def _read_record(self, source_id: str, name: str) -> DeliveryRecord:
        path = self._folder(source_id) / name
        try:
            return DeliveryRecord.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise DeliveryError(
                f"the delivery's record is damaged ({explain_validation(error)})",
                where=str(path),
                action="restore it from a backup, or remove it to use the delivery before",
            ) from None

    def _delivery(self, record: DeliveryRecord) -> Delivery:
        return Delivery(
            source_id=record.source_id,
            delivery_id=record.delivery_id,
            received_at=record.received_at,
            url=record.url,
            size=record.size,
            parts=tuple(Part(p.name, self.blobs.path(p.sha256), p.sha256, p.size) for p in record.parts),
            record=record,
        )

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        lock = FileLock(folder / ".lock", timeout=_LOCK_SECONDS)
        with writable(str(folder)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock.acquire()
        except Timeout:
            raise TransportError(
                "another process holds the archive's lock", where=str(folder), action="try again later"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _write_json(self, path: Path, content: DeliveryRecord | LastChecked) -> None:
        with writable(str(path)), replacing(path, mode=0o600) as temporary:
            temporary.write_text(content.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")


def parse_as_of(text: str) -> datetime:
    """The moment an `--as-of` names: a date means its last microsecond, UTC; a time without zone is UTC.

    Raises:
        ConfigurationError: neither an ISO date nor an ISO date and time.
    """
    try:
        return datetime.combine(date.fromisoformat(text), time.max, tzinfo=UTC)
    except ValueError:
        # Not a date alone; it may still be a date and time.
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"'{text}' is not a date", where="as-of", action="write 2024-05-31 or 2024-05-31T18:00:00+02:00"
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment in the archive needs a time zone")
    return moment.astimezone(UTC)


def _delivery_id(parts: tuple[PartRecord, ...]) -> str:
    return fingerprint(sorted([part.name, part.sha256] for part in parts))
