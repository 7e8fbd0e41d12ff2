"""The tables all subjects build on. Moments are microseconds since 1970 (UTC)."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class ResourceRow(SQLModel):
    """Base of the tables of resources: what every resource has (AIP-122, AIP-148, AIP-154).

    Attributes:
        name: Its resource name, such as `boards/41234`.
        etag: Changes with every change.
        create_time: When it was made.
        update_time: When it was last changed.

    """

    name: str = Field(primary_key=True)
    etag: str
    create_time: int = Field(sa_type=BigInteger)
    update_time: int = Field(sa_type=BigInteger)


class AuditRow(SQLModel, table=True):
    """A change that was made: by whom, to what, and how it was before and after."""

    __tablename__ = "audit_entry"

    sequence: int | None = Field(default=None, primary_key=True)
    time: int = Field(sa_type=BigInteger, index=True)
    system_id: str = Field(index=True)  # empty: OfficeHeart itself
    method: str  # what was called; empty: nobody called, its time had come
    request_id: str
    resource: str = Field(index=True)
    message_type: str
    before: bytes | None = Field(default=None, sa_type=LargeBinary)
    after: bytes | None = Field(default=None, sa_type=LargeBinary)


class ReplyRow(SQLModel, table=True):
    """What was answered under a request_id, so that the same id gets the same answer."""

    __tablename__ = "reply"

    request_id: str = Field(primary_key=True)
    system_id: str = Field(primary_key=True)
    request_sha256: bytes = Field(sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)  # the response
    create_time: int = Field(sa_type=BigInteger, index=True)
