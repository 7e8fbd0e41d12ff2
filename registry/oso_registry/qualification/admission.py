"""Admitting suppliers on the four points of the founding document, and taking that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1.admission_pb2 import (
    POINT_DECISION_REFUSED,
    POINT_DECISION_UNSPECIFIED,
    Admission,
    DecidedPoint,
)
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid
from oso_registry.mandates.mandates import mandates_in_use, revoke_all
from oso_registry.mandates.resources import MANDATES
from oso_registry.parties.register import require_active, require_etag, require_unused
from oso_registry.parties.registers import SUPPLIER
from oso_registry.parties.resources import SUPPLIERS
from oso_registry.parties.sight import seen_by
from oso_registry.qualification import admission_model as model
from oso_registry.qualification.admission_model import Event
from oso_registry.qualification.deciding import require_past_day
from oso_registry.qualification.resources import ADMISSIONS, admission_of, supplier_of
from oso_registry.resources import page
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso.registry.v1.party_pb2 import AdmissionState, Supplier
    from oso.registry.v1.qualification_service_pb2 import ListAdmissionsRequest
    from oso_registry.store import Transaction

_SUPPLIER, _MANDATE = SUPPLIERS.table.c, MANDATES.table.c


def get_admission(tx: Transaction, name: str) -> Admission:
    """Tell how far the admission of a supplier the caller sees has come.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    supplier = SUPPLIER.get(tx, supplier_of(name))
    return _told(supplier, _record_of(tx, supplier.name))


def list_admissions(tx: Transaction, request: ListAdmissionsRequest) -> tuple[list[Admission], str]:
    """Give a page of the admissions the caller sees, and the token of the next."""
    where = seen_by(tx.caller, SUPPLIER.sight)
    if request.state:
        where.append(_SUPPLIER.admission == request.state)
    found, token = page(tx, SUPPLIERS, request, *where)
    tx.load(ADMISSIONS, [admission_of(supplier.name) for supplier in found])
    return [_told(supplier, _record_of(tx, supplier.name)) for supplier in found], token


def decide_point(tx: Transaction, name: str, given: DecidedPoint, etag: str = "") -> Admission:
    """Record the decision on a point; the state follows.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, PARTY_CLOSED, REQUEST_INVALID; ADMISSION_STATE for
            an admission that was withdrawn, and to refuse a point of an admitted supplier.

    """
    supplier, record = _found(tx, name, etag)
    require_active(supplier)
    if given.decision == POINT_DECISION_UNSPECIFIED:
        raise invalid("point.decision", "is needed: approved or refused")
    require_past_day(tx, "point.date", given.date)
    if given.decision == POINT_DECISION_REFUSED and not given.remark.strip():
        raise invalid("point.remark", "is needed to refuse: say why")
    points = {one.point: one for one in record.points}
    points[given.point] = DecidedPoint()
    points[given.point].CopyFrom(given)
    points[given.point].system = f"systems/{tx.caller.system_id}"
    event = model.decided({one.point: one.decision for one in points.values()})
    state = _require_state(supplier, event, "DECIDE_POINT")
    del record.points[:]
    record.points.extend(sorted(points.values(), key=lambda one: one.point))
    return _written(tx, supplier, record, state)


def withdraw_admission(
    tx: Transaction, name: str, reason: str, etag: str = "", *, force: bool = False
) -> Admission:
    """Take an admission back; with `force` its mandates end, and their delivery points with them.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, ADMISSION_STATE, REQUEST_INVALID; IN_USE, unless
            forced.

    """
    supplier, record = _found(tx, name, etag)
    _require_reason(reason)
    state = _require_state(supplier, Event.WITHDRAW, "WITHDRAW")
    of_supplier = _MANDATE.supplier == supplier.name
    if force:
        revoke_all(tx, f"{supplier.name} admission withdrawn", of_supplier)
    in_use = mandates_in_use(tx, of_supplier)
    require_unused(supplier.name, [mandate.name for mandate in in_use])
    record.reason = reason
    return _written(tx, supplier, record, state)


def reinstate_admission(tx: Transaction, name: str, reason: str, etag: str = "") -> Admission:
    """Let a supplier begin its admission again, with all four points.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, PARTY_CLOSED, ADMISSION_STATE, REQUEST_INVALID.

    """
    supplier, record = _found(tx, name, etag)
    require_active(supplier)
    _require_reason(reason)
    state = _require_state(supplier, Event.REINSTATE, "REINSTATE")
    del record.points[:]
    record.reason = reason
    return _written(tx, supplier, record, state)


def _found(tx: Transaction, name: str, etag: str) -> tuple[Supplier, Admission]:
    supplier = SUPPLIER.get(tx, supplier_of(name))
    record = _record_of(tx, supplier.name)
    require_etag(record, etag)
    return supplier, record


def _record_of(tx: Transaction, supplier: str) -> Admission:
    name = admission_of(supplier)
    return tx.get(ADMISSIONS, name) or Admission(name=name)


def _require_state(supplier: Supplier, event: Event, what: str) -> AdmissionState.ValueType:
    """Give the state an event leads to; refuse what cannot happen."""
    state = model.state_after(supplier.admission, event)
    if state is None:
        raise OsoError(
            codes.RESULT_CODE_ADMISSION_STATE,
            supplier=supplier.name,
            state=model.state_name(supplier.admission),
            act="REFUSE_POINT" if event == Event.POINT_REFUSED else what,
        )
    return state


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise invalid("reason", "is needed: say why")


def _written(
    tx: Transaction, supplier: Supplier, record: Admission, state: AdmissionState.ValueType
) -> Admission:
    supplier.admission = state
    supplier = tx.put(SUPPLIERS, supplier)
    return _told(supplier, tx.put(ADMISSIONS, record))


def _told(supplier: Supplier, record: Admission) -> Admission:
    """Give a record as the contract has it: with the state and all four points."""
    record.state = supplier.admission
    known = {one.point: one for one in record.points}
    points = [known.get(point, DecidedPoint(point=point)) for point in model.POINTS]
    del record.points[:]
    record.points.extend(points)
    return record
