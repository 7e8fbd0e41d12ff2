"""Whom a system can belong to, and who may speak for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from oso.options.v1 import access_pb2 as roles
from oso_registry.calls import invalid, not_allowed
from oso_registry.parties.register import require_active
from oso_registry.parties.resources import (
    BOARDS,
    REGIONAL_INITIATIVES,
    SCHOOLS,
    SUPPLIERS,
    SWVS,
)
from oso_registry.parties.sight import LONGEST_NAME, Sight
from oso_registry.systems.resources import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.registry.v1.system_pb2 import System
    from oso_registry.store import Collection, Transaction

_SYSTEM, _SCHOOL = SYSTEMS.table.c, SCHOOLS.table.c
_OWNERS: Mapping[str, Collection[Any]] = {
    "boards": BOARDS,
    "schools": SCHOOLS,
    "swvs": SWVS,
    "regionalInitiatives": REGIONAL_INITIATIVES,
    "suppliers": SUPPLIERS,
}
# A role that is not here is one of OfficeHeart's own, or the Traffic Center's: it has no owner.
_OWNED: Mapping[roles.Role.ValueType, frozenset[str]] = {
    roles.ROLE_LAS: frozenset(_OWNERS),
    roles.ROLE_SUPPLIER: frozenset({"suppliers"}),
    roles.ROLE_BOARD_MANAGER: frozenset({"boards"}),
    roles.ROLE_SCHOOL_MANAGER: frozenset({"schools"}),
}
SIGHT: Sight = {
    roles.ROLE_BOARD_MANAGER: lambda board: or_(
        _SYSTEM.owner == board,
        _SYSTEM.owner.in_(select(_SCHOOL.name).where(_SCHOOL.board == board)),
    ),
    roles.ROLE_SCHOOL_MANAGER: lambda school: _SYSTEM.owner == school,
    roles.ROLE_SUPPLIER: lambda supplier: _SYSTEM.owner == supplier,
}


def require_may_register(tx: Transaction, system: System) -> None:
    """Refuse a caller that may not register this system: not its owner, or not its role to give.

    Raises:
        OsoError: NOT_ALLOWED.

    """
    if tx.caller.is_registrar:
        return
    if system.role not in _OWNED:
        raise not_allowed(roles.Role.Name(system.role))
    if system.auditor:
        raise not_allowed("auditor")
    if not _speaks_for(tx, system.owner):
        raise not_allowed(system.owner[:LONGEST_NAME] or "owner")


def require_owner(tx: Transaction, system: System) -> None:
    """Refuse an owner that does not go with the role, is not registered, or does not take part.

    Raises:
        OsoError: REQUEST_INVALID, RESOURCE_UNKNOWN, PARTY_CLOSED.

    """
    kinds = _OWNED.get(system.role)
    kind = system.owner.partition("/")[0]
    if kinds is None:
        if system.owner:
            raise invalid("system.owner", "must be empty: a system with this role has no owner")
        return
    if kind not in kinds:
        forms = ", ".join(f"{one}/..." for one in sorted(kinds))
        raise invalid("system.owner", f"must be {forms} for a system with this role")
    require_active(tx.require(_OWNERS[kind], system.owner))


def _speaks_for(tx: Transaction, owner: str) -> bool:
    if not owner or not tx.caller.owner:
        return False
    if owner == tx.caller.owner:
        return True
    school = tx.get(SCHOOLS, owner) if tx.caller.role == roles.ROLE_BOARD_MANAGER else None
    return school is not None and school.board == tx.caller.owner
