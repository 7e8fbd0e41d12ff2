"""A real OfficeHeart on loopback, on both databases, and desks of whoever may call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import pytest

from oso.options.v1.access_pb2 import ROLE_REGISTRAR, Role
from oso.registry.v1.system_pb2 import System
from oso_registry.app import House, opened, running
from oso_registry.authority import Authority, KeyAccess, load_authority
from oso_registry.founding import found, issue
from oso_registry.settings import SETTINGS_FILE, Settings
from oso_registry.standard.initial import initial_standard
from oso_rpc.channel import secure_channel
from oso_rpc.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import grpc

    from oso_rpc.server import Server

Stub = TypeVar("Stub")


@dataclass
class Desk:
    """Somebody with a certificate, connected to OfficeHeart.

    Attributes:
        system_id: Who it is.
        channel: To OfficeHeart.

    """

    system_id: str
    channel: grpc.aio.Channel

    def stub(self, make: Callable[[grpc.aio.Channel], Stub]) -> Stub:
        """Make the stub of a service; give every call a timeout."""
        return make(self.channel)


@dataclass
class HeadOffice:
    """An OfficeHeart that runs.

    Attributes:
        folder: Its home.
        house: Its parts.
        server: Its server.

    """

    folder: Path
    house: House
    server: Server
    _channels: list[grpc.aio.Channel] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.server.port}"

    @property
    def authority(self) -> Authority:
        """Its certificate authority."""
        return load_authority(self.folder / "ca", KeyAccess(demo=True))

    async def desk(self, role: Role.ValueType = ROLE_REGISTRAR, owner: str = "") -> Desk:
        """Register a system with a role, give it a certificate, and connect it."""
        kind = Role.Name(role).removeprefix("ROLE_").lower().replace("_", "-")
        system_id = f"{kind}-{next(self._numbers)}"
        folder = self.folder / system_id
        folder.mkdir()
        system = System(name=f"systems/{system_id}", display_name=system_id, role=role, owner=owner)
        issued = issue(self.authority, folder, system, datetime.now(UTC))
        await self.house.office.act(issued.register)
        credentials = Credentials.load(
            folder / "system.crt", folder / "system.key", self.folder / "ca" / "root.crt"
        )
        return self.connect(system_id, credentials)

    def connect(self, system_id: str, credentials: Credentials) -> Desk:
        """Connect with any credentials."""
        channel = secure_channel(self.address, "officeheart", credentials)
        self._channels.append(channel)
        return Desk(system_id, channel)

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels:
            await channel.close()


@pytest.fixture
async def head_office(tmp_path: Path, database_url: str) -> AsyncIterator[HeadOffice]:
    """Found an OfficeHeart and run it."""
    home = tmp_path / "officeheart"
    addresses: dict[str, str | bool] = {
        "listen": "127.0.0.1:0",
        "listen_enrolment": "127.0.0.1:0",
        "database": database_url,
        "demo_keys": True,
    }
    demo = KeyAccess(demo=True)
    issued = found(home, addresses, datetime.now(UTC), root_access=demo, access=demo)
    settings = Settings.load(home / SETTINGS_FILE)
    async with opened(home, settings) as office:
        for one in issued:
            await office.act(one.register)
        await office.act(initial_standard)
    async with running(home, settings) as (house, server):
        made = HeadOffice(home, house, server)
        yield made
        await made.close()
