"""Registering feedback of an SWV, over real mTLS on both databases."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from oso.result.v1.result_code_pb2 import RESULT_CODE_DELIVERED, RESULT_CODE_UNREACHABLE
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.feedback_pb2 import Feedback
from oso_registry.testing import routing_key_of, swv_routing_key_of
from oso_rpc.signing import verify

from .conftest import TARGET, outcomes, reason
from .test_kinds import FOR_SWV, OTHER_SWV, SWV, close_as, open_as, report, swv_opening
from .test_kinds import landscape as landscape  # noqa: PLC0414  a fixture: with two SWVs

if TYPE_CHECKING:
    from .conftest import Center


def _reporting(center: Center, session_id: str, **changes: Any) -> messages.ReportFeedbackRequest:
    request = messages.ReportFeedbackRequest(
        request_id=str(uuid.uuid4()),
        sender_routing_key=swv_routing_key_of(SWV),
        session_id=session_id,
    )
    request.send_time.FromDatetime(center.clock.now())
    for name, value in changes.items():
        setattr(request, name, value)
    return request


async def _session(center: Center, result: Any) -> tuple[str, str]:
    """Give an SWV's session that ended so, and the notification it began with."""
    told = await report(center)
    opened = await open_as(center, "swv-a", swv_opening(center, told.coupling_key))
    source = FOR_SWV if result == RESULT_CODE_DELIVERED else ""
    await close_as(center, "swv-a", opened, result, source)
    return opened.session.session_id, told.notification_id


async def test_feedback_is_for_who_delivered(center: Center) -> None:
    """Signed, bound to the SWV's certificate, with the notification and where the school is."""
    session_id, notification_id = await _session(center, RESULT_CODE_DELIVERED)
    request = _reporting(center, session_id)
    reported = await center.stub("swv-a").ReportFeedback(request, timeout=10)
    again = await center.stub("swv-a").ReportFeedback(request, timeout=10)

    signed, signer = reported.feedback, center.landscape.grant_signer
    keys, domain = {signer.key_id: signer.public_key}, "oso.trafficcenter.v1.Feedback"
    assert verify(keys, signed.key_id, domain, signed.feedback, signed.signature)
    feedback = Feedback.FromString(signed.feedback)
    swv = center.landscape.credentials("swv-a").identity.certificate_sha256
    assert (feedback.notification_id, feedback.sender_swv) == (notification_id, SWV)
    assert (feedback.receiver_routing_key, feedback.sender_certificate_sha256) == (FOR_SWV, swv)
    assert reported.receiver.delivery_point.routing_key == FOR_SWV
    assert again == reported
    assert outcomes(await center.timeline(session_id, "las-a"))[-1] == ("REPORTED", False)


async def test_feedback_that_must_not_be_is_refused(center: Center) -> None:
    """Only by the SWV itself, on a session of its own that ended with a delivery."""
    delivered, _ = await _session(center, RESULT_CODE_DELIVERED)
    failed, _ = await _session(center, RESULT_CODE_UNREACHABLE)
    _, move = await center.open()

    async def told(system: str, session_id: str, **changes: Any) -> str:
        request = _reporting(center, session_id, **changes)
        return await reason(center.stub(system).ReportFeedback(request, timeout=10))

    late = center.clock.now() - timedelta(minutes=11)
    skewed = _reporting(center, delivered)
    skewed.send_time.FromDatetime(late)
    assert await reason(center.stub("swv-a").ReportFeedback(skewed, timeout=10)) == "CLOCK_SKEW"
    other = swv_routing_key_of(OTHER_SWV)
    school = routing_key_of(TARGET)
    assert {
        "not delivered": await told("swv-a", failed),
        "unknown": await told("swv-a", str(uuid.uuid4())),
        "another SWV": await told("swv-b", delivered, sender_routing_key=other),
        "stolen": await told("swv-b", delivered),
        "the school": await told("las-a", delivered, sender_routing_key=FOR_SWV),
        "a school that asked": await told(
            "las-b", move.session.session_id, sender_routing_key=school
        ),
        "no session": await told("swv-a", "x"),
    } == {
        "not delivered": "SESSION_MISMATCH",
        "unknown": "SESSION_UNKNOWN",
        "another SWV": "SESSION_UNKNOWN",
        "stolen": "CERTIFICATE_NOT_ALLOWED",
        "the school": "SESSION_UNKNOWN",
        "a school that asked": "SESSION_MISMATCH",
        "no session": "REQUEST_INVALID",
    }
