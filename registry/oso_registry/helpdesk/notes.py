"""Notes with a ticket: added, never changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import false, func, select

from oso.registry.v1.ticket_pb2 import TicketNote
from oso_registry.calls import failed, invalid, not_allowed
from oso_registry.helpdesk.model import Side, side_of
from oso_registry.helpdesk.resources import NOTES, number_of
from oso_registry.helpdesk.sight import get_ticket, sees_internal
from oso_registry.helpdesk.texts import require_fit
from oso_registry.resources import check, page

if TYPE_CHECKING:
    from oso.registry.v1.ticket_pb2 import Ticket
    from oso.registry.v1.ticket_service_pb2 import ListTicketNotesRequest
    from oso_registry.store import Transaction

_NOTE = NOTES.table.c
_MOST = 9999
_TOKEN = re.compile(r"tickets/[0-9]{8}/notes/[0-9]{4}")


def add_note(tx: Transaction, ticket: str, given: TicketNote) -> TicketNote:
    """Add a note to a ticket the caller sees.

    Raises:
        OsoError: RESOURCE_UNKNOWN, REQUEST_INVALID, PERSONAL_NUMBER_IN_TEXT; NOT_ALLOWED for an
            internal one by whoever does not work at the helpdesk.

    """
    known = get_ticket(tx, ticket)
    side = side_of(tx.caller.role)
    if side is None or (given.internal and side is not Side.HELPDESK):
        raise not_allowed("ticket_note.internal" if given.internal else "CreateTicketNote")
    return write_note(tx, known, TicketNote(text=given.text, internal=given.internal))


def write_note(tx: Transaction, ticket: Ticket, note: TicketNote) -> TicketNote:
    """Add a note to a ticket, by whoever calls, under the next number.

    Its numbers follow each other without a gap, internal ones among them.

    Args:
        tx: The transaction.
        ticket: The ticket; the caller sees it.
        note: Text, whether it is internal, and what was done; the rest is set here.

    Raises:
        OsoError: REQUEST_INVALID, PERSONAL_NUMBER_IN_TEXT; CONDITION_FAILED past 9,999 notes.

    """
    at = "text" if note.action else "ticket_note.text"
    note.name = f"{ticket.name}/notes/{_next_number(tx, ticket.name):04d}"
    note.author = f"systems/{tx.caller.system_id}"
    check(note, "ticket_note")
    require_fit(at, note.text)
    return tx.put(NOTES, note)


def list_notes(tx: Transaction, request: ListTicketNotesRequest) -> tuple[list[TicketNote], str]:
    """Give a page of the notes of a ticket the caller sees, the oldest first.

    Raises:
        OsoError: RESOURCE_UNKNOWN; REQUEST_INVALID for a page token not of ours.

    """
    ticket = get_ticket(tx, request.parent)
    if request.page_token and not _TOKEN.fullmatch(request.page_token):
        raise invalid("page_token", "is not a token of this service")
    where = [_NOTE.ticket == ticket.name]
    if not sees_internal(tx.caller):
        where.append(_NOTE.internal == false())
    return page(tx, NOTES, request, *where)


def _next_number(tx: Transaction, ticket: str) -> int:
    tx.batch.send()
    query = select(func.max(_NOTE.name)).where(_NOTE.ticket == ticket)
    last = tx.batch.connection.execute(query).scalar()
    number = number_of(last) + 1 if last else 1
    if number > _MOST:
        raise failed(f"{ticket}: no more than {_MOST} notes")
    return number
