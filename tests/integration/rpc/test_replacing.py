"""A certificate that is replaced while calls run, between a real server and real clients."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from oso.exchange.v1 import dossier_exchange_service_pb2 as exchange
from oso.exchange.v1 import dossier_exchange_service_pb2_grpc as exchange_stubs
from oso.trafficcenter.v1 import traffic_center_service_pb2 as center
from oso.trafficcenter.v1 import traffic_center_service_pb2_grpc as center_stubs
from oso_registry.testing import TRAFFIC_CENTER, Landscape
from oso_rpc.admission import DirectoryAdmission
from oso_rpc.channel import Connection, open_channel, secure_channel
from oso_rpc.clock import SystemClock
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.current_call import current_peer
from oso_rpc.directory import DirectorySource
from oso_rpc.guard import ServerGuard
from oso_rpc.server import Registration, Server, build_server

from .test_guard import FETCH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import grpc

_SECONDS = 10.0


class Center(center_stubs.TrafficCenterServiceServicer):
    """Answers Ping with the certificate it sees."""

    async def Ping(  # noqa: N802  the contract's name
        self, _request: center.PingRequest, _context: Any
    ) -> center.PingResponse:
        """Say who calls, with which certificate."""
        sha256 = current_peer().certificate_sha256
        return center.PingResponse(caller=center.CallerIdentity(certificate_sha256=sha256))

    async def _nothing(self, request: Any, context: Any) -> Any:
        raise AssertionError(request, context)

    ListDeliveryPoints = OpenSession = CheckSession = CloseSession = GetSessionTimeline = _nothing
    ListClosedSessions = ReportNotification = ReportFeedback = _nothing


class Exchange(exchange_stubs.DossierExchangeServiceServicer):
    """Streams one chunk each time it is told to go on."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.go = asyncio.Queue[int]()

    async def FetchDossier(  # noqa: N802
        self, _request: exchange.FetchDossierRequest, _context: Any
    ) -> AsyncIterator[exchange.FetchDossierResponse]:
        """Give a chunk for each number in the queue."""
        while True:
            offset = await self.go.get()
            chunk = exchange.Chunk(part_number=0, offset=offset, data=b"x")
            yield exchange.FetchDossierResponse(chunk=chunk)

    async def _nothing(self, request: Any, context: Any) -> Any:
        raise AssertionError(request, context)

    Notify = SendFeedback = _nothing


