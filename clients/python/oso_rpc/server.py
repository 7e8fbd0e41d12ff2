"""A server of OSO: mutual TLS, guarded, with health and reflection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.tls import require_tls_1_3

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oso_rpc.credentials import Credentials
    from oso_rpc.guard import ServerGuard

MAX_CONNECTION_AGE = timedelta(minutes=10)
# Large things travel in chunks of 256 KiB; the largest single message is a manifest of 3 MiB.
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
# A call that still runs when its connection comes of age gets this long: some GiB of attachment.
_LONGEST_CALL = timedelta(hours=1)


class AddressInUseError(Exception):
    """The address a server should listen on cannot be had.

    Attributes:
        address: The address, `host:port`.

    """

    def __init__(self, address: str) -> None:
        """Record the address."""
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        """Say what is wrong."""
        return f"cannot listen on {self.address}: in use, or not an address of this machine"


@dataclass(frozen=True)
class Registration:
    """A service to serve.

    Attributes:
        name: Full name, such as `oso.trafficcenter.v1.TrafficCenterService`.
        add: Adds its servicer to a server.

    """

    name: str
    add: Callable[[Any], None]


class Server:
    """A server that was built and can be started once."""

    def __init__(
        self,
        server: grpc.aio.Server,
        port: int,
        check: health.aio.HealthServicer,
        open_port: int = 0,
    ) -> None:
        """Use `build_server`."""
        self._server = server
        self._health = check
        self.port = port
        self.open_port = open_port

    async def start(self) -> int:
        """Start serving; give the port."""
        await self._server.start()
        return self.port

    async def wait(self) -> None:
        """Return when the server has stopped."""
        await self._server.wait_for_termination()

    async def stop(self, grace: float = 5.0) -> None:
        """Say that we are not serving, let calls end for `grace` seconds, stop."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)


async def build_server(
    address: str,
    credentials: Credentials | CredentialsSource,
    guard: ServerGuard,
    services: Sequence[Registration],
    max_connection_age: timedelta = MAX_CONNECTION_AGE,
    *,
    open_address: str = "",
) -> Server:
    """Build a server that asks every client for a certificate of our authority.

    Args:
        address: Where to listen, `host:port`; port 0 takes a free one.
        credentials: What to show and trust. With a source each new connection gets what is in use
            by then; those that stand go on as they began.
        guard: What stands before every handler.
        services: What to serve, besides health and reflection.
        max_connection_age: How long a connection may live. gRPC checks a certificate when a
            connection is made; this bounds for how long that check is believed.
        open_address: Where to listen besides, without asking for a certificate: for who has none
            yet. The guard must know what to refuse there; empty for no such place.

    Raises:
        AddressInUseError: The address cannot be had.
        TlsNotRestrictedError: This process could agree on less than TLS 1.3.

    """
    require_tls_1_3()
    server = grpc.aio.server(
        interceptors=[guard],
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_connection_age_ms", _milliseconds(max_connection_age)),
            ("grpc.max_connection_age_grace_ms", _milliseconds(_LONGEST_CALL)),
            ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
            ("grpc.max_concurrent_streams", 1_000),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ],
    )
    check = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(check, server)
    names = [health.SERVICE_NAME, reflection.SERVICE_NAME]
    for service in services:
        service.add(server)
        names.append(service.name)
        await check.set(service.name, health_pb2.HealthCheckResponse.SERVING)
    await check.set("", health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection(names, server)
    port = _listen(server, address, _tls(credentials, ask_client=True))
    if not open_address:
        return Server(server, port, check)
    open_tls = _tls(credentials, ask_client=False)
    return Server(server, port, check, _listen(server, open_address, open_tls))


def _tls(
    credentials: Credentials | CredentialsSource, *, ask_client: bool
) -> grpc.ServerCredentials:
    """Make what a port shows; asked anew at each handshake, in a thread of gRPC."""
    given = _current(credentials)

    def changed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal given
        found = _current(credentials)
        if found is given:
            return None
        given = found
        return _configuration(found, ask_client=ask_client)

    first = _configuration(given, ask_client=ask_client)
    # The types of others do not know that None says: no change.
    return grpc.dynamic_ssl_server_credentials(first, changed, ask_client)  # type: ignore[arg-type]


def _current(credentials: Credentials | CredentialsSource) -> Credentials:
    return credentials.current if isinstance(credentials, CredentialsSource) else credentials


def _configuration(
    credentials: Credentials, *, ask_client: bool
) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(credentials.key_pem, credentials.certificate_pem)],
        credentials.authority_pem if ask_client else None,
    )


def _listen(server: grpc.aio.Server, address: str, tls: grpc.ServerCredentials) -> int:
    try:
        return server.add_secure_port(address, tls)
    except RuntimeError:
        raise AddressInUseError(address) from None


def _milliseconds(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)
