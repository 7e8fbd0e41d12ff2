"""Filing, finding, changing and handling tickets: what must hold, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import ticket_pb2 as contract
from oso.registry.v1 import ticket_service_pb2 as messages
from oso.registry.v1.system_pb2 import System
from oso.registry.v1.ticket_pb2 import Ticket, TicketNote
from oso_registry.calls import Caller
from oso_registry.helpdesk.notes import add_note, list_notes
from oso_registry.helpdesk.sight import get_ticket
from oso_registry.helpdesk.tickets import (
    act_on_ticket,
    change_ticket,
    file_ticket,
    list_tickets,
)
from oso_registry.parties.resources import SCHOOLS
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import OsoError

from ..parties import country as of  # noqa: TID252  tests are no package

if TYPE_CHECKING:
    from ..parties.country import Country  # noqa: TID252

BSN = "111222333"  # passes the test; nobody has it
SESSION = "0199f3a1-7c2b-7d3e-8f12-0123456789ab"
ONE = "tickets/00000001"
_NOT_OURS = "page_token: is not a token of this service"


def ticket(**changes: Any) -> Ticket:
    """Make a ticket to be filed, with changes."""
    return Ticket(**{"subject": "Geen verbinding", "text": "Het lukt niet.", **changes})


def act(country: Country, caller: Caller, action: str, text: str = "", **more: Any) -> Ticket:
    """Do something with the first ticket."""
    request = messages.ActOnTicketRequest(name=ONE, text=text, **more)
    request.action = contract.TicketAction.Value(f"TICKET_ACTION_{action}")
    return act_on_ticket(country.call(caller), request)


def found(country: Country, caller: Caller, **request: Any) -> list[int]:
    """Give the numbers of the tickets a caller finds."""
    told, _ = list_tickets(country.call(caller), messages.ListTicketsRequest(**request))
    return [int(one.name[-8:]) for one in told]


def notes(country: Country, caller: Caller) -> list[str]:
    """Give the texts of the notes a caller sees with the first ticket."""
    told, _ = list_notes(country.call(caller), messages.ListTicketNotesRequest(parent=ONE))
    return [one.text for one in told]


def test_a_school_files_a_ticket(country: Country) -> None:
    """It gets the first number, is new, and says from whom it is and who filed it."""
    made = file_ticket(country.call(of.SCHOOL_MANAGER), ticket(session_id=SESSION.upper()))

    assert (ONE, of.SCHOOL, "systems/school") == (made.name, made.reporter, made.filed_by)
    assert contract.TICKET_STATE_NEW == made.state
    assert contract.TICKET_PRIORITY_NORMAL == made.priority
    assert (SESSION, of.at(0)) == (made.session_id, made.create_time)
    assert made == get_ticket(country.call(of.SCHOOL_MANAGER), ONE)


def test_what_only_we_may_set_is_ignored(country: Country) -> None:
    """Name, state, who filed it, etag and times are ours (AIP-203)."""
    given = ticket(name="tickets/00000077", filed_by="systems/x", state=5, etag="x")
    given.create_time.CopyFrom(of.at(-9))

    made = file_ticket(country.call(of.SCHOOL_MANAGER), given)

    assert (ONE, "systems/school", 1, of.at(0)) == (
        made.name,
        made.filed_by,
        made.state,
        made.create_time,
    )


def test_numbers_follow_each_other(country: Country) -> None:
    """Eight digits, no gap, also when one in between was refused."""
    names = []
    for subject in ("a", "b", "", "c"):
        filed = ticket(subject=subject)
        if not of.outcome(file_ticket, country.call(of.SUPPLIERS_DESK), filed):
            names.append(list_tickets(country.call(), messages.ListTicketsRequest())[0][0].name)

    assert [f"tickets/0000000{number}" for number in (1, 2, 3)] == names


@pytest.mark.parametrize(
    ("caller", "reporter", "expected"),
    [
        (of.SCHOOL_MANAGER, "", of.SCHOOL),
        (of.SCHOOL_MANAGER, of.SCHOOL, of.SCHOOL),
        (of.SCHOOL_MANAGER, of.OTHER_SCHOOL, "NOT_ALLOWED"),
        (of.SCHOOL_MANAGER, of.BOARD, "NOT_ALLOWED"),
        (of.BOARD_MANAGER, "", of.BOARD),
        (of.BOARD_MANAGER, of.SCHOOL, of.SCHOOL),
        (of.BOARD_MANAGER, of.OTHER_SCHOOL, "NOT_ALLOWED"),
        (of.BOARD_MANAGER, "schools/99XX", "NOT_ALLOWED"),
        (of.BOARD_MANAGER, of.OTHER_BOARD, "NOT_ALLOWED"),
        (of.SUPPLIERS_DESK, "", of.SUPPLIER),
        (of.SUPPLIERS_DESK, of.OTHER_SUPPLIER, "NOT_ALLOWED"),
        (of.HELPDESK, of.SUPPLIER, of.SUPPLIER),
        (of.HELPDESK, of.SCHOOL, of.SCHOOL),
        (of.REGISTRAR, of.BOARD, of.BOARD),
        (of.HELPDESK, "", "REQUEST_INVALID ticket.reporter"),
        (of.HELPDESK, "systems/las", "REQUEST_INVALID ticket.reporter"),
        (of.HELPDESK, "schools/99XX", "RESOURCE_UNKNOWN"),
        (of.HELPDESK, "boards/99999", "RESOURCE_UNKNOWN"),
        (of.HELPDESK, "suppliers/00000099000000999000", "RESOURCE_UNKNOWN"),
        (of.AUDITOR, of.SCHOOL, "NOT_ALLOWED"),
        (Caller("las", roles.ROLE_LAS, of.SCHOOL), "", "NOT_ALLOWED"),
        (Caller("nobody", roles.ROLE_SCHOOL_MANAGER), "", "NOT_ALLOWED"),
        (Caller(), "", "NOT_ALLOWED"),
    ],
)
def test_a_ticket_is_from_whom_the_caller_speaks_for(
    country: Country, caller: Caller, reporter: str, expected: str
) -> None:
    """Itself, for a board one of its schools, for the helpdesk anybody who is registered."""
    outcome = of.outcome(file_ticket, country.call(caller), ticket(reporter=reporter))

    if outcome:
        assert outcome.startswith(expected)
        assert [] == found(country, of.REGISTRAR)
    else:
        assert expected == get_ticket(country.call(), ONE).reporter


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subject": ""}, "REQUEST_INVALID ticket.subject"),
        ({"subject": "  "}, "REQUEST_INVALID ticket.subject"),
        ({"subject": "x" * 201}, "REQUEST_INVALID ticket.subject"),
        ({"subject": "a\nb"}, "REQUEST_INVALID ticket.subject"),
        ({"subject": "a\0b"}, "REQUEST_INVALID ticket.subject"),
        ({"subject": "a\x1b[2Jb"}, "REQUEST_INVALID ticket.subject"),
        ({"subject": f"Over {BSN}"}, "PERSONAL_NUMBER_IN_TEXT"),
        ({"text": ""}, "REQUEST_INVALID ticket.text"),
        ({"text": "\n"}, "REQUEST_INVALID ticket.text"),
        ({"text": "x" * 4001}, "REQUEST_INVALID ticket.text"),
        ({"text": "a\0b"}, "REQUEST_INVALID ticket.text"),
        ({"text": f"Over 1112.22.333 en {SESSION}"}, "PERSONAL_NUMBER_IN_TEXT"),
        ({"session_id": "42"}, "REQUEST_INVALID ticket.session_id"),
        ({"school": "00SS"}, "REQUEST_INVALID ticket.school"),
        ({"school": "schools/99XX"}, "RESOURCE_UNKNOWN"),
        ({"priority": 99}, "REQUEST_INVALID ticket.priority"),
        ({"assignee": "helpdesk"}, "REQUEST_INVALID ticket.assignee"),
        ({"assignee": "systems/nobody"}, "RESOURCE_UNKNOWN"),
        ({"assignee": of.SYSTEM}, "REQUEST_INVALID ticket.assignee"),
    ],
)
def test_a_ticket_that_cannot_be_is_refused(
    country: Country, changes: dict[str, Any], expected: str
) -> None:
    """With the field that is wrong, and nothing is filed."""
    given = ticket(reporter=of.SCHOOL, **changes)

    assert of.outcome(file_ticket, country.call(of.HELPDESK), given).startswith(expected)
    assert [] == found(country, of.REGISTRAR)


def test_the_refusal_of_a_personal_number_does_not_repeat_it(country: Country) -> None:
    """Errors travel further than tickets."""
    with pytest.raises(OsoError) as refused:
        file_ticket(country.call(of.SCHOOL_MANAGER), ticket(text=f"Over {BSN}"))

    assert {"field": "ticket.text"} == refused.value.metadata
    assert BSN not in refused.value.text("nl") + str(refused.value)


@pytest.mark.parametrize("field", ["priority", "assignee"])
def test_the_helpdesk_alone_sets_priority_and_assignee(country: Country, field: str) -> None:
    """A reporter who tries is told so, not overheard."""
    given = ticket(reporter=of.SCHOOL)
    setattr(given, field, {"priority": 4, "assignee": "systems/helpdesk"}[field])

    outcome = of.outcome(file_ticket, country.call(of.SCHOOL_MANAGER), given)
    made = file_ticket(country.call(of.HELPDESK), given)

    assert "NOT_ALLOWED" == outcome
    assert getattr(given, field) == getattr(made, field)


def test_who_was_put_out_of_use_gets_no_work(country: Country) -> None:
    """A desk that is disabled cannot be the assignee."""
    gone = System(name="systems/gone", display_name="x", role=roles.ROLE_HELPDESK, disabled=True)
    country.call().put(SYSTEMS, gone)
    given = ticket(reporter=of.SCHOOL, assignee="systems/gone")

    outcome = of.outcome(file_ticket, country.call(of.HELPDESK), given)

    assert outcome.startswith("REQUEST_INVALID ticket.assignee")


_EVERYBODY = {
    "registrar": of.REGISTRAR,
    "auditor": of.AUDITOR,
    "helpdesk": of.HELPDESK,
    "school": of.SCHOOL_MANAGER,
    "board": of.BOARD_MANAGER,
    "supplier": of.SUPPLIERS_DESK,
    "other school": of.OTHER_SCHOOL_MANAGER,
    "other board": of.OTHER_BOARD_MANAGER,
    "other supplier": of.OTHER_SUPPLIERS_DESK,
    "las of the school": Caller("las", roles.ROLE_LAS, of.SCHOOL),
    "nobody": Caller(),
    "school of nobody": Caller("x", roles.ROLE_SCHOOL_MANAGER),
}


@pytest.mark.parametrize(
    ("reporter", "others"),
    [
        (of.SCHOOL, ["school", "board"]),
        (of.BOARD, ["board"]),
        (of.SUPPLIER, ["supplier"]),
    ],
)
def test_who_sees_a_ticket(country: Country, reporter: str, others: list[str]) -> None:
    """Its reporter, the board of a school, and OfficeHeart's own; to others it is unknown."""
    about = ticket(reporter=reporter, school=of.OTHER_SCHOOL)
    file_ticket(country.call(of.HELPDESK), about)
    expected = {"registrar", "auditor", "helpdesk", *others}

    seen = {
        name
        for name, caller in _EVERYBODY.items()
        if of.outcome(get_ticket, country.call(caller), ONE) != "RESOURCE_UNKNOWN"
    }
    listed = {name for name, caller in _EVERYBODY.items() if found(country, caller)}
    read = {
        name
        for name, caller in _EVERYBODY.items()
        if of.outcome(notes, country, caller) != "RESOURCE_UNKNOWN"
    }

    assert expected == seen == listed == read


