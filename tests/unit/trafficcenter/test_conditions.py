"""Who may open, use, close and see a session: every condition of protocol.md, one change each."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1 import directory_pb2 as registry
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.session_pb2 import (
    SESSION_STATE_CLOSED,
    SESSION_STATE_EXPIRED,
    SESSION_STATE_OPEN,
    SESSION_STATE_REVOKED,
)
from oso.transfer.v1 import transfer_pb2 as transfer
from oso_rpc.errors import OsoError, facts_of
from oso_trafficcenter import conditions
from oso_trafficcenter.model import SessionRecord

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

    from oso_rpc.identity import PeerIdentity


def _opening() -> messages.OpenSessionRequest:
    request = messages.OpenSessionRequest(
        request_id=str(uuid.uuid4()),
        target_routing_key=POINTS[TARGET],
        source_brin=SOURCE,
        kind=transfer.TRANSFER_KIND_OVERSTAPDOSSIER,
        key=transfer.TransferKey(search_key=SEARCH_KEY),
        accepted_dossier_years=["2019.1"],
    )
    request.send_time.FromDatetime(NOW)
    return request


def _session(**changes: Any) -> SessionRecord:
    granted = SessionRecord(
        session_id="0198f1e0-0000-7000-8000-000000000001",
        state=SESSION_STATE_OPEN,
        kind=transfer.TRANSFER_KIND_OVERSTAPDOSSIER,
        source_brin=SOURCE,
        target_brin=TARGET,
        target_system=SYSTEMS[TARGET],
        target_routing_key=POINTS[TARGET],
        target_certificate_sha256=thumbprint(SYSTEMS[TARGET]),
        search_key=SEARCH_KEY,
        create_time=NOW,
        expire_time=NOW + timedelta(minutes=30),
    )
    return replace(granted, **changes)


def _checking() -> messages.CheckSessionRequest:
    return messages.CheckSessionRequest(
        session_id=_session().session_id,
        source_routing_key=POINTS[SOURCE],
        source_brin=SOURCE,
        target_brin=TARGET,
        target_routing_key=POINTS[TARGET],
        kind=transfer.TRANSFER_KIND_OVERSTAPDOSSIER,
        key=transfer.TransferKey(search_key=SEARCH_KEY),
        target_certificate_sha256=thumbprint(SYSTEMS[TARGET]),
    )


def _closing() -> messages.CloseSessionRequest:
    return messages.CloseSessionRequest(
        request_id=str(uuid.uuid4()),
        session_id=_session().session_id,
        result=codes.RESULT_CODE_DELIVERED,
        source_routing_key=POINTS[SOURCE],
        manifest_sha256=bytes(32),
    )


def _mandate(country: Country, brin: str, *, begin: float, end: float | None) -> None:
    """Set the mandate of a school's delivery point, in days from now."""
    mandate = country.point(brin).mandate
    mandate.start_time.FromDatetime(NOW + timedelta(days=begin))
    mandate.ClearField("end_time")
    if end is not None:
        mandate.end_time.FromDatetime(NOW + timedelta(days=end))


def _for_swv(country: Country, request: messages.OpenSessionRequest) -> None:
    country.point(TARGET).kinds.append(transfer.TRANSFER_KIND_SWV_DOSSIER)
    request.kind = transfer.TRANSFER_KIND_SWV_DOSSIER
    request.key.coupling_key = "k"


def _qualify(country: Country, brin: str, state: Any, *, test_school: bool = False) -> None:
    country.school(brin).qualification = state
    country.school(brin).test_school = test_school


