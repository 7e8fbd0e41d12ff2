"""SWVs at OfficeHeart: commands at desks, calls over mTLS, and what was there before."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

import grpc
from click.testing import CliRunner
from sqlalchemy import text

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_REGISTERED
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import (
    audit_service_pb2,
    audit_service_pb2_grpc,
    qualification_service_pb2_grpc,
    swv_service_pb2,
    swv_service_pb2_grpc,
)
from oso.registry.v1 import qualification_pb2 as qualification
from oso.registry.v1 import qualification_service_pb2 as decisions
from oso.registry.v1.party_pb2 import Swv
from oso.registry.v1.system_pb2 import System
from oso_registry.cli import main
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.initial import initial_suppliers
from oso_registry.parties.resources import SWVS
from oso_registry.store import MIGRATIONS, Batch
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import from_rpc_error
from oso_store import Database

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from oso_registry.store import Transaction

    # The fixture is of the conftest: its module has no name to import it by.
    HeadOffice = Any
    Desk = Any

_OIN = "00000099000000007000"
_KEY = "00000099000PO3001001"
_QUALIFICATION = "swvs/PO3001/qualification"


async def _refused(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, party="OfficeHeart").name
    return ""


class _AtDesk:
    """Gives commands at a desk."""

    def __init__(self, office: HeadOffice, desk: Desk) -> None:
        self._folder: Path = office.folder / desk.system_id
        root = (office.folder / "ca" / "root.crt").read_bytes()
        (self._folder / "root.crt").write_bytes(root)
        address = f'office_heart = "{office.address}"\n'
        (self._folder / "desk.toml").write_text(address, encoding="utf-8")

    async def __call__(self, command: str, *more: str, as_json: bool = False) -> Result:
        """Give a command; in a thread, for it has an event loop of its own."""
        options = ["--desk", str(self._folder), *(["--json"] if as_json else [])]
        words = [*options, *command.split(), *more]
        return await asyncio.to_thread(CliRunner().invoke, main, words)


def _settle(tx: Transaction) -> None:
    initial_suppliers(tx)
    owner = f"suppliers/{_OIN}"
    tx.put(SYSTEMS, System(name="systems/m", display_name="m", role=roles.ROLE_LAS, owner=owner))


async def test_an_swv_from_its_registration_to_its_end_at_the_desks(
    head_office: HeadOffice,
) -> None:
    """A registrar registers, mandates and qualifies it, its supplier adds the delivery point."""
    await head_office.house.office.act(_settle)
    office = _AtDesk(head_office, await head_office.desk())
    supplier = _AtDesk(
        head_office, await head_office.desk(roles.ROLE_SUPPLIER, f"suppliers/{_OIN}")
    )

    told = [
        (await office("swv add PO3001 --name", "Passend Noord")).output,
        (await office("qualification start-trial PO3001 --reason Begin")).output,
        (await office("qualification qualify PO3001 --reason Proef")).output,
        (await office("swv show PO3001")).output,
    ]
    given = await office(f"mandate give --swv PO3001 --supplier {_OIN} --from 2026-01-01")
    mandate = given.output.split()[0]
    added = await supplier(
        f"delivery-point add {_KEY} --mandate {mandate} --system m --kind swv-dossier"
        f" --address swv.example.nl:7444 --product {_OIN}/magister-5.3 --year 2019.1"
    )

    assert told == [
        "PO3001  Passend Noord  geregistreerd  actief\n",
        (
            "PO3001  in de proef\nMag nu alleen met testscholen uitwisselen.\n"
            "Laatste besluit, omdat: Begin\n"
        ),
        (
            "PO3001  gekwalificeerd\nMag met alle gekwalificeerde scholen uitwisselen.\n"
            "Laatste besluit, omdat: Proef\n"
        ),
        "PO3001  Passend Noord  gekwalificeerd  actief\n",
    ]
    assert f"{mandate}  PO3001  {_OIN}  swv-dossier  2026-01-01/  actief\n" == given.output
    assert f"{_KEY}  swv.example.nl:7444  m  swv-dossier  actief\n" == added.output
    for listing in ("mandate list --swv PO3001", "delivery-point list --swv PO3001", "swv list"):
        assert "PO3001" in (await supplier(listing)).output
    in_use = await office("swv close PO3001")
    closed = await office("swv close PO3001 --force")
    after = await supplier(f"delivery-point show {_KEY}", as_json=True)
    assert (1, True) == (in_use.exit_code, f"mandates/{mandate}" in in_use.output)
    assert "PO3001  Passend Noord  gekwalificeerd  gesloten\n" == closed.output
    assert "DELIVERY_POINT_STATE_MANDATE_ENDED" == json.loads(after.output)["state"]


async def test_a_command_that_cannot_be_says_why(head_office: HeadOffice) -> None:
    """Both owners, none, a code that could be a BRIN, an SWV nobody knows, no reason."""
    office = _AtDesk(head_office, await head_office.desk())
    await office("swv add PO3001 --name Passend")
    cases = {
        "mandate give --supplier 1 --school 00SS --swv PO3001": "een van beide",
        "mandate give --supplier 1": "een van beide",
        "swv add 2801VO --name x": "swv_id",
        "qualification start-trial PO9999 --reason x": "swvs/PO9999",
        "qualification start-trial 00SS": "--until",
        "qualification start-trial PO3001": "reason",
    }

    results = {command: await office(command) for command in cases}

    for command, expected in cases.items():
        assert 0 != results[command].exit_code, command
        assert expected in results[command].output, results[command].output


async def test_every_decision_has_its_line_in_the_audit_trail(head_office: HeadOffice) -> None:
    """Who, when and why; asked twice it is done once, and only a registrar decides."""
    desk = await head_office.desk()
    board = await head_office.desk(roles.ROLE_BOARD_MANAGER, "boards/41234")
    supplier = await head_office.desk(roles.ROLE_SUPPLIER, f"suppliers/{_OIN}")
    create = swv_service_pb2.CreateSwvRequest(
        request_id=str(uuid.uuid4()), swv_id="PO3001", swv=Swv(display_name="Passend")
    )
    await desk.stub(swv_service_pb2_grpc.SwvServiceStub).CreateSwv(create, timeout=10)
    request = decisions.ActOnQualificationRequest(
        request_id=str(uuid.uuid4()),
        name=_QUALIFICATION,
        act=qualification.QUALIFICATION_ACT_START_TRIAL,
        reason="Begin",
    )

    stubs: list[Any] = [
        one.stub(qualification_service_pb2_grpc.QualificationServiceStub)
        for one in (desk, board, supplier)
    ]
    first = await stubs[0].ActOnQualification(request, timeout=10)
    again = await stubs[0].ActOnQualification(request, timeout=10)
    read = await stubs[0].GetQualification(
        decisions.GetQualificationRequest(name=_QUALIFICATION), timeout=10
    )
    trail = await desk.stub(audit_service_pb2_grpc.AuditServiceStub).ListAuditEntries(
        audit_service_pb2.ListAuditEntriesRequest(resource="swvs/PO3001"), timeout=10
    )

    assert first == again
    assert first.qualification == read.qualification
    assert ["ActOnQualification", "CreateSwv"] == [one.method for one in trail.audit_entries]
    assert {desk.system_id} == {one.system_id for one in trail.audit_entries}
    assert ["NOT_ALLOWED"] * 2 == [
        await _refused(stub.ActOnQualification(request, timeout=10)) for stub in stubs[1:]
    ]


async def test_what_was_registered_before_stays(database_url: str) -> None:
    """An SWV from before may not exchange; mandates and delivery points are those of schools."""
    database: Database[Batch] = Database(database_url, Batch)
    await database.migrate(MIGRATIONS, "0007")
    await database.start()
    row = "INSERT INTO {} VALUES (:name, 'x', 1, 1, {})"
    statements = {
        "swvs/2801VO": row.format("swv", "'Oud', '', 1, 'oud'"),
        "mandates/1": row.format(
            "mandate", "'boards/41234', 'schools/00SS', 'suppliers/1', '[1]', 1, NULL, NULL, ''"
        ),
        "deliveryPoints/1": row.format(
            "delivery_point",
            "'schools/00SS', '00', 'mandates/1', 'systems/m', 'a:1', 'p', '[1]', '', NULL, NULL,"
            " false",
        ),
    }

    def put(batch: Batch) -> None:
        for name, statement in statements.items():
            batch.connection.execute(text(statement), {"name": name})

    await database.write(put)
    await database.migrate(MIGRATIONS)

    def read(batch: Batch) -> list[Any]:
        swv = batch.get(SWVS, "swvs/2801VO")
        mandate = batch.get(MANDATES, "mandates/1")
        point = batch.get(DELIVERY_POINTS, "deliveryPoints/1")
        assert swv is not None
        assert mandate is not None
        assert point is not None
        return [swv.qualification, swv.test_swv, mandate.swv, mandate.school, point.swv]

    found = await database.read(read)
    await database.close()

    assert [QUALIFICATION_STATE_REGISTERED, False, "", "schools/00SS", ""] == found
