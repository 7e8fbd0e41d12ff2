"""The directory of who takes part, as a reader sees it.

DirectoryError
├── DirectorySignatureError   not signed by a key we trust
├── DirectoryInvalidError     signed, but not a directory
└── DirectoryOlderError       older than the one we have
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

import protovalidate
import structlog
from google.protobuf.message import DecodeError

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    Certificate,
    DeliveryPoint,
    Directory,
    School,
    SignedDirectory,
    Swv,
    System,
)
from oso.result.v1.result_code_pb2 import RESULT_CODE_DIRECTORY_EXPIRED
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError
from oso_rpc.signing import verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from oso_rpc.clock import Clock

DOMAIN = "oso.directory.v1"
MAX_AGE = timedelta(hours=24)
# A directory from the future would never be too old; clocks may differ as much as CLOCK_SKEW says.
_CLOCK_SKEW = timedelta(minutes=10)

_log = structlog.get_logger(__name__)


class DirectoryError(Exception):
    """Base of errors about a directory."""

    text_nl = "het deelnemersregister deugt niet"
    text_en = "the directory is no good"

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return self.text_nl if language == "nl" else self.text_en

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


class DirectorySignatureError(DirectoryError):
    """The directory is not signed by a key we trust: tampered with, or somebody else's."""

    text_nl = "niet ondertekend met een sleutel die wij vertrouwen: veranderd, of van een ander"
    text_en = "not signed with a key we trust: tampered with, or somebody else's"


class DirectoryInvalidError(DirectoryError):
    """The bytes are no directory."""

    text_nl = "dit is geen deelnemersregister"
    text_en = "this is no directory"


class DirectoryOlderError(DirectoryError):
    """The directory is older than the one we have.

    Attributes:
        found: Version of the one that was offered.
        have: Version of the one in use.

    """

    text_nl = "versie {found} is ouder dan versie {have}, die al in gebruik is"
    text_en = "version {found} is older than version {have}, which is in use already"

    def __init__(self, found: int, have: int) -> None:
        """Record both versions."""
        super().__init__(found, have)
        self.found = found
        self.have = have

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return super().text(language).format(found=self.found, have=self.have)


class DirectoryView:
    """A directory with its indexes. Never changes.

    Attributes:
        version: Its version.
        issue_time: When OfficeHeart signed it, UTC.
        accepted_dossier_years: Years that may travel now.
        delivery_points: All delivery points, by routing key.
        traffic_center_keys: Public keys of Traffic Centers, by key id.

    """

    def __init__(self, directory: Directory) -> None:
        """Index a directory."""
        self.version = directory.version
        self.issue_time = moment(directory.issue_time)
        self.accepted_dossier_years = tuple(directory.accepted_dossier_years)
        self.delivery_points = tuple(
            sorted(
                (*directory.delivery_points, *directory.swv_delivery_points),
                key=lambda point: point.routing_key,
            )
        )
        self.traffic_center_keys: Mapping[str, bytes] = {
            key.key_id: key.public_key for key in directory.traffic_center_keys
        }
        self._schools = {school.brin: school for school in directory.schools}
        self._swvs = {swv.code: swv for swv in directory.swvs}
        self._systems = {system.system_id: system for system in directory.systems}
        self._points = {point.routing_key: point for point in self.delivery_points}
        self._certificates = {
            certificate.sha256: (system, certificate)
            for system in directory.systems
            for certificate in system.certificates
        }
        self._points_of: dict[str, list[DeliveryPoint]] = defaultdict(list)
        self._points_by: dict[str, list[DeliveryPoint]] = defaultdict(list)
        for point in self.delivery_points:
            self._points_of[point.brin or point.swv].append(point)
            self._points_by[point.system_id].append(point)

    def school(self, brin: str) -> School | None:
        """Find a school by its BRIN."""
        return self._schools.get(brin)

    def swv(self, code: str) -> Swv | None:
        """Find an SWV by its code."""
        return self._swvs.get(code)

    def delivery_point(self, routing_key: str) -> DeliveryPoint | None:
        """Find a delivery point by its routing key."""
        return self._points.get(routing_key)

    def delivery_points_of(self, party: str) -> tuple[DeliveryPoint, ...]:
        """Find the delivery points of a school (BRIN) or SWV (code), by routing key."""
        return tuple(self._points_of.get(party, ()))

    def delivery_points_by(self, system_id: str) -> tuple[DeliveryPoint, ...]:
        """Find the delivery points a system speaks for, by routing key."""
        return tuple(self._points_by.get(system_id, ()))

    def certificate(self, sha256: bytes) -> tuple[System, Certificate] | None:
        """Find a certificate, with the system it belongs to, by thumbprint."""
        return self._certificates.get(sha256)

    def active_thumbprints(self, system_id: str) -> tuple[bytes, ...]:
        """Give the thumbprints of a system's certificates that are not taken back."""
        system = self._systems.get(system_id)
        return tuple(
            certificate.sha256
            for certificate in (system.certificates if system else ())
            if certificate.status == CERTIFICATE_STATUS_ACTIVE
        )

    def is_auditor(self, system_id: str) -> bool:
        """Tell whether a system may read the evidence of all sessions."""
        system = self._systems.get(system_id)
        return system is not None and system.auditor

    def may_act_for(self, system_id: str, routing_key: str) -> bool:
        """Tell whether a system speaks for a delivery point."""
        point = self._points.get(routing_key)
        return point is not None and point.system_id == system_id


