"""Transfers within one BRIN and to an SWV, and notifications, over real mTLS on both databases."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_pb2 import SECTOR_UNSPECIFIED
from oso.result.v1.result_code_pb2 import RESULT_CODE_DELIVERED, RESULT_CODE_UNREACHABLE
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.notification_pb2 import Notification
from oso.trafficcenter.v1.session_pb2 import Grant
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
    TransferKey,
)
from oso_registry.testing import routing_key_of, swv_routing_key_of
from oso_rpc.signing import verify
from oso_trafficcenter.model import coupling_digest

from .conftest import SOURCE, STRANGER, TARGET, outcomes, reason

if TYPE_CHECKING:
    from oso_registry.testing import Landscape

    from .conftest import Center

SWV, OTHER_SWV = "PO3001", "VO2502"
SECOND = routing_key_of(SOURCE, 2)
FOR_SWV = routing_key_of(SOURCE, 3)
BB = {
    "kind": TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    "source_brin": SOURCE,
    "target_routing_key": SECOND,
}


@pytest.fixture
def landscape(landscape: Landscape) -> Landscape:
    """Three schools; at the first a second delivery point, and one for SWVs; and two SWVs."""
    for system in ("las-d", "swv-a", "swv-b"):
        landscape.add_system(system)
    for point in landscape.directory.delivery_points:
        point.kinds.append(TRANSFER_KIND_OVERDRACHTBINNENBRIN)
    landscape.add_delivery_point(SOURCE, "las-d", 2, TRANSFER_KIND_OVERDRACHTBINNENBRIN)
    landscape.add_delivery_point(SOURCE, "las-a", 3, TRANSFER_KIND_SWV_DOSSIER)
    landscape.add_swv(SWV, "swv-a", address="swv.example:7444")
    landscape.add_swv(OTHER_SWV, "swv-b")
    landscape.publish()
    return landscape


def reporting(center: Center, **changes: Any) -> messages.ReportNotificationRequest:
    """Make a good report for an SWV, with changes; or for the session that is given."""
    request = messages.ReportNotificationRequest(
        request_id=str(uuid.uuid4()),
        source_routing_key=FOR_SWV,
        kind=TRANSFER_KIND_SWV_DOSSIER,
        target_routing_key=swv_routing_key_of(SWV),
    )
    request.send_time.FromDatetime(center.clock.now())
    if "session_id" in changes:
        request.source_routing_key = routing_key_of(SOURCE)
        request.kind = TRANSFER_KIND_OVERSTAPDOSSIER
    for name, value in changes.items():
        setattr(request, name, value)
    return request


async def report(center: Center, system: str = "las-a", **changes: Any) -> Notification:
    """Report a notification; give it as it was registered."""
    request = reporting(center, **changes)
    reported = await center.stub(system).ReportNotification(request, timeout=10)
    return Notification.FromString(reported.notification.notification)


async def why_not(center: Center, system: str = "las-a", **changes: Any) -> str:
    """Give the reason a report is refused for."""
    call = center.stub(system).ReportNotification(reporting(center, **changes), timeout=10)
    return await reason(call)


def swv_opening(center: Center, coupling_key: str, **changes: Any) -> messages.OpenSessionRequest:
    """Make the opening of the SWV, with changes."""
    good = {"kind": TRANSFER_KIND_SWV_DOSSIER, "target_routing_key": swv_routing_key_of(SWV)}
    request = center.opening(**{**good, **changes})
    request.key.coupling_key = coupling_key
    return request


async def open_as(center: Center, system: str, request: Any) -> Any:
    """Open a session."""
    return await center.stub(system).OpenSession(request, timeout=10)


def swv_checking(center: Center, request: Any, opened: Any, **changes: Any) -> Any:
    """Make the check of the source in an SWV's session, with changes."""
    checking = center.checking(request, opened, source_routing_key=FOR_SWV, target_brin="")
    checking.target_swv = SWV
    checking.target_routing_key = request.target_routing_key
    identity = center.landscape.credentials("swv-a").identity
    checking.target_certificate_sha256 = identity.certificate_sha256
    for name, value in changes.items():
        if name == "key":
            checking.key.CopyFrom(value)
        else:
            setattr(checking, name, value)
    return checking