OPEN = {
    "a source nobody knows": (
        lambda _, request: setattr(request, "source_brin", "99XX"),
        "SOURCE_UNKNOWN",
        {"source_brin": "99XX"},
    ),
    "a target delivery point nobody knows": (
        lambda _, request: setattr(request, "target_routing_key", "0" * 20),
        "DELIVERY_POINT_UNKNOWN",
        {"routing_key": "0" * 20},
    ),
    "a target delivery point of another system": (
        lambda _, request: setattr(request, "target_routing_key", POINTS[STRANGER]),
        "CERTIFICATE_NOT_ALLOWED",
        {"subject": POINTS[STRANGER]},
    ),
    "a kind within one BRIN, between two": (
        lambda _, request: setattr(request, "kind", transfer.TRANSFER_KIND_OVERDRACHTBINNENBRIN),
        "SCHOOLS_NOT_RELATED",
        {"source_brin": SOURCE, "target_brin": TARGET},
    ),
    "a school that asks for a dossier for an SWV": (
        _for_swv,
        "TARGET_INACTIVE",
        {"routing_key": POINTS[TARGET]},
    ),
    "a coupling key where a search key belongs": (
        lambda _, request: setattr(request.key, "coupling_key", "k"),
        "REQUEST_INVALID",
        {},
    ),
    "the target switched off": (
        lambda country, _: setattr(country.point(TARGET), "active", False),
        "TARGET_INACTIVE",
        {"routing_key": POINTS[TARGET]},
    ),
    "the target for other kinds only": (
        lambda country, _: country.point(TARGET).ClearField("kinds"),
        "TARGET_INACTIVE",
        {"routing_key": POINTS[TARGET]},
    ),
    "the target's mandate over since this moment": (
        lambda country, _: _mandate(country, TARGET, begin=-9, end=0),
        "MANDATE_MISSING",
        {"routing_key": POINTS[TARGET]},
    ),
    "no mandate for the target at all": (
        lambda country, _: country.point(TARGET).ClearField("mandate"),
        "MANDATE_MISSING",
        {"routing_key": POINTS[TARGET]},
    ),
    "the source switched off": (
        lambda country, _: setattr(country.point(SOURCE), "active", False),
        "SOURCE_INACTIVE",
        {"source_brin": SOURCE},
    ),
    "the source's mandate not begun": (
        lambda country, _: _mandate(country, SOURCE, begin=1, end=None),
        "MANDATE_MISSING",
        {"routing_key": POINTS[SOURCE]},
    ),
    "no mandate for the source at all": (
        lambda country, _: country.point(SOURCE).ClearField("mandate"),
        "MANDATE_MISSING",
        {"routing_key": POINTS[SOURCE]},
    ),
    "a source in its trial and a target that is no test school": (
        lambda country, _: _qualify(country, SOURCE, registry.QUALIFICATION_STATE_TRIAL),
        "NOT_QUALIFIED",
        {"brin": SOURCE, "qualification": "trial"},
    ),
    "a target in a prolonged trial and a source that is no test school": (
        lambda country, _: _qualify(country, TARGET, registry.QUALIFICATION_STATE_EXTENDED),
        "NOT_QUALIFIED",
        {"brin": TARGET, "qualification": "extended"},
    ),
    "a target that may not exchange yet, itself a test school": (
        lambda country, _: _qualify(
            country, TARGET, registry.QUALIFICATION_STATE_REGISTERED, test_school=True
        ),
        "NOT_QUALIFIED",
        {"brin": TARGET, "qualification": "registered"},
    ),
    "no year the target accepts": (
        lambda _, request: request.accepted_dossier_years.__setitem__(0, "2031.1"),
        "DOSSIER_YEAR_NOT_SUPPORTED",
        {"accepted": "2031.1", "offered": "2019.1"},
    ),
    "a year both schools know and the directory does not": (
        lambda country, request: (
            country.point(SOURCE).dossier_years.append("2018.1"),
            request.accepted_dossier_years.__setitem__(0, "2018.1"),
        ),
        "DOSSIER_YEAR_NOT_SUPPORTED",
        {"accepted": "2018.1", "offered": "2019.1"},
    ),
    "a clock eleven minutes ahead": (
        lambda _, request: request.send_time.FromDatetime(NOW + timedelta(minutes=11)),
        "CLOCK_SKEW",
        {"offset_seconds": "660", "allowed_seconds": "600"},
    ),
    "a moment no clock can show": (
        lambda _, request: setattr(request.send_time, "seconds", 2**62),
        "REQUEST_INVALID",
        {},
    ),
}


@pytest.mark.parametrize(("change", "reason", "facts"), OPEN.values(), ids=OPEN.keys())
def test_a_session_is_refused_for_its_reason(
    country: Country, change: Callable[[Country, Any], object], reason: str, facts: dict[str, str]
) -> None:
    """One thing wrong gives its own reason, and the data that says which party and what."""
    request = _opening()
    change(country, request)

    with pytest.raises(OsoError) as refused:
        conditions.may_open(country.view(), request, peer(SYSTEMS[TARGET]), NOW)

    assert reason == refused.value.name
    assert facts.items() <= refused.value.metadata.items()


def test_a_session_may_be_opened_when_nothing_is_wrong(country: Country) -> None:
    """All conditions met give the target's delivery point and those of the source."""
    view = country.view()

    target, sources = conditions.may_open(view, _opening(), peer(SYSTEMS[TARGET]), NOW)

    assert POINTS[TARGET] == target.routing_key
    assert [POINTS[SOURCE]] == [one.routing_key for one in sources]