def test_the_board_that_took_a_school_over_sees_its_tickets(country: Country) -> None:
    """The former board does not any more."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    tx = country.call()
    school = tx.require(SCHOOLS, of.SCHOOL)
    school.board = of.OTHER_BOARD
    tx.put(SCHOOLS, school)

    assert [1] == found(country, of.OTHER_BOARD_MANAGER)
    assert [] == found(country, of.BOARD_MANAGER)


def test_to_others_nothing_can_be_done_with_a_ticket(country: Country) -> None:
    """Whatever they try, it is unknown to them, as one that is not there."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    other = country.call(of.OTHER_SCHOOL_MANAGER)
    closing = messages.ActOnTicketRequest(name=ONE, action=contract.TICKET_ACTION_CLOSE)

    outcomes = [
        of.outcome(act_on_ticket, other, closing),
        of.outcome(add_note, other, ONE, TicketNote(text="x")),
        of.outcome(get_ticket, other, "tickets/00000009"),
    ]

    assert ["RESOURCE_UNKNOWN"] * 3 == outcomes
    assert [] == notes(country, of.REGISTRAR)


def test_a_ticket_from_filed_to_closed(country: Country) -> None:
    """Question, answer, solution, reopening: each with its word, in the order they were said."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())

    states = [
        act(country, caller, action, text).state
        for caller, action, text in (
            (of.HELPDESK, "START", ""),
            (of.HELPDESK, "ASK", "Welke sessie?"),
            (of.SCHOOL_MANAGER, "ANSWER", SESSION),
            (of.HELPDESK, "SOLVE", "Het aanleverpunt stond uit."),
            (of.BOARD_MANAGER, "REOPEN", "Nog niet."),
            (of.REGISTRAR, "SOLVE", "Nu wel."),
            (of.SCHOOL_MANAGER, "CLOSE", "Dank!"),
        )
    ]

    assert [2, 3, 2, 4, 2, 4, 5] == states
    told, _ = list_notes(
        country.call(of.SCHOOL_MANAGER), messages.ListTicketNotesRequest(parent=ONE)
    )
    assert [(2, "helpdesk"), (3, "school"), (4, "helpdesk"), (6, "board"), (4, "registrar")] == [
        (one.action, one.author.removeprefix("systems/")) for one in told[:-1]
    ]
    assert (f"{ONE}/notes/0006", "Dank!") == (told[-1].name, told[-1].text)


def test_who_begins_gets_the_ticket_unless_somebody_has_it(country: Country) -> None:
    """A helpdesk need not assign by hand what somebody takes up."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())

    taken = act(country, of.HELPDESK, "START")
    act(country, of.HELPDESK, "ASK", "?")
    again = act(country, of.REGISTRAR, "START")

    assert ["systems/helpdesk"] * 2 == [taken.assignee, again.assignee]