async def close_as(center: Center, system: str, opened: Any, result: Any, source: str) -> Any:
    """Close a session."""
    digest = bytes(32) if result == RESULT_CODE_DELIVERED else b""
    closing = center.closing(
        opened, result=result, source_routing_key=source, manifest_sha256=digest
    )
    return await center.stub(system).CloseSession(closing, timeout=10)


# --- within one BRIN


async def test_one_location_fetches_from_another_of_the_same_school(center: Center) -> None:
    """Source and target are delivery points of one BRIN; the one that asks is no source."""
    request = center.opening(**BB)
    opened = await open_as(center, "las-d", request)
    checking = center.checking(request, opened, target_brin=SOURCE, target_routing_key=SECOND)
    thumbprint = center.landscape.credentials("las-d").identity.certificate_sha256
    checking.target_certificate_sha256 = thumbprint
    await center.stub("las-a").CheckSession(checking, timeout=10)
    await close_as(center, "las-d", opened, RESULT_CODE_DELIVERED, routing_key_of(SOURCE))

    points = [one.delivery_point.routing_key for one in opened.source_delivery_points]
    assert points == [routing_key_of(SOURCE)]
    timeline = await center.timeline(opened.session.session_id, "las-a")
    assert outcomes(timeline) == [("GRANTED", False), ("MATCHED", False), ("DELIVERED", False)]


async def test_within_one_brin_is_not_between_two(center: Center) -> None:
    """Another BRIN on either side, or nobody else at the school to ask, is refused."""
    ask = center.stub("las-b").OpenSession
    far = center.opening(kind=TRANSFER_KIND_OVERDRACHTBINNENBRIN)
    alone = center.opening(kind=TRANSFER_KIND_OVERDRACHTBINNENBRIN, source_brin=TARGET)

    assert await reason(ask(far, timeout=10)) == "SCHOOLS_NOT_RELATED"
    assert await reason(ask(alone, timeout=10)) == "SOURCE_INACTIVE"


async def test_a_delivery_point_is_no_source_for_itself(center: Center) -> None:
    """The one that asks can neither be checked nor reported as the one that delivered."""
    request = center.opening(**BB)
    opened = await open_as(center, "las-d", request)
    checking = center.checking(
        request,
        opened,
        target_brin=SOURCE,
        target_routing_key=SECOND,
        source_routing_key=SECOND,
        target_certificate_sha256=center.landscape.credentials("las-d").identity.certificate_sha256,
    )
    check = center.stub("las-d").CheckSession(checking, timeout=10)

    assert await reason(check) == "SESSION_MISMATCH"
    assert (
        await reason(close_as(center, "las-d", opened, RESULT_CODE_DELIVERED, SECOND))
        == "DELIVERY_POINT_UNKNOWN"
    )


# --- notifications to who asked


async def test_who_asked_is_told_through_the_centre(center: Center) -> None:
    """The notification is signed, for the delivery point that asked, and bound to the source."""
    _, opened = await center.open()
    session_id = opened.session.session_id
    request = reporting(center, session_id=session_id)
    reported = await center.stub("las-a").ReportNotification(request, timeout=10)

    signed = reported.notification
    signer = center.landscape.grant_signer
    domain = "oso.trafficcenter.v1.Notification"
    keys = {signer.key_id: signer.public_key}
    assert verify(keys, signed.key_id, domain, signed.notification, signed.signature)
    told = Notification.FromString(signed.notification)
    source = center.landscape.credentials("las-a").identity.certificate_sha256
    assert (told.session_id, told.target_brin, told.target_routing_key) == (
        session_id,
        TARGET,
        routing_key_of(TARGET),
    )
    assert told.source_certificate_sha256 == source
    assert told.coupling_key == ""
    assert reported.target.delivery_point.routing_key == routing_key_of(TARGET)
    target = center.landscape.credentials("las-b").identity.certificate_sha256
    assert list(reported.target.certificate_sha256) == [target]
    timeline = await center.timeline(session_id)
    assert outcomes(timeline) == [("GRANTED", False), ("REPORTED", False)]
    assert timeline.events[1].details["notification_id"] == told.notification_id


