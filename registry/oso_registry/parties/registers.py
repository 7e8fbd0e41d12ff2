"""The registers of who takes part: what must hold in each, and what depends on what.

A board stands while it has schools; a school or an SWV while it has mandates and delivery points in
use; a supplier while it has mandates and products; a product while delivery points use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, true

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_REGISTERED
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_CANDIDATE,
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_UNSPECIFIED,
    Board,
    Product,
    RegionalInitiative,
    School,
    Supplier,
    Swv,
)
from oso.result.v1.result_code_pb2 import RESULT_CODE_OIN_INVALID
from oso_registry.calls import invalid, not_allowed
from oso_registry.mandates.mandates import mandates_in_use, points_in_use, revoke_all
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.oin import is_oin
from oso_registry.parties.register import Register, require_active, require_unused
from oso_registry.parties.resources import (
    BOARDS,
    PRODUCTS,
    REGIONAL_INITIATIVES,
    SCHOOLS,
    SUPPLIERS,
    SWVS,
    supplier_of,
)
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso_registry.store import Transaction

_BOARD, _SCHOOL, _SWV, _SUPPLIER, _PRODUCT = (
    collection.table.c for collection in (BOARDS, SCHOOLS, SWVS, SUPPLIERS, PRODUCTS)
)
_MANDATE, _POINT = MANDATES.table.c, DELIVERY_POINTS.table.c


def _settle_school(tx: Transaction, known: School | None, made: School) -> None:
    """Complete and check a school."""
    if made.board:
        require_active(tx.require(BOARDS, made.board))
    if known is None:
        made.qualification = QUALIFICATION_STATE_REGISTERED
    locations = sorted(made.locations, key=lambda one: one.vestiging)
    for location in locations:
        if location.status == PARTY_STATUS_UNSPECIFIED:
            location.status = PARTY_STATUS_ACTIVE
    numbers = [location.vestiging for location in locations]
    for number in numbers:
        if numbers.count(number) > 1:
            raise invalid("school.locations", f"location {number} is there more than once")
    del made.locations[:]
    made.locations.extend(locations)
    if known is not None:
        _require_no_points_left_behind(tx, known, made)


def _require_no_points_left_behind(tx: Transaction, known: School, made: School) -> None:
    """Refuse to take away a location with a delivery point in use."""
    gone = _active_locations(known) - _active_locations(made)
    if gone:
        points = points_in_use(tx, _POINT.school == made.name, _POINT.vestiging.in_(sorted(gone)))
        require_unused(f"{made.name} {', '.join(sorted(gone))}", [one.name for one in points])


def _active_locations(school: School) -> set[str]:
    return {one.vestiging for one in school.locations if one.status == PARTY_STATUS_ACTIVE}


def _schools_of(tx: Transaction, board: str) -> list[School]:
    return tx.list(SCHOOLS, _SCHOOL.board == board, _SCHOOL.status == PARTY_STATUS_ACTIVE)


def _close_schools(tx: Transaction, board: str) -> None:
    for school in _schools_of(tx, board):
        SCHOOL.close(tx, school.name, "", force=True)


def _users_of_school(tx: Transaction, school: str) -> list[str]:
    mandates = [one.name for one in mandates_in_use(tx, _MANDATE.school == school)]
    return mandates + [one.name for one in points_in_use(tx, _POINT.school == school)]


def _settle_swv(_tx: Transaction, known: Swv | None, made: Swv) -> None:
    """Let an SWV begin as one that may not exchange yet."""
    if known is None:
        made.qualification = QUALIFICATION_STATE_REGISTERED


def _users_of_swv(tx: Transaction, swv: str) -> list[str]:
    mandates = [one.name for one in mandates_in_use(tx, _MANDATE.swv == swv)]
    return mandates + [one.name for one in points_in_use(tx, _POINT.swv == swv)]


def _settle_supplier(_tx: Transaction, known: Supplier | None, made: Supplier) -> None:
    """Check the OIN of a supplier; it begins as a candidate."""
    oin = made.name.removeprefix("suppliers/")
    if known is None:
        if not is_oin(oin):
            raise OsoError(RESULT_CODE_OIN_INVALID, oin=oin)
        made.admission = ADMISSION_STATE_CANDIDATE


def _products_of(tx: Transaction, supplier: str) -> list[Product]:
    return tx.list(PRODUCTS, _PRODUCT.supplier == supplier, _PRODUCT.status == PARTY_STATUS_ACTIVE)


def _users_of_supplier(tx: Transaction, supplier: str) -> list[str]:
    mandates = [one.name for one in mandates_in_use(tx, _MANDATE.supplier == supplier)]
    return mandates + [one.name for one in _products_of(tx, supplier)]


def _wind_up_supplier(tx: Transaction, supplier: str) -> None:
    revoke_all(tx, f"{supplier} closed", _MANDATE.supplier == supplier)
    for product in _products_of(tx, supplier):
        PRODUCT.close(tx, product.name, "", force=True)


def _settle_product(tx: Transaction, known: Product | None, made: Product) -> None:
    """Let a supplier register its own products only."""
    supplier = supplier_of(made.name)
    if known is None and not tx.caller.is_registrar and supplier != tx.caller.owner:
        raise not_allowed(supplier)
    require_active(tx.require(SUPPLIERS, supplier))


def _disable_points(tx: Transaction, product: str) -> None:
    for point in points_in_use(tx, _POINT.product == product):
        point.disabled = True
        tx.put(DELIVERY_POINTS, point)


BOARD: Register[Board] = Register(
    BOARDS,
    "board",
    {roles.ROLE_BOARD_MANAGER: lambda board: _BOARD.name == board},
    users=lambda tx, board: [school.name for school in _schools_of(tx, board)],
    release=_close_schools,
)
SCHOOL: Register[School] = Register(
    SCHOOLS,
    "school",
    {
        roles.ROLE_BOARD_MANAGER: lambda board: _SCHOOL.board == board,
        roles.ROLE_SCHOOL_MANAGER: lambda school: _SCHOOL.name == school,
        roles.ROLE_SUPPLIER: lambda supplier: _SCHOOL.name.in_(
            select(_MANDATE.school).where(_MANDATE.supplier == supplier)
        ),
    },
    settle=_settle_school,
    users=_users_of_school,
    release=lambda tx, school: revoke_all(tx, f"{school} closed", _MANDATE.school == school),
)
SWV: Register[Swv] = Register(
    SWVS,
    "swv",
    {
        roles.ROLE_SUPPLIER: lambda supplier: _SWV.name.in_(
            select(_MANDATE.swv).where(_MANDATE.supplier == supplier)
        ),
    },
    settle=_settle_swv,
    users=_users_of_swv,
    release=lambda tx, swv: revoke_all(tx, f"{swv} closed", _MANDATE.swv == swv),
)
REGIONAL_INITIATIVE: Register[RegionalInitiative] = Register(
    REGIONAL_INITIATIVES, "regional_initiative", {}
)
SUPPLIER: Register[Supplier] = Register(
    SUPPLIERS,
    "supplier",
    {
        roles.ROLE_BOARD_MANAGER: lambda _board: true(),
        roles.ROLE_SCHOOL_MANAGER: lambda _school: true(),
        roles.ROLE_SUPPLIER: lambda supplier: _SUPPLIER.name == supplier,
    },
    settle=_settle_supplier,
    users=_users_of_supplier,
    release=_wind_up_supplier,
)
PRODUCT: Register[Product] = Register(
    PRODUCTS,
    "product",
    {
        roles.ROLE_BOARD_MANAGER: lambda _board: true(),
        roles.ROLE_SCHOOL_MANAGER: lambda _school: true(),
        roles.ROLE_SUPPLIER: lambda supplier: _PRODUCT.supplier == supplier,
    },
    settle=_settle_product,
    users=lambda tx, product: [one.name for one in points_in_use(tx, _POINT.product == product)],
    release=_disable_points,
    own_fields=frozenset({"display_name", "version"}),
)