@pytest.mark.parametrize(
    ("caller", "action", "text", "expected"),
    [
        (of.SCHOOL_MANAGER, "START", "", "NOT_ALLOWED"),
        (of.SCHOOL_MANAGER, "ASK", "?", "NOT_ALLOWED"),
        (of.SCHOOL_MANAGER, "SOLVE", "x", "NOT_ALLOWED"),
        (of.HELPDESK, "ANSWER", "x", "NOT_ALLOWED"),
        (of.AUDITOR, "CLOSE", "", "NOT_ALLOWED"),
        (of.SCHOOL_MANAGER, "ANSWER", "x", "TICKET_STATE"),
        (of.SCHOOL_MANAGER, "REOPEN", "x", "TICKET_STATE"),
        (of.HELPDESK, "ASK", "", "REQUEST_INVALID text"),
        (of.HELPDESK, "SOLVE", " \n", "REQUEST_INVALID text"),
        (of.HELPDESK, "SOLVE", f"Het was {BSN}", "PERSONAL_NUMBER_IN_TEXT"),
        (of.HELPDESK, "START", f"Het was {BSN}", "PERSONAL_NUMBER_IN_TEXT"),
        (of.HELPDESK, "START", "a\0b", "REQUEST_INVALID text"),
    ],
)
def test_an_action_that_cannot_be_is_refused(
    country: Country, caller: Caller, action: str, text: str, expected: str
) -> None:
    """Not theirs to do, not now, or without the word it needs; the ticket stays as it was."""
    made = file_ticket(country.call(of.SCHOOL_MANAGER), ticket())

    assert of.outcome(act, country, caller, action, text).startswith(expected)
    assert made == get_ticket(country.call(), ONE)
    assert [] == notes(country, of.REGISTRAR)


