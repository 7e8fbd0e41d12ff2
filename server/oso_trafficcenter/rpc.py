"""The edge: from messages to calls of the services, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1 import traffic_center_service_pb2_grpc as stubs
from oso_rpc.current_call import current_peer
from oso_rpc.server import Registration
from oso_trafficcenter.conditions import clock_agrees
from oso_trafficcenter.delivery_points import list_delivery_points

if TYPE_CHECKING:
    from oso_rpc.clock import Clock
    from oso_rpc.directory import CurrentDirectory
    from oso_trafficcenter.evidence import Evidence
    from oso_trafficcenter.feedback import FeedbackReports
    from oso_trafficcenter.notifications import Notifications
    from oso_trafficcenter.sessions import Sessions

SERVICE = messages.DESCRIPTOR.services_by_name["TrafficCenterService"].full_name


class TrafficCenterServicer(stubs.TrafficCenterServiceServicer):
    """Serves `oso.trafficcenter.v1.TrafficCenterService`; the contract has the promises."""

    def __init__(
        self,
        sessions: Sessions,
        notifications: Notifications,
        *,
        feedback: FeedbackReports,
        evidence: Evidence,
        directory: CurrentDirectory,
        clock: Clock,
    ) -> None:
        """Take the services."""
        self._sessions = sessions
        self._notifications = notifications
        self._evidence = evidence
        self._feedback = feedback
        self._directory = directory
        self._clock = clock

    async def Ping(  # noqa: N802  the contract's name
        self, request: messages.PingRequest, _context: Any
    ) -> messages.PingResponse:
        """Tell the caller who it is and what the time is."""
        now = self._clock.now()
        if request.HasField("send_time"):
            clock_agrees(request.send_time, now)
        peer, view = current_peer(), self._directory.view()
        points = view.delivery_points_by(peer.system_id)
        response = messages.PingResponse(
            caller=messages.CallerIdentity(
                system_id=peer.system_id,
                certificate_sha256=peer.certificate_sha256,
                routing_keys=[point.routing_key for point in points],
            ),
            accepted_dossier_years=view.accepted_dossier_years,
            directory_version=view.version,
        )
        response.receive_time.FromDatetime(now)
        response.caller.certificate_expire_time.FromDatetime(peer.not_after)
        return response

    async def ListDeliveryPoints(  # noqa: N802
        self, request: messages.ListDeliveryPointsRequest, _context: Any
    ) -> messages.ListDeliveryPointsResponse:
        """List active delivery points."""
        return list_delivery_points(self._directory.view(), request)

    async def OpenSession(  # noqa: N802
        self, request: messages.OpenSessionRequest, _context: Any
    ) -> messages.OpenSessionResponse:
        """Grant a session."""
        return await self._sessions.open(request, current_peer())

    async def CheckSession(  # noqa: N802
        self, request: messages.CheckSessionRequest, _context: Any
    ) -> messages.CheckSessionResponse:
        """Check a request against its session."""
        return await self._sessions.check(request, current_peer())

    async def CloseSession(  # noqa: N802
        self, request: messages.CloseSessionRequest, _context: Any
    ) -> messages.CloseSessionResponse:
        """Close a session."""
        return await self._sessions.close(request, current_peer())

    async def ReportNotification(  # noqa: N802
        self, request: messages.ReportNotificationRequest, _context: Any
    ) -> messages.ReportNotificationResponse:
        """Register a notification."""
        return await self._notifications.report(request, current_peer())

    async def ReportFeedback(  # noqa: N802
        self, request: messages.ReportFeedbackRequest, _context: Any
    ) -> messages.ReportFeedbackResponse:
        """Register feedback."""
        return await self._feedback.report(request, current_peer())

    async def GetSessionTimeline(  # noqa: N802
        self, request: messages.GetSessionTimelineRequest, _context: Any
    ) -> messages.GetSessionTimelineResponse:
        """Give every step of a session."""
        return await self._sessions.timeline(request, current_peer())

    async def ListClosedSessions(  # noqa: N802
        self, request: messages.ListClosedSessionsRequest, _context: Any
    ) -> messages.ListClosedSessionsResponse:
        """Give a page of the sessions that were closed."""
        return await self._evidence.closed_sessions(request, current_peer())


def registration(servicer: TrafficCenterServicer) -> Registration:
    """Give what a server needs to serve it."""
    return Registration(
        SERVICE, lambda server: stubs.add_TrafficCenterServiceServicer_to_server(servicer, server)
    )
