"""The tables of qualification and admission. States lie with the school and the supplier."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from oso_registry.tables import ResourceRow


class QualificationRow(ResourceRow, table=True):
    """What a school has done for its qualification. No row: nothing yet."""

    __tablename__ = "qualification"

    steps: str
    evaluation: str
    last_decision: str
    suspended_state: int
    reinstate_time: int | None = Field(sa_type=BigInteger)
    school: str = Field(index=True)  # the school's resource name
    certificate_seen: bool  # so that who calls again and again asks for no row
    exchange_seen: bool


class ChecklistSubmissionRow(ResourceRow, table=True):
    """A checklist as a school filled it in."""

    __tablename__ = "checklist_submission"

    checklist: str
    answers: str
    system: str
    no_count: int
    school: str = Field(index=True)  # the school's resource name


class AdmissionRow(ResourceRow, table=True):
    """What was decided about a supplier. No row: nothing yet."""

    __tablename__ = "admission"

    points: str
    reason: str


class JournalCursorRow(SQLModel, table=True):
    """How far the journal of a Traffic Center was read."""

    __tablename__ = "journal_cursor"

    traffic_center: str = Field(primary_key=True)  # its system id
    sequence: int = Field(sa_type=BigInteger)
