"""From registered to qualified at an OfficeHeart that runs: real calls, real certificates."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from click.testing import CliRunner

from oso.directory.v1.directory_pb2 import SECTOR_PO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1 import qualification_service_pb2 as messages
from oso.registry.v1.audit_service_pb2 import ListAuditEntriesRequest
from oso.registry.v1.audit_service_pb2_grpc import AuditServiceStub
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_CANDIDATE,
    PARTY_STATUS_ACTIVE,
    Board,
    Product,
    School,
    Supplier,
)
from oso.registry.v1.qualification_service_pb2_grpc import QualificationServiceStub
from oso.result.v1.result_code_pb2 import RESULT_CODE_DELIVERED
from oso.trafficcenter.v1.session_pb2 import ClosedSession
from oso_registry.cli import main
from oso_registry.parties.resources import BOARDS, PRODUCTS, SCHOOLS, SUPPLIERS
from oso_registry.qualification.exchanges import note_exchanges
from oso_rpc.errors import from_rpc_error

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from oso_registry.store import Transaction

    from .conftest import Desk, HeadOffice

_BOARD, _SCHOOL, _TEST_SCHOOL = "boards/41234", "schools/00SS", "schools/00XX"
_SUPPLIER = "suppliers/00000099000000901000"
_QUALIFICATION = f"{_SCHOOL}/qualification"
_TRIES = 200


def _settle(tx: Transaction) -> None:
    active = PARTY_STATUS_ACTIVE
    tx.put(BOARDS, Board(name=_BOARD, display_name="Stichting", status=active))
    for name, test_school in ((_SCHOOL, False), (_TEST_SCHOOL, True)):
        school = School(name=name, display_name="x", board=_BOARD, sector=SECTOR_PO, status=active)
        school.test_school = test_school
        tx.put(SCHOOLS, school)
    candidate = ADMISSION_STATE_CANDIDATE
    tx.put(
        SUPPLIERS, Supplier(name=_SUPPLIER, display_name="x", status=active, admission=candidate)
    )
    tx.put(PRODUCTS, Product(name=f"{_SUPPLIER}/products/las-1", display_name="x", status=active))


@pytest.fixture
async def office(head_office: HeadOffice) -> HeadOffice:
    """An OfficeHeart with a school, a test school and a supplier in talks."""
    await head_office.house.office.act(_settle)
    return head_office


async def _call(desk: Desk, request: Any) -> Any:
    method = request.DESCRIPTOR.name.removesuffix("Request")
    if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
        request.request_id = str(uuid.uuid4())
    return await getattr(desk.stub(QualificationServiceStub), method)(request, timeout=10)


async def _refused(desk: Desk, request: Any) -> str:
    try:
        await _call(desk, request)
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, party="OfficeHeart").name
    return ""


async def _told(desk: Desk) -> Any:
    """Ask how far the school has come."""
    request = messages.GetQualificationRequest(name=_QUALIFICATION)
    return (await _call(desk, request)).qualification


async def _until_seen(desk: Desk, step: int) -> Any:
    """Wait until a step is done: it is written beside the call that shows it."""
    for _ in range(_TRIES):
        told = await _told(desk)
        if told.steps[step].HasField("done_time"):
            return told
        await asyncio.sleep(0.01)
    raise AssertionError


async def _sees_exchange(office: HeadOffice) -> None:
    """Hear of an exchange with the test school, as from the Traffic Center."""
    session = ClosedSession(
        session_id=str(uuid.uuid4()),
        source_brin="00SS",
        target_brin="00XX",
        result=RESULT_CODE_DELIVERED,
        checked=True,
    )
    session.close_time.GetCurrentTime()
    await office.house.office.act(lambda tx: note_exchanges(tx, [session]), "NoteExchangeSeen")


async def _folder(office: HeadOffice, desk: Desk) -> Path:
    """Make the folder of a desk whole, for commands."""
    folder: Path = office.folder / desk.system_id
    (folder / "root.crt").write_bytes((office.folder / "ca" / "root.crt").read_bytes())
    (folder / "desk.toml").write_text(f'office_heart = "{office.address}"\n', encoding="utf-8")
    return folder


async def _run(folder: Path, *arguments: object, lang: str = "nl") -> Result:
    """Give a command at a desk; in a thread, for it has an event loop of its own."""
    command = ["--desk", str(folder), "--lang", lang, *(str(one) for one in arguments)]
    return await asyncio.to_thread(CliRunner().invoke, main, command)


async def test_a_valid_call_of_the_schools_las_is_seen_once(office: HeadOffice) -> None:
    """Any call it may make does; one that is refused does not; audited once, as OfficeHeart's."""
    registrar = await office.desk()
    las = await office.desk(roles.ROLE_LAS, _SCHOOL)
    refused_las = await office.desk(roles.ROLE_LAS, _SCHOOL)
    request = messages.GetQualificationRequest(name=_QUALIFICATION)
    refused = await _refused(refused_las, request)
    before = await _told(registrar)
    for _ in range(3):
        await _call(las, messages.GetChecklistRequest(name="checklists/current"))
    told = await _until_seen(registrar, 3)
    audit = await registrar.stub(AuditServiceStub).ListAuditEntries(  # type: ignore[attr-defined,unused-ignore]
        ListAuditEntriesRequest(resource=_QUALIFICATION), timeout=10
    )

    assert "NOT_ALLOWED" == refused
    assert not before.steps[3].HasField("done_time")
    step = told.steps[3]
    assert f"systems/{las.system_id}" == step.system
    assert step.evidence.startswith(f"systems/{las.system_id}/certificates/")
    assert [("", "NoteCertificateSeen")] == [
        (one.system_id, one.method) for one in audit.audit_entries
    ]


