"""The same request_id gives the same answer, also after a restart (AIP-155).

What is kept is the answer's own bytes, for a refusal as well as for a grant: a caller that never
heard it and asks again hears what was decided then. An answer is kept for a week. After that an
opening is refused for its `send_time`, and a close because the session is over: neither can happen
twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.errors import OsoError, code_named, status_of
from oso_trafficcenter import events
from oso_trafficcenter.model import id_of
from oso_trafficcenter.store import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from oso.trafficcenter.v1.session_pb2 import SessionEvent
    from oso.trafficcenter.v1.traffic_center_service_pb2 import (
        CloseSessionRequest,
        CloseSessionResponse,
        OpenSessionRequest,
        OpenSessionResponse,
        ReportFeedbackRequest,
        ReportFeedbackResponse,
        ReportNotificationRequest,
        ReportNotificationResponse,
    )
    from oso_rpc.identity import PeerIdentity
    from oso_trafficcenter.model import SessionRecord
    from oso_trafficcenter.store import Transaction

    Changing: TypeAlias = (
        OpenSessionRequest | CloseSessionRequest | ReportNotificationRequest | ReportFeedbackRequest
    )
    Response: TypeAlias = (
        OpenSessionResponse
        | CloseSessionResponse
        | ReportNotificationResponse
        | ReportFeedbackResponse
    )

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that changes something.

    Attributes:
        peer: Who asks.
        request: What is asked.
        event: The line of the journal that was begun for it.
        now: When.
        session: The session it is about, as it was found; None when there is none.

    """

    peer: PeerIdentity
    request: Changing
    event: SessionEvent
    now: datetime
    session: SessionRecord | None = None

    @property
    def session_id(self) -> str:
        """The session its line belongs to; empty when there is none."""
        return id_of(self.session)


def once(tx: Transaction, asked: Asked, decide: Callable[[], Response]) -> Answer | OsoError:
    """Give what a request was answered before, else decide and keep the answer.

    A refusal is put on record here, what is granted by `decide`. A request_id of another request is
    refused, which is not kept: its answer is that of the other.
    """
    try:
        given = _given_before(tx, asked)
    except OsoError as reused:
        tx.record(asked.session_id, events.refused(asked.event, reused))
        return reused
    if given is not None:
        return given
    outcome: Response | OsoError
    try:
        outcome = decide()
    except OsoError as refusal:
        tx.record(asked.session_id, events.refused(asked.event, refusal))
        outcome = refusal
    return _keep(tx, asked, outcome)


def content_of(answer: Answer) -> bytes:
    """Give the serialized response of an answer.

    Raises:
        OsoError: The refusal, when that is what was answered.

    """
    if answer.granted:
        return answer.content
    info, bad = ErrorInfo(), BadRequest()
    for detail in Status.FromString(answer.content).details:
        _ = detail.Unpack(info) or detail.Unpack(bad)
    raise OsoError(
        code_named(info.reason) or codes.RESULT_CODE_INTERNAL,
        violations=[(one.field, one.description) for one in bad.field_violations],
        **dict(info.metadata),
    )


def _given_before(tx: Transaction, asked: Asked) -> Answer | None:
    """Find the answer a request got before; None when its request_id is new.

    Raises:
        OsoError: REQUEST_ID_REUSED when that was another request, or another call.

    """
    answer = tx.answer(asked.peer.system_id, asked.request.request_id)
    if answer is not None and answer.request_sha256 != _digest(asked.request):
        raise OsoError(codes.RESULT_CODE_REQUEST_ID_REUSED, request_id=asked.request.request_id)
    return answer


def _keep(tx: Transaction, asked: Asked, outcome: Response | OsoError) -> Answer:
    """Make the answer to a request from its outcome, and keep it."""
    granted = not isinstance(outcome, OsoError)
    message = status_of(outcome) if isinstance(outcome, OsoError) else outcome
    answer = Answer(_digest(asked.request), granted, message.SerializeToString(deterministic=True))
    tx.add_answer(asked.peer.system_id, asked.request.request_id, answer, asked.now)
    return answer


def _digest(request: Changing) -> bytes:
    """Give the digest that tells a repetition from another request or another call."""
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + b"\0" + request.SerializeToString(deterministic=True)).digest()
