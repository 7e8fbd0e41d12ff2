"""The tables. Moments are microseconds since 1970 (UTC): exact, and the same on both databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from oso.trafficcenter.v1.session_pb2 import SESSION_STATE_OPEN

# A condition of an index, which takes no parameters; a query must say it in the same words.
OPEN_SESSIONS = f"state = {SESSION_STATE_OPEN:d}"


class SessionRow(SQLModel, table=True):
    """A session."""

    __tablename__ = "session"
    __table_args__ = (
        Index(
            "session_open",
            "expire_time",
            sqlite_where=text(OPEN_SESSIONS),
            postgresql_where=text(OPEN_SESSIONS),
        ),
    )

    session_id: str = Field(primary_key=True)
    state: int
    kind: int
    source_brin: str
    target_brin: str
    target_system: str
    target_routing_key: str
    target_certificate_sha256: bytes = Field(sa_type=LargeBinary)
    search_key: bytes = Field(sa_type=LargeBinary)
    create_time: int = Field(sa_type=BigInteger)
    expire_time: int = Field(sa_type=BigInteger)
    close_time: int | None = Field(default=None, sa_type=BigInteger)
    result: int = 0
    source_routing_key: str = ""
    manifest_sha256: bytes = Field(default=b"", sa_type=LargeBinary)
    target_swv: str = ""


class NotificationRow(SQLModel, table=True):
    """A notification a source reported; for an SWV with the digest of its coupling key."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("notification_between", "source_brin", "target_routing_key", "issue_time"),
    )

    notification_id: str = Field(primary_key=True)
    kind: int
    source_brin: str
    source_routing_key: str
    target: str
    target_routing_key: str
    session_id: str
    coupling_sha256: bytes = Field(sa_type=LargeBinary, index=True)
    issue_time: int = Field(sa_type=BigInteger, index=True)
    key_expire_time: int | None = Field(default=None, sa_type=BigInteger)
    use_time: int | None = Field(default=None, sa_type=BigInteger)


class EventRow(SQLModel, table=True):
    """A line of the journal. Rows are added, never changed or taken away; numbers have no gap."""

    __tablename__ = "event"

    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    session_id: str = Field(index=True)  # empty for an open that was refused
    content: bytes = Field(sa_type=LargeBinary)  # a SessionEvent, deterministic bytes


class AnswerRow(SQLModel, table=True):
    """What was answered under a request_id, so that the same id gets the same answer."""

    __tablename__ = "answer"

    request_id: str = Field(primary_key=True)
    system_id: str = Field(primary_key=True)
    request_sha256: bytes = Field(sa_type=LargeBinary)
    granted: bool
    content: bytes = Field(sa_type=LargeBinary)  # the response, or an ErrorInfo
    create_time: int = Field(sa_type=BigInteger, index=True)
