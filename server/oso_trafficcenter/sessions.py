"""Deciding about sessions, and writing down every decision.

No record, no delivery: a decision, granted or refused, is one transaction with the state it
changes. If that cannot be written, there is no decision (NOT_RECORDED).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from google.rpc.error_details_pb2 import ErrorInfo
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.session_pb2 import (
    SESSION_EVENT_TYPE_CHECK,
    SESSION_EVENT_TYPE_CLOSE,
    SESSION_EVENT_TYPE_EXPIRE,
    SESSION_EVENT_TYPE_OPEN,
    SESSION_STATE_OPEN,
    Grant,
    SessionEvent,
    SessionEventType,
    SignedGrant,
)
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    CheckSessionRequest,
    CheckSessionResponse,
    CloseSessionRequest,
    CloseSessionResponse,
    DeliveryPointAddress,
    GetSessionTimelineRequest,
    GetSessionTimelineResponse,
    OpenSessionRequest,
    OpenSessionResponse,
)
from oso_rpc.errors import DOMAIN, OsoError, code_named
from oso_store import StoreUnavailableError

from oso_trafficcenter import conditions
from oso_trafficcenter.model import SessionRecord
from oso_trafficcenter.store import Answer, Work

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso_rpc.clock import Clock
    from oso_rpc.directory import DirectorySource, DirectoryView
    from oso_rpc.identity import PeerIdentity
    from oso_rpc.signing import Signer
    from oso_store import Database

    from oso_trafficcenter.store import Transaction

GRANT_DOMAIN = "oso.trafficcenter.v1.Grant"
LIFETIME = timedelta(minutes=30)
ANSWERS_KEPT = timedelta(days=7)

_PAGE = 100
_MOST_PER_PAGE = 1000

Changing = TypeVar("Changing", OpenSessionRequest, CloseSessionRequest)
Result = TypeVar("Result")


class Sessions:
    """Opens, checks, closes and lapses sessions."""

    def __init__(
        self,
        database: Database[Transaction],
        directory: DirectorySource,
        signer: Signer,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        lifetime: timedelta = LIFETIME,
    ) -> None:
        """Take what decisions are made with."""
        self._database = database
        self._directory = directory
        self._signer = signer
        self._clock = clock
        self._new_id = new_id
        self._lifetime = lifetime

    async def open(self, request: OpenSessionRequest, peer: PeerIdentity) -> OpenSessionResponse:
        """Grant a session, or refuse it; see `conditions.may_open` for the reasons.

        Raises:
            OsoError: The reason of the refusal; NOT_RECORDED, REQUEST_ID_REUSED, DIRECTORY_EXPIRED.

        """
        view = self._directory.view()

        def work(tx: Transaction) -> Answer:
            return self._open(tx, view, request, peer)

        answer = await self._decide(Work(work, request=(peer.system_id, request.request_id)))
        return OpenSessionResponse.FromString(_granted(answer))

    def _open(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: OpenSessionRequest,
        peer: PeerIdentity,
    ) -> Answer:
        given = _given_before(tx, peer, request)
        if given is not None:
            return given
        now = self._clock.now()
        event = _event(SESSION_EVENT_TYPE_OPEN, now, peer, request.target_routing_key)
        try:
            target, sources = conditions.may_open(view, request, peer, now)
        except OsoError as refusal:
            tx.record("", _refused(event, refusal))
            return _answer(tx, peer, request, refusal, now)
        record = SessionRecord(
            session_id=self._new_id(),
            state=SESSION_STATE_OPEN,
            kind=request.kind,
            source_brin=request.source_brin,
            target_brin=target.brin,
            target_system=peer.system_id,
            target_routing_key=target.routing_key,
            target_certificate_sha256=peer.certificate_sha256,
            search_key=request.key.search_key,
            create_time=now,
            expire_time=now + self._lifetime,
        )
        tx.add_session(record)
        event.outcome = codes.RESULT_CODE_GRANTED
        tx.record(record.session_id, event)
        response = OpenSessionResponse(
            session=record.message(),
            grant=self._grant(record),
            source_delivery_points=[address_of(view, point) for point in sources],
        )
        return _answer(tx, peer, request, response, now)

    def _grant(self, record: SessionRecord) -> SignedGrant:
        grant = Grant(
            session_id=record.session_id,
            kind=record.kind,
            source_brin=record.source_brin,
            target_brin=record.target_brin,
            target_routing_key=record.target_routing_key,
            target_certificate_sha256=record.target_certificate_sha256,
        )
        grant.key.search_key = record.search_key
        grant.issue_time.FromDatetime(record.create_time)
        grant.expire_time.FromDatetime(record.expire_time)
        content = grant.SerializeToString(deterministic=True)
        return SignedGrant(
            grant=content,
            signature=self._signer.sign(GRANT_DOMAIN, content),
            key_id=self._signer.key_id,
        )

    async def check(self, request: CheckSessionRequest, peer: PeerIdentity) -> CheckSessionResponse:
        """Tell whether a request the source received is the one that was granted.

        Raises:
            OsoError: What differs, see `conditions.matches`; NOT_RECORDED, DIRECTORY_EXPIRED.

        """
        view = self._directory.view()

        def work(tx: Transaction) -> CheckSessionResponse | OsoError:
            return self._check(tx, view, request, peer)

        answer = await self._decide(Work(work, session_id=request.session_id.lower()))
        if isinstance(answer, OsoError):
            raise answer
        return answer

    def _check(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: CheckSessionRequest,
        peer: PeerIdentity,
    ) -> CheckSessionResponse | OsoError:
        now = self._clock.now()
        event = _event(SESSION_EVENT_TYPE_CHECK, now, peer, request.source_routing_key)
        session_id = ""
        try:
            conditions.own_delivery_point(view, peer, request.source_routing_key)
            session = self._current(tx, request.session_id, now)
            session_id = session.session_id
            target = conditions.matches(view, request, session, now)
        except OsoError as refusal:
            tx.record(session_id, _refused(event, refusal))
            return refusal
        event.outcome = codes.RESULT_CODE_MATCHED
        tx.record(session_id, event)
        return CheckSessionResponse(session=session.message(), target_sector=target.sector)

    async def close(self, request: CloseSessionRequest, peer: PeerIdentity) -> CloseSessionResponse:
        """Close a session with the result the target reports.

        Raises:
            OsoError: See `conditions.may_close`; SESSION_UNKNOWN, NOT_RECORDED, REQUEST_ID_REUSED,
                DIRECTORY_EXPIRED.

        """
        view = self._directory.view()

        def work(tx: Transaction) -> Answer:
            return self._close(tx, view, request, peer)

        answer = await self._decide(
            Work(work, request.session_id.lower(), (peer.system_id, request.request_id))
        )
        return CloseSessionResponse.FromString(_granted(answer))

    def _close(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: CloseSessionRequest,
        peer: PeerIdentity,
    ) -> Answer:
        given = _given_before(tx, peer, request)
        if given is not None:
            return given
        now = self._clock.now()
        event = _event(SESSION_EVENT_TYPE_CLOSE, now, peer, request.source_routing_key)
        session_id = ""
        try:
            session = self._current(tx, request.session_id, now)
            session_id = session.session_id
            conditions.may_close(view, request, session, peer)
        except OsoError as refusal:
            tx.record(session_id, _refused(event, refusal))
            return _answer(tx, peer, request, refusal, now)
        closed = replace(
            session.after(SESSION_EVENT_TYPE_CLOSE),
            close_time=now,
            result=request.result,
            source_routing_key=request.source_routing_key,
            manifest_sha256=request.manifest_sha256,
        )
        tx.change_session(closed)
        event.outcome = request.result
        if request.manifest_sha256:
            event.details["manifest_sha256"] = request.manifest_sha256.hex()
        tx.record(session_id, event)
        return _answer(tx, peer, request, CloseSessionResponse(session=closed.message()), now)

    async def timeline(
        self, request: GetSessionTimelineRequest, peer: PeerIdentity
    ) -> GetSessionTimelineResponse:
        """Give every step of a session to source or target; to others it is unknown.

        Raises:
            OsoError: SESSION_UNKNOWN, REQUEST_INVALID for a page token not of ours, NOT_RECORDED,
                DIRECTORY_EXPIRED.

        """
        after = after_token(request.page_token)
        size = page_size(request.page_size)
        view = self._directory.view()
        own = {point.brin for point in view.delivery_points_by(peer.system_id)}
        now = self._clock.now()

        def work(tx: Transaction) -> GetSessionTimelineResponse:
            session = self._current(tx, request.session_id, now)
            if not own & {session.source_brin, session.target_brin}:
                raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN)
            events = tx.events(session.session_id, after, size + 1)
            more = len(events) > size
            return GetSessionTimelineResponse(
                session=session.message(),
                events=events[:size],
                next_page_token=str(events[size - 1].sequence) if more else "",
            )

        return await self._decide(work)

    async def lapse(self) -> int:
        """Let sessions whose time is over expire, and drop old answers; give how many expired.

        Raises:
            OsoError: NOT_RECORDED.

        """
        now = self._clock.now()

        def work(tx: Transaction) -> int:
            lapsed = tx.lapsed_sessions(now)
            for session in lapsed:
                _lapse(tx, session)
            tx.forget_answers(now - ANSWERS_KEPT)
            return len(lapsed)

        return await self._decide(work)

    @staticmethod
    def _current(tx: Transaction, session_id: str, now: datetime) -> SessionRecord:
        """Find a session as it stands at this moment."""
        session = tx.session(session_id.lower())
        if session is None:
            raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN)
        return _lapse(tx, session) if session.has_lapsed(now) else session

    async def _decide(self, work: Callable[[Transaction], Result]) -> Result:
        try:
            return await self._database.write(work)
        except StoreUnavailableError as error:
            raise OsoError(
                codes.RESULT_CODE_NOT_RECORDED, retry_after=timedelta(seconds=5)
            ) from error


def address_of(view: DirectoryView, point: DeliveryPoint) -> DeliveryPointAddress:
    """Give a delivery point with the certificates of its system."""
    return DeliveryPointAddress(
        delivery_point=point, certificate_sha256=view.active_thumbprints(point.system_id)
    )


def page_size(asked: int) -> int:
    """Give the size of a page (AIP-158): 100 unless asked, 1,000 at most."""
    return min(asked or _PAGE, _MOST_PER_PAGE)


def after_token(token: str) -> int:
    """Read the page token of a timeline.

    Raises:
        OsoError: REQUEST_INVALID when it is not one of ours.

    """
    if not token:
        return 0
    if not (token.isascii() and token.isdigit() and len(token) < 19):  # noqa: PLR2004  fits 64 bits
        raise OsoError(
            codes.RESULT_CODE_REQUEST_INVALID,
            violations=[("page_token", "is not a token of this service")],
            detail="page_token: is not a token of this service",
        )
    return int(token)


def _lapse(tx: Transaction, session: SessionRecord) -> SessionRecord:
    expired = session.after(SESSION_EVENT_TYPE_EXPIRE)
    tx.change_session(expired)
    event = SessionEvent(type=SESSION_EVENT_TYPE_EXPIRE, outcome=codes.RESULT_CODE_LAPSED)
    event.time.FromDatetime(session.expire_time)
    tx.record(session.session_id, event)
    return expired


def _event(
    kind: SessionEventType.ValueType, now: datetime, peer: PeerIdentity, routing_key: str
) -> SessionEvent:
    event = SessionEvent(type=kind, system_id=peer.system_id, routing_key=routing_key)
    event.time.FromDatetime(now)
    return event


def _refused(event: SessionEvent, refusal: OsoError) -> SessionEvent:
    event.outcome = refusal.code
    event.refused = True
    for key, value in refusal.metadata.items():
        event.details[key] = value
    return event


def _digest(request: Changing) -> bytes:
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + b"\0" + request.SerializeToString(deterministic=True)).digest()


def _given_before(tx: Transaction, peer: PeerIdentity, request: Changing) -> Answer | None:
    """Find the answer this request_id got before."""
    answer = tx.answer(peer.system_id, request.request_id)
    if answer is not None and answer.request_sha256 != _digest(request):
        raise OsoError(codes.RESULT_CODE_REQUEST_ID_REUSED, request_id=request.request_id)
    return answer


def _answer(
    tx: Transaction,
    peer: PeerIdentity,
    request: Changing,
    outcome: OpenSessionResponse | CloseSessionResponse | OsoError,
    now: datetime,
) -> Answer:
    """Make and keep the answer to a request."""
    if isinstance(outcome, OsoError):
        info = ErrorInfo(reason=outcome.name, domain=DOMAIN, metadata=outcome.metadata)
        answer = Answer(_digest(request), granted=False, content=info.SerializeToString())
    else:
        content = outcome.SerializeToString(deterministic=True)
        answer = Answer(_digest(request), granted=True, content=content)
    tx.add_answer(peer.system_id, request.request_id, answer, now)
    return answer


def _granted(answer: Answer) -> bytes:
    """Give the response of an answer; raise the refusal it holds."""
    if answer.granted:
        return answer.content
    info = ErrorInfo.FromString(answer.content)
    code = code_named(info.reason)
    raise OsoError(code or codes.RESULT_CODE_INTERNAL, **dict(info.metadata))
