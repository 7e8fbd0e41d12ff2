"""What the Traffic Center promises about sessions, over real mTLS and on both databases."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_REVOKED,
    QUALIFICATION_STATE_SUSPENDED,
    QUALIFICATION_STATE_TRIAL,
    SECTOR_VO,
)
from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_DELIVERED,
    RESULT_CODE_GRANTED,
    RESULT_CODE_UNREACHABLE,
)
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.session_pb2 import (
    SESSION_STATE_CLOSED,
    SESSION_STATE_EXPIRED,
    SESSION_STATE_OPEN,
    Grant,
)
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_registry.testing import routing_key_of
from oso_rpc.signing import verify

from .conftest import SOURCE, STRANGER, TARGET, outcomes, reason, refusal

if TYPE_CHECKING:
    from .conftest import Center


async def test_a_session_is_opened_checked_and_closed(center: Center) -> None:
    """The three steps succeed, and source and target see the same timeline."""
    opening, opened = await center.open()
    checked = await center.stub("las-a").CheckSession(center.checking(opening, opened), timeout=10)
    digest = bytes(32)
    closing = center.closing(opened, result=RESULT_CODE_DELIVERED, manifest_sha256=digest)
    closed = await center.stub("las-b").CloseSession(closing, timeout=10)

    assert opened.session.state == SESSION_STATE_OPEN
    assert checked.target_sector == SECTOR_VO
    assert closed.session.state == SESSION_STATE_CLOSED
    assert closed.session.result == RESULT_CODE_DELIVERED
    seen = [await center.timeline(opened.session.session_id, who) for who in ("las-a", "las-b")]
    assert seen[0] == seen[1]
    assert outcomes(seen[0]) == [("GRANTED", False), ("MATCHED", False), ("DELIVERED", False)]
    assert seen[0].events[2].details["manifest_sha256"] == digest.hex()


async def test_the_grant_is_signed_and_bound_to_the_targets_certificate(center: Center) -> None:
    """The grant carries the session, the key and the caller's certificate, signed by the centre."""
    opening, opened = await center.open()

    signer = center.landscape.grant_signer
    keys = {signer.key_id: signer.public_key}
    signed = opened.grant
    domain = "oso.trafficcenter.v1.Grant"
    assert verify(keys, signed.key_id, domain, signed.grant, signed.signature)
    grant = Grant.FromString(signed.grant)
    caller = center.landscape.credentials("las-b").identity.certificate_sha256
    assert grant.target_certificate_sha256 == caller
    assert grant.session_id == opened.session.session_id
    assert grant.key == opening.key
    assert grant.expire_time == opened.session.expire_time
    changed = bytes([signed.grant[0] ^ 1]) + signed.grant[1:]
    assert not verify(keys, signed.key_id, domain, changed, signed.signature)


async def test_open_names_where_the_source_can_be_reached(center: Center) -> None:
    """The answer has the source's delivery points with address and certificate thumbprints."""
    _, opened = await center.open()

    (address,) = opened.source_delivery_points
    assert address.delivery_point.routing_key == routing_key_of(SOURCE)
    thumbprint = center.landscape.credentials("las-a").identity.certificate_sha256
    assert list(address.certificate_sha256) == [thumbprint]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"source_brin": "99XX"}, "SOURCE_UNKNOWN"),
        ({"target_routing_key": "0" * 20}, "DELIVERY_POINT_UNKNOWN"),
        ({"target_routing_key": routing_key_of(STRANGER)}, "CERTIFICATE_NOT_ALLOWED"),
        ({"accepted_dossier_years": ["2031.1"]}, "DOSSIER_YEAR_NOT_SUPPORTED"),
        ({"kind": TRANSFER_KIND_OVERDRACHTBINNENBRIN}, "SCHOOLS_NOT_RELATED"),
        (
            {"kind": TRANSFER_KIND_OVERDRACHTBINNENBRIN, "source_brin": TARGET},
            "TARGET_INACTIVE",
        ),
        ({"kind": TRANSFER_KIND_SWV_DOSSIER}, "REQUEST_INVALID"),
        ({"kind": 0}, "REQUEST_INVALID"),
        ({"kind": 77}, "REQUEST_INVALID"),
        ({"source_brin": "school"}, "REQUEST_INVALID"),
        ({"request_id": "42"}, "REQUEST_INVALID"),
        ({"accepted_dossier_years": []}, "REQUEST_INVALID"),
    ],
)
async def test_a_wrong_opening_gets_its_reason(
    center: Center, changes: dict[str, Any], expected: str
) -> None:
    """An opening that must not be granted is refused for the reason protocol.md gives."""
    assert await reason(center.open(**changes)) == expected


