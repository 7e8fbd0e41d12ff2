"""What a session is and how it changes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

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
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.timestamp_pb2 import Timestamp

    from oso.transfer.v1.transfer_pb2 import TransferKey, TransferKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

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

# Which key a kind of transfer has.
KEY_OF: Mapping[TransferKind.ValueType, str] = {
    TRANSFER_KIND_OVERSTAPDOSSIER: "search_key",
    TRANSFER_KIND_OVERDRACHTBINNENBRIN: "search_key",
    TRANSFER_KIND_SWV_DOSSIER: "coupling_key",
}


@dataclass(frozen=True)
class NotificationRecord:
    """A notification as the Traffic Center keeps it.

    Attributes:
        notification_id: A UUID.
        kind: Kind of transfer.
        source_brin: School that has the dossier.
        source_routing_key: Its delivery point that has it.
        target: School or SWV that is told: a BRIN, or a code.
        target_routing_key: Delivery point that is told.
        session_id: Session in which the target asked; empty for swv-dossier.
        coupling_sha256: SHA-256 of the coupling key; empty but for swv-dossier.
        issue_time: When it was registered.
        key_expire_time: When the coupling key is worth nothing any more; None without one.
        use_time: When the dossier of the coupling key was delivered; None before.

    """

    notification_id: str
    kind: TransferKind.ValueType
    source_brin: str
    source_routing_key: str
    target: str
    target_routing_key: str
    session_id: str
    coupling_sha256: bytes
    issue_time: datetime
    key_expire_time: datetime | None = None
    use_time: datetime | None = None


@dataclass(frozen=True)
class SessionRecord:
    """A session as the Traffic Center keeps it.

    Attributes:
        session_id: A UUID.
        state: Where it stands.
        kind: Kind of transfer.
        source_brin: School that has the dossier.
        target_brin: School that asks; empty when an SWV does.
        target_system: System that asks.
        target_routing_key: Delivery point that asks.
        target_certificate_sha256: Certificate it is bound to.
        search_key: The commitment, or SHA-256 of the coupling key, 32 bytes.
        create_time: When it was granted.
        expire_time: When it ends by itself.
        close_time: When it was closed.
        result: What was reported at close; 0 before.
        source_routing_key: Delivery point that gave the result; empty before.
        manifest_sha256: Digest of what was delivered; empty unless it was.
        target_swv: SWV that asks; empty when a school does.

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
    target_swv: str = ""

    @property
    def parties(self) -> frozenset[str]:
        """The school that has the dossier, and the school or SWV that asks; never of one form."""
        return frozenset((self.source_brin, self.target_brin or self.target_swv))

    def after(self, event: SessionEventType.ValueType, **changes: Any) -> SessionRecord:
        """Give the session after an event, with what else the event changes in it.

        Raises:
            OsoError: SESSION_CLOSED, SESSION_EXPIRED or SESSION_REVOKED when the event cannot
                happen any more.

        """
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            self.refuse_when_over()
            raise ValueError(event)
        return replace(self, state=state, **changes)

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
            target_swv=self.target_swv,
            result=self.result,
        )
        stamp(session.create_time, self.create_time)
        stamp(session.expire_time, self.expire_time)
        if self.close_time is not None:
            stamp(session.close_time, self.close_time)
        return session


def id_of(session: SessionRecord | None) -> str:
    """Give the session a line belongs to: that of a stranger's attempt is shown to the schools."""
    return "" if session is None else session.session_id


def key_digest(kind: TransferKind.ValueType, key: TransferKey) -> bytes:
    """Give what is kept of the key of a session: 32 bytes; none when it is not the kind's key.

    A search key tells nothing, and is kept as it is. A coupling key opens a session, so its
    SHA-256 is kept: it is 32 bytes of chance, which nobody tries out.
    """
    name = key.WhichOneof("key")
    if name != KEY_OF.get(kind):
        return b""
    return coupling_digest(key.coupling_key) if name == "coupling_key" else key.search_key


def new_coupling_key(chance: bytes) -> str:
    """Make a coupling key from 32 random bytes: base64url without padding (RFC 4648)."""
    return base64.urlsafe_b64encode(chance).rstrip(b"=").decode("ascii")


def coupling_digest(coupling_key: str) -> bytes:
    """Give the SHA-256 of a coupling key."""
    return hashlib.sha256(coupling_key.encode("utf-8")).digest()


def session_id_at(now: datetime, chance: bytes) -> str:
    """Make a session id: a UUID that begins with the moment (version 7, RFC 9562 section 5.7).

    Ids that rise with time keep sessions and journal lines of the same minute together in their
    indexes, so a commit changes fewer pages. 74 bits are chance: nobody guesses one.

    Args:
        now: The moment.
        chance: Ten random bytes.

    """
    milliseconds = whole_microseconds(now) // 1000
    number = (milliseconds << 80) | int.from_bytes(chance, "big")
    number = number & ~(0xF << 76) | (7 << 76)
    number = number & ~(0x3 << 62) | (2 << 62)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def whole_microseconds(moment: datetime) -> int:
    """Give a moment as the store keeps it: microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Give a stored moment back."""
    return _EPOCH + timedelta(microseconds=microseconds)


def stamp(timestamp: Timestamp, moment: datetime) -> None:
    """Write a moment into a message; half the work of `FromDatetime`, for the hot path."""
    timestamp.seconds, microseconds = divmod(whole_microseconds(moment), 1_000_000)
    timestamp.nanos = microseconds * 1000
