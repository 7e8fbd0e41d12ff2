"""What the tests of systems and certificates share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from oso.registry.v1.enrolment_service_pb2 import EnrolCertificateRequest, RenewCertificateRequest
from oso_registry.authority import Authority, KeyAccess, create_authority
from oso_registry.calls import Caller, Office
from oso_registry.store import MIGRATIONS, Batch
from oso_registry.systems.invitations import LIFETIME, invite, new_token
from oso_registry.systems.issuing import Issuing
from oso_registry.systems.resources import CERTIFICATES, SYSTEMS
from oso_rpc.credentials import new_key_and_request
from oso_store import Database
from tests.unit.registry.parties import country as of
from tests.unit.registry.parties.country import NOW, Country

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from oso.registry.v1.system_pb2 import Certificate, System


@pytest.fixture
def country() -> Iterator[Country]:
    """Make a small country, with everybody registered."""
    made = Country()
    yield made
    made.close()


@dataclass
class FixedClock:
    """A clock that stands still until it is moved.

    Attributes:
        moment: What it says.

    """

    moment: datetime = NOW

    def now(self) -> datetime:
        """Give the moment."""
        return self.moment

    def later(self, **time: float) -> None:
        """Move it on."""
        self.moment += timedelta(**time)


@dataclass
class Counter:
    """Where certificates are given out: an office, an authority, a clock.

    Attributes:
        office: Runs the work.
        issuing: Gives out certificates.
        clock: The clock.
        authority: Signs.

    """

    office: Office
    clock: FixedClock
    authority: Authority
    issuing: Issuing = field(init=False)

    def __post_init__(self) -> None:
        """Put it together."""
        self.issuing = Issuing(self.office, self)

    async def get(self) -> Authority:
        """Give the authority."""
        return self.authority

    async def invite(self, system: str = of.SYSTEM, lifetime: timedelta = LIFETIME) -> str:
        """Invite a system; give the token."""
        token = new_token()
        await self.office.act(lambda tx: invite(tx, system, token, lifetime))
        return token

    async def enrol(self, token: str, csr: bytes = b"", system: str = of.SYSTEM) -> Certificate:
        """Ask for a certificate with a token."""
        request = EnrolCertificateRequest(
            request_id=str(uuid4()), system=system, token=token, signing_request=csr or new_csr()
        )
        return await self.issuing.enrol(request)

    async def renew(self, csr: bytes = b"", request_id: str = "") -> Certificate:
        """Ask for the next certificate, as the system itself."""
        request = RenewCertificateRequest(
            request_id=request_id or str(uuid4()), signing_request=csr or new_csr()
        )
        return await self.issuing.renew(request, Caller(of.SYSTEM.removeprefix("systems/")))

    async def certificates(self) -> list[Certificate]:
        """Give all certificates there are."""
        return await self.office.look(Caller(), lambda tx: tx.list(CERTIFICATES))

    async def disable(self) -> None:
        """Put the system out of use, without more."""
        await self.office.act(lambda tx: tx.put(SYSTEMS, _disabled(tx.require(SYSTEMS, of.SYSTEM))))


def _disabled(system: System) -> System:
    system.disabled = True
    return system


def new_csr() -> bytes:
    """Make a key, and give a signing request with it."""
    return new_key_and_request("anything")[1]


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    """Open a counter with everybody registered, in SQLite."""
    demo = KeyAccess(demo=True)
    authority = create_authority(
        tmp_path / "ca", NOW - timedelta(days=1), root_access=demo, access=demo
    )
    database: Database[Batch] = Database(f"sqlite:///{tmp_path / 'registry.sqlite'}", Batch)
    await database.migrate(MIGRATIONS)
    await database.start()
    clock = FixedClock()
    made = Counter(Office(database, clock), clock, authority)
    await made.office.act(of.settle)
    yield made
    await database.close()