def test_a_refused_step_names_state_and_action(country: Country) -> None:
    """So that a worker sees what does not go together."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())

    with pytest.raises(OsoError) as refused:
        act(country, of.HELPDESK, "REOPEN", "x")

    assert {"ticket": ONE, "state": "NEW", "action": "REOPEN"} == refused.value.metadata


def test_an_action_on_what_was_read_before_another_is_refused(country: Country) -> None:
    """The etag tells; without one it goes ahead."""
    read = file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    act(country, of.HELPDESK, "START", etag=read.etag)

    assert "ETAG_STALE" == of.outcome(act, country, of.HELPDESK, "SOLVE", "x", etag=read.etag)
    assert 4 == act(country, of.HELPDESK, "SOLVE", "x").state


def test_the_helpdesk_changes_what_it_may(country: Country) -> None:
    """Priority, assignee, school, session and subject; by mask, or what is set."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    given = Ticket(
        name=ONE,
        subject="Nieuw",
        priority=contract.TICKET_PRIORITY_URGENT,
        assignee="systems/helpdesk",
        school=of.OTHER_SCHOOL,
        session_id=SESSION.upper(),
    )

    made = change_ticket(country.call(of.HELPDESK, 1), given, FieldMask())
    undone = change_ticket(
        country.call(of.HELPDESK, 2), Ticket(name=ONE), FieldMask(paths=["assignee", "priority"])
    )

    assert (
        "Nieuw",
        contract.TICKET_PRIORITY_URGENT,
        "systems/helpdesk",
        of.OTHER_SCHOOL,
        SESSION,
    ) == (
        made.subject,
        made.priority,
        made.assignee,
        made.school,
        made.session_id,
    )
    assert ("", contract.TICKET_PRIORITY_NORMAL) == (undone.assignee, undone.priority)
    assert (of.at(0), of.at(2)) == (undone.create_time, undone.update_time)


