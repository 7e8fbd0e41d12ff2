"""Deciding about sessions, and writing down every decision (see `decisions`)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.session_pb2 import (
    SESSION_EVENT_TYPE_CHECK,
    SESSION_EVENT_TYPE_CLOSE,
    SESSION_EVENT_TYPE_EXPIRE,
    SESSION_EVENT_TYPE_OPEN,
    SESSION_STATE_OPEN,
    Grant,
    SignedGrant,
)
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    CheckSessionRequest,
    CheckSessionResponse,
    CloseSessionRequest,
    CloseSessionResponse,
    GetSessionTimelineRequest,
    GetSessionTimelineResponse,
    OpenSessionRequest,
    OpenSessionResponse,
)
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_rpc.errors import OsoError
from oso_store import StoreUnavailableError
from oso_trafficcenter import answers, conditions, events
from oso_trafficcenter.decisions import decide, not_recorded
from oso_trafficcenter.delivery_points import address_of
from oso_trafficcenter.model import SessionRecord, coupling_digest, id_of, key_digest, stamp
from oso_trafficcenter.paging import checked_token, is_sequence, page_size
from oso_trafficcenter.store import Work

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from oso.trafficcenter.v1.session_pb2 import SessionEvent
    from oso.transfer.v1.transfer_pb2 import TransferKey
    from oso_rpc.clock import Clock
    from oso_rpc.directory import CurrentDirectory, DirectoryView
    from oso_rpc.identity import PeerIdentity
    from oso_rpc.signing import Signer
    from oso_store import Database
    from oso_trafficcenter.store import Answer, Transaction

GRANT_DOMAIN = "oso.trafficcenter.v1.Grant"
LIFETIME = timedelta(minutes=30)
# Longer than any coupling key lives, so that one that expired is told from one that never was; and
# longer than an SWV may take to answer.
NOTIFICATIONS_KEPT = timedelta(days=400)

Result = TypeVar("Result")


class Sessions:
    """Opens, checks, closes and lapses sessions."""

    def __init__(
        self,
        database: Database[Transaction],
        directory: CurrentDirectory,
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

        def work(tx: Transaction) -> Answer | OsoError:
            return self._open(tx, view, request, peer)

        answer = await decide(
            self._database, Work(work, request=(peer.system_id, request.request_id))
        )
        return OpenSessionResponse.FromString(answers.content_of(answer))

    def _open(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: OpenSessionRequest,
        peer: PeerIdentity,
    ) -> Answer | OsoError:
        now = self._clock.now()
        event = events.asked(SESSION_EVENT_TYPE_OPEN, now, peer, request.target_routing_key)
        asked = answers.Asked(peer, request, event, now)
        return answers.once(tx, asked, lambda: self._opened(tx, view, request, asked))

    def _opened(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: OpenSessionRequest,
        asked: answers.Asked,
    ) -> OpenSessionResponse:
        peer, now, handed_out = asked.peer, asked.now, None
        if request.kind == TRANSFER_KIND_SWV_DOSSIER:
            handed_out = tx.coupling_key(coupling_digest(request.key.coupling_key))
        target, sources = conditions.may_open(view, request, peer, now, handed_out)
        record = SessionRecord(
            session_id=self._new_id(),
            state=SESSION_STATE_OPEN,
            kind=request.kind,
            source_brin=request.source_brin,
            target_brin=target.brin,
            target_system=peer.system_id,
            target_routing_key=target.routing_key,
            target_certificate_sha256=peer.certificate_sha256,
            search_key=key_digest(request.kind, request.key),
            create_time=now,
            expire_time=now + self._lifetime,
            target_swv=target.swv,
        )
        tx.add_session(record)
        tx.record(record.session_id, events.accepted(asked.event, codes.RESULT_CODE_GRANTED))
        return OpenSessionResponse(
            session=record.message(),
            grant=self._grant(record, request.key),
            source_delivery_points=[address_of(view, point) for point in sources],
        )

    def _grant(self, record: SessionRecord, key: TransferKey) -> SignedGrant:
        grant = Grant(
            session_id=record.session_id,
            kind=record.kind,
            source_brin=record.source_brin,
            target_brin=record.target_brin,
            target_routing_key=record.target_routing_key,
            target_certificate_sha256=record.target_certificate_sha256,
            key=key,
            target_swv=record.target_swv,
        )
        stamp(grant.issue_time, record.create_time)
        stamp(grant.expire_time, record.expire_time)
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

        return await decide(self._database, Work(work, session_id=request.session_id.lower()))

    def _check(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: CheckSessionRequest,
        peer: PeerIdentity,
    ) -> CheckSessionResponse | OsoError:
        now = self._clock.now()
        event = events.asked(SESSION_EVENT_TYPE_CHECK, now, peer, request.source_routing_key)
        found = tx.session(request.session_id.lower())
        try:
            conditions.own_delivery_point(view, peer, request.source_routing_key)
            session = _current(tx, found, request.session_id, now)
            target = conditions.matches(view, request, session, now)
            if session.kind == TRANSFER_KIND_SWV_DOSSIER:
                _key_still_opens(tx, session)
        except OsoError as refusal:
            tx.record(id_of(found), events.refused(event, refusal))
            return refusal
        tx.record(session.session_id, events.accepted(event, codes.RESULT_CODE_MATCHED))
        return CheckSessionResponse(
            session=session.message(), target_sector=conditions.sector_of(target)
        )

    async def close(self, request: CloseSessionRequest, peer: PeerIdentity) -> CloseSessionResponse:
        """Close a session with the result the target reports.

        Raises:
            OsoError: See `conditions.may_close`; SESSION_UNKNOWN, NOT_RECORDED, REQUEST_ID_REUSED,
                DIRECTORY_EXPIRED.

        """
        view = self._directory.view()

        def work(tx: Transaction) -> Answer | OsoError:
            return self._close(tx, view, request, peer)

        answer = await decide(
            self._database,
            Work(work, request.session_id.lower(), (peer.system_id, request.request_id)),
        )
        return CloseSessionResponse.FromString(answers.content_of(answer))

    def _close(
        self,
        tx: Transaction,
        view: DirectoryView,
        request: CloseSessionRequest,
        peer: PeerIdentity,
    ) -> Answer | OsoError:
        now = self._clock.now()
        event = events.asked(SESSION_EVENT_TYPE_CLOSE, now, peer, request.source_routing_key)
        found = tx.session(request.session_id.lower())
        asked = answers.Asked(peer, request, event, now, found)
        return answers.once(tx, asked, lambda: _closed(tx, view, request, asked))

    async def timeline(
        self, request: GetSessionTimelineRequest, peer: PeerIdentity
    ) -> GetSessionTimelineResponse:
        """Give every step of a session to source, target or auditor; to others it is unknown.

        Raises:
            OsoError: SESSION_UNKNOWN, REQUEST_INVALID for a page token not of ours, NOT_RECORDED,
                DIRECTORY_EXPIRED.

        """
        token = checked_token(request.page_token, is_sequence)
        size = page_size(request.page_size)
        view, now = self._directory.view(), self._clock.now()
        session_id = request.session_id.lower()

        def work(tx: Transaction) -> tuple[SessionRecord, list[SessionEvent]]:
            session = tx.look_up(session_id)
            if session is None:
                raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=session_id)
            conditions.may_see(view, session, peer, now)
            return session, tx.events(session_id, int(token or 0), size + 1)

        session, steps = await self._read(work)
        if session.has_lapsed(now):
            await decide(self._database, Work(lambda tx: _lapse(tx, session_id, now), session_id))
            session, steps = await self._read(work)
        return GetSessionTimelineResponse(
            session=session.message(),
            events=steps[:size],
            next_page_token=str(steps[size - 1].sequence) if len(steps) > size else "",
        )

    async def lapse(self) -> int:
        """Let sessions whose time is over expire; give how many, at most SWEPT_AT_ONCE.

        Raises:
            OsoError: NOT_RECORDED.

        """
        now = self._clock.now()

        def work(tx: Transaction) -> int:
            over = tx.lapsed_sessions(now)
            for session in over:
                _expire(tx, session)
            return len(over)

        return await decide(self._database, work)

    async def forget(self) -> int:
        """Drop old answers and notifications; give how many answers, at most SWEPT_AT_ONCE.

        Raises:
            OsoError: NOT_RECORDED.

        """
        now = self._clock.now()

        def work(tx: Transaction) -> int:
            tx.forget_notifications(now - NOTIFICATIONS_KEPT)
            return tx.forget_answers(now - answers.KEPT)

        return await decide(self._database, work)

    async def _read(self, work: Callable[[Transaction], Result]) -> Result:
        try:
            return await self._database.read(work)
        except StoreUnavailableError as error:
            raise not_recorded() from error


def _closed(
    tx: Transaction,
    view: DirectoryView,
    request: CloseSessionRequest,
    asked: answers.Asked,
) -> CloseSessionResponse:
    now = asked.now
    session = _current(tx, asked.session, request.session_id, now)
    conditions.may_close(view, request, session, asked.peer)
    closed = session.after(
        SESSION_EVENT_TYPE_CLOSE,
        close_time=now,
        result=request.result,
        source_routing_key=request.source_routing_key,
        manifest_sha256=request.manifest_sha256,
    )
    tx.change_session(closed)
    for_swv = closed.kind == TRANSFER_KIND_SWV_DOSSIER
    if for_swv and closed.result == codes.RESULT_CODE_DELIVERED:
        tx.use_coupling_key(closed.search_key, now)
    tx.record(
        closed.session_id, events.accepted(asked.event, request.result, request.manifest_sha256)
    )
    return CloseSessionResponse(session=closed.message())


def _current(
    tx: Transaction, found: SessionRecord | None, session_id: str, now: datetime
) -> SessionRecord:
    """Give a session as it stands at this moment."""
    if found is None:
        raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=session_id.lower())
    return _expire(tx, found) if found.has_lapsed(now) else found


def _key_still_opens(tx: Transaction, session: SessionRecord) -> None:
    """Refuse a session whose coupling key was used up in another one."""
    handed_out = tx.coupling_key(session.search_key)
    if handed_out is None:
        raise OsoError(codes.RESULT_CODE_COUPLING_KEY_UNKNOWN)
    conditions.key_is_unused(handed_out)


def _lapse(tx: Transaction, session_id: str, now: datetime) -> None:
    """Let one session expire, unless somebody was first."""
    session = tx.session(session_id)
    if session is not None and session.has_lapsed(now):
        _expire(tx, session)


def _expire(tx: Transaction, session: SessionRecord) -> SessionRecord:
    expired = session.after(SESSION_EVENT_TYPE_EXPIRE)
    tx.change_session(expired)
    tx.record(session.session_id, events.lapsed(session))
    return expired
