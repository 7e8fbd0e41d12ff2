"""Lines of the journal, as decisions make them. Never anything about the pupil."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import RESULT_CODE_LAPSED
from oso.trafficcenter.v1.session_pb2 import SESSION_EVENT_TYPE_EXPIRE, SessionEvent
from oso_trafficcenter.model import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from oso.result.v1.result_code_pb2 import ResultCode
    from oso.trafficcenter.v1.session_pb2 import SessionEventType
    from oso_rpc.errors import OsoError
    from oso_rpc.identity import PeerIdentity
    from oso_trafficcenter.model import SessionRecord


def asked(
    kind: SessionEventType.ValueType, now: datetime, peer: PeerIdentity, routing_key: str
) -> SessionEvent:
    """Begin a line: who asks what, when, on whose behalf."""
    event = SessionEvent(type=kind, system_id=peer.system_id, routing_key=routing_key)
    stamp(event.time, now)
    return event


def accepted(
    event: SessionEvent, outcome: ResultCode.ValueType, manifest_sha256: bytes = b""
) -> SessionEvent:
    """End a line with what was decided or reported."""
    event.outcome = outcome
    if manifest_sha256:
        event.details["manifest_sha256"] = manifest_sha256.hex()
    return event


def refused(event: SessionEvent, refusal: OsoError) -> SessionEvent:
    """End a line with a refusal and its data."""
    event.outcome = refusal.code
    event.refused = True
    for key, value in refusal.metadata.items():
        event.details[key] = value
    return event


def lapsed(session: SessionRecord) -> SessionEvent:
    """Give the line of a session that ended by time: at that time, whenever it is noticed."""
    event = SessionEvent(type=SESSION_EVENT_TYPE_EXPIRE, outcome=RESULT_CODE_LAPSED)
    stamp(event.time, session.expire_time)
    return event
