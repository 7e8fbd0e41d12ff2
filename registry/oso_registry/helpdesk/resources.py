"""Tickets and their notes as resources."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from sqlalchemy import false, or_, select

from oso.registry.v1.ticket_pb2 import Ticket, TicketNote
from oso_registry.helpdesk.tables import TicketNoteRow, TicketRow
from oso_registry.store import Collection

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


def ticket_of(note: str) -> str:
    """Give the name of the ticket of a note, from the note's name."""
    return note.partition("/notes/")[0]


def number_of(name: str) -> int:
    """Give the number of a ticket or note, from its name."""
    return int(name.rpartition("/")[2])


def has_text(text: str, *, internal: bool) -> list[ColumnElement[bool]]:
    """Give the condition that a text is found in number, subject, text or notes; none for no text.

    Args:
        text: What to look for; capitals and the way of writing accents do not matter.
        internal: Whether to look in internal notes too.

    """
    wanted = _plain(text)
    if not wanted:
        return []
    ticket, note = TICKETS.table.c, NOTES.table.c
    found = note.searched.contains(wanted, autoescape=True)
    if not internal:
        found &= note.internal == false()
    with_note = ticket.name.in_(select(note.ticket).where(found))
    return [or_(ticket.searched.contains(wanted, autoescape=True), with_note)]


def _ticket(ticket: Ticket) -> dict[str, Any]:
    number = ticket.name.rpartition("/")[2]
    return {"searched": _plain(f"{number} {ticket.subject} {ticket.text}")}


def _note(note: TicketNote) -> dict[str, Any]:
    return {"ticket": ticket_of(note.name), "searched": _plain(note.text)}


def _plain(text: str) -> str:
    """Fold capitals and ways of writing: neither database knows the capital of é by itself."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


TICKETS = Collection(Ticket, TicketRow, output_only=["filed_by", "state"], extra=_ticket)
NOTES = Collection(TicketNote, TicketNoteRow, output_only=["author", "action"], extra=_note)