@pytest.mark.parametrize(
    ("changes", "mask", "expected"),
    [
        ({"text": "Anders"}, [], "REQUEST_INVALID ticket.text"),
        ({"reporter": of.BOARD}, [], "REQUEST_INVALID ticket.reporter"),
        ({"subject": "x"}, ["*"], "REQUEST_INVALID ticket.reporter"),
        ({"subject": f"Over {BSN}"}, [], "PERSONAL_NUMBER_IN_TEXT"),
        ({}, ["subject"], "REQUEST_INVALID ticket.subject"),
        ({"assignee": of.SYSTEM}, [], "REQUEST_INVALID ticket.assignee"),
        ({"school": "schools/99XX"}, [], "RESOURCE_UNKNOWN"),
        ({"subject": "x"}, ["nonsense"], "REQUEST_INVALID update_mask"),
        ({"subject": "x", "etag": "stale"}, [], "ETAG_STALE"),
        ({"name": "tickets/00000009"}, [], "RESOURCE_UNKNOWN"),
        ({"name": ""}, [], "RESOURCE_UNKNOWN"),
        ({"state": 5, "filed_by": "systems/x"}, [], ""),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    country: Country, changes: dict[str, Any], mask: list[str], expected: str
) -> None:
    """What was written stays as it was written; what only actions change is ignored."""
    made = file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    given = Ticket(**{"name": ONE, **changes})

    outcome = of.outcome(change_ticket, country.call(of.HELPDESK), given, FieldMask(paths=mask))

    assert outcome.startswith(expected)
    assert bool(expected) == bool(outcome)
    assert made == get_ticket(country.call(), ONE)


def test_a_reporter_changes_nothing(country: Country) -> None:
    """Not even its own ticket: it adds a note."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    given = Ticket(name=ONE, subject="x")

    outcome = of.outcome(change_ticket, country.call(of.SCHOOL_MANAGER), given, FieldMask())

    assert "NOT_ALLOWED" == outcome


def test_internal_notes_are_for_the_helpdesk_and_auditors(country: Country) -> None:
    """A reporter neither sees nor writes them, and does not find a ticket by them."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    add_note(country.call(of.HELPDESK), ONE, TicketNote(text="Geheim", internal=True))
    add_note(country.call(of.HELPDESK), ONE, TicketNote(text="Open"))

    inside, outside = (of.REGISTRAR, of.AUDITOR, of.HELPDESK), (of.SCHOOL_MANAGER, of.BOARD_MANAGER)
    assert [["Geheim", "Open"]] * 3 == [notes(country, caller) for caller in inside]
    assert [["Open"]] * 2 == [notes(country, caller) for caller in outside]
    assert [[1]] * 3 == [found(country, caller, text="geheim") for caller in inside]
    assert [[]] * 2 == [found(country, caller, text="geheim") for caller in outside]
    assert [[1]] * 2 == [found(country, caller, text="OPEN") for caller in outside]
    secret = TicketNote(text="x", internal=True)
    assert "NOT_ALLOWED" == of.outcome(add_note, country.call(of.SCHOOL_MANAGER), ONE, secret)
    plain = TicketNote(text="x")
    assert "NOT_ALLOWED" == of.outcome(add_note, country.call(of.AUDITOR), ONE, plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "REQUEST_INVALID ticket_note.text"),
        (" ", "REQUEST_INVALID ticket_note.text"),
        ("x" * 4001, "REQUEST_INVALID ticket_note.text"),
        ("a\0b", "REQUEST_INVALID ticket_note.text"),
        (f"Het is {BSN}", "PERSONAL_NUMBER_IN_TEXT"),
    ],
)
def test_a_note_that_cannot_be_is_refused(country: Country, text: str, expected: str) -> None:
    """With the field that is wrong, and nothing is written."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())

    outcome = of.outcome(add_note, country.call(of.HELPDESK), ONE, TicketNote(text=text))

    assert outcome.startswith(expected)
    assert [] == notes(country, of.HELPDESK)


def test_a_note_takes_nothing_from_the_request_but_its_text(country: Country) -> None:
    """Who wrote it, when, and what was done with it is not for the caller to say."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    given = TicketNote(name=f"{ONE}/notes/0099", author="systems/x", text="Hoi")
    given.action = contract.TICKET_ACTION_SOLVE

    made = add_note(country.call(of.SCHOOL_MANAGER), ONE, given)

    assert (f"{ONE}/notes/0001", "systems/school", 0, of.at(0)) == (
        made.name,
        made.author,
        made.action,
        made.create_time,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [3, 2, 1]),
        ("  ", [3, 2, 1]),
        ("00000002", [2]),
        ("étuis", [1]),
        ("ÉTUIS", [1]),
        ("e\N{COMBINING ACUTE ACCENT}tuis", [1]),
        ("straße", [2]),
        ("STRASSE", [2]),
        ("over  twee\tregels", [3]),
        ("100%", [2]),
        ("%", [2]),
        ("_", [3]),
        ("/", [3]),
        ("in een notitie", [1]),
        ("nergens", []),
    ],
)
def test_a_search_finds_what_is_written(country: Country, text: str, expected: list[int]) -> None:
    """Capitals, accents and line breaks do not matter; `%` and `_` are letters as any other."""
    for subject, body in (
        ("Het Étuis", "x"),
        ("In de Straße", "100% zeker"),
        ("a_b", "Over\ntwee regels, en/of"),
    ):
        file_ticket(country.call(of.SCHOOL_MANAGER), ticket(subject=subject, text=body))
    add_note(country.call(of.SCHOOL_MANAGER), ONE, TicketNote(text="In een NOTITIE"))

    assert expected == found(country, of.SCHOOL_MANAGER, text=text)


