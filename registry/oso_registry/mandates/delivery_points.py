"""Registering delivery points, changing them, and switching them off and on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid, not_allowed
from oso_registry.mandates import model
from oso_registry.mandates.addresses import wrong_with
from oso_registry.mandates.mandates import (
    elsewhere,
    require_admitted,
    require_not_ended,
    require_order,
)
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES, delivery_point_state_at
from oso_registry.parties.register import require_active, require_etag
from oso_registry.parties.resources import PRODUCTS, SCHOOLS, SWVS, supplier_of
from oso_registry.parties.sight import LONGEST_NAME, Sight, require_seen, seen_by
from oso_registry.resources import changed, new, page
from oso_registry.store import microseconds_of
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from google.protobuf.field_mask_pb2 import FieldMask

    from oso.registry.v1.delivery_point_service_pb2 import ListDeliveryPointsRequest
    from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
    from oso.registry.v1.party_pb2 import School
    from oso_registry.store import Transaction

_POINT, _SCHOOL, _MANDATE = DELIVERY_POINTS.table.c, SCHOOLS.table.c, MANDATES.table.c
_MAIN_LOCATION = "00"
_AT = "delivery_point"
SIGHT: Sight = {
    roles.ROLE_BOARD_MANAGER: lambda board: _POINT.school.in_(
        select(_SCHOOL.name).where(_SCHOOL.board == board)
    ),
    roles.ROLE_SCHOOL_MANAGER: lambda school: _POINT.school == school,
    roles.ROLE_SUPPLIER: lambda supplier: _POINT.mandate.in_(
        select(_MANDATE.name).where(_MANDATE.supplier == supplier)
    ),
}


def get_delivery_point(tx: Transaction, name: str) -> DeliveryPoint:
    """Give a delivery point the caller sees.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    return told(tx, require_seen(tx, DELIVERY_POINTS, name, SIGHT))


def list_delivery_points(
    tx: Transaction, request: ListDeliveryPointsRequest
) -> tuple[list[DeliveryPoint], str]:
    """Give a page of the delivery points the caller sees, and the token of the next."""
    where = seen_by(tx.caller, SIGHT)
    for column in ("school", "swv", "mandate", "system"):
        if value := getattr(request, column):
            where.append(_POINT[column] == value)
    if request.supplier:
        where.append(SIGHT[roles.ROLE_SUPPLIER](request.supplier))
    if request.state:
        where.append(delivery_point_state_at(microseconds_of(tx.now)) == request.state)
    found, token = page(tx, DELIVERY_POINTS, request, *where)
    tx.load(MANDATES, [point.mandate for point in found])
    return [told(tx, point) for point in found], token


def add_delivery_point(tx: Transaction, given: DeliveryPoint, routing_key: str) -> DeliveryPoint:
    """Register a delivery point.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_EXISTS; what `_require_sound` raises.

    """
    _require_mandated(tx, given.mandate)
    made = new(tx, DELIVERY_POINTS, given, f"deliveryPoints/{routing_key}", _AT)
    _require_sound(tx, made)
    return told(tx, tx.put(DELIVERY_POINTS, made))


def change_delivery_point(tx: Transaction, given: DeliveryPoint, mask: FieldMask) -> DeliveryPoint:
    """Change a delivery point.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_UNKNOWN, ETAG_STALE; what `_require_sound` raises.

    """
    require_seen(tx, DELIVERY_POINTS, given.name, SIGHT)
    known, made = changed(tx, DELIVERY_POINTS, given, mask, _AT)
    for owner in ("school", "swv"):
        if getattr(known, owner) != getattr(made, owner):
            raise invalid(f"{_AT}.{owner}", "stays as it is; the routing key belongs to it")
    _require_mandated(tx, made.mandate)
    _require_sound(tx, made)
    return told(tx, tx.put(DELIVERY_POINTS, made))


