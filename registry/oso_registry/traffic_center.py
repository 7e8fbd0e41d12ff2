"""OfficeHeart's side of the Traffic Center, where it may read the evidence of all sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    ListClosedSessionsRequest,
    ListClosedSessionsResponse,
)
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso_rpc.channel import secure_channel
from oso_rpc.errors import from_rpc_error

if TYPE_CHECKING:
    from oso_rpc.clock import Clock
    from oso_rpc.credentials import Credentials

_SECONDS = 10.0
_PAGE = 1000


class TrafficCenter:
    """Speaks to the Traffic Center.

    Attributes:
        system_id: Which one.
        clock: The clock; for questions about a period.

    """

    def __init__(
        self, address: str, system_id: str, credentials: Credentials, clock: Clock
    ) -> None:
        """Open a channel, inside the event loop; nothing is sent yet.

        Args:
            address: Where it listens, `host:port`.
            system_id: Who must answer.
            credentials: What to show and trust.
            clock: The clock.

        """
        self.system_id = system_id
        self.clock = clock
        self._channel = secure_channel(address, system_id, credentials)
        self._stub = TrafficCenterServiceStub(self._channel)

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()

    async def closed_sessions(self, after: int) -> ListClosedSessionsResponse:
        """Give a page of the sessions closed after a number of its journal, and how far it got.

        Raises:
            OsoError: What the Traffic Center refuses for; UNREACHABLE.

        """
        request = ListClosedSessionsRequest(after_sequence=after, page_size=_PAGE)
        try:
            return await self._stub.ListClosedSessions(request, timeout=_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, party="Traffic Center") from None
