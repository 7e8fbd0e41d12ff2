"""Who may ask within one BRIN and for an SWV, and who may be notified: one change each."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1 import directory_pb2 as registry
from oso.result.v1.result_code_pb2 import RESULT_CODE_DELIVERED
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.session_pb2 import SESSION_STATE_CLOSED
from oso.transfer.v1 import transfer_pb2 as transfer
from oso_rpc.errors import OsoError
from oso_trafficcenter import conditions
from oso_trafficcenter.feedback import may_answer
from oso_trafficcenter.model import NotificationRecord, SessionRecord, coupling_digest
from oso_trafficcenter.notifications import may_notify

from .conftest import (
    NOW,
    POINTS,
    SEARCH_KEY,
    SOURCE,
    STRANGER,
    SYSTEMS,
    TARGET,
    Country,
    peer,
    thumbprint,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OVERSTAP = transfer.TRANSFER_KIND_OVERSTAPDOSSIER
WITHIN = transfer.TRANSFER_KIND_OVERDRACHTBINNENBRIN
FOR_SWV = transfer.TRANSFER_KIND_SWV_DOSSIER
SWV, SWV_SYSTEM = "PO3001", "swv-a"
SWV_POINT, SECOND = "00000099000PO3001001", f"00000007000{SOURCE}00002"
KEY = "k" * 43


@pytest.fixture
def country(country: Country) -> Country:
    """Three schools of which one has a second delivery point, all for all kinds; and an SWV."""
    directory = country.directory
    country.add_point(SOURCE, SECOND, "las-d")
    for point in directory.delivery_points:
        point.kinds.extend((WITHIN, FOR_SWV))
    directory.swvs.add(code=SWV, name=SWV, qualification=registry.QUALIFICATION_STATE_QUALIFIED)
    point = directory.swv_delivery_points.add()
    point.CopyFrom(country.point(SOURCE))
    point.brin, point.swv = "", SWV
    point.routing_key, point.system_id = SWV_POINT, SWV_SYSTEM
    return country


def _session(**changes: Any) -> SessionRecord:
    asked = SessionRecord(
        session_id="0198f1e0-0000-7000-8000-000000000001",
        state=SESSION_STATE_CLOSED,
        kind=OVERSTAP,
        source_brin=SOURCE,
        target_brin=TARGET,
        target_system=SYSTEMS[TARGET],
        target_routing_key=POINTS[TARGET],
        target_certificate_sha256=thumbprint(SYSTEMS[TARGET]),
        search_key=SEARCH_KEY,
        create_time=NOW,
        expire_time=NOW + timedelta(minutes=30),
    )
    return replace(asked, **changes)


def _handed_out(**changes: Any) -> NotificationRecord:
    record = NotificationRecord(
        notification_id="0198f1e0-0000-7000-8000-000000000002",
        kind=FOR_SWV,
        source_brin=SOURCE,
        source_routing_key=POINTS[SOURCE],
        target=SWV,
        target_routing_key=SWV_POINT,
        session_id="",
        coupling_sha256=coupling_digest(KEY),
        issue_time=NOW,
        key_expire_time=NOW + timedelta(days=14),
    )
    return replace(record, **changes)


def _delivered() -> SessionRecord:
    """Give a session in which an SWV received a dossier."""
    return _session(
        kind=FOR_SWV,
        target_brin="",
        target_swv=SWV,
        target_routing_key=SWV_POINT,
        result=RESULT_CODE_DELIVERED,
        source_routing_key=POINTS[SOURCE],
    )


def _opening(kind: Any, target: str, **changes: Any) -> messages.OpenSessionRequest:
    request = messages.OpenSessionRequest(
        request_id=str(uuid.uuid4()),
        target_routing_key=target,
        source_brin=SOURCE,
        kind=kind,
        accepted_dossier_years=["2019.1"],
    )
    if kind == FOR_SWV:
        request.key.coupling_key = KEY
    else:
        request.key.search_key = SEARCH_KEY
    request.send_time.FromDatetime(NOW)
    for name, value in changes.items():
        setattr(request, name, value)
    return request


def _report(kind: Any = OVERSTAP, **changes: Any) -> messages.ReportNotificationRequest:
    request = messages.ReportNotificationRequest(
        request_id=str(uuid.uuid4()), source_routing_key=POINTS[SOURCE], kind=kind
    )
    if kind == FOR_SWV:
        request.target_routing_key = SWV_POINT
    else:
        request.session_id = _session().session_id
    request.send_time.FromDatetime(NOW)
    for name, value in changes.items():
        setattr(request, name, value)
    return request


def _reason(call: Callable[[], object]) -> str:
    with pytest.raises(OsoError) as refused:
        call()
    return refused.value.name


def test_within_one_brin_every_other_delivery_point_is_a_source(country: Country) -> None:
    """Of a school with two the one that asks is left out."""
    request = _opening(WITHIN, SECOND)
    target, sources = conditions.may_open(country.view(), request, peer("las-d"), NOW)

    assert SECOND == target.routing_key
    assert [POINTS[SOURCE]] == [point.routing_key for point in sources]


def test_the_key_names_the_delivery_point_that_has_the_dossier(country: Country) -> None:
    """An SWV is sent to where the notification came from, and nowhere else."""
    request = _opening(FOR_SWV, SWV_POINT)
    handed_out = _handed_out(source_routing_key=SECOND)
    _, sources = conditions.may_open(country.view(), request, peer(SWV_SYSTEM), NOW, handed_out)

    assert [SECOND] == [point.routing_key for point in sources]


@pytest.mark.parametrize(
    ("handed_out", "expected"),
    [
        (None, "COUPLING_KEY_UNKNOWN"),
        (_handed_out(source_brin=STRANGER), "COUPLING_KEY_UNKNOWN"),
        (_handed_out(target_routing_key=POINTS[TARGET]), "COUPLING_KEY_UNKNOWN"),
        (_handed_out(use_time=NOW), "COUPLING_KEY_USED"),
        (_handed_out(key_expire_time=NOW), "COUPLING_KEY_EXPIRED"),
        (_handed_out(key_expire_time=None), "COUPLING_KEY_EXPIRED"),
        (_handed_out(source_routing_key="0" * 20), "SOURCE_INACTIVE"),
    ],
)
def test_a_key_that_does_not_open_has_its_reason(
    country: Country, handed_out: NotificationRecord | None, expected: str
) -> None:
    """Unknown and another's are the same; used and expired are told to whom the key was given."""
    request = _opening(FOR_SWV, SWV_POINT)

    assert expected == _reason(
        lambda: conditions.may_open(country.view(), request, peer(SWV_SYSTEM), NOW, handed_out)
    )