async def test_a_malformed_request_names_its_fields(center: Center) -> None:
    """A request with a key of the wrong length is refused with the path of the field."""
    request = center.opening()
    request.key.search_key = b"short"

    told = await refusal(center.stub("las-b").OpenSession(request, timeout=10))

    assert told.name == "REQUEST_INVALID"
    assert "key.search_key" in told.metadata["detail"]


async def test_a_clock_that_is_off_is_refused(center: Center) -> None:
    """More than ten minutes between the clocks is refused with the offset."""
    request = center.opening()
    request.send_time.FromDatetime(datetime.now(UTC) - timedelta(minutes=11))

    told = await refusal(center.stub("las-b").OpenSession(request, timeout=10))

    assert told.name == "CLOCK_SKEW"
    assert told.metadata["offset_seconds"] == "-660"


async def _republished(center: Center, change: Any) -> None:
    change(center.landscape.directory)
    center.landscape.publish()
    before = center.landscape.directory.version
    for _ in range(100):
        answer = await center.stub("las-c").Ping(messages.PingRequest(), timeout=10)
        if answer.directory_version == before:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the new directory was not taken up")


def _school(directory: Any, brin: str) -> Any:
    return next(one for one in directory.schools if one.brin == brin)


def _point(directory: Any, brin: str) -> Any:
    return next(one for one in directory.delivery_points if one.brin == brin)


def _end(point: Any) -> None:
    point.mandate.end_time.FromDatetime(datetime(2021, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: setattr(_point(d, SOURCE), "active", False), "SOURCE_INACTIVE"),
        (lambda d: _point(d, SOURCE).ClearField("kinds"), "SOURCE_INACTIVE"),
        (lambda d: setattr(_point(d, TARGET), "active", False), "TARGET_INACTIVE"),
        (lambda d: _end(_point(d, SOURCE)), "MANDATE_MISSING"),
        (lambda d: _end(_point(d, TARGET)), "MANDATE_MISSING"),
        (
            lambda d: setattr(_school(d, SOURCE), "qualification", QUALIFICATION_STATE_SUSPENDED),
            "NOT_QUALIFIED",
        ),
        (
            lambda d: setattr(_school(d, TARGET), "qualification", QUALIFICATION_STATE_TRIAL),
            "NOT_QUALIFIED",
        ),
    ],
)
async def test_who_may_not_take_part_gets_its_reason(
    center: Center, change: Any, expected: str
) -> None:
    """Inactive, without mandate or not qualified: refused, whichever side it is."""
    await _republished(center, change)

    assert await reason(center.open()) == expected


async def test_a_school_in_its_trial_may_exchange_with_a_test_school(center: Center) -> None:
    """A target in its trial gets a session with a test school."""

    def change(directory: Any) -> None:
        _school(directory, TARGET).qualification = QUALIFICATION_STATE_TRIAL
        _school(directory, SOURCE).test_school = True

    await _republished(center, change)

    _, opened = await center.open()
    assert opened.session.state == SESSION_STATE_OPEN