@pytest.mark.parametrize("offset", [-600, 600])
def test_ten_minutes_between_the_clocks_are_allowed(country: Country, offset: int) -> None:
    """Exactly ten minutes off, either way, is no reason to refuse."""
    request = _opening()
    request.send_time.FromDatetime(NOW + timedelta(seconds=offset))

    assert conditions.may_open(country.view(), request, peer(SYSTEMS[TARGET]), NOW)


@pytest.mark.parametrize(("trying", "other"), [(SOURCE, TARGET), (TARGET, SOURCE)])
@pytest.mark.parametrize(
    "state", [registry.QUALIFICATION_STATE_TRIAL, registry.QUALIFICATION_STATE_EXTENDED]
)
def test_a_school_in_its_trial_may_exchange_with_a_test_school(
    country: Country, trying: str, other: str, state: Any
) -> None:
    """A trial, prolonged or not, is good enough when the other one is a test school."""
    _qualify(country, trying, state)
    country.school(other).test_school = True

    assert conditions.may_open(country.view(), _opening(), peer(SYSTEMS[TARGET]), NOW)


@pytest.mark.parametrize(
    ("state", "minutes", "refused"),
    [
        (registry.QUALIFICATION_STATE_TRIAL, 1, ""),
        (registry.QUALIFICATION_STATE_TRIAL, 0, "trial_ended"),
        (registry.QUALIFICATION_STATE_EXTENDED, -1, "extended_ended"),
        (registry.QUALIFICATION_STATE_QUALIFIED, -1, ""),
    ],
)
def test_past_its_end_a_trial_allows_nothing(
    country: Country, state: Any, minutes: int, refused: str
) -> None:
    """Until the end of its trial a school exchanges with a test school; from then on not at all."""
    _qualify(country, SOURCE, state)
    country.school(TARGET).test_school = True
    country.school(SOURCE).trial_end_time.FromDatetime(NOW + timedelta(minutes=minutes))

    told = ""
    try:
        conditions.may_open(country.view(), _opening(), peer(SYSTEMS[TARGET]), NOW)
    except OsoError as error:
        told = error.metadata["qualification"]

    assert refused == told


@pytest.mark.parametrize(
    ("auditor", "caller", "refused"),
    [
        (True, peer("las-a"), ""),
        (False, peer("las-a"), "NOT_ALLOWED"),
        (True, peer("las-b"), "NOT_ALLOWED"),
        (True, peer("nobody"), "NOT_ALLOWED"),
        (True, replace(peer("las-a"), system_id="las-b"), "NOT_ALLOWED"),
    ],
)
def test_only_what_the_directory_calls_an_auditor_is_one(
    country: Country, *, auditor: bool, caller: PeerIdentity, refused: str
) -> None:
    """Auditor is who shows a certificate of a system that is marked so, under its own name."""
    system = next(one for one in country.directory.systems if one.system_id == SYSTEMS[SOURCE])
    system.auditor = auditor

    told = ""
    try:
        conditions.require_auditor(country.view(), caller)
    except OsoError as error:
        told = error.name

    assert refused == told


def test_only_delivery_points_that_can_serve_are_given(country: Country) -> None:
    """Delivery points without mandate, switched off or of other years only are left out."""
    keys = [f"0000000700000SS0000{number}" for number in (2, 3, 4, 5)]
    points = [country.add_point(SOURCE, key, SYSTEMS[SOURCE]) for key in keys]
    points[0].active = False
    points[1].ClearField("mandate")
    points[2].dossier_years[:] = ["2018.1"]

    _, sources = conditions.may_open(country.view(), _opening(), peer(SYSTEMS[TARGET]), NOW)

    assert [POINTS[SOURCE], keys[3]] == [one.routing_key for one in sources]


CHECK = {
    "another source": ("source_brin", STRANGER, "SESSION_MISMATCH", {"fields": "source_brin"}),
    "another target": ("target_brin", STRANGER, "SESSION_MISMATCH", {"fields": "target_brin"}),
    "another kind": (
        "kind",
        transfer.TRANSFER_KIND_OVERDRACHTBINNENBRIN,
        "SESSION_MISMATCH",
        {"fields": "kind"},
    ),
    "a delivery point of another school": (
        "source_routing_key",
        POINTS[STRANGER],
        "SESSION_MISMATCH",
        {"fields": "source_routing_key"},
    ),
    "another target delivery point": (
        "target_routing_key",
        POINTS[STRANGER],
        "DELIVERY_POINT_UNKNOWN",
        {"routing_key": POINTS[STRANGER]},
    ),
    "another certificate": (
        "target_certificate_sha256",
        bytes(32),
        "CERTIFICATE_NOT_ALLOWED",
        {"subject": _session().session_id},
    ),
}


