"""What OfficeHeart shows to anybody over HTTP: root and issuer certificates, revocation lists.

All of it is signed and none of it secret, so it goes without TLS, as revocation lists usually do
(RFC 5280, 8: one behind TLS may need itself to be read).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from oso_rpc.server import AddressInUseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.requests import Request

# RFC 2585, 4 for lists; what openssl and browsers call PEM.
_TYPES = {".crl": "application/pkix-crl", ".crt": "application/x-pem-file"}
# Readers ask again after a minute: a revocation should not wait in somebody's cache.
_HEADERS = {"cache-control": "public, max-age=60", "x-content-type-options": "nosniff"}
_GRACE_SECONDS = 5
_HIGHEST_PORT = 65535


def application(folder: Path) -> Starlette:
    """Make the application that shows what lies in a folder, and nothing below or beside it."""

    async def show(request: Request) -> Response:
        name = request.path_params["name"]
        known = await asyncio.to_thread(lambda: {one.name: one for one in folder.iterdir()})
        path = known.get(name)
        if path is None or path.suffix not in _TYPES or name.startswith("."):
            return Response(status_code=404)
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)

    return Starlette(routes=[Route("/{name}", show, methods=["GET"])])


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the event loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing."""
        yield


@asynccontextmanager
async def showing(folder: Path, address: str) -> AsyncIterator[int]:
    """Show a folder over HTTP inside the event loop; give the port. Stops at the end of the block.

    Args:
        folder: What to show.
        address: Where to listen, `host:port`; port 0 takes a free one.

    Raises:
        AddressInUseError: The address cannot be had.

    """
    await asyncio.to_thread(folder.mkdir, mode=0o755, exist_ok=True)
    listening = _listen(address)
    config = uvicorn.Config(
        application(folder),
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]), name="http")
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
        listening.close()


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not (port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT):
        raise AddressInUseError(address)
    try:
        return socket.create_server((host, int(port)), family=family)
    except OSError:
        raise AddressInUseError(address) from None