async def test_a_session_that_is_over_can_still_be_named(center: Center) -> None:
    """Who asked in vain is told weeks later, at the address it has then."""
    _, opened = await center.open()
    await close_as(center, "las-b", opened, RESULT_CODE_UNREACHABLE, "")
    center.landscape.directory.delivery_points[1].address = "moved.example:7444"
    center.landscape.publish()
    await center.wait_for_directory()
    request = reporting(center, session_id=opened.session.session_id)
    reported = await center.stub("las-a").ReportNotification(request, timeout=10)

    assert reported.target.delivery_point.address == "moved.example:7444"


async def test_a_repeated_report_gets_the_same_answer(center: Center) -> None:
    """The same request id gives the same notification and key, after a restart too."""
    request = reporting(center)
    first = await center.stub("las-a").ReportNotification(request, timeout=10)
    await center.stop()
    await center.start()
    again = await center.stub("las-a").ReportNotification(request, timeout=10)
    other = reporting(center, request_id=request.request_id, target_routing_key="0" * 20)

    assert first == again
    assert (
        await reason(center.stub("las-a").ReportNotification(other, timeout=10))
        == "REQUEST_ID_REUSED"
    )


async def test_a_report_that_must_not_be_is_refused(center: Center) -> None:
    """Each wrong report gets its reason, and what is wrong with a session is in its timeline."""
    _, opened = await center.open()
    session_id = opened.session.session_id
    elsewhere = routing_key_of(STRANGER)
    within = TRANSFER_KIND_OVERDRACHTBINNENBRIN
    late = reporting(center, session_id=session_id)
    late.send_time.FromDatetime(center.clock.now() - timedelta(minutes=11))
    call = center.stub("las-a").ReportNotification(late, timeout=10)

    assert await reason(call) == "CLOCK_SKEW"
    told = {
        "unknown session": await why_not(center, session_id=str(uuid.uuid4())),
        "other source's": await why_not(
            center, "las-c", session_id=session_id, source_routing_key=elsewhere
        ),
        "the target itself": await why_not(
            center, "las-b", session_id=session_id, source_routing_key=routing_key_of(TARGET)
        ),
        "not its point": await why_not(center, "las-c", session_id=session_id),
        "wrong kind": await why_not(center, session_id=session_id, kind=within),
        "a session for an SWV": await why_not(
            center,
            session_id=session_id,
            kind=TRANSFER_KIND_SWV_DOSSIER,
            source_routing_key=FOR_SWV,
        ),
        "an SWV's point for a move": await why_not(center, kind=TRANSFER_KIND_OVERSTAPDOSSIER),
        "no kind": await why_not(center, session_id=session_id, kind=0),
        "no id": await why_not(center, session_id="x"),
    }
    assert told == {
        "unknown session": "SESSION_UNKNOWN",
        "other source's": "SESSION_UNKNOWN",
        "the target itself": "SESSION_UNKNOWN",
        "not its point": "CERTIFICATE_NOT_ALLOWED",
        "wrong kind": "SESSION_MISMATCH",
        "a session for an SWV": "REQUEST_INVALID",
        "an SWV's point for a move": "REQUEST_INVALID",
        "no kind": "REQUEST_INVALID",
        "no id": "REQUEST_INVALID",
    }
    assert ("SESSION_MISMATCH", True) in outcomes(await center.timeline(session_id))