@pytest.mark.parametrize(("name", "value", "reason", "facts"), CHECK.values(), ids=CHECK.keys())
def test_what_differs_from_the_granted_session_is_named(
    country: Country, name: str, value: Any, reason: str, facts: dict[str, str]
) -> None:
    """One field that differs gives its own reason."""
    request = _checking()
    setattr(request, name, value)

    with pytest.raises(OsoError) as refused:
        conditions.matches(country.view(), request, _session(), NOW)

    assert reason == refused.value.name
    assert facts.items() <= refused.value.metadata.items()


@pytest.mark.parametrize("bit", [0, 100, 255])
def test_a_key_that_differs_in_one_bit_does_not_match(country: Country, bit: int) -> None:
    """A commitment is the same or it is another pupil's; the refusal does not show either."""
    request = _checking()
    wrong = bytearray(SEARCH_KEY)
    wrong[bit // 8] ^= 1 << bit % 8
    request.key.search_key = bytes(wrong)

    with pytest.raises(OsoError) as refused:
        conditions.matches(country.view(), request, _session(), NOW)

    assert "SESSION_MISMATCH" == refused.value.name
    assert {"fields": "key"} == dict(refused.value.metadata)


STILL = {
    "the target's certificate was revoked": (
        lambda country: setattr(
            country.certificate(TARGET), "status", registry.CERTIFICATE_STATUS_REVOKED
        ),
        "CERTIFICATE_REVOKED",
    ),
    "the target's certificate expired": (
        lambda country: country.certificate(TARGET).expire_time.FromDatetime(NOW),
        "CERTIFICATE_EXPIRED",
    ),
    "the target's certificate is gone": (
        lambda country: setattr(country.certificate(TARGET), "sha256", bytes(32)),
        "CERTIFICATE_UNKNOWN",
    ),
    "the target was switched off": (
        lambda country: setattr(country.point(TARGET), "active", False),
        "TARGET_INACTIVE",
    ),
    "the target's mandate ended": (
        lambda country: _mandate(country, TARGET, begin=-9, end=-1),
        "MANDATE_MISSING",
    ),
    "the target was suspended": (
        lambda country: _qualify(country, TARGET, registry.QUALIFICATION_STATE_SUSPENDED),
        "NOT_QUALIFIED",
    ),
    "the source was switched off": (
        lambda country: setattr(country.point(SOURCE), "active", False),
        "SOURCE_INACTIVE",
    ),
    "the source's mandate ended": (
        lambda country: _mandate(country, SOURCE, begin=-9, end=-1),
        "MANDATE_MISSING",
    ),
    "the source was suspended": (
        lambda country: _qualify(country, SOURCE, registry.QUALIFICATION_STATE_SUSPENDED),
        "NOT_QUALIFIED",
    ),
}


@pytest.mark.parametrize(("change", "reason"), STILL.values(), ids=STILL.keys())
def test_what_held_when_the_session_was_granted_must_still_hold(
    country: Country, change: Callable[[Country], object], reason: str
) -> None:
    """A school that lost its right in the meantime gets or gives nothing on an older session."""
    change(country)

    with pytest.raises(OsoError) as refused:
        conditions.matches(country.view(), _checking(), _session(), NOW)

    assert reason == refused.value.name


def test_a_request_that_matches_gives_the_target(country: Country) -> None:
    """The source learns which school asks: its sector decides what it may give."""
    school = conditions.matches(country.view(), _checking(), _session(), NOW)

    assert country.school(TARGET) == school


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (SESSION_STATE_CLOSED, "SESSION_CLOSED"),
        (SESSION_STATE_EXPIRED, "SESSION_EXPIRED"),
        (SESSION_STATE_REVOKED, "SESSION_REVOKED"),
    ],
)
def test_a_session_that_is_over_can_be_neither_used_nor_closed(
    country: Country, state: Any, reason: str
) -> None:
    """Over is over, and the reason says how it ended."""
    session, view = _session(state=state), country.view()
    calls: list[Callable[[], object]] = [
        lambda: conditions.matches(view, _checking(), session, NOW),
        lambda: conditions.may_close(view, _closing(), session, peer(SYSTEMS[TARGET])),
    ]
    for call in calls:
        with pytest.raises(OsoError) as refused:
            call()

        assert reason == refused.value.name


