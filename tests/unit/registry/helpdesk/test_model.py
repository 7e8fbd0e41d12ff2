"""The table of ticket states: where an action leads, and who may do it."""

from __future__ import annotations

import pytest

from oso.options.v1.access_pb2 import Role
from oso.registry.v1.ticket_pb2 import TicketAction, TicketState
from oso_registry.helpdesk import model
from oso_registry.helpdesk.model import TRANSITIONS, WHO, Side

_STATES = [state for state in TicketState.values() if state]
_ACTIONS = [action for action in TicketAction.values() if action]


def test_the_table_is_the_one_of_the_manual() -> None:
    """Every step that can be done is here, and no other."""
    table = {
        "NEW": "START IN_PROGRESS, ASK WAITING_FOR_REPORTER, SOLVE SOLVED, CLOSE CLOSED",
        "IN_PROGRESS": "ASK WAITING_FOR_REPORTER, SOLVE SOLVED, CLOSE CLOSED",
        "WAITING_FOR_REPORTER": "START IN_PROGRESS, ANSWER IN_PROGRESS, SOLVE SOLVED, CLOSE CLOSED",
        "SOLVED": "CLOSE CLOSED, REOPEN IN_PROGRESS",
        "CLOSED": "REOPEN IN_PROGRESS",
    }

    told = {
        model.state_name(state): ", ".join(
            f"{model.action_name(action)} {model.state_name(TRANSITIONS[state, action])}"
            for action in _ACTIONS
            if (state, action) in TRANSITIONS
        )
        for state in _STATES
    }

    assert table == told


def test_every_action_has_somebody_who_may_do_it() -> None:
    """The table of who names every action of the contract."""
    assert set(_ACTIONS) == set(WHO)
    assert all(WHO.values())


def test_a_reporter_may_close_whatever_is_not_closed() -> None:
    """As the contract promises: at any moment."""
    closing = TicketAction.Value("TICKET_ACTION_CLOSE")
    closed = TicketState.Value("TICKET_STATE_CLOSED")

    assert Side.REPORTER in WHO[closing]
    assert {state: closed for state in _STATES if state != closed} == {
        state: to for (state, action), to in TRANSITIONS.items() if action == closing
    }


def test_every_state_can_be_left_and_reached() -> None:
    """No ticket gets stuck, and no state is there for nothing."""
    new = TicketState.Value("TICKET_STATE_NEW")

    assert set(_STATES) == {state for state, _ in TRANSITIONS}
    assert set(_STATES) - {new} == set(TRANSITIONS.values())


@pytest.mark.parametrize("role", Role.values())
def test_a_role_is_on_one_side_or_none(role: Role.ValueType) -> None:
    """An auditor, a LAS and the Traffic Center do nothing with tickets."""
    sides = {
        "ROLE_REGISTRAR": Side.HELPDESK,
        "ROLE_HELPDESK": Side.HELPDESK,
        "ROLE_BOARD_MANAGER": Side.REPORTER,
        "ROLE_SCHOOL_MANAGER": Side.REPORTER,
        "ROLE_SUPPLIER": Side.REPORTER,
    }

    assert sides.get(Role.Name(role)) == model.side_of(role)
