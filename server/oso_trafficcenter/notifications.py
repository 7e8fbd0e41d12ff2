"""Registering notifications: word that a dossier is ready, before it is brought to the target.

For overstapdossier and overdrachtbinnenbrin only to a delivery point that asked for the dossier
before, in a session that the source names. For swv-dossier the SWV gets a coupling key: chance,
good for this source, this SWV and one delivery, until it expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.notification_pb2 import Notification, SignedNotification
from oso.trafficcenter.v1.session_pb2 import SESSION_EVENT_TYPE_NOTIFY
from oso.trafficcenter.v1.traffic_center_service_pb2 import ReportNotificationResponse
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError
from oso_trafficcenter import answers, conditions, events
from oso_trafficcenter.decisions import decide
from oso_trafficcenter.delivery_points import address_of
from oso_trafficcenter.model import NotificationRecord, coupling_digest, stamp
from oso_trafficcenter.store import Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso.trafficcenter.v1.traffic_center_service_pb2 import ReportNotificationRequest
    from oso_rpc.clock import Clock
    from oso_rpc.directory import CurrentDirectory, DirectoryView
    from oso_rpc.identity import PeerIdentity
    from oso_rpc.signing import Signer
    from oso_store import Database
    from oso_trafficcenter.model import SessionRecord
    from oso_trafficcenter.store import Answer, Transaction

NOTIFICATION_DOMAIN = "oso.trafficcenter.v1.Notification"


@dataclass(frozen=True)
class Limits:
    """How long notifications are good for, and how many there may be.

    Attributes:
        bring_within: So long a notification may be brought to the target.
        key_lifetime: So long a coupling key opens a session.
        in_session: So often a target is told of one session...
        to_target: ...and so often of anything, by one source...
        window: ...in this time.

    """

    bring_within: timedelta = timedelta(minutes=30)
    key_lifetime: timedelta = timedelta(days=14)
    in_session: int = 3
    to_target: int = 200
    window: timedelta = timedelta(hours=24)


class Notifications:
    """Registers notifications."""

    def __init__(
        self,
        database: Database[Transaction],
        directory: CurrentDirectory,
        signer: Signer,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        new_key: Callable[[], str],
        limits: Limits | None = None,
    ) -> None:
        """Take what decisions are made with; `new_key` gives coupling keys nobody can guess."""
        self._database = database
        self._directory = directory
        self._signer = signer
        self._clock = clock
        self._new_id = new_id
        self._new_key = new_key
        self._limits = limits or Limits()

    async def report(
        self, request: ReportNotificationRequest, peer: PeerIdentity
    ) -> ReportNotificationResponse:
        """Register a notification, or refuse it; docs/protocol/notification.md has the order.

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
        return ReportNotificationResponse.FromString(answers.content_of(answer))

    def _report(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: ReportNotificationRequest,
        peer: PeerIdentity,
    ) -> Answer | OsoError:
        now = self._clock.now()
        event = events.asked(SESSION_EVENT_TYPE_NOTIFY, now, peer, request.source_routing_key)
        session = tx.session(request.session_id.lower()) if request.session_id else None
        asked = answers.Asked(peer, request, event, now, session)
        return answers.once(tx, asked, lambda: self._registered(tx, view, request, asked))

    def _registered(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: ReportNotificationRequest,
        asked: answers.Asked,
    ) -> ReportNotificationResponse:
        peer, event, now = asked.peer, asked.event, asked.now
        source, target = may_notify(view, request, asked.session, peer, now)
        self._is_no_flood(tx, source, target, asked.session_id, now)
        notification = self._notification(request, source, target, asked.session_id, now)
        notification.source_certificate_sha256 = peer.certificate_sha256
        tx.add_notification(_record_of(notification, now))
        event.details["notification_id"] = notification.notification_id
        event.details["target_routing_key"] = target.routing_key
        tx.record(asked.session_id, events.accepted(event, codes.RESULT_CODE_REPORTED))
        return ReportNotificationResponse(
            notification=self._signed(notification), target=address_of(view, target)
        )

    def _is_no_flood(
        self,
        tx: Transaction,
        source: DeliveryPoint,
        target: DeliveryPoint,
        session_id: str,
        now: datetime,
    ) -> None:
        limits = self._limits
        told = tx.notifications_between(source.brin, target.routing_key, now - limits.window)
        in_session = told[session_id] if session_id else 0
        if in_session >= limits.in_session or told.total() >= limits.to_target:
            raise OsoError(codes.RESULT_CODE_TOO_MANY_NOTIFICATIONS, retry_after=limits.window)

    def _notification(
        self,
        request: ReportNotificationRequest,
        source: DeliveryPoint,
        target: DeliveryPoint,
        session_id: str,
        now: datetime,
    ) -> Notification:
        notification = Notification(
            notification_id=self._new_id(),
            kind=request.kind,
            source_brin=source.brin,
            source_routing_key=source.routing_key,
            target_brin=target.brin,
            target_swv=target.swv,
            target_routing_key=target.routing_key,
        )
        stamp(notification.issue_time, now)
        stamp(notification.expire_time, now + self._limits.bring_within)
        if request.kind == TRANSFER_KIND_SWV_DOSSIER:
            notification.coupling_key = self._new_key()
            stamp(notification.coupling_key_expire_time, now + self._limits.key_lifetime)
        else:
            notification.session_id = session_id
        return notification

    def _signed(self, notification: Notification) -> SignedNotification:
        content = notification.SerializeToString(deterministic=True)
        return SignedNotification(
            notification=content,
            signature=self._signer.sign(NOTIFICATION_DOMAIN, content),
            key_id=self._signer.key_id,
        )