async def test_a_flood_of_notifications_is_stopped(center: Center) -> None:
    """Three times a day about one session, also when all come at once; others may still be told."""
    _, opened = await center.open()
    _, other = await center.open()
    session_id = opened.session.session_id
    calls = [
        center.stub("las-a").ReportNotification(
            reporting(center, session_id=session_id), timeout=20
        )
        for _ in range(8)
    ]
    told = await asyncio.gather(*calls, return_exceptions=True)

    assert sum(isinstance(one, messages.ReportNotificationResponse) for one in told) == 3
    assert await why_not(center, session_id=session_id) == "TOO_MANY_NOTIFICATIONS"
    assert (await report(center, session_id=other.session.session_id)).session_id
    center.clock.offset += timedelta(hours=24, minutes=1)
    center.landscape.publish(center.clock.now())
    await center.wait_for_directory()
    assert (await report(center, session_id=session_id)).session_id == session_id


# --- SWVs


async def test_an_swv_fetches_with_the_key_it_was_told(center: Center) -> None:
    """From report to close: the key opens a session with the one delivery point that has it."""
    told = await report(center)
    request = swv_opening(center, told.coupling_key)
    opened = await open_as(center, "swv-a", request)
    checked = await center.stub("las-a").CheckSession(
        swv_checking(center, request, opened), timeout=10
    )
    await close_as(center, "swv-a", opened, RESULT_CODE_DELIVERED, FOR_SWV)

    assert (opened.session.target_swv, opened.session.target_brin) == (SWV, "")
    grant = Grant.FromString(opened.grant.grant)
    assert (grant.target_swv, grant.key.coupling_key) == (SWV, told.coupling_key)
    points = [one.delivery_point.routing_key for one in opened.source_delivery_points]
    assert points == [FOR_SWV]
    assert checked.target_sector == SECTOR_UNSPECIFIED
    seen = [await center.timeline(opened.session.session_id, one) for one in ("las-a", "swv-a")]
    assert seen[0] == seen[1]
    assert told.coupling_key not in str(seen)
    stranger = center.timeline(opened.session.session_id, "swv-b")
    assert await reason(stranger) == "SESSION_UNKNOWN"


async def test_keys_cannot_be_guessed(center: Center) -> None:
    """No two keys are the same, and each has 256 bits of chance."""
    keys = {(await report(center)).coupling_key for _ in range(4)}

    assert len(keys) == 4
    assert {len(key) for key in keys} == {43}


async def test_a_key_is_for_one_source_one_swv_and_one_kind(center: Center) -> None:
    """Forged, at another school, by another SWV or with another kind it opens nothing."""
    key = (await report(center)).coupling_key
    forged = key[:-1] + ("A" if key[-1] != "A" else "B")
    other = swv_routing_key_of(OTHER_SWV)

    async def told(system: str, request: Any) -> str:
        return await reason(center.stub(system).OpenSession(request, timeout=10))

    assert {
        "forged": await told("swv-a", swv_opening(center, forged)),
        "other source": await told("swv-a", swv_opening(center, key, source_brin=TARGET)),
        "other SWV": await told("swv-b", swv_opening(center, key, target_routing_key=other)),
        "stolen": await told("swv-b", swv_opening(center, key)),
        "by a school": await told(
            "las-b", swv_opening(center, key, target_routing_key=routing_key_of(TARGET))
        ),
        "for a move": await told(
            "swv-a", swv_opening(center, key, kind=TRANSFER_KIND_OVERSTAPDOSSIER)
        ),
    } == {
        "forged": "COUPLING_KEY_UNKNOWN",
        "other source": "COUPLING_KEY_UNKNOWN",
        "other SWV": "COUPLING_KEY_UNKNOWN",
        "stolen": "CERTIFICATE_NOT_ALLOWED",
        "by a school": "TARGET_INACTIVE",
        "for a move": "REQUEST_INVALID",
    }


