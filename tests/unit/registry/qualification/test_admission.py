"""Admitting suppliers and qualifying products: what follows, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.type.date_pb2 import Date

from oso.registry.v1 import admission_pb2 as contract
from oso.registry.v1.admission_pb2 import Admission, DecidedPoint
from oso.registry.v1.mandate_pb2 import DELIVERY_POINT_STATE_MANDATE_ENDED
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_CANDIDATE,
    ADMISSION_STATE_WITHDRAWN,
    PARTY_STATUS_CLOSED,
    PRODUCT_ROLE_SOURCE,
    PRODUCT_ROLE_TARGET,
    ProductQualification,
)
from oso.registry.v1.qualification_service_pb2 import ListAdmissionsRequest
from oso_registry.mandates.delivery_points import get_delivery_point
from oso_registry.parties.resources import PRODUCTS, SUPPLIERS
from oso_registry.qualification import admission, admission_model, products

from ..parties import country as of  # noqa: TID252  tests are no package one could name
from .trying import TODAY

if TYPE_CHECKING:
    from oso_registry.calls import Caller

    from .trying import Trying

_ADMISSION = f"{of.SUPPLIER}/admission"
_APPROVED, _REFUSED = contract.POINT_DECISION_APPROVED, contract.POINT_DECISION_REFUSED
_SECURITY = contract.ADMISSION_POINT_SECURITY


def _candidate(trying: Trying) -> None:
    """Let the supplier be one that is in talks."""
    supplier = trying.call().require(SUPPLIERS, of.SUPPLIER)
    supplier.admission = ADMISSION_STATE_CANDIDATE
    trying.call().put(SUPPLIERS, supplier)


def _decide(
    trying: Trying, point: Any, decision: Any = _APPROVED, etag: str = "", **changes: Any
) -> Admission:
    given: Any = DecidedPoint(point=point, decision=decision, date=TODAY)
    if decision == _REFUSED:
        given.remark = "niet in orde"
    for name, value in changes.items():
        given.ClearField(name)
        if isinstance(value, str):
            setattr(given, name, value)
        elif value is not None:
            getattr(given, name).CopyFrom(value)
    return admission.decide_point(trying.call(), _ADMISSION, given, etag)


def _state(trying: Trying) -> str:
    return admission_model.state_name(trying.call().require(SUPPLIERS, of.SUPPLIER).admission)


def _revoke(trying: Trying, days: float = 0, **which: Any) -> Any:
    wanted: dict[str, Any] = {
        "profile": "POVO",
        "role": PRODUCT_ROLE_SOURCE,
        "dossier_year": "2019.1",
    } | which
    given = ProductQualification(**wanted)
    return products.revoke_product_qualification(trying.call(days=days), of.PRODUCT, given)


def _qualify(trying: Trying, product: str = of.PRODUCT, etag: str = "", **changes: Any) -> Any:
    given: Any = ProductQualification(
        profile="POVO",
        role=PRODUCT_ROLE_SOURCE,
        dossier_year="2019.1",
        start_date=TODAY,
        report="conformance-2026-031",
    )
    for name, value in changes.items():
        given.ClearField(name)
        if isinstance(value, Date):
            getattr(given, name).CopyFrom(value)
        elif value is not None:
            setattr(given, name, value)
    return products.qualify_product(trying.call(), product, given, etag)


def test_a_supplier_is_admitted_on_four_points(trying: Trying) -> None:
    """One after another; with the last it is admitted, and can be given a mandate."""
    _candidate(trying)
    before = of.outcome(trying.give)
    told = [
        admission_model.state_name(_decide(trying, point).state) for point in admission_model.POINTS
    ]
    final = admission.get_admission(trying.call(), _ADMISSION)

    assert "SUPPLIER_NOT_ADMITTED" == before
    assert ["CANDIDATE", "CANDIDATE", "CANDIDATE", "ADMITTED"] == told
    assert [(point, _APPROVED, TODAY, "systems/registrar") for point in admission_model.POINTS] == [
        (one.point, one.decision, one.date, one.system) for one in final.points
    ]
    assert "" == of.outcome(trying.give)


def test_one_point_refused_refuses_the_supplier_until_it_is_mended(trying: Trying) -> None:
    """What was decided on the others stands; the point decided anew takes the old one's place."""
    _candidate(trying)
    for point in admission_model.POINTS:
        _decide(trying, point, _REFUSED if point == _SECURITY else _APPROVED)
    refused = _state(trying)
    _decide(trying, _SECURITY, remark="hersteld")

    assert ["REFUSED", "ADMITTED"] == [refused, _state(trying)]
    points = admission.get_admission(trying.call(), _ADMISSION).points
    assert ["", "", "", "hersteld"] == [one.remark for one in points]


