"""TLS as others speak it: openssl through Python's ssl, and grpcurl."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oso_registry.testing import TRAFFIC_CENTER
from oso_rpc.admission import DirectoryAdmission
from oso_rpc.guard import ServerGuard
from oso_rpc.server import AddressInUseError, build_server

if TYPE_CHECKING:
    from .conftest import World

# What an HTTP/2 client sends first (RFC 9113, section 3.4), with empty settings; and the type of
# the frame the server answers with.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
_SETTINGS = b"\x04"


def served(
    world: World,
    version: ssl.TLSVersion,
    *,
    certificate: bool = True,
    ciphers: str | None = None,
) -> bool:
    """Connect as somebody else's TLS stack would; tell whether the server answers with HTTP/2."""
    context = ssl.create_default_context(cafile=str(world.landscape.root_file))
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    if ciphers:
        context.set_ciphers(ciphers)
    if certificate:
        files = world.landscape
        context.load_cert_chain(files.certificate_file("las-a"), files.key_file("las-a"))
    address = ("127.0.0.1", world.server.port)
    name = f"{TRAFFIC_CENTER}.system.oso.internal"
    try:
        with (
            socket.create_connection(address, timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            secure.sendall(_PREFACE)
            return secure.recv(9)[3:4] == _SETTINGS
    except (ConnectionError, ssl.SSLError):
        return False


async def test_tls_1_3_is_served(world: World) -> None:
    """A TLS 1.3 client with a certificate gets HTTP/2: the server's settings."""
    assert await asyncio.to_thread(served, world, ssl.TLSVersion.TLSv1_3)


@pytest.mark.parametrize("ciphers", [None, "ECDHE-ECDSA-AES128-GCM-SHA256", "ALL"])
async def test_tls_1_2_is_refused(world: World, ciphers: str | None) -> None:
    """A TLS 1.2 client gets no connection, whatever it offers."""
    assert not await asyncio.to_thread(served, world, ssl.TLSVersion.TLSv1_2, ciphers=ciphers)


async def test_client_without_certificate_is_refused(world: World) -> None:
    """Without a client certificate there is no connection, so nothing to call."""
    assert not await asyncio.to_thread(served, world, ssl.TLSVersion.TLSv1_3, certificate=False)


@pytest.mark.parametrize(
    ("first", "setting", "allowed"),
    [
        ("oso_rpc", None, True),
        ("oso_las", None, True),
        ("oso_trafficcenter", None, True),
        ("grpc", None, False),
        ("oso_rpc", "ECDHE-ECDSA-AES128-GCM-SHA256", False),
        ("grpc", "ECDHE-RSA-AES128-GCM-SHA256", True),
    ],
)
def test_program_that_could_speak_tls_1_2_makes_no_connection(
    first: str, setting: str | None, *, allowed: bool
) -> None:
    """Where gRPC was loaded without our setting, channels and servers are refused, not weakened."""
    environment = {
        name: value for name, value in os.environ.items() if name != "GRPC_SSL_CIPHER_SUITES"
    }
    if setting:
        environment["GRPC_SSL_CIPHER_SUITES"] = setting
    program = f"import {first}, grpc; from oso_rpc.tls import require_tls_1_3 as r; r()"

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode == 0) is allowed
    assert ("TlsNotRestrictedError" in done.stderr) is not allowed


async def test_address_in_use(world: World) -> None:
    """Two servers on one address are not possible; the error names the address."""
    guard = ServerGuard(DirectoryAdmission(world.source), world.clock)
    credentials = world.landscape.credentials(TRAFFIC_CENTER)

    with pytest.raises(AddressInUseError) as caught:
        await build_server(world.address, credentials, guard, [])

    assert caught.value.address == world.address


def grpcurl(world: World, *arguments: str, certificate: bool = True) -> list[str]:
    """Give the command line of grpcurl against the server; it checks the server's name."""
    program = shutil.which("grpcurl", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("grpcurl is not installed")
    files = world.landscape
    shown = [
        *("-cert", str(files.certificate_file("las-a"))),
        *("-key", str(files.key_file("las-a"))),
    ]
    return [
        program,
        *("-cacert", str(files.root_file)),
        *(shown if certificate else []),
        *("-authority", f"{TRAFFIC_CENTER}.system.oso.internal"),
        *("-connect-timeout", "5"),
        *arguments[:-1],
        world.address,
        *arguments[-1:],
    ]


async def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command beside the event loop the server needs."""
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=60
    )


async def test_operator_lists_services(world: World) -> None:
    """An operator with a known certificate lists by reflection what the server serves."""
    done = await run(grpcurl(world, "list"))

    assert done.stderr == ""
    assert set(done.stdout.split()) == {
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "oso.exchange.v1.DossierExchangeService",
        "oso.trafficcenter.v1.TrafficCenterService",
    }


async def test_operator_calls_by_reflection(world: World) -> None:
    """An operator's grpcurl reads the contract from the server, and calls with a deadline."""
    done = await run(
        grpcurl(world, "-max-time", "10", "oso.trafficcenter.v1.TrafficCenterService/Ping")
    )

    assert done.stderr == ""
    assert '"las-a"' in done.stdout


async def test_operator_without_certificate_sees_nothing(world: World) -> None:
    """Reflection is behind mutual TLS like everything else."""
    done = await run(grpcurl(world, "list", certificate=False))

    assert done.returncode != 0
    assert done.stdout == ""