async def test_the_same_request_id_gives_the_same_answer_also_after_a_restart(
    center: Center,
) -> None:
    """A repeated opening gives the very same session, before and after a restart."""
    request, first = await center.open()
    again = await center.stub("las-b").OpenSession(request, timeout=10)
    await center.stop()
    await center.start()
    later = await center.stub("las-b").OpenSession(request, timeout=10)

    assert first == again == later
    timeline = await center.timeline(first.session.session_id)
    assert outcomes(timeline) == [("GRANTED", False)]


async def test_the_same_request_id_at_the_same_time_gives_one_session(center: Center) -> None:
    """Twenty openings at once with one request id end in one session."""
    request = center.opening()
    stub = center.stub("las-b")

    answers = await asyncio.gather(*(stub.OpenSession(request, timeout=10) for _ in range(20)))

    assert len({one.session.session_id for one in answers}) == 1


async def test_a_request_id_for_something_else_is_refused(center: Center) -> None:
    """A request id that was used for another request, or another call, is refused."""
    request, opened = await center.open()
    other = center.opening(request_id=request.request_id)
    closing = center.closing(opened, request_id=request.request_id)

    assert await reason(center.stub("las-b").OpenSession(other, timeout=10)) == "REQUEST_ID_REUSED"
    assert (
        await reason(center.stub("las-b").CloseSession(closing, timeout=10)) == "REQUEST_ID_REUSED"
    )


async def test_a_refusal_stays_a_refusal_under_its_request_id(center: Center) -> None:
    """A refused opening that is repeated is refused for the same reason."""
    request = center.opening(source_brin="99XX")
    stub = center.stub("las-b")
    first = await refusal(stub.OpenSession(request, timeout=10))
    again = await refusal(stub.OpenSession(request, timeout=10))

    assert (first.name, first.metadata) == (again.name, again.metadata)


@pytest.mark.parametrize(
    ("changes", "expected", "fields"),
    [
        ({"target_brin": STRANGER}, "SESSION_MISMATCH", "target_brin"),
        ({"source_brin": STRANGER}, "SESSION_MISMATCH", "source_brin"),
        ({"search_key": bytes(32)}, "SESSION_MISMATCH", "key"),
        ({"kind": TRANSFER_KIND_OVERDRACHTBINNENBRIN}, "SESSION_MISMATCH", "kind"),
        ({"target_routing_key": routing_key_of(STRANGER)}, "DELIVERY_POINT_UNKNOWN", None),
        ({"target_certificate_sha256": bytes(32)}, "CERTIFICATE_NOT_ALLOWED", None),
        ({"source_routing_key": routing_key_of(STRANGER)}, "CERTIFICATE_NOT_ALLOWED", None),
        ({"session_id": str(uuid.uuid4())}, "SESSION_UNKNOWN", None),
    ],
)
async def test_a_check_that_does_not_match_gets_its_reason(
    center: Center, changes: dict[str, Any], expected: str, fields: str | None
) -> None:
    """A request that differs from the granted session is refused, and the session stays."""
    opening, opened = await center.open()
    request = center.checking(opening, opened, **changes)

    told = await refusal(center.stub("las-a").CheckSession(request, timeout=10))

    assert told.name == expected
    assert told.metadata.get("fields") == fields
    session = await center.timeline(opened.session.session_id)
    assert session.session.state == SESSION_STATE_OPEN


async def test_another_school_cannot_check_in_the_sources_place(center: Center) -> None:
    """A system whose school is not the source does not get a match."""
    opening, opened = await center.open()
    request = center.checking(opening, opened, source_routing_key=routing_key_of(STRANGER))

    told = await refusal(center.stub("las-c").CheckSession(request, timeout=10))

    assert told.metadata["fields"] == "source_routing_key"


