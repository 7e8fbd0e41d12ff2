"""The guard before every handler: who may call, how, and what a caller hears."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import structlog
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_REVOKED,
    CERTIFICATE_STATUS_UNSPECIFIED,
)
from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierRequest
from oso.trafficcenter.v1.session_pb2 import SignedGrant
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    ListDeliveryPointsRequest,
    OpenSessionRequest,
    PingRequest,
    PingResponse,
)
from oso_registry.testing import TRAFFIC_CENTER, Landscape
from oso_rpc.errors import OsoError, from_rpc_error
from oso_rpc.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from .conftest import World

FETCH = FetchDossierRequest(
    session_id="7f2c6f0e-3a57-4d07-9d0c-5e8f3f1a2b3c",
    grant=SignedGrant(grant=b"x", signature=bytes(64), key_id="k"),
    source_routing_key="0000000700000SS00001",
    coupling_key="k",
    accepted_dossier_years=["2019.1"],
)


async def refusal(call: Awaitable[Any]) -> OsoError:
    """Give the error a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value, party="server")


async def told(world: World, *expected: tuple[str, str]) -> bool:
    """Wait until the observer has been told; a call ends for the caller a moment earlier."""
    async with asyncio.timeout(10):
        while world.observer.seen[-len(expected) :] != list(expected):
            await world.observer.told.wait()
            world.observer.told.clear()
    return True


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Give the stream that log lines go to."""
    stream = io.StringIO()
    configure_logging(stream)
    yield stream
    structlog.reset_defaults()


async def test_known_caller_is_named_to_the_handler(world: World) -> None:
    """A caller the directory knows gets its answer, and the handler knows who it is."""
    stub = await world.center(world.landscape.credentials("las-a"))

    response = await stub.Ping(PingRequest(), timeout=10)

    assert response.caller.system_id == "las-a"
    assert await told(world, ("Ping", "OK"))


async def test_unregistered_certificate_is_unknown(world: World) -> None:
    """A certificate of our authority that the directory does not have is CERTIFICATE_UNKNOWN."""
    stranger = world.landscape.add_system("stranger", registered=False)
    stub = await world.center(stranger)

    error = await refusal(stub.Ping(PingRequest(), timeout=10))

    assert error.name == "CERTIFICATE_UNKNOWN"
    assert await told(world, ("Ping", "CERTIFICATE_UNKNOWN"))


async def test_certificate_without_status_is_unknown(world: World) -> None:
    """A certificate the directory says nothing of is treated as unknown."""
    world.landscape.set_status("las-a", CERTIFICATE_STATUS_UNSPECIFIED)
    world.landscape.publish()
    world.source.refresh()
    stub = await world.center(world.landscape.credentials("las-a"))

    error = await refusal(stub.Ping(PingRequest(), timeout=10))

    assert error.name == "CERTIFICATE_UNKNOWN"


async def test_revoked_on_an_open_connection(world: World) -> None:
    """A certificate that is taken back is refused on the very next call, connection or not."""
    stub = await world.center(world.landscape.credentials("las-a"))
    await stub.Ping(PingRequest(), timeout=10)

    world.landscape.set_status("las-a", CERTIFICATE_STATUS_REVOKED)
    world.landscape.publish()
    world.source.refresh()
    error = await refusal(stub.Ping(PingRequest(), timeout=10))

    assert error.name == "CERTIFICATE_REVOKED"


def _revoke(world: World) -> None:
    world.landscape.set_status("las-a", CERTIFICATE_STATUS_REVOKED)
    world.landscape.publish()
    world.source.refresh()


def _outlive(world: World) -> None:
    # As long as the directory is in force and not so long that a certificate is.
    world.landscape.publish(datetime.now(UTC) + timedelta(days=100))
    world.clock.offset = timedelta(days=100)
    world.source.refresh()


def _lose_the_directory(world: World) -> None:
    world.clock.offset = timedelta(hours=25)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_revoke, "CERTIFICATE_REVOKED"),
        (_outlive, "CERTIFICATE_EXPIRED"),
        (_lose_the_directory, "DIRECTORY_EXPIRED"),
    ],
)
async def test_a_stream_does_not_outlive_the_certificate(
    world: World, happens: Callable[[World], None], reason: str
) -> None:
    """What runs when a certificate is taken back or expires gives nothing more, and says why."""
    stub = await world.fetching(world.landscape.credentials("las-a"))
    world.exchange.go_on.clear()
    call: Any = stub.FetchDossier(FETCH)
    first = await call.read()

    happens(world)
    world.exchange.go_on.set()
    error = await refusal(call.read())
    await asyncio.wait_for(world.exchange.ended.wait(), 10)

    assert 0 == first.chunk.offset
    assert reason == error.name


async def test_watch_takes_a_revocation_in(world: World) -> None:
    """A server that watches its directory file refuses a revoked caller without being told."""
    stub = await world.center(world.landscape.credentials("las-a"))
    watching = asyncio.create_task(world.source.watch(0.01))
    world.landscape.set_status("las-a", CERTIFICATE_STATUS_REVOKED)
    world.landscape.publish()

    async with asyncio.timeout(10):
        while True:
            try:
                await stub.Ping(PingRequest(), timeout=10)
            except grpc.aio.AioRpcError as caught:
                error = from_rpc_error(caught, party="server")
                break
    watching.cancel()

    assert error.name == "CERTIFICATE_REVOKED"


async def test_expired_on_an_open_connection(world: World) -> None:
    """A certificate past its end is refused although the connection was made before it."""
    stub = await world.center(world.landscape.credentials("las-a"))
    await stub.Ping(PingRequest(), timeout=10)

    world.clock.offset = timedelta(days=91)
    error = await refusal(stub.Ping(PingRequest(), timeout=10))

    assert error.name == "CERTIFICATE_EXPIRED"
    end = world.landscape.credentials("las-a").identity.not_after
    assert error.metadata["not_after"] == end.isoformat()


async def test_expired_before_connecting(world: World) -> None:
    """With a certificate that expired before, TLS itself lets nobody in."""
    world.landscape.add_system(
        "late", now=datetime.now(UTC) - timedelta(days=91), lifetime=timedelta(days=90)
    )
    world.landscape.publish()
    world.source.refresh()
    stub = await world.center(world.landscape.credentials("late"))

    error = await refusal(stub.Ping(PingRequest(), timeout=10))

    assert error.name == "UNREACHABLE"
    assert world.observer.seen == []


async def test_old_directory_admits_nobody(world: World) -> None:
    """When the directory is past its maximum age every call is refused, to be tried again later."""
    stub = await world.center(world.landscape.credentials("las-a"))

    world.clock.offset = timedelta(hours=25)
    error = await refusal(stub.Ping(PingRequest(), timeout=10))

    assert error.name == "DIRECTORY_EXPIRED"
    assert error.retry_after == timedelta(minutes=5)


async def test_certificate_of_another_authority(world: World, tmp_path: Path) -> None:
    """A certificate some other authority made for the same system gets no connection."""
    other = Landscape(tmp_path / "other")
    other.add_system("las-a")
    (tmp_path / "other" / "ca" / "root.crt").write_bytes(world.landscape.root_file.read_bytes())
    stub = await world.center(other.credentials("las-a"))

    error = await refusal(stub.Ping(PingRequest(), timeout=10))

    assert error.name == "UNREACHABLE"
    assert world.observer.seen == []


async def test_name_is_pinned(world: World) -> None:
    """A good certificate of our authority is not enough: it must be the system that was meant."""
    credentials = world.landscape.credentials("las-a")
    channel = await world.channel(credentials, system_id="las-b")
    ping: Any = channel.unary_unary(
        "/oso.trafficcenter.v1.TrafficCenterService/Ping",
        request_serializer=PingRequest.SerializeToString,
        response_deserializer=PingResponse.FromString,
    )

    error = await refusal(ping(PingRequest(), timeout=10))

    assert error.name == "UNREACHABLE"
    assert world.observer.seen == []


async def test_pin_cannot_be_taken_off(world: World) -> None:
    """Options of the caller do not change whom a channel accepts."""
    credentials = world.landscape.credentials("las-a")
    right = ("grpc.ssl_target_name_override", f"{TRAFFIC_CENTER}.system.oso.internal")
    channel = await world.channel(credentials, system_id="las-b", options=[right])
    ping: Any = channel.unary_unary("/oso.trafficcenter.v1.TrafficCenterService/Ping")

    error = await refusal(ping(b"", timeout=10))

    assert error.name == "UNREACHABLE"


async def test_unary_call_needs_a_deadline(world: World) -> None:
    """A unary call that would wait for ever is refused."""
    stub = await world.center(world.landscape.credentials("las-a"))

    error = await refusal(stub.Ping(PingRequest()))

    assert error.name == "DEADLINE_REQUIRED"


async def test_stream_needs_no_deadline(world: World) -> None:
    """A stream may take as long as an attachment takes."""
    stub = await world.fetching(world.landscape.credentials("las-a"))

    received = [one async for one in stub.FetchDossier(FETCH)]

    assert [one.chunk.offset for one in received] == [0, 1, 2]
    assert await told(world, ("FetchDossier", "OK"))


async def test_malformed_request_names_its_fields(world: World) -> None:
    """A request that breaks the contract is REQUEST_INVALID, with a BadRequest that lists where."""
    stub = await world.center(world.landscape.credentials("las-a"))
    request = OpenSessionRequest(
        request_id="x", source_brin="00SS", accepted_dossier_years=["2019.1", "nineteen"]
    )

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.OpenSession(request, timeout=10)
    error = from_rpc_error(caught.value, party="server")
    status = rpc_status.from_call(caught.value)
    bad = error_details_pb2.BadRequest()

    assert status is not None
    assert any(detail.Unpack(bad) for detail in status.details)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.name == "REQUEST_INVALID"
    assert {
        "request_id",
        "send_time",
        "target_routing_key",
        "kind",
        "key",
        "accepted_dossier_years[1]",
    } == {one.field for one in bad.field_violations}


async def test_malformed_stream_request_is_refused(world: World) -> None:
    """The request of a stream is checked as well."""
    stub = await world.fetching(world.landscape.credentials("las-a"))

    error = await refusal(stub.FetchDossier(FetchDossierRequest()).read())

    assert error.name == "REQUEST_INVALID"


async def test_very_malformed_request_still_gets_its_answer(world: World) -> None:
    """However much is wrong, the answer fits in what a caller accepts."""
    stub = await world.center(world.landscape.credentials("las-a"))
    request = OpenSessionRequest(accepted_dossier_years=["x"] * 5000)

    error = await refusal(stub.OpenSession(request, timeout=10))

    assert error.name == "REQUEST_INVALID"
    assert len(error.violations) <= 20


async def test_nonsense_is_not_served(world: World) -> None:
    """Bytes that are no message of the contract end the call and reach no handler."""
    channel = await world.channel(world.landscape.credentials("las-a"))
    ping: Any = channel.unary_unary("/oso.trafficcenter.v1.TrafficCenterService/Ping")

    error = await refusal(ping(b"\xff\xff\xff", timeout=10))

    assert error.name == "INTERNAL"
    assert ("Ping", "OK") not in world.observer.seen


async def test_too_large_a_message_is_not_read(world: World) -> None:
    """A single message beyond 4 MiB is refused; large things travel in chunks."""
    channel = await world.channel(world.landscape.credentials("las-a"))
    ping: Any = channel.unary_unary("/oso.trafficcenter.v1.TrafficCenterService/Ping")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ping(bytes(5 * 1024 * 1024), timeout=30)

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_unknown_method_is_unimplemented(world: World) -> None:
    """A method that is not there is UNIMPLEMENTED, as gRPC has it."""
    channel = await world.channel(world.landscape.credentials("las-a"))

    nothing: Any = channel.unary_unary("/oso.trafficcenter.v1.TrafficCenterService/Nothing")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await nothing(b"", timeout=10)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_unforeseen_failure_tells_nothing(world: World, log: io.StringIO) -> None:
    """What nobody foresaw is INTERNAL with a number that is in the log, and no personal data."""
    stub = await world.center(world.landscape.credentials("las-a"))

    error = await refusal(stub.ListDeliveryPoints(ListDeliveryPointsRequest(), timeout=10))
    line = json.loads(log.getvalue())

    assert error.name == "INTERNAL"
    assert error.metadata == {"request": "request-1"}
    assert "De Vries" not in str(error) + log.getvalue()
    assert line["event"] == "call_failed"
    assert line["request"] == "request-1"
    assert line["system"] == "las-a"
    assert line["error"] == "ValueError"
    assert "conftest.py:" in line["where"]
    assert await told(world, ("ListDeliveryPoints", "INTERNAL"))


@pytest.mark.parametrize(("then", "name"), [("refuse", "DOSSIER_NOT_READY"), ("break", "INTERNAL")])
async def test_stream_that_ends_in_an_error(
    world: World, log: io.StringIO, then: str, name: str
) -> None:
    """What a stream gave before it failed arrives; then the reason does."""
    world.exchange.then = then
    stub = await world.fetching(world.landscape.credentials("las-a"))
    call: Any = stub.FetchDossier(FETCH)

    received = [(await call.read()).chunk.offset for _ in range(3)]
    error = await refusal(call.read())

    assert received == [0, 1, 2]
    assert error.name == name
    assert "De Vries" not in log.getvalue()
    assert await told(world, ("FetchDossier", name))


@pytest.mark.parametrize(
    ("chunks", "read"), [(3, 3), (1_000_000, 5)], ids=["waiting", "in the middle"]
)
async def test_caller_that_leaves_stops_the_handler(world: World, chunks: int, read: int) -> None:
    """When the caller gives up its stream the handler is stopped, and counted as cancelled."""
    world.exchange.chunks, world.exchange.then = chunks, "hang"
    stub = await world.fetching(world.landscape.credentials("las-a"))
    call = stub.FetchDossier(FETCH)
    for _ in range(read):
        await call.read()

    call.cancel()
    async with asyncio.timeout(10):
        await world.exchange.ended.wait()

    assert await told(world, ("FetchDossier", "CANCELLED"))


@pytest.mark.parametrize(
    ("given", "returned"),
    [
        ("abc-123.X_y", "abc-123.X_y"),
        ("", "request-1"),
        ("x" * 65, "request-1"),
        ("a b", "request-1"),
        ("{}\\n", "request-1"),
    ],
)
async def test_request_id_goes_there_and_back(world: World, given: str, returned: str) -> None:
    """A decent request id of the caller comes back; anything else is replaced by one of ours."""
    stub = await world.center(world.landscape.credentials("las-a"))

    call = stub.Ping(PingRequest(), timeout=10, metadata=(("x-request-id", given),))
    trailing: Any = await call.trailing_metadata()

    assert dict(trailing)["x-request-id"] == returned


async def test_refusal_carries_the_request_id(world: World) -> None:
    """A refused caller has a number to tell the helpdesk as well."""
    stub = await world.center(world.landscape.credentials("las-a"))

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.OpenSession(
            OpenSessionRequest(), timeout=10, metadata=(("x-request-id", "mine"),)
        )

    assert dict(caught.value.trailing_metadata())["x-request-id"] == "mine"


async def test_health_is_for_known_callers_only(world: World) -> None:
    """Operators ask without a deadline, but need a certificate the directory knows."""
    known = health_pb2_grpc.HealthStub(await world.channel(world.landscape.credentials("las-a")))
    stranger = world.landscape.add_system("stranger", registered=False)
    unknown = health_pb2_grpc.HealthStub(await world.channel(stranger))
    request = health_pb2.HealthCheckRequest(service="oso.exchange.v1.DossierExchangeService")

    answer = await known.Check(request)
    error = await refusal(unknown.Check(request))

    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert error.name == "CERTIFICATE_UNKNOWN"


async def test_health_watch_streams_until_shutdown(world: World) -> None:
    """Who watches a server's health hears that it stops serving."""
    stub = health_pb2_grpc.HealthStub(await world.channel(world.landscape.credentials("las-a")))
    watching = stub.Watch(health_pb2.HealthCheckRequest())

    first = await watching.read()
    stopping = asyncio.create_task(world.server.stop(5))
    second = await watching.read()
    watching.cancel()
    await stopping

    assert first.status == health_pb2.HealthCheckResponse.SERVING
    assert second.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_abort_of_a_foreign_handler_keeps_its_status(world: World) -> None:
    """Handlers that are not ours may end a call their way; it is counted by its gRPC status."""
    stub = health_pb2_grpc.HealthStub(await world.channel(world.landscape.credentials("las-a")))

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service="nothing"))

    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert await told(world, ("Check", "NOT_FOUND"))
