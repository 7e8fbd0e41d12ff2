"""A real server behind the real guard, over mutual TLS on loopback, and callers of all kinds."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.exchange.v1 import dossier_exchange_service_pb2 as exchange
from oso.exchange.v1 import dossier_exchange_service_pb2_grpc as exchange_stubs
from oso.result.v1.result_code_pb2 import RESULT_CODE_DOSSIER_NOT_READY
from oso.trafficcenter.v1 import traffic_center_service_pb2 as center
from oso.trafficcenter.v1 import traffic_center_service_pb2_grpc as center_stubs
from oso_registry.testing import TRAFFIC_CENTER, Landscape
from oso_rpc.admission import DirectoryAdmission
from oso_rpc.channel import secure_channel
from oso_rpc.current_call import current_peer
from oso_rpc.directory import DirectorySource
from oso_rpc.errors import OsoError
from oso_rpc.guard import ServerGuard
from oso_rpc.server import Registration, Server, build_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import grpc

    from oso_rpc.credentials import Credentials


class Clock:
    """The real time, moved by an offset."""

    offset = timedelta(0)

    def now(self) -> datetime:
        """Give the time, moved."""
        return datetime.now(UTC) + self.offset


@dataclass
class Observer:
    """Keeps what it is told.

    Attributes:
        seen: (method without its service, reason).
        told: Set when there is something new.

    """

    seen: list[tuple[str, str]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def observe(self, method: str, reason: str, seconds: float) -> None:
        """Keep it."""
        assert seconds >= 0
        self.seen.append((method.rpartition("/")[2], reason))
        self.told.set()


class Center(center_stubs.TrafficCenterServiceServicer):
    """Answers Ping; breaks in ListDeliveryPoints as no handler should; does nothing else."""

    async def Ping(  # noqa: N802  the contract's name
        self, _request: center.PingRequest, _context: Any
    ) -> center.PingResponse:
        """Say who calls."""
        return center.PingResponse(caller=center.CallerIdentity(system_id=current_peer().system_id))

    async def ListDeliveryPoints(  # noqa: N802
        self, _request: center.ListDeliveryPointsRequest, _context: Any
    ) -> center.ListDeliveryPointsResponse:
        """Fail with a text that must not get out."""
        raise ValueError("pupil 999990019 De Vries")

    async def _nothing(self, request: Any, context: Any) -> Any:
        raise AssertionError(request, context)

    OpenSession = CheckSession = CloseSession = _nothing
    ReportNotification = ReportFeedback = _nothing
    GetSessionTimeline = ListClosedSessions = _nothing


@dataclass
class Exchange(exchange_stubs.DossierExchangeServiceServicer):
    """Streams chunks, and ends as it is told.

    Attributes:
        chunks: How many chunks it gives.
        then: `end`, `refuse`, `break` or `hang`.
        go_on: When cleared, no chunk follows upon the first until it is set.
        ended: Set when a stream has ended, however.

    """

    chunks: int = 3
    then: str = "end"
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Let chunks follow upon one another."""
        self.go_on.set()

    async def FetchDossier(  # noqa: N802
        self, _request: exchange.FetchDossierRequest, _context: Any
    ) -> AsyncIterator[exchange.FetchDossierResponse]:
        """Give the chunks."""
        try:
            for number in range(self.chunks):
                if number:
                    await self.go_on.wait()
                yield exchange.FetchDossierResponse(
                    chunk=exchange.Chunk(part_number=0, offset=number, data=b"x")
                )
            if self.then == "refuse":
                raise OsoError(RESULT_CODE_DOSSIER_NOT_READY)
            if self.then == "break":
                raise ValueError("pupil 999990019 De Vries")
            if self.then == "hang":
                await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def _nothing(self, request: Any, context: Any) -> Any:
        raise AssertionError(request, context)

    Notify = SendFeedback = _nothing


@dataclass
class World:
    """A running server and all it stands in.

    Attributes:
        landscape: Certificates and directory.
        source: The directory as the server reads it.
        clock: The server's clock.
        observer: What the guard told about calls.
        exchange: The streaming service.
        server: The server.

    """

    landscape: Landscape
    source: DirectorySource
    clock: Clock
    observer: Observer
    exchange: Exchange
    server: Server
    _stack: AsyncExitStack

    @property
    def address(self) -> str:
        """Where the server listens."""
        return f"127.0.0.1:{self.server.port}"

    async def channel(
        self, credentials: Credentials, system_id: str = TRAFFIC_CENTER, **options: Any
    ) -> grpc.aio.Channel:
        """Open a channel that is closed when the test ends."""
        channel = secure_channel(self.address, system_id, credentials, **options)
        return await self._stack.enter_async_context(channel)

    async def center(self, credentials: Credentials) -> center_stubs.TrafficCenterServiceAsyncStub:
        """Give a stub of the unary service."""
        return center_stubs.TrafficCenterServiceStub(await self.channel(credentials))

    async def fetching(
        self, credentials: Credentials
    ) -> exchange_stubs.DossierExchangeServiceAsyncStub:
        """Give a stub of the streaming service."""
        return exchange_stubs.DossierExchangeServiceStub(await self.channel(credentials))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Run a server named `trafficcenter`, with one system `las-a` in its directory."""
    landscape = Landscape(tmp_path)
    landscape.add_system("las-a")
    landscape.publish()
    clock, observer, exchanging = Clock(), Observer(), Exchange()
    source = DirectorySource(landscape.directory_file, landscape.trusted_keys, clock)
    source.load()
    numbers = iter(range(1, 1000))
    guard = ServerGuard(
        DirectoryAdmission(source), clock, observer, lambda: f"request-{next(numbers)}"
    )
    server = await build_server(
        "127.0.0.1:0",
        landscape.credentials(TRAFFIC_CENTER),
        guard,
        [
            Registration(
                "oso.trafficcenter.v1.TrafficCenterService",
                lambda one: center_stubs.add_TrafficCenterServiceServicer_to_server(Center(), one),
            ),
            Registration(
                "oso.exchange.v1.DossierExchangeService",
                lambda one: exchange_stubs.add_DossierExchangeServiceServicer_to_server(
                    exchanging, one
                ),
            ),
        ],
    )
    await server.start()
    async with AsyncExitStack() as stack:
        yield World(landscape, source, clock, observer, exchanging, server, stack)
    await server.stop(0)
