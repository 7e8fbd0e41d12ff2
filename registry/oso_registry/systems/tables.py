"""The tables of systems and certificates."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field

from oso_registry.tables import ResourceRow


class SystemRow(ResourceRow, table=True):
    """A system."""

    __tablename__ = "system"

    display_name: str
    role: int
    owner: str = Field(index=True)
    auditor: bool
    disabled: bool


class CertificateRow(ResourceRow, table=True):
    """A certificate, from the intent to make it on."""

    __tablename__ = "certificate"

    system: str = Field(index=True)  # the system's resource name
    state: int
    sha256: bytes = Field(sa_type=LargeBinary, index=True)
    public_key_sha256: bytes = Field(sa_type=LargeBinary, index=True)
    not_before: int | None = Field(sa_type=BigInteger)
    expire_time: int | None = Field(sa_type=BigInteger)
    issuer_sha256: str
    pem: str
    revoke_time: int | None = Field(sa_type=BigInteger)
    revocation_reason: int
    revoker: str