async def test_no_desk_of_the_school_stands_for_its_las(office: HeadOffice) -> None:
    """A manager's call shows nothing of a LAS, nor does the LAS of another school."""
    manager = await office.desk(roles.ROLE_SCHOOL_MANAGER, _SCHOOL)
    other = await office.desk(roles.ROLE_LAS, _TEST_SCHOOL)
    las = await office.desk(roles.ROLE_LAS, _SCHOOL)
    for desk in (manager, other):
        await _call(desk, messages.GetChecklistRequest(name="checklists/current"))
    told = (
        await _call(manager, messages.GetQualificationRequest(name=_QUALIFICATION))
    ).qualification
    await _call(las, messages.GetChecklistRequest(name="checklists/current"))
    seen = await _until_seen(manager, 3)

    assert not told.steps[3].HasField("done_time")
    assert f"systems/{las.system_id}" == seen.steps[3].system


async def test_the_same_request_id_gives_the_same_answer(office: HeadOffice) -> None:
    """A checklist handed in twice under one id is kept once."""
    manager = await office.desk(roles.ROLE_SCHOOL_MANAGER, _SCHOOL)
    questions = (
        await _call(manager, messages.GetChecklistRequest(name="checklists/current"))
    ).checklist.questions
    request = messages.SubmitChecklistRequest(request_id=str(uuid.uuid4()), parent=_SCHOOL)
    request.checklist_submission.checklist = "checklists/2026.1"
    for question in questions:
        request.checklist_submission.answers.add(
            question_id=question.id, reply=contract.CHECKLIST_REPLY_YES
        )
    first, second = await _call(manager, request), await _call(manager, request)
    listed = await _call(manager, messages.ListChecklistSubmissionsRequest(parent=_SCHOOL))

    assert first == second
    assert [first.checklist_submission] == list(listed.checklist_submissions)


async def test_a_school_comes_the_whole_way_by_commands(office: HeadOffice, tmp_path: Path) -> None:
    """At the desks of school and registrar; each command tells what is done and who is to move."""
    school = await _folder(office, await office.desk(roles.ROLE_SCHOOL_MANAGER, _SCHOOL))
    registrar_desk = await office.desk()
    registrar = await _folder(office, registrar_desk)
    las = await office.desk(roles.ROLE_LAS, _SCHOOL)
    form = tmp_path / "vragenlijst.toml"

    begun = await _run(school, "qualification", "show", "00SS")
    told = [
        await _run(school, "qualification", "state", "00SS", "webcast"),
        await _run(school, "qualification", "state", "00SS", "presentation"),
        await _run(school, "qualification", "form", "--out", form),
    ]
    empty = await _run(school, "qualification", "answer", "00SS", form)
    filled = form.read_text(encoding="utf-8").replace('answer = ""', 'answer = "ja"')
    filled = filled.replace(
        '[answers.two-factor]\nanswer = "ja"\nexplanation = ""',
        '[answers.two-factor]\nanswer = "nee"\nexplanation = "In mei."',
    )
    form.write_text(filled, encoding="utf-8")
    answered = await _run(school, "qualification", "answer", "00SS", form)
    early = await _run(registrar, "qualification", "qualify", "00SS")
    claimed = await _run(school, "qualification", "start-trial", "00SS", "--until", "2199-01-01")
    trial = await _run(registrar, "qualification", "start-trial", "00SS", "--until", "2199-01-01")
    declaration = await _run(school, "qualification", "declaration")
    signed = await _run(school, "qualification", "sign", "00SS", "2026.1")
    await _call(las, messages.GetChecklistRequest(name="checklists/current"))
    await _until_seen(registrar_desk, 3)
    await _sees_exchange(office)
    talk = await _run(registrar, "qualification", "evaluate", "00SS", "qualify")
    qualified = await _run(registrar, "qualification", "qualify", "00SS")
    listed = await _run(registrar, "--json", "qualification", "list", "--state", "qualified")

    assert [0, 0, 0] == [one.exit_code for one in told]
    assert [
        "00SS  geregistreerd  0/7 stappen gedaan",
        "Mag nu met niemand uitwisselen.",
        "",
        "  [ ] 1 Introductiewebcast bekeken           te doen door: school of bestuur",
    ] == begun.output.splitlines()[:4]
    assert "Aan zet: school of bestuur." in begun.output
    assert 1 == empty.exit_code
    assert "antwoord met ja, nee of nvt" in empty.output
    assert "  two-factor: nee  In mei." in answered.output
    assert "1 keer nee" in answered.output
    assert "daarbij kan niet: QUALIFY" in early.output
    assert "U mag dit niet doen" in claimed.output
    assert "00SS  in de proef, tot 2199-01-01  3/7 stappen gedaan" in trial.output
    assert "Versie 2026.1" in declaration.output
    assert "Aan zet: LAS van de school." in signed.output
    assert "Alles is gedaan. Aan zet: OfficeHeart, om te kwalificeren." in talk.output
    assert "00SS  gekwalificeerd  7/7 stappen gedaan" in qualified.output
    assert "Er is niets te doen." in qualified.output
    assert '"name":"schools/00SS/qualification"' in listed.output.replace(" ", "")


