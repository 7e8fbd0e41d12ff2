"""Tickets over the wire, on both databases: from filed to closed, and every way to misuse them."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from google.protobuf.field_mask_pb2 import FieldMask

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import ticket_pb2 as contract
from oso.registry.v1 import ticket_service_pb2 as messages
from oso.registry.v1.audit_service_pb2 import ListAuditEntriesRequest
from oso.registry.v1.audit_service_pb2_grpc import AuditServiceStub
from oso.registry.v1.ticket_pb2 import Ticket, TicketNote
from oso_registry.cli import main

from ...trafficcenter.conftest import SOURCE, TARGET  # noqa: TID252  tests are no package
from .conftest import Helpdesk, refused, settle

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from ..conftest import HeadOffice  # noqa: TID252

BSN = "111222333"  # passes the test; nobody has it
SESSION = "0199f3a1-7c2b-7d3e-8f12-0123456789ab"
ONE, SCHOOL = "tickets/00000001", f"schools/{SOURCE}"


@pytest.fixture
async def office(head_office: HeadOffice) -> HeadOffice:
    """Give an OfficeHeart with schools, boards and suppliers."""
    await head_office.house.office.act(settle)
    return head_office


async def _desk(office: HeadOffice, role: roles.Role.ValueType, owner: str = "") -> Helpdesk:
    return Helpdesk(await office.desk(role, owner))


def _filing(**changes: Any) -> messages.CreateTicketRequest:
    given = {"subject": "Geen verbinding", "text": "Het lukt niet.", **changes}
    return messages.CreateTicketRequest(ticket=Ticket(**given))


def _act(action: str, text: str = "", etag: str = "") -> messages.ActOnTicketRequest:
    request = messages.ActOnTicketRequest(name=ONE, text=text, etag=etag)
    request.action = contract.TicketAction.Value(f"TICKET_ACTION_{action}")
    return request


async def test_a_ticket_from_filed_to_closed(office: HeadOffice) -> None:
    """School and helpdesk talk it over; each reads what the contract lets it read."""
    school = await _desk(office, roles.ROLE_SCHOOL_MANAGER, SCHOOL)
    worker = await _desk(office, roles.ROLE_HELPDESK)
    other = await _desk(office, roles.ROLE_SCHOOL_MANAGER, f"schools/{TARGET}")
    auditor = await office.desk(roles.ROLE_AUDITOR)

    filed = (await school(_filing(session_id=SESSION))).ticket
    begun = (await worker(_act("START", etag=filed.etag))).ticket
    await worker(_act("ASK", "Staat het aanleverpunt aan?"))
    await school(_act("ANSWER", "Ja, in het ÉTUI."))
    note = TicketNote(text="Geheim: bel de leverancier", internal=True)
    secret = (
        await worker(messages.CreateTicketNoteRequest(parent=ONE, ticket_note=note))
    ).ticket_note
    change = messages.UpdateTicketRequest(
        ticket=Ticket(name=ONE, priority=contract.TICKET_PRIORITY_HIGH)
    )
    raised = (await worker(change)).ticket
    await worker(_act("SOLVE", "Het stond uit."))
    closed = (await school(_act("CLOSE"))).ticket

    assert (ONE, worker.system) == (begun.name, begun.assignee)
    assert (f"{ONE}/notes/0003", True) == (secret.name, secret.internal)
    assert (contract.TICKET_PRIORITY_HIGH, SCHOOL) == (raised.priority, raised.reporter)
    assert contract.TICKET_STATE_CLOSED == closed.state
    assert closed == (await school(messages.GetTicketRequest(name=ONE))).ticket
    listing = messages.ListTicketNotesRequest(parent=ONE, page_size=2)
    first = await school(listing)
    listing.page_token = first.next_page_token
    second = await school(listing)
    assert ["0001", "0002", "0004"] == [
        one.name[-4:] for one in (*first.ticket_notes, *second.ticket_notes)
    ]
    assert 4 == len((await worker(messages.ListTicketNotesRequest(parent=ONE))).ticket_notes)
    found = [
        len((await who(messages.ListTicketsRequest(text=text))).tickets)
        for who in (school, worker, other)
        for text in ("étui", "ÉTUI", "GEHEIM", "00000001", "%")
    ]
    assert [1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0] == found
    trail = await auditor.stub(AuditServiceStub).ListAuditEntries(
        ListAuditEntriesRequest(resource=ONE), timeout=10
    )
    assert ["ActOnTicket", "ActOnTicket", "UpdateTicket"] == [
        one.method for one in trail.audit_entries[:3]
    ]


async def test_numbers_have_no_gap_whoever_files_at_once(office: HeadOffice) -> None:
    """Thirty at the same time, some of them refused: 1 to 20, each once; the same id files once."""
    school = await _desk(office, roles.ROLE_SCHOOL_MANAGER, SCHOOL)
    worker = await _desk(office, roles.ROLE_HELPDESK)
    same = _filing(reporter=SCHOOL)
    same.request_id = str(uuid.uuid4())
    good = [school(_filing(subject=f"nr. {number}")) for number in range(19)]
    bad = [refused(school(_filing(text=f"Over {BSN}"))) for _ in range(10)]

    told = await asyncio.gather(*good, *bad, worker(same), worker(same))
    notes = await asyncio.gather(
        *(
            worker(messages.CreateTicketNoteRequest(parent=ONE, ticket_note=TicketNote(text="x")))
            for _ in range(10)
        )
    )

    answers = [one for one in told if not isinstance(one, str)]
    assert ["PERSONAL_NUMBER_IN_TEXT"] * 10 == [one for one in told if isinstance(one, str)]
    assert answers[-1] == answers[-2]
    assert [f"tickets/{number:08d}" for number in range(1, 21)] == sorted(
        {one.ticket.name for one in answers}
    )
    assert [f"{ONE}/notes/{number:04d}" for number in range(1, 11)] == sorted(
        one.ticket_note.name for one in notes
    )
    same.ticket.subject = "Anders"
    assert "REQUEST_ID_REUSED" == await refused(worker(same))
    request, seen = messages.ListTicketsRequest(page_size=7), []
    while True:
        page = await school(request)
        seen += [int(one.name[-8:]) for one in page.tickets]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert list(range(20, 0, -1)) == seen


async def test_every_call_that_cannot_be_is_refused_with_its_reason(office: HeadOffice) -> None:
    """Wrong form, wrong caller, wrong moment, wrong text: each is told, and nothing changes."""
    school = await _desk(office, roles.ROLE_SCHOOL_MANAGER, SCHOOL)
    other = await _desk(office, roles.ROLE_SUPPLIER, "suppliers/00000099000000903000")
    worker = await _desk(office, roles.ROLE_HELPDESK)
    auditor = await _desk(office, roles.ROLE_AUDITOR)
    las = await _desk(office, roles.ROLE_LAS, SCHOOL)
    filed = (await school(_filing())).ticket
    get, notes = messages.GetTicketRequest, messages.ListTicketNotesRequest
    listing, update = messages.ListTicketsRequest, messages.UpdateTicketRequest
    explain = messages.ExplainSessionRequest

    def add(text: str = "x", parent: str = ONE, **more: Any) -> Any:
        note = TicketNote(text=text, **more)
        return messages.CreateTicketNoteRequest(parent=parent, ticket_note=note)

    cases: list[tuple[Helpdesk, Any, str]] = [
        (school, get(), "REQUEST_INVALID"),
        (school, get(name="tickets/1"), "REQUEST_INVALID"),
        (school, get(name="tickets/00000009"), "RESOURCE_UNKNOWN"),
        (other, get(name=ONE), "RESOURCE_UNKNOWN"),
        (las, get(name=ONE), "NOT_ALLOWED"),
        (school, listing(text="x" * 101), "REQUEST_INVALID"),
        (school, listing(text="a\0"), "REQUEST_INVALID"),
        (school, listing(assignee="a\0"), "REQUEST_INVALID"),
        (school, listing(states=[contract.TICKET_STATE_UNSPECIFIED]), "REQUEST_INVALID"),
        (school, listing(states=[contract.TICKET_STATE_NEW] * 2), "REQUEST_INVALID"),
        (school, listing(school="00SS"), "REQUEST_INVALID"),
        (school, listing(session_id="x"), "REQUEST_INVALID"),
        (school, listing(page_size=-1), "REQUEST_INVALID"),
        (school, listing(page_token="x"), "REQUEST_INVALID"),  # noqa: S106  no password
        (school, listing(page_token=f"{ONE}\0"), "REQUEST_INVALID"),
        (school, messages.CreateTicketRequest(), "REQUEST_INVALID"),
        (school, messages.CreateTicketRequest(request_id="1"), "REQUEST_INVALID"),
        (school, _filing(reporter="schools/01VV"), "NOT_ALLOWED"),
        (school, _filing(priority=4), "NOT_ALLOWED"),
        (school, _filing(subject="a\0b"), "REQUEST_INVALID"),
        (school, _filing(text="x" * 4001), "REQUEST_INVALID"),
        (school, _filing(text=BSN), "PERSONAL_NUMBER_IN_TEXT"),
        (worker, _filing(), "REQUEST_INVALID"),
        (worker, _filing(reporter="boards/99999"), "RESOURCE_UNKNOWN"),
        (auditor, _filing(reporter=SCHOOL), "NOT_ALLOWED"),
        (school, update(ticket=Ticket(name=ONE, subject="x")), "NOT_ALLOWED"),
        (worker, update(), "RESOURCE_UNKNOWN"),
        (worker, update(ticket=Ticket(name="x" * 100_000)), "RESOURCE_UNKNOWN"),
        (worker, update(ticket=Ticket(name=ONE, text="x")), "REQUEST_INVALID"),
        (worker, update(ticket=Ticket(name=ONE, subject=BSN)), "PERSONAL_NUMBER_IN_TEXT"),
        (
            worker,
            update(ticket=Ticket(name=ONE), update_mask=FieldMask(paths=["x"])),
            "REQUEST_INVALID",
        ),
        (worker, messages.ActOnTicketRequest(name=ONE), "REQUEST_INVALID"),
        (worker, messages.ActOnTicketRequest(name="x"), "REQUEST_INVALID"),
        (worker, _act("SOLVE"), "REQUEST_INVALID"),
        (worker, _act("SOLVE", BSN), "PERSONAL_NUMBER_IN_TEXT"),
        (worker, _act("SOLVE", "x", "stale"), "ETAG_STALE"),
        (worker, _act("REOPEN", "x"), "TICKET_STATE"),
        (worker, _act("ANSWER", "x"), "NOT_ALLOWED"),
        (school, _act("START"), "NOT_ALLOWED"),
        (other, _act("CLOSE"), "RESOURCE_UNKNOWN"),
        (auditor, _act("CLOSE"), "NOT_ALLOWED"),
        (school, add(""), "REQUEST_INVALID"),
        (school, add("a\0b"), "REQUEST_INVALID"),
        (school, add(BSN), "PERSONAL_NUMBER_IN_TEXT"),
        (school, add(parent="tickets/00000009"), "RESOURCE_UNKNOWN"),
        (school, add(internal=True), "NOT_ALLOWED"),
        (other, add(), "RESOURCE_UNKNOWN"),
        (auditor, add(), "NOT_ALLOWED"),
        (school, notes(), "REQUEST_INVALID"),
        (school, notes(parent=ONE, page_token="x"), "REQUEST_INVALID"),  # noqa: S106
        (school, notes(parent=ONE, page_size=-1), "REQUEST_INVALID"),
        (other, notes(parent=ONE), "RESOURCE_UNKNOWN"),
        (school, explain(), "REQUEST_INVALID"),
        (school, explain(session_id="x" * 10_000), "REQUEST_INVALID"),
        (las, explain(session_id=SESSION), "NOT_ALLOWED"),
        (school, explain(session_id=SESSION), "TRAFFIC_CENTER_UNAVAILABLE"),
    ]

    told = [await refused(who(request)) for who, request, _ in cases]

    assert [] == [
        (type(request).__name__, str(request)[:80], expected, outcome)
        for (_, request, expected), outcome in zip(cases, told, strict=True)
        if expected != outcome
    ]
    assert [filed] == list((await worker(messages.ListTicketsRequest())).tickets)
    assert [] == list((await worker(messages.ListTicketNotesRequest(parent=ONE))).ticket_notes)


async def _at(office: HeadOffice, role: roles.Role.ValueType, owner: str = "") -> Path:
    made = await office.desk(role, owner)
    folder: Path = office.folder / made.system_id
    (folder / "root.crt").write_bytes((office.folder / "ca" / "root.crt").read_bytes())
    (folder / "desk.toml").write_text(f'office_heart = "{office.address}"\n', encoding="utf-8")
    return folder


async def _run(desk: Path, *arguments: str, text: str = "", options: str = "") -> Result:
    """Give a command at a desk; in a thread, for it has an event loop of its own."""
    return await asyncio.to_thread(
        CliRunner().invoke, main, ["--desk", str(desk), *options.split(), *arguments], input=text
    )


async def test_tickets_at_a_desk(office: HeadOffice) -> None:
    """A school and a helpdesk worker do all of it by hand, in Dutch, English, or as JSON."""
    school = await _at(office, roles.ROLE_SCHOOL_MANAGER, SCHOOL)
    worker = await _at(office, roles.ROLE_HELPDESK)
    about = ("--subject", "Geen verbinding", "--session", SESSION)

    filed = await _run(
        school, "ticket", "file", *about, "--text", "-", text="Het lukt niet.\nOok nu."
    )
    for_board = await _run(
        worker, "ticket", "file", "--from", "41234", "--subject", "x", "--text", "y"
    )
    started = await _run(worker, "ticket", "start", "1", options="--lang en")
    await _run(worker, "ticket", "ask", "1", "--text", "Sinds wanneer?")
    await _run(school, "ticket", "answer", "1", "--text", "Vandaag.")
    changed = await _run(
        worker,
        "ticket",
        "change",
        "1",
        "--priority",
        "urgent",
        "--assignee",
        "",
        "--school",
        "01VV",
    )
    await _run(worker, "ticket", "note", "1", "--text", "Alleen voor ons", "--internal")
    await _run(worker, "ticket", "solve", "1", "--text", "Adres hersteld.")
    closed = await _run(school, "ticket", "close", "1")
    reopened = await _run(school, "ticket", "reopen", "1", "--text", "Toch niet.")
    shown = await _run(worker, "ticket", "show", "1")
    seen = await _run(school, "ticket", "show", "00000001")
    listed = await _run(
        worker, *("ticket", "list", "--state", "new", "--state", "in-progress", "--limit", "1")
    )
    as_json = await _run(school, "ticket", "list", options="--json")

    assert filed.output.startswith("00000001  ")
    assert filed.output.endswith(f"  nieuw  normaal  {SCHOOL}  Geen verbinding\n")
    assert for_board.output.endswith("  nieuw  normaal  boards/41234  x\n")
    assert "  in progress  normal  " in started.output
    assert "  in behandeling  spoed  " in changed.output
    assert "  gesloten  " in closed.output
    assert "  in behandeling  " in reopened.output
    for line in ("  over school 01VV", f"  over sessie {SESSION}", "  Het lukt niet.", "  Ook nu."):
        assert line in shown.output.splitlines()
    assert "vraag\n        Sinds wanneer?\n" in shown.output
    assert "notitie  (intern)\n        Alleen voor ons\n" in shown.output
    assert "Alleen voor ons" not in seen.output
    assert ["00000002"] == [line[:8] for line in listed.output.splitlines()]
    assert [ONE] == [json.loads(line)["name"] for line in as_json.output.splitlines()]


async def test_refusals_at_a_desk_say_what_to_do(office: HeadOffice) -> None:
    """One sentence, exit code 1, no number of a pupil; a missing word is exit code 2."""
    school = await _at(office, roles.ROLE_SCHOOL_MANAGER, SCHOOL)

    personal = await _run(school, "ticket", "file", "--subject", "x", "--text", f"Over {BSN}")
    unknown = await _run(school, "ticket", "show", "7")
    wordless = await _run(school, "ticket", "answer", "1")
    explained = await _run(school, "session", "explain", SESSION)

    assert (1, 1, 2, 1) == (
        personal.exit_code,
        unknown.exit_code,
        wordless.exit_code,
        explained.exit_code,
    )
    assert "In ticket.text staat een getal van negen cijfers" in personal.output
    assert BSN not in personal.output
    assert "tickets/00000007 is niet bekend." in unknown.output
    assert "Het verkeerscentrum is niet bereikbaar." in explained.output
    assert "registry.toml: traffic_center is empty" in explained.output
