"""The tables of systems, their certificates and invitations; moments are in microseconds."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

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


class InvitationRow(SQLModel, table=True):
    """An invitation that was given out. The token itself is kept nowhere."""

    __tablename__ = "invitation"

    token_sha256: str = Field(primary_key=True)  # hexadecimal
    system: str = Field(index=True)  # the system's resource name
    create_time: int = Field(sa_type=BigInteger)
    expire_time: int = Field(sa_type=BigInteger)
    end_time: int | None = Field(default=None, sa_type=BigInteger)  # another took its place
    certificate: str = ""  # the certificate it was used for


class OrderRow(SQLModel, table=True):
    """What was asked for a certificate and is to be signed: all that signing it again takes."""

    __tablename__ = "certificate_order"
    __table_args__ = (UniqueConstraint("system", "request_id"),)

    certificate: str = Field(primary_key=True)  # the certificate's resource name
    system: str  # the system's resource name
    request_id: str  # that of a renewal, or `token:` and the digest of an invitation's token
    request_sha256: bytes = Field(sa_type=LargeBinary)  # of the signing request
    content: bytes = Field(sa_type=LargeBinary)  # TBSCertificate, DER
    create_time: int = Field(sa_type=BigInteger)


class BlockedKeyRow(ResourceRow, table=True):
    """A key that gets no certificate any more."""

    __tablename__ = "blocked_key"

    reason: str
