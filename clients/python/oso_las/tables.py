"""The tables of a school's end. Moments are microseconds since 1970 (UTC)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel

from oso_las.kinds import OVERSTAP


class DossierRow(SQLModel, table=True):
    """One version of a dossier: a snapshot, its bytes never change."""

    __tablename__ = "las_dossier"
    __table_args__ = (Index("las_dossier_pupil", "pupil_number", "birth_date"),)

    number: int | None = Field(default=None, primary_key=True)
    state: str
    kind: str = OVERSTAP  # overdrachtsoort
    profile: str
    dossier_year: str
    number_kind: str  # bsn or onderwijsnummer; empty for an SWV
    pupil_number: str
    birth_date: str
    pupil_name: str  # for lists on the worker's screen
    collect_time: int = Field(sa_type=BigInteger)
    dossier_sha256: bytes = Field(sa_type=LargeBinary)
    target_brin: str = ""  # school or SWV it is ready for
    session_id: str = ""  # session it was received in
    source_brin: str = ""  # school it was received from


class PartRow(SQLModel, table=True):
    """An attachment of a dossier; its bytes are a file."""

    __tablename__ = "las_part"

    dossier_number: int = Field(primary_key=True, foreign_key="las_dossier.number")
    part_number: int = Field(primary_key=True)
    name: str
    media_type: str
    size: int = Field(sa_type=BigInteger)
    sha256: bytes = Field(sa_type=LargeBinary)


class ActRow(SQLModel, table=True):
    """Who did what with a dossier, and when. Rows are added, never changed."""

    __tablename__ = "las_act"

    id: int | None = Field(default=None, primary_key=True)
    dossier_number: int = Field(foreign_key="las_dossier.number", index=True)
    act: str
    account: str
    time: int = Field(sa_type=BigInteger)
    remark: str = ""


class RequestRow(SQLModel, table=True):
    """A request another school made here, kept so that it can be told later (OSO wiki 2018)."""

    __tablename__ = "las_request"
    __table_args__ = (Index("las_request_target", "target_brin", "time"),)

    id: int | None = Field(default=None, primary_key=True)
    session_id: str
    kind: str = OVERSTAP
    target_brin: str
    target_routing_key: str
    number_kind: str
    pupil_number: str
    birth_date: str
    time: int = Field(sa_type=BigInteger)
    result: str
    unknown_pupil: bool


class RetrievalRow(SQLModel, table=True):
    """A session we opened to fetch a dossier, with what is needed to go on with it."""

    __tablename__ = "las_retrieval"
    __table_args__ = (Index("las_retrieval_wish", "pupil_number", "birth_date", "coupling_key"),)

    session_id: str = Field(primary_key=True)
    kind: str = OVERSTAP
    source_brin: str
    coupling_key: str = ""  # for an SWV
    number_kind: str
    pupil_number: str
    birth_date: str
    salt: bytes = Field(sa_type=LargeBinary)
    opened: bytes = Field(sa_type=LargeBinary)  # the OpenSessionResponse; later, its binding only
    expire_time: int = Field(sa_type=BigInteger)
    state: str  # open, to_close, closed
    close_request: bytes = Field(default=b"", sa_type=LargeBinary)  # the CloseSessionRequest
    dossier_number: int | None = None


class SentNotificationRow(SQLModel, table=True):
    """A notification the Traffic Center registered for us, and what came of bringing it."""

    __tablename__ = "las_sent_notification"

    notification_id: str = Field(primary_key=True)
    dossier_number: int = Field(foreign_key="las_dossier.number", index=True)
    session_id: str  # in which the target asked; empty for an SWV
    coupling_sha256: bytes = Field(sa_type=LargeBinary, index=True)  # empty but for an SWV
    target: str  # BRIN or code
    target_routing_key: str
    account: str
    time: int = Field(sa_type=BigInteger, index=True)
    result: str = ""  # ARRIVED, or the reason why not; empty while under way


class ReceivedNotificationRow(SQLModel, table=True):
    """A notification another school brought. The pupil is found by the session we asked in."""

    __tablename__ = "las_received_notification"

    number: int | None = Field(default=None, primary_key=True)
    notification_id: str = Field(unique=True)
    kind: str
    source_brin: str
    session_id: str = Field(index=True)  # in which we asked; empty for an SWV
    coupling_key: str  # for an SWV
    key_expire_time: int | None = Field(default=None, sa_type=BigInteger)
    time: int = Field(sa_type=BigInteger, index=True)
    dossier_number: int | None = None  # what was fetched on it


class FeedbackRow(SQLModel, table=True):
    """What an SWV answered on a dossier of ours."""

    __tablename__ = "las_feedback"

    feedback_id: str = Field(primary_key=True)
    dossier_number: int = Field(foreign_key="las_dossier.number", index=True)
    session_id: str
    sender: str  # code of the SWV
    outcome: str
    text: str
    time: int = Field(sa_type=BigInteger)


class FeedbackDocumentRow(SQLModel, table=True):
    """A document with feedback; its bytes are a file."""

    __tablename__ = "las_feedback_document"

    feedback_id: str = Field(primary_key=True, foreign_key="las_feedback.feedback_id")
    number: int = Field(primary_key=True)
    name: str
    media_type: str
    sha256: bytes = Field(sa_type=LargeBinary)
