"""Registering feedback: an SWV is about to answer the school whose dossier it received."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.feedback_pb2 import Feedback, SignedFeedback
from oso.trafficcenter.v1.session_pb2 import SESSION_EVENT_TYPE_FEEDBACK
from oso.trafficcenter.v1.traffic_center_service_pb2 import ReportFeedbackResponse
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_rpc.errors import OsoError
from oso_trafficcenter import answers, conditions, events
from oso_trafficcenter.decisions import decide
from oso_trafficcenter.delivery_points import address_of
from oso_trafficcenter.model import stamp
from oso_trafficcenter.store import Work

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso.trafficcenter.v1.traffic_center_service_pb2 import ReportFeedbackRequest
    from oso_rpc.clock import Clock
    from oso_rpc.directory import CurrentDirectory, DirectoryView
    from oso_rpc.identity import PeerIdentity
    from oso_rpc.signing import Signer
    from oso_store import Database
    from oso_trafficcenter.model import NotificationRecord, SessionRecord
    from oso_trafficcenter.store import Answer, Transaction

FEEDBACK_DOMAIN = "oso.trafficcenter.v1.Feedback"
BRING_WITHIN = timedelta(minutes=30)
MOST, WINDOW = 10, timedelta(hours=24)


class FeedbackReports:
    """Registers feedback: at most ten times a day on one dossier."""

    def __init__(
        self,
        database: Database[Transaction],
        directory: CurrentDirectory,
        signer: Signer,
        *,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        """Take what decisions are made with."""
        self._database = database
        self._directory = directory
        self._signer = signer
        self._clock = clock
        self._new_id = new_id

    async def report(
        self, request: ReportFeedbackRequest, peer: PeerIdentity
    ) -> ReportFeedbackResponse:
        """Register feedback, or refuse it; docs/protocol/notification.md has the order.

        Raises:
            OsoError: The reason of the refusal; NOT_RECORDED, REQUEST_ID_REUSED, DIRECTORY_EXPIRED.

        """
        view = self._directory.view()

        def work(tx: Transaction) -> Answer | OsoError:
            return self._report(tx, view, request, peer)

        answer = await decide(
            self._database,
            Work(work, request.session_id.lower(), (peer.system_id, request.request_id)),
        )
        return ReportFeedbackResponse.FromString(answers.content_of(answer))

    def _report(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: ReportFeedbackRequest,
        peer: PeerIdentity,
    ) -> Answer | OsoError:
        now = self._clock.now()
        event = events.asked(SESSION_EVENT_TYPE_FEEDBACK, now, peer, request.sender_routing_key)
        session = tx.session(request.session_id.lower())
        asked = answers.Asked(peer, request, event, now, session)
        return answers.once(tx, asked, lambda: self._registered(tx, view, request, asked))

    def _registered(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: ReportFeedbackRequest,
        asked: answers.Asked,
    ) -> ReportFeedbackResponse:
        peer, event, now = asked.peer, asked.event, asked.now
        sender, receiver, delivered = may_answer(view, request, asked.session, peer, now)
        fetched_on = _fetched_on(tx, delivered)
        _is_no_flood(tx, asked.session_id, now)
        feedback = Feedback(
            feedback_id=self._new_id(),
            session_id=asked.session_id,
            notification_id=fetched_on.notification_id,
            sender_swv=sender.swv,
            sender_routing_key=sender.routing_key,
            sender_certificate_sha256=peer.certificate_sha256,
            receiver_brin=receiver.brin,
            receiver_routing_key=receiver.routing_key,
        )
        stamp(feedback.issue_time, now)
        stamp(feedback.expire_time, now + BRING_WITHIN)
        event.details["feedback_id"] = feedback.feedback_id
        tx.record(asked.session_id, events.accepted(event, codes.RESULT_CODE_REPORTED))
        return ReportFeedbackResponse(
            feedback=self._signed(feedback), receiver=address_of(view, receiver)
        )

    def _signed(self, feedback: Feedback) -> SignedFeedback:
        content = feedback.SerializeToString(deterministic=True)
        return SignedFeedback(
            feedback=content,
            signature=self._signer.sign(FEEDBACK_DOMAIN, content),
            key_id=self._signer.key_id,
        )


def may_answer(
    view: DirectoryView,
    request: ReportFeedbackRequest,
    session: SessionRecord | None,
    peer: PeerIdentity,
    now: datetime,
) -> tuple[DeliveryPoint, DeliveryPoint, SessionRecord]:
    """The caller may answer on this session; gives the SWV, the school, and the session.

    Raises:
        OsoError: The first condition that does not hold, in the order they are written here.

    """
    conditions.clock_agrees(request.send_time, now)
    sender = conditions.own_delivery_point(view, peer, request.sender_routing_key)
    if session is None or session.target_routing_key != sender.routing_key:
        raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=request.session_id.lower())
    if session.kind != TRANSFER_KIND_SWV_DOSSIER:
        raise OsoError(codes.RESULT_CODE_SESSION_MISMATCH, fields="kind")
    if session.result != codes.RESULT_CODE_DELIVERED:
        raise OsoError(codes.RESULT_CODE_SESSION_MISMATCH, fields="result")
    swv = conditions.target_may_act(view, sender, session.kind, now)
    receiver = view.delivery_point(session.source_routing_key)
    if receiver is None:
        raise OsoError(
            codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, routing_key=session.source_routing_key
        )
    school = conditions.source_may_act(view, receiver, session.kind, now)
    conditions.may_exchange(school, swv, now)
    return sender, receiver, session


def _fetched_on(tx: Transaction, session: SessionRecord) -> NotificationRecord:
    """Find the notification a dossier was fetched on."""
    found = tx.coupling_key(session.search_key)
    if found is None:  # kept for more than a year
        raise OsoError(codes.RESULT_CODE_COUPLING_KEY_UNKNOWN)
    return found


def _is_no_flood(tx: Transaction, session_id: str, now: datetime) -> None:
    if tx.count_reports(session_id, SESSION_EVENT_TYPE_FEEDBACK, now - WINDOW) >= MOST:
        raise OsoError(codes.RESULT_CODE_TOO_MUCH_FEEDBACK, retry_after=WINDOW)
