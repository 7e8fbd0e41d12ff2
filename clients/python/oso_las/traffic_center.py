"""A school's side of the Traffic Center."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, TypeVar

import grpc

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_CERTIFICATE_NOT_ALLOWED,
    RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE,
    RESULT_CODE_UNREACHABLE,
)
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_las.model import ACCEPTED_YEARS
from oso_rpc.channel import Connection
from oso_rpc.errors import OsoError, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceAsyncStub
    from oso.transfer.v1.transfer_pb2 import TransferKind
    from oso_rpc.clock import Clock
    from oso_rpc.credentials_source import CredentialsSource

_DEADLINE = 15.0
_Response = TypeVar("_Response")


class TrafficCenter:
    """Speaks to the Traffic Center.

    Every method raises OsoError with the reason of a refusal, or TRAFFIC_CENTER_UNAVAILABLE when
    nobody answers.
    """

    def __init__(
        self, address: str, system_id: str, credentials: CredentialsSource, clock: Clock
    ) -> None:
        """Say where it is; nothing is sent yet.

        Args:
            address: Where it listens, `host:port`.
            system_id: Who must answer.
            credentials: What to show and trust.
            clock: The clock that is sent along.

        """
        self._connection = Connection(address, system_id, credentials)
        # Made once for a channel: to make one costs as much as a small call.
        self._made: tuple[grpc.aio.Channel, TrafficCenterServiceAsyncStub] | None = None
        self._clock = clock

    def connect(self) -> None:
        """Begin to connect, while there is something else to do first."""
        self._connection.channel().get_state(try_to_connect=True)

    async def close_channel(self) -> None:
        """Close the channel."""
        await self._connection.close()

    @property
    def _stub(self) -> TrafficCenterServiceAsyncStub:
        channel = self._connection.channel()
        if self._made is None or self._made[0] is not channel:
            self._made = channel, TrafficCenterServiceStub(channel)
        return self._made[1]

    async def ping(self) -> messages.PingResponse:
        """Ask who we are to it, and what the time is."""
        request = messages.PingRequest()
        request.send_time.FromDatetime(self._clock.now())
        return await _answered(self._stub.Ping(request, timeout=_DEADLINE))

    async def open(
        self,
        routing_key: str,
        source_brin: str,
        search_key: bytes = b"",
        *,
        coupling_key: str = "",
        kind: TransferKind.ValueType = TRANSFER_KIND_OVERSTAPDOSSIER,
    ) -> messages.OpenSessionResponse:
        """Open a session to fetch a pupil's dossier from a school, by the key its kind has."""
        request = messages.OpenSessionRequest(
            request_id=str(uuid.uuid4()),
            target_routing_key=routing_key,
            source_brin=source_brin,
            kind=kind,
            accepted_dossier_years=ACCEPTED_YEARS,
        )
        if coupling_key:
            request.key.coupling_key = coupling_key
        else:
            request.key.search_key = search_key
        request.send_time.FromDatetime(self._clock.now())
        return await _answered(self._stub.OpenSession(request, timeout=_DEADLINE))

    async def check(self, request: messages.CheckSessionRequest) -> messages.CheckSessionResponse:
        """Ask whether a request that came in matches its session."""
        return await _answered(self._stub.CheckSession(request, timeout=_DEADLINE))

    async def close(
        self, request: messages.CloseSessionRequest, certificate_sha256: bytes = b""
    ) -> messages.CloseSessionResponse:
        """Close a session; the same request may be sent again.

        Args:
            request: What to tell.
            certificate_sha256: The certificate the session is bound to; empty for that in use.

        """
        connection = self._connection
        channel = (
            connection.channel_of(certificate_sha256)
            if certificate_sha256
            else connection.channel()
        )
        if channel is None:
            raise OsoError(RESULT_CODE_CERTIFICATE_NOT_ALLOWED, subject=request.session_id)
        stub = TrafficCenterServiceStub(channel)
        return await _answered(stub.CloseSession(request, timeout=_DEADLINE))

    async def report_notification(
        self,
        routing_key: str,
        kind: TransferKind.ValueType,
        *,
        session_id: str = "",
        target_routing_key: str = "",
    ) -> messages.ReportNotificationResponse:
        """Register a notification to who asked in a session, or to a delivery point of an SWV."""
        request = messages.ReportNotificationRequest(
            request_id=str(uuid.uuid4()), source_routing_key=routing_key, kind=kind
        )
        if session_id:
            request.session_id = session_id
        else:
            request.target_routing_key = target_routing_key
        request.send_time.FromDatetime(self._clock.now())
        return await _answered(self._stub.ReportNotification(request, timeout=_DEADLINE))

    async def report_feedback(
        self, routing_key: str, session_id: str
    ) -> messages.ReportFeedbackResponse:
        """Register feedback on the dossier that was delivered to an SWV in a session."""
        request = messages.ReportFeedbackRequest(
            request_id=str(uuid.uuid4()), sender_routing_key=routing_key, session_id=session_id
        )
        request.send_time.FromDatetime(self._clock.now())
        return await _answered(self._stub.ReportFeedback(request, timeout=_DEADLINE))

    async def delivery_points_of_swv(self, code: str) -> list[DeliveryPoint]:
        """List the active delivery points of an SWV."""
        request = messages.ListDeliveryPointsRequest(
            swv=code, kind=TRANSFER_KIND_SWV_DOSSIER, page_size=1000
        )
        found = await _answered(self._stub.ListDeliveryPoints(request, timeout=_DEADLINE))
        return [one.delivery_point for one in found.delivery_points]

    async def timeline(self, session_id: str) -> messages.GetSessionTimelineResponse:
        """Ask for every step of a session."""
        request = messages.GetSessionTimelineRequest(session_id=session_id, page_size=1000)
        whole = await _answered(self._stub.GetSessionTimeline(request, timeout=_DEADLINE))
        token = whole.next_page_token
        while token:
            request.page_token = token
            page = await _answered(self._stub.GetSessionTimeline(request, timeout=_DEADLINE))
            whole.events.extend(page.events)
            token = page.next_page_token
        return whole


async def _answered(call: Awaitable[_Response]) -> _Response:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        told = from_rpc_error(error, party="Traffic Center")
        if told.code == RESULT_CODE_UNREACHABLE:
            raise OsoError(RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE) from None
        raise told from None