async def test_a_check_after_the_targets_certificate_was_revoked_is_refused(
    center: Center,
) -> None:
    """A session dies with the certificate it is bound to."""
    opening, opened = await center.open()

    def change(_: Any) -> None:
        center.landscape.set_status("las-b", CERTIFICATE_STATUS_REVOKED)

    await _republished(center, change)

    request = center.checking(opening, opened)
    assert await reason(center.stub("las-a").CheckSession(request, timeout=10)) == (
        "CERTIFICATE_REVOKED"
    )
    assert await reason(center.stub("las-b").OpenSession(center.opening(), timeout=10)) == (
        "CERTIFICATE_REVOKED"
    )


async def test_a_session_expires(center: Center) -> None:
    """After half an hour a session can be neither checked nor closed; the timeline says so."""
    opening, opened = await center.open()
    center.clock.offset = timedelta(minutes=30, seconds=1)

    checking = center.checking(opening, opened)
    assert (
        await reason(center.stub("las-a").CheckSession(checking, timeout=10)) == "SESSION_EXPIRED"
    )
    closing = center.closing(opened)
    assert await reason(center.stub("las-b").CloseSession(closing, timeout=10)) == "SESSION_EXPIRED"
    timeline = await center.timeline(opened.session.session_id)
    assert timeline.session.state == SESSION_STATE_EXPIRED
    assert outcomes(timeline) == [
        ("GRANTED", False),
        ("LAPSED", False),
        ("SESSION_EXPIRED", True),
        ("SESSION_EXPIRED", True),
    ]
    assert timeline.events[1].time == opened.session.expire_time


async def test_a_closed_session_stays_closed(center: Center) -> None:
    """A second close with another request id, and a check after the close, are refused."""
    opening, opened = await center.open()
    stub = center.stub("las-b")
    first = center.closing(opened)
    answer = await stub.CloseSession(first, timeout=10)

    assert await stub.CloseSession(first, timeout=10) == answer
    assert await reason(stub.CloseSession(center.closing(opened), timeout=10)) == "SESSION_CLOSED"
    checking = center.checking(opening, opened)
    assert await reason(center.stub("las-a").CheckSession(checking, timeout=10)) == "SESSION_CLOSED"


async def test_only_the_certificate_of_the_session_may_close_it(center: Center) -> None:
    """A session id over another certificate is worth nothing."""
    _, opened = await center.open()

    for thief in ("las-a", "las-c"):
        call = center.stub(thief).CloseSession(center.closing(opened), timeout=10)
        assert await reason(call) == "CERTIFICATE_NOT_ALLOWED"
    timeline = await center.timeline(opened.session.session_id)
    assert timeline.session.state == SESSION_STATE_OPEN


@pytest.mark.parametrize(
    "changes",
    [
        {"result": RESULT_CODE_DELIVERED},
        {"manifest_sha256": bytes(32)},
        {
            "result": RESULT_CODE_DELIVERED,
            "manifest_sha256": bytes(32),
            "source_routing_key": "",
        },
        {"result": RESULT_CODE_GRANTED},
        {"result": 0},
        {"result": 999},
        {"manifest_sha256": b"short"},
    ],
)
async def test_a_result_that_cannot_be_is_refused(center: Center, changes: dict[str, Any]) -> None:
    """DELIVERED goes with a manifest digest, anything else without; only results are reported."""
    _, opened = await center.open()
    request = center.closing(opened, **changes)

    assert await reason(center.stub("las-b").CloseSession(request, timeout=10)) == "REQUEST_INVALID"


async def test_a_result_of_a_delivery_point_that_is_not_the_sources_is_refused(
    center: Center,
) -> None:
    """The delivery point that gave the result belongs to the source; or none was reached."""
    _, opened = await center.open()
    stub = center.stub("las-b")
    request = center.closing(opened, source_routing_key=routing_key_of(STRANGER))
    assert await reason(stub.CloseSession(request, timeout=10)) == "DELIVERY_POINT_UNKNOWN"

    nobody = center.closing(opened, result=RESULT_CODE_UNREACHABLE, source_routing_key="")
    answer = await stub.CloseSession(nobody, timeout=10)

    assert answer.session.state == SESSION_STATE_CLOSED


