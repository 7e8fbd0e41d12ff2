"""Systems, certificates and blocked keys as resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1.blocked_key_pb2 import BlockedKey
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_ISSUED, Certificate, System
from oso_registry.columns import microseconds
from oso_registry.store import Collection, microseconds_of
from oso_registry.systems.tables import BlockedKeyRow, CertificateRow, SystemRow

if TYPE_CHECKING:
    from oso_registry.store import Transaction

# OfficeHeart's own system, as it is founded.
OFFICE_HEART = "systems/officeheart"
# Disabling and enabling change it (AIP-216).
SYSTEMS = Collection(System, SystemRow, output_only=["disabled"])
CERTIFICATES = Collection(
    Certificate,
    CertificateRow,
    output_only=[field.name for field in Certificate.DESCRIPTOR.fields],
    extra=lambda certificate: {"system": system_of(certificate.name)},
)
BLOCKED_KEYS = Collection(BlockedKey, BlockedKeyRow)


def system_of(certificate: str) -> str:
    """Give the name of the system a certificate belongs to, from the certificate's name."""
    return certificate.partition("/certificates/")[0]


def certificate_with(tx: Transaction, sha256: bytes) -> Certificate | None:
    """Find a certificate by its thumbprint."""
    found = tx.list(CERTIFICATES, CERTIFICATES.table.c.sha256 == sha256, limit=1)
    return found[0] if found else None


def certificates_of(tx: Transaction, system: str) -> list[Certificate]:
    """Give all certificates of a system (its resource name), by serial number."""
    return tx.list(CERTIFICATES, CERTIFICATES.table.c.system == system)


def certificates_with_key(tx: Transaction, public_key_sha256: bytes) -> list[Certificate]:
    """Give all certificates a key ever got, whoever got them."""
    return tx.list(CERTIFICATES, CERTIFICATES.table.c.public_key_sha256 == public_key_sha256)


def is_in_force(tx: Transaction, certificate: Certificate) -> bool:
    """Tell whether a certificate can be used now."""
    return certificate.state == CERTIFICATE_STATE_ISSUED and microseconds(
        certificate.expire_time
    ) > microseconds_of(tx.now)
