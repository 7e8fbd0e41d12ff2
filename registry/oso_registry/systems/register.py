"""Registering systems, changing them, and putting them out of use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.options.v1.access_pb2 import ROLE_REGISTRAR
from oso.registry.v1.system_pb2 import REVOCATION_REASON_CESSATION_OF_OPERATION
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import failed, invalid, not_allowed
from oso_registry.parties.register import require_etag
from oso_registry.parties.sight import require_seen, seen_by
from oso_registry.resources import changed, new, page
from oso_registry.systems.invitations import end_invitations
from oso_registry.systems.owners import SIGHT, require_may_register, require_owner
from oso_registry.systems.resources import (
    OFFICE_HEART,
    SYSTEMS,
    certificates_of,
    is_in_force,
)
from oso_registry.systems.revocation import revoke_all
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from google.protobuf.field_mask_pb2 import FieldMask

    from oso.registry.v1.system_pb2 import System
    from oso.registry.v1.system_service_pb2 import ListSystemsRequest
    from oso_registry.store import Transaction

_AT = "system"
_FIXED = ("role", "owner")


def get_system(tx: Transaction, name: str) -> System:
    """Give a system the caller sees.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    return require_seen(tx, SYSTEMS, name, SIGHT)


def list_systems(tx: Transaction, request: ListSystemsRequest) -> tuple[list[System], str]:
    """Give a page of the systems the caller sees, and the token of the next."""
    where = seen_by(tx.caller, SIGHT)
    for column in _FIXED:
        if value := getattr(request, column):
            where.append(SYSTEMS.table.c[column] == value)
    return page(tx, SYSTEMS, request, *where)


def register_system(tx: Transaction, given: System, system_id: str) -> System:
    """Register a system; it has no certificate yet.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_EXISTS, REQUEST_INVALID, RESOURCE_UNKNOWN, PARTY_CLOSED.

    """
    require_may_register(tx, given)
    made = new(tx, SYSTEMS, given, f"systems/{system_id}", _AT)
    require_owner(tx, made)
    return tx.put(SYSTEMS, made)


def change_system(tx: Transaction, given: System, mask: FieldMask) -> System:
    """Change the name people know a system by, or whether it is an auditor.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_UNKNOWN, ETAG_STALE, REQUEST_INVALID.

    """
    get_system(tx, given.name)
    known, made = changed(tx, SYSTEMS, given, mask, _AT)
    for field in _FIXED:
        if getattr(known, field) != getattr(made, field):
            raise invalid(f"{_AT}.{field}", "stays as it is; disable it and register another")
    if known.auditor != made.auditor and not tx.caller.is_registrar:
        raise not_allowed("auditor")
    return tx.put(SYSTEMS, made)


def disable_system(tx: Transaction, name: str, etag: str) -> System:
    """Put a system out of use: it gets no certificate any more, those in force are revoked.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_UNKNOWN, ETAG_STALE; CONDITION_FAILED for OfficeHeart itself
            and for the last registrar.

    """
    known = get_system(tx, name)
    require_etag(known, etag)
    if known.disabled:
        return known
    if name == OFFICE_HEART:
        raise failed("OfficeHeart cannot put itself out of use")
    if known.role == ROLE_REGISTRAR and not _another_registrar(tx, name):
        raise failed(f"{name} is the last registrar with a certificate in force")
    known.disabled = True
    end_invitations(tx, name)
    revoke_all(tx, name, REVOCATION_REASON_CESSATION_OF_OPERATION)
    return tx.put(SYSTEMS, known)


def enable_system(tx: Transaction, name: str, etag: str) -> System:
    """Let a system that was put out of use enrol again.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE, PARTY_CLOSED.

    """
    known = get_system(tx, name)
    require_etag(known, etag)
    if not known.disabled:
        return known
    require_owner(tx, known)
    known.disabled = False
    return tx.put(SYSTEMS, known)


def require_enabled(tx: Transaction, name: str) -> System:
    """Find a system that may get a certificate.

    Raises:
        OsoError: RESOURCE_UNKNOWN, SYSTEM_DISABLED, PARTY_CLOSED.

    """
    known = tx.require(SYSTEMS, name)
    if known.disabled:
        raise OsoError(codes.RESULT_CODE_SYSTEM_DISABLED, system=name)
    require_owner(tx, known)
    return known


def _another_registrar(tx: Transaction, name: str) -> bool:
    column = SYSTEMS.table.c
    others = tx.list(
        SYSTEMS, column.role == ROLE_REGISTRAR, column.disabled.is_(False), column.name != name
    )
    return any(
        is_in_force(tx, certificate)
        for other in others
        for certificate in certificates_of(tx, other.name)
    )
