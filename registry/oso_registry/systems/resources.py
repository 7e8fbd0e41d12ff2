"""Systems and certificates as resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1.system_pb2 import Certificate, System
from oso_registry.store import Collection
from oso_registry.systems.tables import CertificateRow, SystemRow

if TYPE_CHECKING:
    from oso_registry.store import Transaction

SYSTEMS = Collection(System, SystemRow)
CERTIFICATES = Collection(
    Certificate,
    CertificateRow,
    output_only=[field.name for field in Certificate.DESCRIPTOR.fields],
    extra=lambda certificate: {"system": system_of(certificate.name)},
)


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
