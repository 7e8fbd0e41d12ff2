"""Which tickets a caller sees, and whether it sees what is internal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from oso.options.v1 import access_pb2 as roles
from oso.result.v1.result_code_pb2 import RESULT_CODE_RESOURCE_UNKNOWN
from oso_registry.helpdesk.resources import TICKETS
from oso_registry.parties.resources import SCHOOLS
from oso_registry.parties.sight import LONGEST_NAME, Sight, seen_by
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso.registry.v1.ticket_pb2 import Ticket
    from oso_registry.calls import Caller
    from oso_registry.store import Transaction

_SCHOOL, _TICKET = SCHOOLS.table.c, TICKETS.table.c
# A school's board is the one it has now.
SIGHT: Sight = {
    roles.ROLE_BOARD_MANAGER: lambda board: or_(
        _TICKET.reporter == board,
        _TICKET.reporter.in_(select(_SCHOOL.name).where(_SCHOOL.board == board)),
    ),
    roles.ROLE_SCHOOL_MANAGER: lambda school: _TICKET.reporter == school,
    roles.ROLE_SUPPLIER: lambda supplier: _TICKET.reporter == supplier,
}
_INSIDE = frozenset({roles.ROLE_REGISTRAR, roles.ROLE_AUDITOR, roles.ROLE_HELPDESK})


def sees_internal(caller: Caller) -> bool:
    """Tell whether a caller sees internal notes: the helpdesk, and whoever reads everything."""
    return caller.role in _INSIDE


def get_ticket(tx: Transaction, name: str) -> Ticket:
    """Give a ticket the caller sees; one it does not see is as one that is not there.

    Raises:
        OsoError: RESOURCE_UNKNOWN.

    """
    found = tx.list(TICKETS, _TICKET.name == name, *seen_by(tx.caller, SIGHT), limit=1)
    if not found:
        raise OsoError(RESULT_CODE_RESOURCE_UNKNOWN, resource=name[:LONGEST_NAME])
    return found[0]
