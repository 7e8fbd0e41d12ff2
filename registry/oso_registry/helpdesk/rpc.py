"""The edge of the helpdesk: from messages to calls of the services, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.registry.v1 import ticket_service_pb2 as messages
from oso.registry.v1 import ticket_service_pb2_grpc as stubs
from oso_registry.calls import current_caller
from oso_registry.helpdesk.notes import add_note, list_notes
from oso_registry.helpdesk.sight import get_ticket
from oso_registry.helpdesk.tickets import act_on_ticket, change_ticket, file_ticket, list_tickets
from oso_registry.parties.rpc import Calls
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from oso_registry.calls import Office
    from oso_registry.helpdesk.sessions import SessionDesk


class TicketServicer(Calls, stubs.TicketServiceServicer):
    """Serves `oso.registry.v1.TicketService`; the contract has the promises."""

    def __init__(self, office: Office, sessions: SessionDesk) -> None:
        """Take where the work is done, and who explains sessions."""
        super().__init__(office)
        self._sessions = sessions

    async def GetTicket(
        self, request: messages.GetTicketRequest, _: Any
    ) -> messages.GetTicketResponse:
        """Give a ticket."""
        return await self.look(
            lambda tx: messages.GetTicketResponse(ticket=get_ticket(tx, request.name))
        )

    async def ListTickets(
        self, request: messages.ListTicketsRequest, _: Any
    ) -> messages.ListTicketsResponse:
        """Give a page of tickets."""
        found, token = await self.look(lambda tx: list_tickets(tx, request))
        return messages.ListTicketsResponse(tickets=found, next_page_token=token)

    async def CreateTicket(
        self, request: messages.CreateTicketRequest, _: Any
    ) -> messages.CreateTicketResponse:
        """File a ticket."""
        return await self.change(
            request,
            lambda tx: messages.CreateTicketResponse(ticket=file_ticket(tx, request.ticket)),
        )

    async def UpdateTicket(
        self, request: messages.UpdateTicketRequest, _: Any
    ) -> messages.UpdateTicketResponse:
        """Change a ticket."""
        return await self.change(
            request,
            lambda tx: messages.UpdateTicketResponse(
                ticket=change_ticket(tx, request.ticket, request.update_mask)
            ),
        )

    async def ActOnTicket(
        self, request: messages.ActOnTicketRequest, _: Any
    ) -> messages.ActOnTicketResponse:
        """Do something with a ticket."""
        return await self.change(
            request, lambda tx: messages.ActOnTicketResponse(ticket=act_on_ticket(tx, request))
        )

    async def CreateTicketNote(
        self, request: messages.CreateTicketNoteRequest, _: Any
    ) -> messages.CreateTicketNoteResponse:
        """Add a note."""
        return await self.change(
            request,
            lambda tx: messages.CreateTicketNoteResponse(
                ticket_note=add_note(tx, request.parent, request.ticket_note)
            ),
        )

    async def ListTicketNotes(
        self, request: messages.ListTicketNotesRequest, _: Any
    ) -> messages.ListTicketNotesResponse:
        """Give a page of notes."""
        found, token = await self.look(lambda tx: list_notes(tx, request))
        return messages.ListTicketNotesResponse(ticket_notes=found, next_page_token=token)

    async def ExplainSession(
        self, request: messages.ExplainSessionRequest, _: Any
    ) -> messages.ExplainSessionResponse:
        """Tell where and by whom a session went wrong."""
        explanation = await self._sessions.explain(current_caller(), request.session_id)
        return messages.ExplainSessionResponse(explanation=explanation)


def registration(office: Office, sessions: SessionDesk) -> Registration:
    """Give what a server needs to serve it."""
    servicer = TicketServicer(office, sessions)
    return Registration(
        messages.DESCRIPTOR.services_by_name["TicketService"].full_name,
        lambda server: stubs.add_TicketServiceServicer_to_server(servicer, server),
    )
