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
    ListClosedSessionsRequest,
    ListClosedSessionsResponse,
)
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso_rpc.channel import Connection
from oso_rpc.errors import OsoError, from_rpc_error

if TYPE_CHECKING:
    from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceAsyncStub
    from oso_rpc.credentials_source import CredentialsSource

# Whoever asks waits for it.
_SECONDS = 10.0
# A page. Of a timeline nobody reads further, and what is told of so many fits in one answer.
_PAGE = 1000
_log = structlog.get_logger(__name__)


class TrafficCenter:
    """Speaks to the Traffic Center.

    Attributes:
        system_id: Which one.

    """

    def __init__(self, address: str, system_id: str, credentials: CredentialsSource) -> None:
        """Say where it is; nothing is sent yet.

        Args:
            address: Where it listens, `host:port`.
            system_id: Who must answer.
            credentials: What to show and trust.

        """
        self.system_id = system_id
        self._connection = Connection(address, system_id, credentials)

    @property
    def _stub(self) -> TrafficCenterServiceAsyncStub:
        return TrafficCenterServiceStub(self._connection.channel())

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
        request = GetSessionTimelineRequest(session_id=session_id, page_size=_PAGE)
        try:
            return await self._stub.GetSessionTimeline(request, timeout=_SECONDS)
        except grpc.aio.AioRpcError as error:
            told = from_rpc_error(error, party="Traffic Center")
        if told.code == RESULT_CODE_SESSION_UNKNOWN:
            raise told
        _log.warning("traffic_center_refused", reason=told.name)
        raise OsoError(RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE)

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
