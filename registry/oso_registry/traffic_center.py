"""The Traffic Center as OfficeHeart calls it: with the rights of an auditor.

It tells of sessions, never of pupils.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    ListClosedSessionsRequest,
    ListClosedSessionsResponse,
)
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso_rpc.channel import secure_channel
from oso_rpc.errors import from_rpc_error

if TYPE_CHECKING:
    from oso_rpc.credentials import Credentials

_SECONDS = 10.0
_PAGE = 1000


class TrafficCenter:
    """A Traffic Center to ask. Make it inside the event loop, `close` it.

    Attributes:
        system_id: Which one.

    """

    def __init__(self, address: str, system_id: str, credentials: Credentials) -> None:
        """Name where it listens, who must answer there, and who we are."""
        self.system_id = system_id
        self._channel = secure_channel(address, system_id, credentials)
        self._stub: Any = TrafficCenterServiceStub(self._channel)

    async def closed_sessions(self, after: int) -> ListClosedSessionsResponse:
        """Give a page of the sessions closed after a number of its journal, and how far it got.

        Raises:
            OsoError: What the Traffic Center refuses for; UNREACHABLE.

        """
        request = ListClosedSessionsRequest(after_sequence=after, page_size=_PAGE)
        try:
            return await self._stub.ListClosedSessions(request, timeout=_SECONDS)  # type: ignore[no-any-return]
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, party="trafficcenter") from None

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()
