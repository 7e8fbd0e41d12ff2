"""The bare server: what gRPC does at best over mTLS, with none of our own code around it.

Run as `python -m bench.bare CERTIFICATE KEY AUTHORITY`; prints `ready PORT`. It has two methods:
`/bare/Echo` gives the request back, `/bare/Stream` sends as many bytes as the request says (eight
bytes, big-endian) in chunks of 256 KiB.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import uvloop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHUNK = 256 * 1024
ECHO = "/bare/Echo"
STREAM = "/bare/Stream"


async def _echo(request: bytes, _context: object) -> bytes:
    return request


async def _stream(request: bytes, _context: object) -> AsyncIterator[bytes]:
    left = int.from_bytes(request, "big")
    chunk = bytes(CHUNK)
    while left > 0:
        yield chunk if left >= CHUNK else chunk[:left]
        left -= CHUNK


def _server(certificate: Path, key: Path, authority: Path) -> tuple[grpc.aio.Server, int]:
    server = grpc.aio.server()
    handlers: dict[str, Any] = {
        "Echo": grpc.unary_unary_rpc_method_handler(_echo),
        "Stream": grpc.unary_stream_rpc_method_handler(_stream),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bare", handlers),))
    credentials = grpc.ssl_server_credentials(
        [(key.read_bytes(), certificate.read_bytes())],
        root_certificates=authority.read_bytes(),
        require_client_auth=True,
    )
    return server, server.add_secure_port("127.0.0.1:0", credentials)


async def _serve(certificate: Path, key: Path, authority: Path) -> None:
    server, port = _server(certificate, key, authority)
    await server.start()
    print(f"ready {port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(_serve(*(Path(argument) for argument in sys.argv[1:4])))