class Place:
    """A server and a client whose certificates can be replaced, and all they stand in."""

    def __init__(self, landscape: Landscape) -> None:
        """Take up both."""
        self.landscape = landscape
        self.serving = self.source(TRAFFIC_CENTER)
        self.calling = self.source("las-a")
        self.directory = DirectorySource(
            landscape.directory_file, landscape.trusted_keys, SystemClock()
        )
        self.exchange = Exchange()
        self.server: Server

    def source(self, system_id: str) -> CredentialsSource:
        """Take up the credentials of a system."""
        return CredentialsSource(self.landscape.files(system_id))

    async def replace(self, source: CredentialsSource) -> bytes:
        """Renew the certificate of a system and take it up; give its thumbprint."""
        made = self.landscape.renew(source.current.identity.system_id)
        self.landscape.publish()
        self.directory.refresh()
        await source.refresh()
        assert source.current.identity == made.identity
        return made.identity.certificate_sha256

    @property
    def address(self) -> str:
        """Where the server listens."""
        return f"127.0.0.1:{self.server.port}"

    def ping(self, channel: grpc.aio.Channel) -> Any:
        """Begin a call over a channel."""
        return center_stubs.TrafficCenterServiceStub(channel).Ping(
            center.PingRequest(), timeout=_SECONDS
        )

    async def next_chunk(self, stream: Any, offset: int) -> int:
        """Have the server send one more chunk on a stream; give the offset that came."""
        self.exchange.go.put_nowait(offset)
        answer = await stream.read()
        return int(answer.chunk.offset)

    def shown(self, *, port: int = 0, certificate: bool = True) -> bytes:
        """Connect as somebody new; give the certificate the server shows (DER)."""
        context = ssl.create_default_context(cafile=str(self.landscape.root_file))
        if certificate:
            files = self.landscape.files("las-a")
            context.load_cert_chain(files.certificate, files.key)
        name = f"{TRAFFIC_CENTER}.system.oso.internal"
        with (
            socket.create_connection(("127.0.0.1", port or self.server.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            return secure.getpeercert(binary_form=True) or b""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Run a server whose certificate can be replaced."""
    landscape = Landscape(tmp_path)
    landscape.add_system("las-a")
    landscape.publish()
    made = Place(landscape)
    made.directory.load()
    made.server = await build_server(
        "127.0.0.1:0",
        made.serving,
        ServerGuard(DirectoryAdmission(made.directory), SystemClock()),
        [
            Registration(
                "oso.trafficcenter.v1.TrafficCenterService",
                lambda one: center_stubs.add_TrafficCenterServiceServicer_to_server(Center(), one),
            ),
            Registration(
                "oso.exchange.v1.DossierExchangeService",
                lambda one: exchange_stubs.add_DossierExchangeServiceServicer_to_server(
                    made.exchange, one
                ),
            ),
        ],
        open_address="127.0.0.1:0",
    )
    await made.server.start()
    yield made
    await made.server.stop(0)


async def test_new_connections_get_the_new_certificate_and_old_ones_go_on(place: Place) -> None:
    """A server shows its new certificate from the next handshake; a stream that runs goes on."""
    old = place.serving.current.identity.certificate_der
    async with secure_channel(place.address, TRAFFIC_CENTER, place.calling.current) as channel:
        stub = exchange_stubs.DossierExchangeServiceStub(channel)
        stream = stub.FetchDossier(FETCH, timeout=_SECONDS)
        first = await place.next_chunk(stream, 1)
        before = await asyncio.to_thread(place.shown)

        await place.replace(place.serving)

        new = place.serving.current.identity.certificate_der
        assert (old, new) == (before, await asyncio.to_thread(place.shown))
        assert old != new
        assert [1, 2] == [first, await place.next_chunk(stream, 2)]
        await place.ping(channel)


async def test_the_port_for_enrolment_shows_the_new_certificate_too(place: Place) -> None:
    """Who has no certificate yet sees the one in use as well."""
    await place.replace(place.serving)

    shown = await asyncio.to_thread(place.shown, port=place.server.open_port, certificate=False)

    assert place.serving.current.identity.certificate_der == shown


async def test_no_call_fails_while_both_sides_renew(place: Place) -> None:
    """Unary calls without a pause, and a stream that runs: none fails while certificates change."""
    stack = AsyncExitStack()
    connection = Connection(place.address, TRAFFIC_CENTER, place.calling)
    stack.push_async_callback(connection.close)
    seen: list[bytes] = []
    enough = asyncio.Semaphore(0)
    done = asyncio.Event()

    async def call() -> None:
        while not done.is_set():
            answer = await place.ping(connection.channel())
            seen.append(answer.caller.certificate_sha256)
            enough.release()

    async def more() -> None:
        for _ in range(len(seen) + 20):
            await enough.acquire()

    async with stack, asyncio.timeout(30):
        stub = exchange_stubs.DossierExchangeServiceStub(connection.channel())
        stream = stub.FetchDossier(FETCH, timeout=30)
        assert await place.next_chunk(stream, 1) == 1
        calling = [asyncio.create_task(call()) for _ in range(4)]
        certificates = [place.calling.current.identity.certificate_sha256]
        for _ in range(2):
            await more()
            await place.replace(place.serving)
            certificates.append(await place.replace(place.calling))
        await more()
        done.set()
        await asyncio.gather(*calling)

        assert set(certificates) == set(seen)
        assert await place.next_chunk(stream, 2) == 2


async def test_a_channel_is_closed_when_its_certificate_is_gone(place: Place) -> None:
    """The channel of the certificate before is kept; that of the one before that is closed."""
    connection = Connection(place.address, TRAFFIC_CENTER, place.calling)
    first = connection.channel()
    stub = exchange_stubs.DossierExchangeServiceStub(first)
    stream = stub.FetchDossier(FETCH, timeout=_SECONDS)
    await place.replace(place.calling)
    second = connection.channel()
    await asyncio.sleep(0)
    await place.ping(first)
    await place.replace(place.calling)
    third = connection.channel()
    await asyncio.sleep(0)

    with pytest.raises(Exception, match="clos"):
        await place.ping(first)
    assert await place.next_chunk(stream, 7) == 7, "what began on it goes on"
    await place.ping(second)
    await place.ping(third)
    await connection.close()


async def test_without_certificate_the_named_system_must_answer(place: Place) -> None:
    """Who has no certificate still knows who answers: another system's name is no connection."""
    pem = place.calling.current.authority_pem
    async with open_channel(f"127.0.0.1:{place.server.open_port}", "officeheart", pem) as channel:
        with pytest.raises(Exception, match="UNAVAILABLE"):
            await place.ping(channel)