async def test_what_a_registrar_does_by_commands_afterwards(office: HeadOffice) -> None:
    """Extended, suspended, resumed, withdrawn, reinstated; in English too."""
    registrar = await _folder(office, await office.desk())
    test_school = ("qualification", "start-trial", "00XX", "--until", "2198-01-01")
    outputs = [
        (await _run(registrar, *command, lang="en")).output.splitlines()[0]
        for command in (
            test_school,
            ("qualification", "evaluate", "00XX", "extend", "--until", "2199-01-01"),
            ("qualification", "suspend", "00XX", "--reason", "leak"),
            ("qualification", "resume", "00XX"),
            ("qualification", "withdraw", "00XX", "--reason", "gone"),
            ("qualification", "reinstate", "00XX", "--reason", "back"),
        )
    ]

    assert [
        "00XX  in its trial, until 2198-01-01  0/7 steps done",
        "00XX  in its extended trial, until 2199-01-01  0/7 steps done",
        "00XX  suspended, until 2199-01-01  0/7 steps done",
        "00XX  in its extended trial, until 2199-01-01  0/7 steps done",
        "00XX  withdrawn  0/7 steps done",
        "00XX  registered  0/7 steps done",
    ] == outputs


async def test_a_supplier_is_admitted_and_its_product_qualified_by_commands(
    office: HeadOffice,
) -> None:
    """Point by point; then products by profile, role and year; the supplier sees it."""
    registrar = await _folder(office, await office.desk())
    supplier = await _folder(office, await office.desk(roles.ROLE_SUPPLIER, _SUPPLIER))
    oin = _SUPPLIER.rpartition("/")[2]
    for point in ("chain-place", "technical", "legal"):
        await _run(registrar, "admission", "decide", oin, point, "approved")
    refused = await _run(
        registrar, "admission", "decide", oin, "security", "refused", "--remark", "geen 2FA"
    )
    await _run(registrar, "admission", "decide", oin, "security", "approved")
    shown = await _run(supplier, "admission", "show", oin)
    listed = await _run(registrar, "admission", "list", "--state", "admitted")
    what = ("--profile", "POVO", "--role", "source", "--year", "2019.1")
    product = ("admission", "qualify-product", f"{oin}/las-1", *what, "--report", "r-31")
    qualified = await _run(registrar, *product)
    forbidden = await _run(supplier, *product)
    revoked = await _run(registrar, "admission", "revoke-product", f"{oin}/las-1", *what)
    withdrawn = await _run(registrar, "admission", "withdraw", oin, "--reason", "gestopt")
    again = await _run(registrar, "admission", "reinstate", oin, "--reason", "toch")

    assert f"{oin}  geweigerd  3/4 punten akkoord" == refused.output.splitlines()[0]
    assert "geen 2FA" in refused.output
    assert f"{oin}  toegelaten  4/4 punten akkoord" == shown.output.splitlines()[0]
    assert shown.output.splitlines()[0] in listed.output
    assert "  POVO  bron  2019.1" in qualified.output
    assert "r-31" in qualified.output
    assert "U mag dit niet doen" in forbidden.output
    assert 0 == revoked.exit_code
    assert "Reden: gestopt" in withdrawn.output
    assert f"{oin}  in gesprek  0/4 punten akkoord" == again.output.splitlines()[0]