def may_notify(
    view: DirectoryView,
    request: ReportNotificationRequest,
    session: SessionRecord | None,
    peer: PeerIdentity,
    now: datetime,
) -> tuple[DeliveryPoint, DeliveryPoint]:
    """The caller may tell this target of a dossier; gives the delivery points of both.

    Raises:
        OsoError: The first condition that does not hold, in the order they are written here.

    """
    conditions.clock_agrees(request.send_time, now)
    source = conditions.own_delivery_point(view, peer, request.source_routing_key)
    for_swv = request.kind == TRANSFER_KIND_SWV_DOSSIER
    wanted = "target_routing_key" if for_swv else "session_id"
    if request.WhichOneof("target") != wanted:
        raise conditions.invalid(wanted, "is needed for this kind")
    routing_key = request.target_routing_key
    if not for_swv:
        routing_key = _who_asked(request, session, source)
    school = conditions.source_may_act(view, source, request.kind, now)
    target = view.delivery_point(routing_key)
    if target is None:
        raise OsoError(codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, routing_key=routing_key)
    party = conditions.target_may_act(view, target, request.kind, now)
    conditions.may_exchange(school, party, now)
    return source, target


def _who_asked(
    request: ReportNotificationRequest, session: SessionRecord | None, source: DeliveryPoint
) -> str:
    """Give the delivery point that asked this source, in a session of this kind.

    A session that there is not and one of another source get the same answer.
    """
    if (
        session is None
        or session.source_brin != source.brin
        or session.target_routing_key == source.routing_key
    ):
        raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=request.session_id.lower())
    if session.kind != request.kind:
        raise OsoError(codes.RESULT_CODE_SESSION_MISMATCH, fields="kind")
    return session.target_routing_key


def _record_of(notification: Notification, now: datetime) -> NotificationRecord:
    key = notification.coupling_key
    expire_time = notification.coupling_key_expire_time
    return NotificationRecord(
        notification_id=notification.notification_id,
        kind=notification.kind,
        source_brin=notification.source_brin,
        source_routing_key=notification.source_routing_key,
        target=notification.target_brin or notification.target_swv,
        target_routing_key=notification.target_routing_key,
        session_id=notification.session_id,
        coupling_sha256=coupling_digest(key) if key else b"",
        issue_time=now,
        key_expire_time=moment(expire_time) if key else None,
    )