def open_directory(signed: bytes, trusted_keys: Mapping[str, bytes]) -> DirectoryView:
    """Open a serialized SignedDirectory.

    Raises:
        DirectorySignatureError: No key we trust signed it.
        DirectoryInvalidError: It is no directory.

    """
    try:
        envelope = SignedDirectory.FromString(signed)
    except DecodeError:
        raise DirectoryInvalidError from None
    if not verify(trusted_keys, envelope.key_id, DOMAIN, envelope.directory, envelope.signature):
        raise DirectorySignatureError
    try:
        directory = Directory.FromString(envelope.directory)
        protovalidate.validate(directory)
    except (DecodeError, protovalidate.ValidationError):
        raise DirectoryInvalidError from None
    return DirectoryView(directory)


class DirectorySource:
    """The directory in force, read from a signed file and read again when the file changes.

    Expires closed: past its maximum age it gives no view, and nothing is granted.
    """

    def __init__(
        self,
        path: Path,
        trusted_keys: Mapping[str, bytes],
        clock: Clock,
        max_age: timedelta = MAX_AGE,
    ) -> None:
        """Name the file and the keys that may have signed it; `load` reads it."""
        self._path = path
        self._trusted_keys = trusted_keys
        self._clock = clock
        self._max_age = max_age
        # The view, and from when until when it is in force: one value, for it is set in a thread.
        self._held: tuple[DirectoryView, datetime, datetime] | None = None
        self._stamp: tuple[int, int, int] | None = None

    def load(self) -> DirectoryView:
        """Read the file.

        Raises:
            DirectoryError: It is tampered with, foreign, no directory, or older than ours.
            OSError: It cannot be read.

        """
        self._stamp = self._stamp_of_file()
        view = open_directory(self._path.read_bytes(), self._trusted_keys)
        if self._held is not None:
            have = self._held[0]
            if (view.version, view.issue_time) < (have.version, have.issue_time):
                raise DirectoryOlderError(view.version, have.version)
        self._held = view, view.issue_time - _CLOCK_SKEW, view.issue_time + self._max_age
        return view

    def refresh(self) -> None:
        """Read the file again if it changed; keep what we have, and log why, if it is not good."""
        try:
            if self._stamp_of_file() == self._stamp:
                return
            view = self.load()
        except Exception as error:  # noqa: BLE001  whatever it is, the next one may be good and must come in
            _log.error("directory_refused", reason=type(error).__name__)
        else:
            _log.info("directory_loaded", version=view.version)

    def view(self) -> DirectoryView:
        """Give the directory in force.

        Raises:
            OsoError: DIRECTORY_EXPIRED when there is none, it is too old, or from the future.

        """
        if self._held is not None:
            view, begin, end = self._held
            if begin <= self._clock.now() <= end:
                return view
        raise OsoError(RESULT_CODE_DIRECTORY_EXPIRED, retry_after=timedelta(minutes=5))

    async def watch(self, interval: float = 0.25) -> None:
        """Refresh every `interval` seconds, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            await asyncio.to_thread(self.refresh)

    def _stamp_of_file(self) -> tuple[int, int, int]:
        facts = self._path.stat()
        return facts.st_mtime_ns, facts.st_size, facts.st_ino