def test_a_list_is_narrowed(country: Country) -> None:
    """By state, school, session and assignee; all that is given must hold."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket(session_id=SESSION))
    file_ticket(country.call(of.SUPPLIERS_DESK), ticket(school=of.SCHOOL))
    file_ticket(country.call(of.BOARD_MANAGER), ticket())
    act(country, of.HELPDESK, "START")

    def listed(**request: Any) -> list[int]:
        return found(country, of.HELPDESK, **request)

    assert [1] == listed(states=[contract.TICKET_STATE_IN_PROGRESS])
    assert [3, 2, 1] == listed(states=[1, 2])
    assert [2, 1] == listed(school=of.SCHOOL)
    assert [1] == listed(session_id=SESSION.upper())
    assert [1] == listed(assignee="systems/helpdesk")
    assert [] == listed(assignee="systems/helpdesk", states=[1])
    assert [1] == found(country, of.SCHOOL_MANAGER, school=of.SCHOOL)
    assert "REQUEST_INVALID text: has a line break or control character" == of.outcome(
        listed, text="a\0b"
    )


def test_pages_are_stable_while_others_file(country: Country) -> None:
    """The newest first; each once, and what comes in between changes nothing about the rest."""
    for _ in range(5):
        file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    request, seen = messages.ListTicketsRequest(page_size=2), []
    while True:
        told, token = list_tickets(country.call(of.SCHOOL_MANAGER), request)
        seen += [int(one.name[-8:]) for one in told]
        if not token:
            break
        request.page_token = token
        file_ticket(country.call(of.SCHOOL_MANAGER), ticket())

    assert [5, 4, 3, 2, 1] == seen


@pytest.mark.parametrize("token", ["x", "tickets/1", "tickets/00000001/notes/0001", "9" * 8])
def test_a_token_that_was_not_given_out_is_refused(country: Country, token: str) -> None:
    """A made-up token is the caller's mistake."""
    file_ticket(country.call(of.SCHOOL_MANAGER), ticket())
    tickets = messages.ListTicketsRequest(page_token=token)
    asked = messages.ListTicketNotesRequest(parent=ONE, page_token=token.removesuffix("/0001"))

    outcomes = {
        of.outcome(list_tickets, country.call(), tickets),
        of.outcome(list_notes, country.call(), asked),
    }

    assert {f"REQUEST_INVALID {_NOT_OURS}"} == outcomes
