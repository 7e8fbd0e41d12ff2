"""Taking certificates back, and blocking keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from oso.registry.v1.blocked_key_pb2 import BlockedKey
from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_FAILED,
    CERTIFICATE_STATE_INTENDED,
    CERTIFICATE_STATE_REVOKED,
    REVOCATION_REASON_KEY_COMPROMISE,
    REVOCATION_REASON_PRIVILEGE_WITHDRAWN,
    Certificate,
    RevocationReason,
)
from oso_registry.calls import failed, not_allowed
from oso_registry.parties.register import require_etag
from oso_registry.parties.sight import LONGEST_NAME, require_seen, seen_by
from oso_registry.resources import new, page
from oso_registry.systems.owners import SIGHT
from oso_registry.systems.resources import (
    BLOCKED_KEYS,
    CERTIFICATES,
    SYSTEMS,
    certificates_of,
    certificates_with_key,
    is_in_force,
    system_of,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from oso.registry.v1.certificate_service_pb2 import (
        ListBlockedKeysRequest,
        ListCertificatesRequest,
    )
    from oso_registry.store import Transaction

_ALL_SYSTEMS = "systems/-"
_CERTIFICATE, _SYSTEM = CERTIFICATES.table.c, SYSTEMS.table.c


def get_certificate(tx: Transaction, name: str) -> Certificate:
    """Give a certificate of a system the caller sees.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    require_seen(tx, SYSTEMS, system_of(name), SIGHT)
    return tx.require(CERTIFICATES, name)


def list_certificates(
    tx: Transaction, request: ListCertificatesRequest
) -> tuple[list[Certificate], str]:
    """Give a page of the certificates of systems the caller sees, and the token of the next."""
    where = _of_seen_systems(tx)
    if request.parent != _ALL_SYSTEMS:
        where.append(_CERTIFICATE.system == request.parent)
    if request.state:
        where.append(_CERTIFICATE.state == request.state)
    return page(tx, CERTIFICATES, request, *where)


def revoke_certificate(
    tx: Transaction, name: str, reason: RevocationReason.ValueType, etag: str
) -> Certificate:
    """Take a certificate back, for good.

    With KEY_COMPROMISE the key is blocked, and every other certificate it has in force goes too. A
    certificate that was revoked stays as it is, but for a compromise found out later.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE; CONDITION_FAILED when it was never
            issued.

    """
    known = get_certificate(tx, name)
    require_etag(known, etag)
    if reason == REVOCATION_REASON_PRIVILEGE_WITHDRAWN and not tx.caller.is_registrar:
        raise not_allowed("PRIVILEGE_WITHDRAWN")
    if known.state == CERTIFICATE_STATE_FAILED:
        raise failed(f"{name[:LONGEST_NAME]} was never issued")
    if reason == REVOCATION_REASON_KEY_COMPROMISE:
        _block_compromised(tx, known)
        for other in certificates_with_key(tx, known.public_key_sha256):
            if is_in_force(tx, other) or other.name == name:
                _revoke(tx, other, reason)
        return tx.require(CERTIFICATES, name)
    return _revoke(tx, known, reason)


def revoke_all(tx: Transaction, system: str, reason: RevocationReason.ValueType) -> None:
    """Take back every certificate of a system that is in force, or will be."""
    for certificate in certificates_of(tx, system):
        if certificate.state == CERTIFICATE_STATE_INTENDED or is_in_force(tx, certificate):
            _revoke(tx, certificate, reason)


def list_blocked_keys(
    tx: Transaction, request: ListBlockedKeysRequest
) -> tuple[list[BlockedKey], str]:
    """Give a page of blocked keys, and the token of the next."""
    return page(tx, BLOCKED_KEYS, request)


def block_key(tx: Transaction, given: BlockedKey, key_id: str) -> BlockedKey:
    """Block a key: it gets no certificate any more. Those it has stay in force.

    Raises:
        OsoError: RESOURCE_EXISTS, REQUEST_INVALID.

    """
    return tx.put(
        BLOCKED_KEYS, new(tx, BLOCKED_KEYS, given, f"blockedKeys/{key_id}", "blocked_key")
    )


def unblock_key(tx: Transaction, name: str, etag: str) -> None:
    """Unblock a key that was blocked by mistake.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE; CONDITION_FAILED when it was compromised.

    """
    known = tx.require(BLOCKED_KEYS, name)
    require_etag(known, etag)
    key = bytes.fromhex(name.removeprefix("blockedKeys/"))
    for certificate in certificates_with_key(tx, key):
        if certificate.revocation_reason == REVOCATION_REASON_KEY_COMPROMISE:
            raise failed(f"{certificate.name} was revoked with KEY_COMPROMISE")
    tx.remove(BLOCKED_KEYS, name)


def is_blocked(tx: Transaction, public_key_sha256: bytes) -> bool:
    """Tell whether a key gets no certificate any more."""
    return tx.get(BLOCKED_KEYS, f"blockedKeys/{public_key_sha256.hex()}") is not None


def _block_compromised(tx: Transaction, certificate: Certificate) -> None:
    name = f"blockedKeys/{certificate.public_key_sha256.hex()}"
    if tx.get(BLOCKED_KEYS, name) is None:
        reason = f"KEY_COMPROMISE of {certificate.name}"
        tx.put(BLOCKED_KEYS, BlockedKey(name=name, reason=reason))


def _revoke(
    tx: Transaction, certificate: Certificate, reason: RevocationReason.ValueType
) -> Certificate:
    if certificate.state == CERTIFICATE_STATE_REVOKED:
        if reason != REVOCATION_REASON_KEY_COMPROMISE:
            return certificate
    else:
        certificate.state = CERTIFICATE_STATE_REVOKED
        certificate.revoke_time.FromDatetime(tx.now)
        certificate.revoker = f"systems/{tx.caller.system_id}" if tx.caller.system_id else ""
    certificate.revocation_reason = reason
    return tx.put(CERTIFICATES, certificate)


def _of_seen_systems(tx: Transaction) -> list[ColumnElement[bool]]:
    conditions = seen_by(tx.caller, SIGHT)
    if not conditions:
        return []
    return [_CERTIFICATE.system.in_(select(_SYSTEM.name).where(*conditions))]
