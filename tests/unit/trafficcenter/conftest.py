"""A directory of three schools in memory, and requests that fit it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    QUALIFICATION_STATE_QUALIFIED,
    SECTOR_VO,
    DeliveryPoint,
    Directory,
    School,
)
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_rpc.directory import DirectoryView
from oso_rpc.identity import PeerIdentity

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SOURCE, TARGET, STRANGER = "00SS", "01VV", "02ZZ"
POINTS = {brin: f"00000007000{brin}00001" for brin in (SOURCE, TARGET, STRANGER)}
SYSTEMS = {SOURCE: "las-a", TARGET: "las-b", STRANGER: "las-c"}
SEARCH_KEY = bytes(range(32))


def thumbprint(system_id: str) -> bytes:
    """Give the thumbprint of a system's certificate: any 32 bytes will do here."""
    return system_id.encode().ljust(32, b"\0")


def peer(system_id: str) -> PeerIdentity:
    """Give a caller."""
    year = timedelta(days=365)
    return PeerIdentity(system_id, thumbprint(system_id), NOW - year, NOW + year, b"")


@dataclass
class Clock:
    """A clock that stands still until it is put forward."""

    time: datetime = NOW

    def now(self) -> datetime:
        """Give the moment it stands at."""
        return self.time


@dataclass
class Country:
    """A directory that a test changes before it looks at it."""

    directory: Directory = field(default_factory=Directory)

    def school(self, brin: str) -> School:
        """Find a school."""
        return next(one for one in self.directory.schools if one.brin == brin)

    def point(self, brin: str) -> DeliveryPoint:
        """Find the first delivery point of a school."""
        return next(one for one in self.directory.delivery_points if one.brin == brin)

    def certificate(self, brin: str) -> Any:
        """Find the certificate of the system of a school."""
        systems = self.directory.systems
        return next(one for one in systems if one.system_id == SYSTEMS[brin]).certificates[0]

    def add_point(self, brin: str, routing_key: str, system_id: str) -> DeliveryPoint:
        """Add a delivery point that is active and mandated."""
        point = self.directory.delivery_points.add(
            routing_key=routing_key,
            brin=brin,
            vestiging="00",
            system_id=system_id,
            address="127.0.0.1:1",
            kinds=[TRANSFER_KIND_OVERSTAPDOSSIER],
            dossier_years=["2019.1"],
            active=True,
        )
        point.mandate.start_time.FromDatetime(NOW - timedelta(days=30))
        return point

    def view(self) -> DirectoryView:
        """Give the directory as the Traffic Center sees it."""
        return DirectoryView(self.directory)


def three_schools() -> Country:
    """Make three qualified schools, each with a system and a delivery point."""
    made = Country()
    directory = made.directory
    directory.version = 1
    directory.issue_time.FromDatetime(NOW)
    directory.accepted_dossier_years.append("2019.1")
    for brin, system_id in SYSTEMS.items():
        directory.schools.add(
            brin=brin, name=brin, sector=SECTOR_VO, qualification=QUALIFICATION_STATE_QUALIFIED
        )
        system = directory.systems.add(system_id=system_id)
        certificate = system.certificates.add(
            sha256=thumbprint(system_id), status=CERTIFICATE_STATUS_ACTIVE
        )
        certificate.expire_time.FromDatetime(NOW + timedelta(days=365))
        made.add_point(brin, POINTS[brin], system_id)
    return made


@pytest.fixture
def country() -> Country:
    """Three schools that may exchange."""
    return three_schools()
