"""Commands of the helpdesk: `oso-registry ticket ...` and `oso-registry session explain`.

Imports are made where they are used: see `parties.asking`.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every, number_of, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    import grpc

_SERVICE = "TicketService"
_PRIORITIES = click.Choice(["low", "normal", "high", "urgent"])
_STATES = click.Choice(["new", "in-progress", "waiting-for-reporter", "solved", "closed"])
# The words of the contract for people, by number: Dutch, English.
_STATE_WORDS: Mapping[int, tuple[str, str]] = {
    1: ("nieuw", "new"),
    2: ("in behandeling", "in progress"),
    3: ("wacht op melder", "waiting for reporter"),
    4: ("opgelost", "solved"),
    5: ("gesloten", "closed"),
}
_PRIORITY_WORDS: Mapping[int, tuple[str, str]] = {
    1: ("laag", "low"),
    2: ("normaal", "normal"),
    3: ("hoog", "high"),
    4: ("spoed", "urgent"),
}
_ACTION_WORDS: Mapping[int, tuple[str, str]] = {
    0: ("notitie", "note"),
    1: ("in behandeling genomen", "started"),
    2: ("vraag", "question"),
    3: ("antwoord", "answer"),
    4: ("opgelost", "solved"),
    5: ("gesloten", "closed"),
    6: ("heropend", "reopened"),
}


@click.group()
def ticket() -> None:
    """Tickets of the helpdesk. Never write anything about a pupil: a session id says enough."""


_SUBJECT = click.option("--subject", help="What it is about, in a line.")
_SCHOOL = click.option("--school", help="BRIN of the school it is about.")
_SESSION = click.option("--session", "session_id", help="Session it is about.")
_PRIORITY = click.option("--priority", type=_PRIORITIES, help="How much hurry there is (helpdesk).")
_ASSIGNEE = click.option("--assignee", help="Id of the desk that works on it (helpdesk).")
_TEXT = click.option("--text", required=True, help="What to say; `-` reads it from standard input.")
_NUMBER = click.argument("number")


@ticket.command("file")
@click.option("--subject", required=True, help="What it is about, in a line.")
@_TEXT
@click.option(
    "--from", "reporter", help="Whom it is from: BRIN, board number or OIN; for the helpdesk."
)
@_SCHOOL
@_SESSION
@_PRIORITY
@_ASSIGNEE
@pass_desk
def file_ticket(desk: Desk, /, text: str, reporter: str | None, **given: str | None) -> None:
    """File a ticket: for yourself, or as the helpdesk on behalf of somebody."""
    from oso.registry.v1.ticket_service_pb2 import CreateTicketRequest  # noqa: PLC0415

    request = CreateTicketRequest()
    request.ticket.text = _text(text)
    request.ticket.reporter = _party(reporter or "")
    _put(request.ticket, given)
    told = desk.run(lambda channel: call(channel, _SERVICE, request))
    desk.show(told.ticket, _line(desk, told.ticket))


@ticket.command("list")
@click.option("--text", default="", help="Found in number, subject, text or notes.")
@click.option("--state", "states", multiple=True, type=_STATES, help="Only those that stand so.")
@click.option("--school", help="Only those from or about the school with this BRIN.")
@click.option("--session", "session_id", help="Only those about this session.")
@click.option("--assignee", help="Only those this desk works on.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@pass_desk
def list_tickets(
    desk: Desk, /, text: str, states: tuple[str, ...], limit: int, **given: str | None
) -> None:
    """List tickets, the newest first."""
    from oso.registry.v1.ticket_service_pb2 import ListTicketsRequest  # noqa: PLC0415

    request: Any = ListTicketsRequest(text=text)
    request.states.extend(number_of(request, "states", state) for state in states)
    _put(request, given)

    async def go(channel: grpc.aio.Channel) -> None:
        left = limit
        while left:
            request.page_size = min(left, 1000)
            told = await call(channel, _SERVICE, request)
            for one in told.tickets:
                desk.show(one, _line(desk, one))
            left -= len(told.tickets)
            request.page_token = told.next_page_token
            if not told.next_page_token:
                return

    desk.run(go)


@ticket.command("show")
@_NUMBER
@pass_desk
def show_ticket(desk: Desk, number: str) -> None:
    """Show a ticket with its notes."""
    from oso.registry.v1 import ticket_service_pb2 as messages  # noqa: PLC0415

    name = _name(number)

    async def go(channel: grpc.aio.Channel) -> None:
        told = await call(channel, _SERVICE, messages.GetTicketRequest(name=name))
        desk.show(told.ticket, *_lines(desk, told.ticket))
        asked = messages.ListTicketNotesRequest(parent=name)
        async for note in every(channel, _SERVICE, asked, "ticket_notes"):
            desk.show(note, *_note_lines(desk, note))

    desk.run(go)


@ticket.command("change")
@_NUMBER
@_SUBJECT
@_SCHOOL
@_SESSION
@_PRIORITY
@_ASSIGNEE
@pass_desk
def change_ticket(desk: Desk, /, number: str, **given: str | None) -> None:
    """Change subject, school, session, priority or assignee: give what changes, '' for none."""
    from oso.registry.v1 import ticket_service_pb2 as messages  # noqa: PLC0415

    name = _name(number)

    async def go(channel: grpc.aio.Channel) -> Any:
        known = (await call(channel, _SERVICE, messages.GetTicketRequest(name=name))).ticket
        request = messages.UpdateTicketRequest(ticket=known)
        request.update_mask.paths.extend(_put(request.ticket, given) or ["subject"])
        return await call(channel, _SERVICE, request)

    told = desk.run(go)
    desk.show(told.ticket, _line(desk, told.ticket))


@ticket.command("note")
@_NUMBER
@_TEXT
@click.option("--internal", is_flag=True, help="For the helpdesk's eyes only.")
@pass_desk
def note(desk: Desk, number: str, text: str, *, internal: bool) -> None:
    """Add a note. It stays as it is."""
    from oso.registry.v1.ticket_service_pb2 import CreateTicketNoteRequest  # noqa: PLC0415

    request = CreateTicketNoteRequest(parent=_name(number))
    request.ticket_note.text = _text(text)
    request.ticket_note.internal = internal
    told = desk.run(lambda channel: call(channel, _SERVICE, request))
    desk.show(told.ticket_note, *_note_lines(desk, told.ticket_note))


def _acting(verb: str, told: str, *, needs_text: bool) -> click.Command:
    """Make the command that does something with a ticket."""
    given: dict[str, Any] = {"required": True} if needs_text else {"default": ""}

    @click.command(verb, help=told)
    @_NUMBER
    @click.option("--text", help="What to say with it; `-` reads it from standard input.", **given)
    @pass_desk
    def act(desk: Desk, number: str, text: str) -> None:
        from oso.registry.v1.ticket_service_pb2 import ActOnTicketRequest  # noqa: PLC0415

        request: Any = ActOnTicketRequest(name=_name(number), text=_text(text))
        request.action = number_of(request, "action", verb)
        answer = desk.run(lambda channel: call(channel, _SERVICE, request))
        desk.show(answer.ticket, _line(desk, answer.ticket))

    return act


for _command in (
    _acting("start", "Begin work on a ticket, or go on with it (helpdesk).", needs_text=False),
    _acting("ask", "Ask the reporter something (helpdesk).", needs_text=True),
    _acting("answer", "Answer the helpdesk (reporter).", needs_text=True),
    _acting("solve", "Say how it was solved (helpdesk).", needs_text=True),
    _acting("close", "Close a ticket.", needs_text=False),
    _acting("reopen", "Say that it was not solved after all.", needs_text=True),
):
    ticket.add_command(_command)


@click.group()
def session() -> None:
    """Sessions of the Traffic Center, in words."""


@session.command("explain")
@click.argument("session_id", metavar="SESSION")
@pass_desk
def explain(desk: Desk, session_id: str) -> None:
    """Tell where and by whom a session went wrong, and what to do next."""
    from oso.registry.v1.ticket_service_pb2 import ExplainSessionRequest  # noqa: PLC0415

    request = ExplainSessionRequest(session_id=session_id)
    told = desk.run(lambda channel: call(channel, _SERVICE, request)).explanation
    lines = [desk.text(told.summary_nl, told.summary_en), desk.text(told.advice_nl, told.advice_en)]
    for step in told.steps:
        when = f"{step.time.ToDatetime():%Y-%m-%d %H:%M:%S}" if step.HasField("time") else ""
        mark = "!" if step.wrong else " "
        lines.append(f"  {when:<19} {mark} {desk.text(step.text_nl, step.text_en)}")
    desk.show(told, *map(plain, lines))


def _name(number: str) -> str:
    """Give the name of a ticket by its number, with or without zeros and `tickets/`."""
    return f"tickets/{number.removeprefix('tickets/').zfill(8)}"


def _party(text: str) -> str:
    """Give the resource name of a party: by its form, a BRIN, a board number or an OIN."""
    for form, kind in ((r"\d{5}", "boards"), (r"\d\d[A-Z]{2}", "schools"), (r".{20}", "suppliers")):
        if re.fullmatch(form, text):
            return f"{kind}/{text}"
    return text


def _text(text: str) -> str:
    return sys.stdin.read().strip() if text == "-" else text


_PREFIXES = {"school": "schools/", "assignee": "systems/"}


def _put(message: Any, given: Mapping[str, str | None]) -> list[str]:
    """Put what options say into a message; give the fields that were given."""
    paths = []
    for field, value in given.items():
        if value is None:
            continue
        if field == "priority":
            message.priority = number_of(message, field, value)
        else:
            prefix = _PREFIXES.get(field, "") if value else ""
            setattr(message, field, prefix + value.removeprefix(prefix))
        paths.append(field)
    return paths


def _line(desk: Desk, told: Any) -> str:
    number = told.name.rpartition("/")[2]
    state = desk.text(*_STATE_WORDS.get(told.state, ("?", "?")))
    priority = desk.text(*_PRIORITY_WORDS.get(told.priority, ("?", "?")))
    when = f"{told.create_time.ToDatetime():%Y-%m-%d %H:%M}"
    return f"{number}  {when}  {state}  {priority}  {told.reporter}  {plain(told.subject)}"


def _lines(desk: Desk, told: Any) -> list[str]:
    about = [
        (told.school.removeprefix("schools/"), "over school", "about school"),
        (told.session_id, "over sessie", "about session"),
        (told.assignee.removeprefix("systems/"), "behandelaar", "assignee"),
    ]
    facts = [f"  {desk.text(nl, en)} {plain(value)}" for value, nl, en in about if value]
    return [_line(desk, told), *facts, *_indented(told.text, "  ")]


def _note_lines(desk: Desk, told: Any) -> list[str]:
    number, author = told.name.rpartition("/")[2], told.author.removeprefix("systems/")
    what = desk.text(*_ACTION_WORDS.get(told.action, ("?", "?")))
    internal = desk.text("  (intern)", "  (internal)") if told.internal else ""
    when = f"{told.create_time.ToDatetime():%Y-%m-%d %H:%M}"
    return [
        f"  {number}  {when}  {author}  {what}{internal}",
        *_indented(told.text, "        "),
    ]


def _indented(text: str, margin: str) -> list[str]:
    return [margin + plain(line) for line in text.splitlines()]
