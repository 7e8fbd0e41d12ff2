"""How a ticket goes from state to state, and who may take it there."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import ticket_pb2 as contract
from oso.registry.v1.ticket_pb2 import TicketAction, TicketState

if TYPE_CHECKING:
    from collections.abc import Mapping


class Side(Enum):
    """Who works on a ticket."""

    HELPDESK = "helpdesk"
    REPORTER = "reporter"


_SIDES: Mapping[roles.Role.ValueType, Side] = {
    roles.ROLE_REGISTRAR: Side.HELPDESK,
    roles.ROLE_HELPDESK: Side.HELPDESK,
    roles.ROLE_BOARD_MANAGER: Side.REPORTER,
    roles.ROLE_SCHOOL_MANAGER: Side.REPORTER,
    roles.ROLE_SUPPLIER: Side.REPORTER,
}

_NEW = contract.TICKET_STATE_NEW
_IN_PROGRESS = contract.TICKET_STATE_IN_PROGRESS
_WAITING = contract.TICKET_STATE_WAITING_FOR_REPORTER
_SOLVED = contract.TICKET_STATE_SOLVED
_CLOSED = contract.TICKET_STATE_CLOSED

_START = contract.TICKET_ACTION_START
_ASK = contract.TICKET_ACTION_ASK
_ANSWER = contract.TICKET_ACTION_ANSWER
_SOLVE = contract.TICKET_ACTION_SOLVE
_CLOSE = contract.TICKET_ACTION_CLOSE
_REOPEN = contract.TICKET_ACTION_REOPEN

# (state, action) -> state. What is not here cannot be done. Who waits for a reporter and hears the
# answer by telephone goes on with START.
TRANSITIONS: Mapping[
    tuple[TicketState.ValueType, TicketAction.ValueType], TicketState.ValueType
] = {
    (_NEW, _START): _IN_PROGRESS,
    (_NEW, _ASK): _WAITING,
    (_NEW, _SOLVE): _SOLVED,
    (_NEW, _CLOSE): _CLOSED,
    (_IN_PROGRESS, _ASK): _WAITING,
    (_IN_PROGRESS, _SOLVE): _SOLVED,
    (_IN_PROGRESS, _CLOSE): _CLOSED,
    (_WAITING, _START): _IN_PROGRESS,
    (_WAITING, _ANSWER): _IN_PROGRESS,
    (_WAITING, _SOLVE): _SOLVED,
    (_WAITING, _CLOSE): _CLOSED,
    (_SOLVED, _CLOSE): _CLOSED,
    (_SOLVED, _REOPEN): _IN_PROGRESS,
    (_CLOSED, _REOPEN): _IN_PROGRESS,
}

# action -> who may do it.
WHO: Mapping[TicketAction.ValueType, frozenset[Side]] = {
    _START: frozenset({Side.HELPDESK}),
    _ASK: frozenset({Side.HELPDESK}),
    _ANSWER: frozenset({Side.REPORTER}),
    _SOLVE: frozenset({Side.HELPDESK}),
    _CLOSE: frozenset({Side.HELPDESK, Side.REPORTER}),
    _REOPEN: frozenset({Side.HELPDESK, Side.REPORTER}),
}

# What cannot be done without a word.
WITH_A_WORD = frozenset({_ASK, _ANSWER, _SOLVE, _REOPEN})


def side_of(role: roles.Role.ValueType) -> Side | None:
    """Tell on which side a role works on tickets; None when it only reads, or not even that."""
    return _SIDES.get(role)


def action_name(action: TicketAction.ValueType) -> str:
    """Give an action as refusals name it, such as `START`."""
    return TicketAction.Name(action).removeprefix("TICKET_ACTION_")


def state_name(state: TicketState.ValueType) -> str:
    """Give a state as refusals name it, such as `IN_PROGRESS`."""
    return TicketState.Name(state).removeprefix("TICKET_STATE_")
