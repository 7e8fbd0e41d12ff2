"""A Traffic Center with real mTLS on loopback, on each database, and schools that call it."""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.result.v1.result_code_pb2 import RESULT_CODE_DOSSIER_NOT_READY, ResultCode
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_registry.testing import TRAFFIC_CENTER, Landscape, routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.errors import from_rpc_error
from oso_trafficcenter.app import Settings, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from oso_rpc.errors import OsoError
    from oso_rpc.server import Server

SOURCE, TARGET, STRANGER = "00SS", "01VV", "02ZZ"
SYSTEMS = {SOURCE: "las-a", TARGET: "las-b", STRANGER: "las-c"}


class TestClock:
    """A clock that is put forward by hand."""

    __test__ = False

    def __init__(self) -> None:
        """Begin with the present moment."""
        self.offset = timedelta()

    def now(self) -> datetime:
        """Give the moment it shows."""
        return datetime.now(UTC) + self.offset


@dataclass
class Center:
    """The Traffic Center of a test, and its callers."""

    landscape: Landscape
    database_url: str
    clock: TestClock = field(default_factory=TestClock)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    server: Server | None = None
    channels: dict[str, grpc.aio.Channel] = field(default_factory=dict)

    async def start(self, listen: str = "127.0.0.1:0") -> None:
        """Start it; after a `stop` with the same database."""
        folder = self.landscape.folder
        settings = Settings(
            listen=listen,
            certificate=folder / "trafficcenter.crt",
            key=folder / "trafficcenter.key",
            authority=self.landscape.root_file,
            grant_key=folder / "grant.key",
            directory=self.landscape.directory_file,
            directory_keys=[self.landscape.directory_signer.public_key.hex()],
            database=self.database_url,
        )
        self.server = await self.stack.enter_async_context(running(settings, self.clock))

    async def stop(self) -> None:
        """Stop it."""
        for channel in self.channels.values():
            await channel.close()
        self.channels = {}
        await self.stack.aclose()
        self.stack = AsyncExitStack()

    def stub(self, system_id: str) -> Any:
        """Give the service as a system calls it."""
        assert self.server is not None
        if system_id not in self.channels:
            self.channels[system_id] = secure_channel(
                f"127.0.0.1:{self.server.port}",
                TRAFFIC_CENTER,
                self.landscape.credentials(system_id),
            )
        return TrafficCenterServiceStub(self.channels[system_id])

    def opening(self, **changes: Any) -> messages.OpenSessionRequest:
        """Make a good opening, with changes."""
        request = messages.OpenSessionRequest(
            request_id=str(uuid.uuid4()),
            target_routing_key=routing_key_of(TARGET),
            source_brin=SOURCE,
            kind=TRANSFER_KIND_OVERSTAPDOSSIER,
            accepted_dossier_years=["2019.1"],
        )
        request.key.search_key = os.urandom(32)
        request.send_time.FromDatetime(self.clock.now())
        for name, value in changes.items():
            if name == "accepted_dossier_years":
                del request.accepted_dossier_years[:]
                request.accepted_dossier_years.extend(value)
            else:
                setattr(request, name, value)
        return request

    async def open(self, **changes: Any) -> tuple[Any, Any]:
        """Open a session; give request and answer."""
        request = self.opening(**changes)
        return request, await self.stub("las-b").OpenSession(request, timeout=10)

    def checking(self, opening: Any, opened: Any, **changes: Any) -> messages.CheckSessionRequest:
        """Make a check that matches, with changes."""
        request = messages.CheckSessionRequest(
            session_id=opened.session.session_id,
            source_routing_key=routing_key_of(SOURCE),
            source_brin=SOURCE,
            target_brin=TARGET,
            target_routing_key=routing_key_of(TARGET),
            kind=opening.kind,
            key=opening.key,
            target_certificate_sha256=self.landscape.credentials(
                "las-b"
            ).identity.certificate_sha256,
        )
        for name, value in changes.items():
            if name == "search_key":
                request.key.search_key = value
            else:
                setattr(request, name, value)
        return request

    def closing(self, opened: Any, **changes: Any) -> messages.CloseSessionRequest:
        """Make a good close, with changes."""
        request = messages.CloseSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=opened.session.session_id,
            result=RESULT_CODE_DOSSIER_NOT_READY,
            source_routing_key=routing_key_of(SOURCE),
        )
        for name, value in changes.items():
            setattr(request, name, value)
        return request

    async def wait_for_directory(self, system_id: str = "las-a") -> None:
        """Wait until the Traffic Center has the directory that was published last."""
        version = self.landscape.directory.version
        for _ in range(200):
            told = await self.stub(system_id).Ping(messages.PingRequest(), timeout=10)
            if told.directory_version >= version:
                return
            await asyncio.sleep(0.02)

    async def timeline(self, session_id: str, system_id: str = "las-b", **paging: Any) -> Any:
        """Ask for the timeline of a session."""
        request = messages.GetSessionTimelineRequest(session_id=session_id, **paging)
        return await self.stub(system_id).GetSessionTimeline(request, timeout=10)


async def refusal(call: Awaitable[Any]) -> OsoError:
    """Give the refusal a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value, party="center")


async def reason(call: Awaitable[Any]) -> str:
    """Give the name of the reason a call is refused for."""
    return (await refusal(call)).name


def outcomes(timeline: Any) -> list[tuple[str, bool]]:
    """Give what a timeline tells: (outcome, refused)."""
    return [
        (ResultCode.Name(event.outcome).removeprefix("RESULT_CODE_"), event.refused)
        for event in timeline.events
    ]


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Three schools, each with a system of its own."""
    made = Landscape(tmp_path)
    for brin, system in SYSTEMS.items():
        made.add_system(system)
        made.add_school(brin, system, primary=brin == SOURCE)
    made.publish()
    return made


@pytest.fixture
async def center(landscape: Landscape, database_url: str) -> AsyncIterator[Center]:
    """A running Traffic Center, on SQLite and on PostgreSQL in turn."""
    made = Center(landscape, database_url)
    await made.start()
    yield made
    await made.stop()
