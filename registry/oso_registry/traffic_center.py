"""OfficeHeart's side of the Traffic Center, where it may read the evidence of all sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import structlog

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_SESSION_UNKNOWN,
    RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE,
)
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    GetSessionTimelineRequest,
    GetSessionTimelineResponse,
)
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso_rpc.channel import Connection
from oso_rpc.errors import OsoError, from_rpc_error

if TYPE_CHECKING:
    from oso_rpc.clock import Clock
    from oso_rpc.credentials_source import CredentialsSource

# Whoever asks waits for it.
_SECONDS = 10.0
# A page. Nobody reads further, and what is told of so many still fits in one answer.
_MOST_EVENTS = 1000
_log = structlog.get_logger(__name__)


class TrafficCenter:
    """Speaks to the Traffic Center.

    Attributes:
        clock: The clock; for questions about a period.

    """

    def __init__(
        self, address: str, system_id: str, credentials: CredentialsSource, clock: Clock
    ) -> None:
        """Say where it is; nothing is sent yet.

        Args:
            address: Where it listens, `host:port`.
            system_id: Who must answer.
            credentials: What to show and trust.
            clock: The clock.

        """
        self.clock = clock
        self._connection = Connection(address, system_id, credentials)

    async def close(self) -> None:
        """Close the channel."""
        await self._connection.close()

    async def session_timeline(self, session_id: str) -> GetSessionTimelineResponse:
        """Give a session with its steps, in order.

        At most the first 1,000; when there are more, `next_page_token` is set.

        Raises:
            OsoError: SESSION_UNKNOWN; TRAFFIC_CENTER_UNAVAILABLE when it does not answer, or
                refuses us for any other reason: that is for our log, not for whoever asked us.

        """
        request = GetSessionTimelineRequest(session_id=session_id, page_size=_MOST_EVENTS)
        try:
            stub = TrafficCenterServiceStub(self._connection.channel())
            return await stub.GetSessionTimeline(request, timeout=_SECONDS)
        except grpc.aio.AioRpcError as error:
            told = from_rpc_error(error, party="Traffic Center")
        if told.code == RESULT_CODE_SESSION_UNKNOWN:
            raise told
        _log.warning("traffic_center_refused", reason=told.name)
        raise OsoError(RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE)
