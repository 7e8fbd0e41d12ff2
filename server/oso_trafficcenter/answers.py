"""The same request_id gives the same answer, also after a restart (AIP-155).

What is kept is the answer's own bytes, for a refusal as well as for a grant: a caller that never
heard it and asks again hears what was decided then. An answer is kept for a week. After that an
opening is refused for its `send_time`, and a close because the session is over: neither can happen
twice.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.errors import OsoError, code_named, status_of
from oso_trafficcenter.store import Answer

if TYPE_CHECKING:
    from datetime import datetime

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
    from oso_trafficcenter.store import Transaction

    Changing: TypeAlias = (
        OpenSessionRequest | CloseSessionRequest | ReportNotificationRequest | ReportFeedbackRequest
    )
    Outcome: TypeAlias = (
        OpenSessionResponse
        | CloseSessionResponse
        | ReportNotificationResponse
        | ReportFeedbackResponse
        | OsoError
    )

KEPT = timedelta(days=7)


def given_before(tx: Transaction, peer: PeerIdentity, request: Changing) -> Answer | None:
    """Find the answer a request got before; None when its request_id is new.

    Raises:
        OsoError: REQUEST_ID_REUSED when that was another request, or another call.

    """
    answer = tx.answer(peer.system_id, request.request_id)
    if answer is not None and answer.request_sha256 != _digest(request):
        raise OsoError(codes.RESULT_CODE_REQUEST_ID_REUSED, request_id=request.request_id)
    return answer


def keep(
    tx: Transaction, peer: PeerIdentity, request: Changing, outcome: Outcome, now: datetime
) -> Answer:
    """Make the answer to a request from its outcome, and keep it."""
    granted = not isinstance(outcome, OsoError)
    message = status_of(outcome) if isinstance(outcome, OsoError) else outcome
    answer = Answer(_digest(request), granted, message.SerializeToString(deterministic=True))
    tx.add_answer(peer.system_id, request.request_id, answer, now)
    return answer


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


def _digest(request: Changing) -> bytes:
    """Give the digest that tells a repetition from another request or another call."""
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + b"\0" + request.SerializeToString(deterministic=True)).digest()
