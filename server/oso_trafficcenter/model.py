"""What a session is and how it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_SESSION_CLOSED,
    RESULT_CODE_SESSION_EXPIRED,
    RESULT_CODE_SESSION_REVOKED,
    ResultCode,
)
from oso.trafficcenter.v1 import session_pb2
from oso.trafficcenter.v1.session_pb2 import (
    SESSION_EVENT_TYPE_CLOSE,
    SESSION_EVENT_TYPE_EXPIRE,
    SESSION_STATE_CLOSED,
    SESSION_STATE_EXPIRED,
    SESSION_STATE_OPEN,
    SESSION_STATE_REVOKED,
    SessionEventType,
    SessionState,
)
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.transfer.v1.transfer_pb2 import TransferKind

# (state, event) -> state. What is not here cannot happen. A check changes nothing; it is only
# recorded.
TRANSITIONS: Mapping[
    tuple[SessionState.ValueType, SessionEventType.ValueType], SessionState.ValueType
] = {
    (SESSION_STATE_OPEN, SESSION_EVENT_TYPE_CLOSE): SESSION_STATE_CLOSED,
    (SESSION_STATE_OPEN, SESSION_EVENT_TYPE_EXPIRE): SESSION_STATE_EXPIRED,
}

# Why a session that is not open can be used no more.
OVER: Mapping[SessionState.ValueType, ResultCode.ValueType] = {
    SESSION_STATE_CLOSED: RESULT_CODE_SESSION_CLOSED,
    SESSION_STATE_EXPIRED: RESULT_CODE_SESSION_EXPIRED,
    SESSION_STATE_REVOKED: RESULT_CODE_SESSION_REVOKED,
}


@dataclass(frozen=True)
class SessionRecord:
    """A session as the Traffic Center keeps it.

    Attributes:
        session_id: A UUID.
        state: Where it stands.
        kind: Kind of transfer.
        source_brin: School that has the dossier.
        target_brin: School that asks.
        target_system: System that asks.
        target_routing_key: Delivery point that asks.
        target_certificate_sha256: Certificate it is bound to.
        search_key: The commitment, 32 bytes.
        create_time: When it was granted.
        expire_time: When it ends by itself.
        close_time: When it was closed.
        result: What was reported at close; 0 before.
        source_routing_key: Delivery point that gave the result; empty before.
        manifest_sha256: Digest of what was delivered; empty unless it was.

    """

    session_id: str
    state: SessionState.ValueType
    kind: TransferKind.ValueType
    source_brin: str
    target_brin: str
    target_system: str
    target_routing_key: str
    target_certificate_sha256: bytes
    search_key: bytes
    create_time: datetime
    expire_time: datetime
    close_time: datetime | None = None
    result: ResultCode.ValueType = ResultCode.RESULT_CODE_UNSPECIFIED
    source_routing_key: str = ""
    manifest_sha256: bytes = b""

    def after(self, event: SessionEventType.ValueType) -> SessionRecord:
        """Give the session after an event.

        Raises:
            OsoError: SESSION_CLOSED, SESSION_EXPIRED or SESSION_REVOKED when the event cannot
                happen any more.

        """
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            self.refuse_when_over()
            raise ValueError(event)
        return replace(self, state=state)

    def refuse_when_over(self) -> None:
        """Raise when the session is no longer open.

        Raises:
            OsoError: SESSION_CLOSED, SESSION_EXPIRED or SESSION_REVOKED.

        """
        reason = OVER.get(self.state)
        if reason is not None:
            raise OsoError(reason, expire_time=self.expire_time.isoformat(timespec="seconds"))

    def has_lapsed(self, now: datetime) -> bool:
        """Tell whether it is open though its time is over."""
        return self.state == SESSION_STATE_OPEN and now >= self.expire_time

    def message(self) -> session_pb2.Session:
        """Give the session as the contract has it: without key and certificate."""
        session = session_pb2.Session(
            session_id=self.session_id,
            state=self.state,
            kind=self.kind,
            source_brin=self.source_brin,
            target_brin=self.target_brin,
            target_routing_key=self.target_routing_key,
            result=self.result,
        )
        session.create_time.FromDatetime(self.create_time)
        session.expire_time.FromDatetime(self.expire_time)
        if self.close_time is not None:
            session.close_time.FromDatetime(self.close_time)
        return session


def whole_microseconds(moment: datetime) -> int:
    """Give a moment as the store keeps it: microseconds since 1970, UTC."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment_of(microseconds: int) -> datetime:
    """Give a stored moment back."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