def _trial(country: Country) -> None:
    country.directory.swvs[0].qualification = registry.QUALIFICATION_STATE_TRIAL


PARTIES = {
    "the SWV in its trial": (_trial, "NOT_QUALIFIED"),
    "no such SWV": (lambda country: country.directory.swvs.pop(), "TARGET_INACTIVE"),
    "its delivery point switched off": (
        lambda country: setattr(country.directory.swv_delivery_points[0], "active", False),
        "TARGET_INACTIVE",
    ),
    "its delivery point for another kind": (
        lambda country: country.directory.swv_delivery_points[0].kinds.remove(FOR_SWV),
        "TARGET_INACTIVE",
    ),
    "its mandate missing": (
        lambda country: country.directory.swv_delivery_points[0].ClearField("mandate"),
        "MANDATE_MISSING",
    ),
    "the source suspended": (
        lambda country: setattr(
            country.school(SOURCE), "qualification", registry.QUALIFICATION_STATE_SUSPENDED
        ),
        "NOT_QUALIFIED",
    ),
    "the source switched off": (
        lambda country: setattr(country.point(SOURCE), "active", False),
        "SOURCE_INACTIVE",
    ),
    "the source without a mandate": (
        lambda country: country.point(SOURCE).ClearField("mandate"),
        "MANDATE_MISSING",
    ),
}


@pytest.mark.parametrize(("change", "expected"), PARTIES.values(), ids=PARTIES.keys())
def test_a_party_that_may_not_take_part_is_neither_told_nor_served(
    country: Country, change: Callable[[Country], object], expected: str
) -> None:
    """The same conditions hold for telling an SWV, for what it then asks and what it answers."""
    change(country)
    view, request = country.view(), _opening(FOR_SWV, SWV_POINT)
    source, swv = peer(SYSTEMS[SOURCE]), peer(SWV_SYSTEM)
    answer = messages.ReportFeedbackRequest(sender_routing_key=SWV_POINT)
    answer.send_time.FromDatetime(NOW)

    assert expected == _reason(lambda: may_notify(view, _report(FOR_SWV), None, source, NOW))
    assert expected == _reason(lambda: may_answer(view, answer, _delivered(), swv, NOW))
    assert expected == _reason(lambda: conditions.may_open(view, request, swv, NOW, _handed_out()))


def test_an_swv_in_its_trial_exchanges_with_the_test_school(country: Country) -> None:
    """As schools do; and a school in its trial with an SWV that is there to test with."""
    _trial(country)
    country.school(SOURCE).test_school = True
    source = peer(SYSTEMS[SOURCE])
    assert may_notify(country.view(), _report(FOR_SWV), None, source, NOW)

    country.school(SOURCE).qualification = registry.QUALIFICATION_STATE_TRIAL
    country.directory.swvs[0].qualification = registry.QUALIFICATION_STATE_QUALIFIED
    country.directory.swvs[0].test_swv = True
    assert may_notify(country.view(), _report(FOR_SWV), None, source, NOW)


