"""The tables of tickets. `searched` is what a search looks at, without capitals."""

from __future__ import annotations

from sqlmodel import Field

from oso_registry.tables import ResourceRow


class TicketRow(ResourceRow, table=True):
    """A ticket."""

    __tablename__ = "ticket"

    reporter: str = Field(index=True)
    filed_by: str
    school: str = Field(index=True)
    session_id: str = Field(index=True)
    subject: str
    text: str
    state: int
    priority: int
    assignee: str = Field(index=True)
    searched: str


class TicketNoteRow(ResourceRow, table=True):
    """A note with a ticket. Rows are added, never changed or taken away."""

    __tablename__ = "ticket_note"

    ticket: str = Field(index=True)  # the ticket's resource name
    author: str
    text: str
    internal: bool
    action: int
    searched: str