def test_an_admitted_supplier_stays_so_while_points_are_recorded(trying: Trying) -> None:
    """Those of the founding document have no points yet; refusing one is no way out."""
    nothing = admission.get_admission(trying.call(), _ADMISSION)
    _decide(trying, _SECURITY)
    refused = of.outcome(_decide, trying, _SECURITY, _REFUSED)

    assert [(point, 0) for point in admission_model.POINTS] == [
        (one.point, one.decision) for one in nothing.points
    ]
    assert ("ADMISSION_STATE", "ADMITTED") == (refused, _state(trying))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"decision": None}, "REQUEST_INVALID point.decision"),
        ({"date": None}, "REQUEST_INVALID point.date"),
        ({"date": Date(year=2026, month=3, day=2)}, "REQUEST_INVALID point.date: is still to come"),
        ({"date": Date(year=2026, month=13, day=1)}, "REQUEST_INVALID point.date: is no day"),
        ({"etag": "stale"}, "ETAG_STALE"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    trying: Trying, changes: dict[str, Any], expected: str
) -> None:
    """A decision, a day that has come, and what was read."""
    assert of.outcome(_decide, trying, _SECURITY, **changes).startswith(expected)


def test_to_refuse_a_point_takes_a_remark(trying: Trying) -> None:
    """Whoever asks later why must find it."""
    _candidate(trying)

    told = of.outcome(_decide, trying, _SECURITY, _REFUSED, remark=" ")

    assert told.startswith("REQUEST_INVALID point.remark")
    assert "CANDIDATE" == _state(trying)


def test_withdrawing_needs_to_say_that_mandates_end(trying: Trying) -> None:
    """While mandates are in use it is refused; forced, they end and their delivery points too."""
    trying.give()
    trying.add()
    refused = of.outcome(admission.withdraw_admission, trying.call(), _ADMISSION, "gestopt")
    told = admission.withdraw_admission(trying.call(), _ADMISSION, "gestopt", force=True)

    assert "IN_USE" == refused
    assert (ADMISSION_STATE_WITHDRAWN, "gestopt") == (told.state, told.reason)
    assert DELIVERY_POINT_STATE_MANDATE_ENDED == get_delivery_point(trying.call(), of.POINT).state
    again = {"name": "mandates/00000000-0000-4000-8000-000000000009"}
    assert "SUPPLIER_NOT_ADMITTED" == of.outcome(trying.give, **again)


def test_a_withdrawn_supplier_begins_again_with_all_points(trying: Trying) -> None:
    """It cannot be decided on before, and mandates that ended stay ended."""
    _decide(trying, _SECURITY)
    admission.withdraw_admission(trying.call(), _ADMISSION, "gestopt")
    refused = [
        of.outcome(_decide, trying, _SECURITY),
        of.outcome(admission.withdraw_admission, trying.call(), _ADMISSION, "gestopt"),
        of.outcome(admission.reinstate_admission, trying.call(), _ADMISSION, " ").split()[0],
    ]
    told = admission.reinstate_admission(trying.call(), _ADMISSION, "opnieuw")

    assert ["ADMISSION_STATE", "ADMISSION_STATE", "REQUEST_INVALID"] == refused
    assert (ADMISSION_STATE_CANDIDATE, [0] * 4) == (
        told.state,
        [one.decision for one in told.points],
    )


