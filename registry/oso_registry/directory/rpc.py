"""The edge of the directory: the stream that watchers follow."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from oso.directory.v1 import directory_service_pb2 as messages
from oso.directory.v1 import directory_service_pb2_grpc as stubs
from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.current_call import current_peer
from oso_rpc.errors import OsoError
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from datetime import datetime

    from oso_registry.directory.published import Published
    from oso_rpc.clock import Clock
    from oso_rpc.identity import PeerIdentity

# Whoever does not take a word in this time gets none after it, and goes on from its version when it
# asks again.
_TAKEN_SECONDS = 30.0


class DirectoryServicer(stubs.DirectoryServiceServicer):
    """Serves `oso.directory.v1.DirectoryService`; the contract has the promises."""

    def __init__(self, published: Published, clock: Clock) -> None:
        """Take what is given out, and the clock."""
        self._published = published
        self._clock = clock

    # Writes by itself, to know how long a word takes to be taken.
    async def WatchDirectory(  # type: ignore[override]
        self, request: messages.WatchDirectoryRequest, context: Any
    ) -> None:
        """Tell a watcher of every change; end when its certificate may not be used any more."""
        peer = current_peer()
        async with aclosing(self._published.words(request)) as words:
            async for word in words:
                self._require_in_force(peer, self._clock.now())
                writing = asyncio.ensure_future(context.write(word))
                try:
                    await asyncio.wait({writing}, timeout=_TAKEN_SECONDS)
                    if not writing.done():
                        # Nothing more is kept for it. What is half sent cannot be taken back.
                        await words.aclose()
                    await writing
                finally:
                    writing.cancel()

    def _require_in_force(self, peer: PeerIdentity, now: datetime) -> None:
        if peer.certificate_sha256 in self._published.contents.revoked:
            raise OsoError(codes.RESULT_CODE_CERTIFICATE_REVOKED)
        if now >= peer.not_after:
            raise OsoError(
                codes.RESULT_CODE_CERTIFICATE_EXPIRED,
                not_before=peer.not_before.isoformat(),
                not_after=peer.not_after.isoformat(),
            )


def registration(servicer: DirectoryServicer) -> Registration:
    """Give what a server needs to serve it."""
    return Registration(
        messages.DESCRIPTOR.services_by_name["DirectoryService"].full_name,
        lambda server: stubs.add_DirectoryServiceServicer_to_server(servicer, server),
    )
