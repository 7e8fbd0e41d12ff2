"""Filing, finding, changing and handling tickets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import ticket_pb2 as contract
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import failed, invalid, not_allowed
from oso_registry.helpdesk import model
from oso_registry.helpdesk.model import Side, side_of
from oso_registry.helpdesk.notes import write_note
from oso_registry.helpdesk.resources import TICKETS, has_text, number_of
from oso_registry.helpdesk.sight import SIGHT, get_ticket, sees_internal
from oso_registry.helpdesk.texts import require_fit, require_shown
from oso_registry.parties.register import require_etag
from oso_registry.parties.resources import BOARDS, SCHOOLS, SUPPLIERS
from oso_registry.parties.sight import LONGEST_NAME, seen_by
from oso_registry.resources import changed, new, page_size
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from google.protobuf.field_mask_pb2 import FieldMask
    from sqlalchemy import ColumnElement

    from oso.registry.v1.ticket_pb2 import Ticket
    from oso.registry.v1.ticket_service_pb2 import ActOnTicketRequest, ListTicketsRequest
    from oso_registry.store import Collection, Transaction

_TICKET = TICKETS.table.c
_REPORTERS: dict[str, Collection[Any]] = {
    "boards": BOARDS,
    "schools": SCHOOLS,
    "suppliers": SUPPLIERS,
}
_MOST = 99_999_999
_TOKEN = re.compile(r"tickets/[0-9]{8}")
# What the helpdesk may change; the rest stays as it was written.
_FIXED = ("reporter", "text")
_NORMAL = contract.TICKET_PRIORITY_NORMAL
_WORKERS = (roles.ROLE_REGISTRAR, roles.ROLE_HELPDESK)


def list_tickets(tx: Transaction, request: ListTicketsRequest) -> tuple[list[Ticket], str]:
    """Give a page of the tickets the caller sees, the newest first, and the token of the next.

    Numbers only rise, so what is filed between two pages changes nothing about the rest.

    Raises:
        OsoError: REQUEST_INVALID for a page token not of ours.

    """
    require_shown("text", request.text)
    where = [*seen_by(tx.caller, SIGHT), *_narrowed(tx, request)]
    if request.page_token:
        if not _TOKEN.fullmatch(request.page_token):
            raise invalid("page_token", "is not a token of this service")
        where.append(_TICKET.name < request.page_token)
    size = page_size(request.page_size)
    query = select(TICKETS.table).where(*where).order_by(_TICKET.name.desc()).limit(size + 1)
    tx.batch.send()
    rows = tx.batch.connection.execute(query).mappings().all()
    found = [TICKETS.read(row) for row in rows[:size]]
    return found, found[-1].name if len(rows) > size else ""


def _narrowed(tx: Transaction, request: ListTicketsRequest) -> list[ColumnElement[bool]]:
    where = has_text(request.text, internal=sees_internal(tx.caller))
    if request.states:
        where.append(_TICKET.state.in_(list(request.states)))
    if request.school:
        where.append(or_(_TICKET.reporter == request.school, _TICKET.school == request.school))
    if request.session_id:
        where.append(_TICKET.session_id == request.session_id.lower())
    if request.assignee:
        require_shown("assignee", request.assignee, one_line=True)
        where.append(_TICKET.assignee == request.assignee)
    return where


def file_ticket(tx: Transaction, given: Ticket) -> Ticket:
    """File a ticket under the next number.

    Numbers follow each other without a gap: there is one writer at a time on the whole registry,
    and a number is taken in the transaction that writes the ticket.

    Raises:
        OsoError: REQUEST_INVALID, PERSONAL_NUMBER_IN_TEXT; NOT_ALLOWED for another's ticket, or
            what the helpdesk sets; RESOURCE_UNKNOWN for a reporter, school or system.

    """
    made = type(given)()
    made.CopyFrom(given)
    made.reporter = _reporter(tx, given.reporter)
    if side_of(tx.caller.role) is not Side.HELPDESK:
        if made.priority not in (contract.TICKET_PRIORITY_UNSPECIFIED, _NORMAL):
            raise not_allowed("ticket.priority")
        if made.assignee:
            raise not_allowed("ticket.assignee")
    made = new(tx, TICKETS, made, _next_name(tx), "ticket")
    _require_party(tx, made.reporter)
    require_fit("ticket.text", made.text)
    _settle(tx, made)
    made.filed_by = f"systems/{tx.caller.system_id}"
    made.state = contract.TICKET_STATE_NEW
    return tx.put(TICKETS, made)


def change_ticket(tx: Transaction, given: Ticket, mask: FieldMask) -> Ticket:
    """Change priority, assignee, school, session or subject.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, REQUEST_INVALID, PERSONAL_NUMBER_IN_TEXT,
            NOT_ALLOWED.

    """
    if side_of(tx.caller.role) is not Side.HELPDESK:
        raise not_allowed("UpdateTicket")
    get_ticket(tx, given.name)
    known, made = changed(tx, TICKETS, given, mask, "ticket")
    for field in _FIXED:
        if getattr(known, field) != getattr(made, field):
            raise invalid(f"ticket.{field}", "stays as it was written; add a note")
    _settle(tx, made)
    return tx.put(TICKETS, made)


def act_on_ticket(tx: Transaction, request: ActOnTicketRequest) -> Ticket:
    """Do something with a ticket; what is said with it becomes a note.

    Whoever begins work on a ticket nobody works on becomes its assignee.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE, TICKET_STATE, REQUEST_INVALID,
            PERSONAL_NUMBER_IN_TEXT.

    """
    ticket = get_ticket(tx, request.name)
    name = model.action_name(request.action)
    if side_of(tx.caller.role) not in model.WHO[request.action]:
        raise not_allowed(name)
    require_etag(ticket, request.etag)
    state = model.TRANSITIONS.get((ticket.state, request.action))
    if state is None:
        raise OsoError(
            codes.RESULT_CODE_TICKET_STATE,
            ticket=ticket.name,
            state=model.state_name(ticket.state),
            action=name,
        )
    if request.text.strip():
        write_note(tx, ticket, contract.TicketNote(text=request.text, action=request.action))
    elif request.action in model.WITH_A_WORD:
        raise invalid("text", f"is needed with {name}")
    if request.action == contract.TICKET_ACTION_START and not ticket.assignee:
        ticket.assignee = f"systems/{tx.caller.system_id}"
    ticket.state = state
    return tx.put(TICKETS, ticket)


def _reporter(tx: Transaction, given: str) -> str:
    """Give whom a ticket is from: whom the caller speaks for, or whom the helpdesk names."""
    side, owner = side_of(tx.caller.role), tx.caller.owner
    if side is Side.HELPDESK:
        return given
    if side is None or not owner:
        raise not_allowed("ticket.reporter")
    if given in ("", owner):
        return owner
    school = tx.get(SCHOOLS, given) if tx.caller.role == roles.ROLE_BOARD_MANAGER else None
    if school is None or school.board != owner:
        raise not_allowed(given[:LONGEST_NAME])
    return given


def _require_party(tx: Transaction, name: str) -> None:
    tx.require(_REPORTERS[name.partition("/")[0]], name)


def _settle(tx: Transaction, made: Ticket) -> None:
    """Complete a ticket that is to be written, and refuse what cannot be."""
    require_fit("ticket.subject", made.subject, one_line=True)
    made.session_id = made.session_id.lower()
    made.priority = made.priority or _NORMAL
    if made.school:
        tx.require(SCHOOLS, made.school)
    if made.assignee:
        worker = tx.require(SYSTEMS, made.assignee)
        if worker.role not in _WORKERS or worker.disabled:
            raise invalid("ticket.assignee", "is no helpdesk worker or registrar at work")


def _next_name(tx: Transaction) -> str:
    tx.batch.send()
    last = tx.batch.connection.execute(select(func.max(_TICKET.name))).scalar()
    number = number_of(last) + 1 if last else 1
    if number > _MOST:
        raise failed("tickets: no number is left")
    return f"tickets/{number:08d}"