def test_a_closed_supplier_is_not_decided_on(trying: Trying) -> None:
    """It does not take part."""
    supplier = trying.call().require(SUPPLIERS, of.SUPPLIER)
    supplier.status = PARTY_STATUS_CLOSED
    trying.call().put(SUPPLIERS, supplier)

    assert "PARTY_CLOSED" == of.outcome(_decide, trying, _SECURITY)


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (of.REGISTRAR, 2),
        (of.AUDITOR, 2),
        (of.HELPDESK, 2),
        (of.SUPPLIERS_DESK, 1),
    ],
)
def test_a_supplier_sees_its_own_admission_alone(trying: Trying, caller: Caller, seen: int) -> None:
    """Workers of OfficeHeart see all; what is another's is not told to be there."""
    found, token = admission.list_admissions(trying.call(caller), ListAdmissionsRequest())
    states = ListAdmissionsRequest(state=ADMISSION_STATE_CANDIDATE)

    assert (seen, "") == (len(found), token)
    assert [] == admission.list_admissions(trying.call(caller), states)[0]
    other = of.outcome(
        admission.get_admission, trying.call(caller), f"{of.OTHER_SUPPLIER}/admission"
    )
    assert ("" if seen == 2 else "NOT_ALLOWED") == other


# --- Products ---


def test_a_product_is_qualified_for_a_profile_role_and_year(trying: Trying) -> None:
    """Recorded again it is replaced; another role or year stands beside it."""
    _qualify(trying, report="eerste")
    _qualify(trying, role=PRODUCT_ROLE_TARGET)
    told = _qualify(trying)

    assert [
        ("POVO", PRODUCT_ROLE_SOURCE, "conformance-2026-031"),
        ("POVO", PRODUCT_ROLE_TARGET, "conformance-2026-031"),
    ] == [(one.profile, one.role, one.report) for one in told.qualifications]
    assert told == trying.call().require(PRODUCTS, of.PRODUCT)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"profile": "POVI"}, "REQUEST_INVALID qualification.profile"),
        ({"report": None}, "REQUEST_INVALID qualification.report"),
        ({"start_date": None}, "REQUEST_INVALID qualification.start_date"),
        ({"start_date": Date(year=2026, month=3, day=2)}, "REQUEST_INVALID qualification.start"),
        ({"end_date": TODAY}, "REQUEST_INVALID qualification.end_date: must be later"),
        ({"end_date": Date(year=2026, month=4, day=31)}, "REQUEST_INVALID qualification.end_date"),
        ({"etag": "stale"}, "ETAG_STALE"),
        ({"product": f"{of.SUPPLIER}/products/none"}, "RESOURCE_UNKNOWN"),
    ],
)
def test_a_qualification_that_cannot_be_is_refused(
    trying: Trying, changes: dict[str, Any], expected: str
) -> None:
    """A profile of the standard, a report that shows it, and dates that can be."""
    assert of.outcome(_qualify, trying, **changes).startswith(expected)
    assert not trying.call().require(PRODUCTS, of.PRODUCT).qualifications


def test_only_a_product_in_use_of_an_admitted_supplier_is_qualified(trying: Trying) -> None:
    """A supplier in talks, and a product out of use, wait."""
    _candidate(trying)
    refused = [of.outcome(_qualify, trying)]
    product = trying.call().require(PRODUCTS, of.PRODUCT)
    product.status = PARTY_STATUS_CLOSED
    trying.call().put(PRODUCTS, product)
    refused.append(of.outcome(_qualify, trying))

    assert ["SUPPLIER_NOT_ADMITTED", "PARTY_CLOSED"] == refused


def test_what_is_revoked_ends_today_and_is_kept(trying: Trying) -> None:
    """From that day on it counts no more; once is enough."""
    _qualify(trying)
    revoked, again = _revoke(trying, days=2), _revoke(trying, days=9)

    (entry,) = revoked.qualifications
    assert (TODAY, Date(year=2026, month=3, day=3)) == (entry.start_date, entry.end_date)
    assert revoked == again


def test_what_it_was_not_qualified_for_cannot_be_revoked(trying: Trying) -> None:
    """Another profile, role or year is unknown."""
    _qualify(trying)

    assert ["RESOURCE_UNKNOWN"] * 3 == [
        of.outcome(_revoke, trying, **which)
        for which in (
            {"profile": "POPO"},
            {"role": PRODUCT_ROLE_TARGET},
            {"dossier_year": "2018.1"},
        )
    ]
