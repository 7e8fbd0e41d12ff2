"""The tables of a school's end. Moments are microseconds since 1970 (UTC)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel


class DossierRow(SQLModel, table=True):
    """One version of a dossier: a snapshot, its bytes never change."""

    __tablename__ = "las_dossier"
    __table_args__ = (Index("las_dossier_pupil", "pupil_number", "birth_date"),)

    number: int | None = Field(default=None, primary_key=True)
    state: str
    profile: str
    dossier_year: str
    number_kind: str  # bsn or onderwijsnummer
    pupil_number: str
    birth_date: str
    pupil_name: str  # for lists on the worker's screen
    collect_time: int = Field(sa_type=BigInteger)
    dossier_sha256: bytes = Field(sa_type=LargeBinary)
    target_brin: str = ""  # school it is ready for
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

    session_id: str = Field(primary_key=True)
    source_brin: str
    number_kind: str
    pupil_number: str
    birth_date: str
    salt: bytes = Field(sa_type=LargeBinary)
    opened: bytes = Field(sa_type=LargeBinary)  # the OpenSessionResponse; later, its binding only
    expire_time: int = Field(sa_type=BigInteger)
    state: str  # open, to_close, closed
    close_request: bytes = Field(default=b"", sa_type=LargeBinary)  # the CloseSessionRequest
    dossier_number: int | None = None