async def test_a_timeline_is_for_the_two_schools_alone(center: Center) -> None:
    """To anybody else the session is unknown."""
    _, opened = await center.open()

    assert await reason(center.timeline(opened.session.session_id, "las-c")) == "SESSION_UNKNOWN"
    assert await reason(center.timeline(str(uuid.uuid4()))) == "SESSION_UNKNOWN"


async def test_a_timeline_comes_in_pages(center: Center) -> None:
    """Pages of two give every event once, in order; a token that is not ours is refused."""
    opening, opened = await center.open()
    for _ in range(4):
        await center.stub("las-a").CheckSession(center.checking(opening, opened), timeout=10)
    session_id = opened.session.session_id

    seen, token = [], ""
    while True:
        page = await center.timeline(session_id, page_size=2, page_token=token)
        seen += [event.sequence for event in page.events]
        token = page.next_page_token
        if not token:
            break

    assert len(seen) == 5
    assert seen == sorted(set(seen))
    for forged in ("x", "9" * 30, "-1"):
        assert await reason(center.timeline(session_id, page_token=forged)) == "REQUEST_INVALID"


async def test_delivery_points_come_in_pages_and_by_condition(center: Center) -> None:
    """All active delivery points can be listed page by page, or by school."""
    stub = center.stub("las-c")
    seen, token = [], ""
    while True:
        request = messages.ListDeliveryPointsRequest(page_size=2, page_token=token)
        page = await stub.ListDeliveryPoints(request, timeout=10)
        seen += [one.delivery_point.brin for one in page.delivery_points]
        token = page.next_page_token
        if not token:
            break
    one = await stub.ListDeliveryPoints(messages.ListDeliveryPointsRequest(brin=SOURCE), timeout=10)

    assert seen == [SOURCE, TARGET, STRANGER]
    assert [each.delivery_point.brin for each in one.delivery_points] == [SOURCE]
    forged = messages.ListDeliveryPointsRequest(page_token="x")  # noqa: S106  no password
    assert await reason(stub.ListDeliveryPoints(forged, timeout=10)) == "REQUEST_INVALID"
    huge = messages.ListDeliveryPointsRequest(page_size=2**31 - 1)
    assert len((await stub.ListDeliveryPoints(huge, timeout=10)).delivery_points) == 3


async def test_ping_tells_the_caller_who_it_is(center: Center) -> None:
    """Ping shows the identity the centre sees, its clock and the years in force."""
    answer = await center.stub("las-a").Ping(messages.PingRequest(), timeout=10)

    assert answer.caller.system_id == "las-a"
    assert list(answer.caller.routing_keys) == [routing_key_of(SOURCE)]
    assert list(answer.accepted_dossier_years) == ["2019.1"]
    assert abs(answer.receive_time.ToDatetime(UTC) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_past_the_age_of_the_directory_nothing_is_granted(center: Center) -> None:
    """A directory of more than a day old closes the centre."""
    center.clock.offset = timedelta(hours=25)

    told = await refusal(center.stub("las-b").OpenSession(center.opening(), timeout=10))

    assert told.name == "DIRECTORY_EXPIRED"


async def test_the_journal_has_no_gap_and_nothing_about_a_pupil(center: Center) -> None:
    """Refused openings are recorded too, numbers follow each other, no search key is in them."""
    opening, opened = await center.open()
    await reason(center.open(source_brin="99XX"))
    await center.stub("las-a").CheckSession(center.checking(opening, opened), timeout=10)

    timeline = await center.timeline(opened.session.session_id)

    assert [event.sequence for event in timeline.events] == [1, 3]
    assert opening.key.search_key not in timeline.SerializeToString()
    assert opening.key.search_key.hex() not in str(timeline)