async def test_exactly_one_key_is_given(center: Center) -> None:
    """No key, an empty one, or a search key where a coupling key belongs is refused.

    Both at once cannot be said: of two the last one on the wire counts, and must be the right one.
    """
    told = await report(center)
    none = swv_opening(center, told.coupling_key)
    none.key.ClearField("coupling_key")
    search = swv_opening(center, told.coupling_key)
    search.key.search_key = bytes(32)
    both = TransferKey(coupling_key=told.coupling_key).SerializeToString()
    both += TransferKey(search_key=bytes(32)).SerializeToString()
    twice = swv_opening(center, told.coupling_key)
    twice.key.ParseFromString(both)
    ask = center.stub("swv-a").OpenSession

    for wrong in (none, search, twice, swv_opening(center, "")):
        assert await reason(ask(wrong, timeout=10)) == "REQUEST_INVALID"


async def test_a_key_is_good_for_one_delivery(center: Center) -> None:
    """After a failure it may be tried again; after a delivery all its sessions are over."""
    told = await report(center)
    failed = await open_as(center, "swv-a", swv_opening(center, told.coupling_key))
    await close_as(center, "swv-a", failed, RESULT_CODE_UNREACHABLE, "")
    request = swv_opening(center, told.coupling_key)
    first = await open_as(center, "swv-a", request)
    second_request = swv_opening(center, told.coupling_key)
    second = await open_as(center, "swv-a", second_request)
    await close_as(center, "swv-a", first, RESULT_CODE_DELIVERED, FOR_SWV)

    again = center.stub("swv-a").OpenSession(swv_opening(center, told.coupling_key), timeout=10)
    assert await reason(again) == "COUPLING_KEY_USED"
    check = swv_checking(center, second_request, second)
    call = center.stub("las-a").CheckSession(check, timeout=10)
    assert await reason(call) == "COUPLING_KEY_USED"


async def test_a_key_expires(center: Center) -> None:
    """After fourteen days it opens nothing, and says since when."""
    told = await report(center)
    center.clock.offset += timedelta(days=14, minutes=1)
    center.landscape.publish(center.clock.now())
    await center.wait_for_directory()

    call = center.stub("swv-a").OpenSession(swv_opening(center, told.coupling_key), timeout=10)
    assert await reason(call) == "COUPLING_KEY_EXPIRED"


async def test_a_check_that_differs_from_the_session_of_an_swv_is_refused(
    center: Center,
) -> None:
    """Another SWV, a school, another key or the digest of the key in its place do not match."""
    told = await report(center)
    request = swv_opening(center, told.coupling_key)
    opened = await open_as(center, "swv-a", request)
    digest = TransferKey(search_key=coupling_digest(told.coupling_key))
    for changes in (
        {"target_swv": OTHER_SWV},
        {"target_swv": "", "target_brin": TARGET},
        {"target_swv": ""},
        {"key": TransferKey(coupling_key="x" * 43)},
        {"key": digest},
        {"kind": TRANSFER_KIND_OVERSTAPDOSSIER},
    ):
        check = swv_checking(center, request, opened, **changes)
        call = center.stub("las-a").CheckSession(check, timeout=10)
        assert await reason(call) == "SESSION_MISMATCH", changes


async def test_the_delivery_points_of_an_swv_are_listed(center: Center) -> None:
    """By its code; and never among those of schools."""

    async def listed(**conditions: Any) -> list[str]:
        request = messages.ListDeliveryPointsRequest(**conditions)
        found = await center.stub("las-a").ListDeliveryPoints(request, timeout=10)
        return [one.delivery_point.routing_key for one in found.delivery_points]

    assert await listed(swv=SWV) == [swv_routing_key_of(SWV)]
    assert await listed(swv=SWV, kind=TRANSFER_KIND_OVERSTAPDOSSIER) == []
    assert await listed(swv=SWV, brin=SOURCE) == []
    assert await listed(swv="PO9999") == []
    assert swv_routing_key_of(SWV) not in await listed(kind=TRANSFER_KIND_OVERSTAPDOSSIER)
