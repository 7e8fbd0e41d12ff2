"""Followers of a real OfficeHeart, and what they wait for."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_QUALIFIED, SECTOR_PO
from oso.options.v1.access_pb2 import ROLE_LAS, Role
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, School
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_REVOKED, System
from oso_registry.founding import issue
from oso_registry.parties.resources import SCHOOLS
from oso_registry.systems.resources import CERTIFICATES, certificates_of
from oso_rpc.clock import SystemClock
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.directory.follower import DirectoryFollower, OfficeHeart, Pauses
from oso_rpc.signing import Signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from oso_registry.store import Transaction
    from oso_rpc.directory import DirectoryView

    # The fixture is of the folder above: its module has no name to import it by.
    HeadOffice = Any


class Followers:
    """Systems that follow an OfficeHeart.

    Attributes:
        head_office: The OfficeHeart.

    """

    def __init__(self, head_office: HeadOffice) -> None:
        """Begin with none."""
        self.head_office = head_office
        self._stack = contextlib.AsyncExitStack()

    @property
    def keys(self) -> dict[str, bytes]:
        """What readers of the directory trust."""
        signer = Signer.load(self.head_office.folder / "directory.key")
        return {signer.key_id: signer.public_key}

    @property
    def root(self) -> Path:
        """Root certificate of its authority."""
        return Path(self.head_office.folder / "ca" / "root.crt")

    def folder(self, system_id: str) -> Path:
        """Where key and certificate of a system lie."""
        return Path(self.head_office.folder / system_id)

    async def credentials(
        self, system_id: str, role: Role.ValueType = ROLE_LAS, owner: str = ""
    ) -> CredentialsSource:
        """Register a system and give it a certificate."""
        folder = self.folder(system_id)
        folder.mkdir()
        system = System(name=f"systems/{system_id}", display_name=system_id, role=role, owner=owner)
        issued = issue(self.head_office.authority, folder, system, datetime.now(UTC))
        await self.act(issued.register)
        return self.load(system_id)

    def load(self, system_id: str) -> CredentialsSource:
        """Read the credentials of a system."""
        folder = self.folder(system_id)
        return CredentialsSource.of(folder / "system.crt", folder / "system.key", self.root)

    async def act(self, work: Callable[[Transaction], None]) -> None:
        """Have OfficeHeart do work nobody called for."""
        await self.head_office.house.office.act(work)

    async def follow(
        self, credentials: CredentialsSource, cache: Path, address: str = ""
    ) -> DirectoryFollower:
        """Have a system follow, until `stop` or the end of the test."""
        follower = DirectoryFollower(
            OfficeHeart(address or self.head_office.address, "officeheart", credentials),
            cache,
            self.keys,
            clock=SystemClock(),
            pauses=Pauses(first=0.02, longest=0.1),
        )
        follower.load()
        self._stack.push_async_callback(_end, asyncio.create_task(follower.watch()))
        return follower

    async def stop(self) -> None:
        """Stop all."""
        await self._stack.aclose()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(
    follower: DirectoryFollower, holds: Callable[[DirectoryView], object]
) -> DirectoryView:
    """Wait until something holds of the directory in force."""
    async with asyncio.timeout(20):
        return await follower.until(holds)


def put_school(brin: str, name: str = "De Regenboog") -> Callable[[Transaction], None]:
    """Make the work that registers a qualified school, or gives it another name."""

    def work(tx: Transaction) -> None:
        tx.put(
            SCHOOLS,
            School(
                name=f"schools/{brin}",
                display_name=name,
                sector=SECTOR_PO,
                status=PARTY_STATUS_ACTIVE,
                qualification=QUALIFICATION_STATE_QUALIFIED,
            ),
        )

    return work


def revoke(system_id: str) -> Callable[[Transaction], None]:
    """Make the work that takes all certificates of a system back."""

    def work(tx: Transaction) -> None:
        for certificate in certificates_of(tx, f"systems/{system_id}"):
            certificate.state = CERTIFICATE_STATE_REVOKED
            tx.put(CERTIFICATES, certificate)

    return work


@pytest.fixture
async def followers(head_office: HeadOffice) -> AsyncIterator[Followers]:
    """Followers of an OfficeHeart that runs, on SQLite and on PostgreSQL in turn."""
    made = Followers(head_office)
    yield made
    await made.stop()