def switch_delivery_point(
    tx: Transaction, name: str, etag: str, *, disabled: bool
) -> DeliveryPoint:
    """Switch a delivery point off, or on again.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_UNKNOWN, ETAG_STALE; to switch on: what `_require_sound`
            raises.

    """
    known = require_seen(tx, DELIVERY_POINTS, name, SIGHT)
    require_etag(known, etag)
    known.disabled = disabled
    if not disabled:
        _require_sound(tx, known)
    return told(tx, tx.put(DELIVERY_POINTS, known))


def told(tx: Transaction, point: DeliveryPoint) -> DeliveryPoint:
    """Give a delivery point with its state."""
    mandate = tx.require(MANDATES, point.mandate)
    point.state = model.delivery_point_state(point, mandate, microseconds_of(tx.now))
    return point


def _require_mandated(tx: Transaction, mandate: str) -> None:
    """Let a supplier work only with mandates given to it."""
    if tx.caller.is_registrar:
        return
    known = tx.get(MANDATES, mandate)
    if known is None or not tx.caller.owner or known.supplier != tx.caller.owner:
        raise not_allowed(mandate[:LONGEST_NAME] or "mandate")


def _require_sound(tx: Transaction, made: DeliveryPoint) -> None:
    """Refuse a delivery point that could not be used.

    Raises:
        OsoError: REQUEST_INVALID, ROUTING_KEY_INVALID, SWV_SEPARATE; RESOURCE_UNKNOWN,
            PARTY_CLOSED, BELONGS_ELSEWHERE, MANDATE_ENDED, OUTSIDE_MANDATE, SUPPLIER_NOT_ADMITTED.

    """
    _require_forms(tx, made)
    if made.swv:
        require_active(tx.require(SWVS, made.swv))
    else:
        school = tx.require(SCHOOLS, made.school)
        require_active(school)
        _require_location(school, made.vestiging)
    mandate = tx.require(MANDATES, made.mandate)
    if model.party_of(mandate) != model.party_of(made):
        raise elsewhere(mandate.name, model.party_of(made))
    require_not_ended(tx, mandate)
    require_admitted(tx, mandate.supplier)
    if beyond := model.beyond_mandate(made, mandate):
        raise OsoError(
            codes.RESULT_CODE_OUTSIDE_MANDATE, mandate=mandate.name, beyond=", ".join(beyond)
        )
    _require_system(tx, made, mandate)
    if supplier_of(made.product) != mandate.supplier:
        raise elsewhere(made.product, mandate.supplier)
    require_active(tx.require(PRODUCTS, made.product))


def _require_forms(tx: Transaction, made: DeliveryPoint) -> None:
    routing_key = made.name.removeprefix("deliveryPoints/")
    if not model.is_routing_key(routing_key, model.party_of(made)):
        raise OsoError(
            codes.RESULT_CODE_ROUTING_KEY_INVALID,
            routing_key=routing_key,
            expected=model.routing_key_begin(model.party_of(made)),
        )
    if wrong := wrong_with(made.address):
        raise invalid(f"{_AT}.address", wrong)
    if model.mixes_swv(made.kinds):
        raise OsoError(codes.RESULT_CODE_SWV_SEPARATE)
    require_order(tx, _AT, made)


def _require_location(school: School, vestiging: str) -> None:
    """Refuse a location the school does not have; each has a main one, written down or not."""
    active = {one.vestiging for one in school.locations if one.status == PARTY_STATUS_ACTIVE}
    if vestiging != _MAIN_LOCATION and vestiging not in active:
        raise invalid(f"{_AT}.vestiging", f"{school.name} has no active location {vestiging}")


def _require_system(tx: Transaction, made: DeliveryPoint, mandate: Mandate) -> None:
    system = tx.require(SYSTEMS, made.system)
    party = model.party_of(made)
    if system.owner not in (mandate.supplier, party):
        raise elsewhere(system.name, f"{mandate.supplier} / {party}")
    if system.role != roles.ROLE_LAS:
        raise invalid(f"{_AT}.system", f"{system.name} is no school administration system (LAS)")
    if system.disabled:
        raise invalid(f"{_AT}.system", f"{system.name} is disabled")