CLOSE = {
    "delivered, without the manifest's digest": ({"manifest_sha256": b""}, "REQUEST_INVALID"),
    "delivered, by nobody": ({"source_routing_key": ""}, "REQUEST_INVALID"),
    "not delivered, with a manifest's digest": (
        {"result": codes.RESULT_CODE_DOSSIER_NOT_READY},
        "REQUEST_INVALID",
    ),
    "a decision of the centre itself": ({"result": codes.RESULT_CODE_GRANTED}, "REQUEST_INVALID"),
    "a fault of a system": ({"result": codes.RESULT_CODE_INTERNAL}, "REQUEST_INVALID"),
    "a delivery point of another school": (
        {"source_routing_key": POINTS[STRANGER]},
        "DELIVERY_POINT_UNKNOWN",
    ),
    "a delivery point nobody knows": ({"source_routing_key": "0" * 20}, "DELIVERY_POINT_UNKNOWN"),
}


@pytest.mark.parametrize(("changes", "reason"), CLOSE.values(), ids=CLOSE.keys())
def test_a_result_that_cannot_be_is_refused(
    country: Country, changes: dict[str, Any], reason: str
) -> None:
    """A target reports a result it can have, with the evidence that belongs to it."""
    request = _closing()
    for name, value in changes.items():
        setattr(request, name, value)

    with pytest.raises(OsoError) as refused:
        conditions.may_close(country.view(), request, _session(), peer(SYSTEMS[TARGET]))

    assert reason == refused.value.name


@pytest.mark.parametrize(
    "result",
    [code for code in codes.ResultCode.values() if 0 < facts_of(code).rank < 1200],
)
def test_every_ranked_result_can_be_reported(country: Country, result: Any) -> None:
    """Each result of the ranking but DELIVERED needs neither manifest nor delivery point."""
    request = _closing()
    request.result = result
    request.ClearField("manifest_sha256")
    request.ClearField("source_routing_key")

    conditions.may_close(country.view(), request, _session(), peer(SYSTEMS[TARGET]))


def test_only_the_certificate_of_the_session_may_close_it(country: Country) -> None:
    """The same system with another certificate is a stranger to the session."""
    caller = replace(peer(SYSTEMS[TARGET]), certificate_sha256=bytes(32))

    with pytest.raises(OsoError) as refused:
        conditions.may_close(country.view(), _closing(), _session(), caller)

    assert "CERTIFICATE_NOT_ALLOWED" == refused.value.name


@pytest.mark.parametrize("system_id", [SYSTEMS[SOURCE], SYSTEMS[TARGET]])
def test_both_schools_may_see_a_session(country: Country, system_id: str) -> None:
    """Source and target see the same, also when they have been switched off since."""
    country.point(SOURCE).active = False
    country.point(TARGET).active = False

    conditions.may_see(country.view(), _session(), peer(system_id), NOW)


def test_an_auditor_may_see_every_session(country: Country) -> None:
    """Whoever the directory calls an auditor reads all evidence; nobody else does (OfficeHeart)."""
    stranger = next(one for one in country.directory.systems if one.system_id == SYSTEMS[STRANGER])

    with pytest.raises(OsoError):
        conditions.may_see(country.view(), _session(), peer(stranger.system_id), NOW)
    stranger.auditor = True

    conditions.may_see(country.view(), _session(), peer(stranger.system_id), NOW)


def test_an_auditor_closes_nothing(country: Country) -> None:
    """To read is all it may do with another's session."""
    auditor = next(one for one in country.directory.systems if one.system_id == SYSTEMS[STRANGER])
    auditor.auditor = True
    closing = messages.CloseSessionRequest(result=codes.RESULT_CODE_UNREACHABLE)

    with pytest.raises(OsoError) as refused:
        conditions.may_close(country.view(), closing, _session(), peer(auditor.system_id))

    assert "CERTIFICATE_NOT_ALLOWED" == refused.value.name


def test_a_session_is_unknown_to_who_has_no_mandate_any_more(country: Country) -> None:
    """A supplier whose mandate ended sees no more of the school than a stranger does."""
    _mandate(country, SOURCE, begin=-9, end=-1)

    for system_id in (SYSTEMS[SOURCE], SYSTEMS[STRANGER]):
        with pytest.raises(OsoError) as refused:
            conditions.may_see(country.view(), _session(), peer(system_id), NOW)

        assert "SESSION_UNKNOWN" == refused.value.name