def test_who_asked_is_told_whatever_became_of_the_session(country: Country) -> None:
    """The delivery point of the session, though its certificate was changed since."""
    country.certificate(TARGET).status = registry.CERTIFICATE_STATUS_REVOKED
    source, target = may_notify(country.view(), _report(), _session(), peer(SYSTEMS[SOURCE]), NOW)

    assert (POINTS[SOURCE], POINTS[TARGET]) == (source.routing_key, target.routing_key)


NOTIFYING = {
    "no such session": (_report(), None, SOURCE, "SESSION_UNKNOWN"),
    "a session with another source": (
        _report(),
        _session(source_brin=STRANGER),
        SOURCE,
        "SESSION_UNKNOWN",
    ),
    "its own session": (
        _report(WITHIN),
        _session(kind=WITHIN, target_routing_key=POINTS[SOURCE]),
        SOURCE,
        "SESSION_UNKNOWN",
    ),
    "a session of another kind": (_report(WITHIN), _session(), SOURCE, "SESSION_MISMATCH"),
    "by who does not speak for it": (
        _report(),
        _session(),
        STRANGER,
        "CERTIFICATE_NOT_ALLOWED",
    ),
    "from nowhere": (
        _report(source_routing_key="0" * 20),
        _session(),
        SOURCE,
        "DELIVERY_POINT_UNKNOWN",
    ),
    "a delivery point for a move": (
        _report(target_routing_key=SWV_POINT),
        None,
        SOURCE,
        "REQUEST_INVALID",
    ),
    "a session for an SWV": (
        _report(FOR_SWV, session_id=_session().session_id),
        _session(),
        SOURCE,
        "REQUEST_INVALID",
    ),
    "a school where an SWV belongs": (
        _report(FOR_SWV, target_routing_key=POINTS[TARGET]),
        None,
        SOURCE,
        "TARGET_INACTIVE",
    ),
    "nobody where an SWV belongs": (
        _report(FOR_SWV, target_routing_key="0" * 20),
        None,
        SOURCE,
        "DELIVERY_POINT_UNKNOWN",
    ),
    "an SWV that gives": (
        _report(FOR_SWV, source_routing_key=SWV_POINT),
        None,
        SWV,
        "SOURCE_UNKNOWN",
    ),
}


@pytest.mark.parametrize(
    ("request_", "session", "who", "expected"), NOTIFYING.values(), ids=NOTIFYING.keys()
)
def test_a_report_is_refused_for_its_reason(
    country: Country,
    request_: messages.ReportNotificationRequest,
    session: SessionRecord | None,
    who: str,
    expected: str,
) -> None:
    """Only the source tells, only who asked it, and of each kind the right party."""
    caller = peer(SYSTEMS.get(who, SWV_SYSTEM))

    assert expected == _reason(lambda: may_notify(country.view(), request_, session, caller, NOW))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda country: setattr(country.point(TARGET), "active", False), "TARGET_INACTIVE"),
        (lambda country: country.point(TARGET).ClearField("mandate"), "MANDATE_MISSING"),
        (
            lambda country: setattr(
                country.school(TARGET), "qualification", registry.QUALIFICATION_STATE_WITHDRAWN
            ),
            "NOT_QUALIFIED",
        ),
        (
            lambda country: country.directory.delivery_points.remove(country.point(TARGET)),
            "DELIVERY_POINT_UNKNOWN",
        ),
    ],
)
def test_a_school_that_may_not_take_part_now_is_not_told(
    country: Country, change: Callable[[Country], object], expected: str
) -> None:
    """What changed since it asked counts."""
    change(country)
    source = peer(SYSTEMS[SOURCE])

    assert expected == _reason(
        lambda: may_notify(country.view(), _report(), _session(), source, NOW)
    )


def test_a_session_of_an_swv_is_seen_by_school_and_swv_alone(country: Country) -> None:
    """Nobody sees it for having no BRIN, or no code."""
    session = _session(kind=FOR_SWV, target_brin="", target_swv=SWV)
    view = country.view()
    for system in (SYSTEMS[SOURCE], SWV_SYSTEM):
        conditions.may_see(view, session, peer(system), NOW)
    for system in (SYSTEMS[STRANGER], "nobody"):
        assert "SESSION_UNKNOWN" == _reason(
            lambda system=system: conditions.may_see(view, session, peer(system), NOW)  # type: ignore[misc]
        )
