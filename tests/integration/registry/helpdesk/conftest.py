"""An OfficeHeart and a Traffic Center that share one authority, and desks that call it."""

from __future__ import annotations

import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.directory.v1.directory_pb2 import SECTOR_PO, SECTOR_VO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.mandate_pb2 import DeliveryPoint
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, Board, School, Supplier
from oso.registry.v1.system_pb2 import System
from oso.registry.v1.ticket_service_pb2_grpc import TicketServiceStub
from oso_registry.app import running
from oso_registry.mandates.resources import DELIVERY_POINTS
from oso_registry.parties.resources import BOARDS, SCHOOLS, SUPPLIERS
from oso_registry.settings import Settings
from oso_registry.systems.resources import SYSTEMS
from oso_registry.testing import Landscape, routing_key_of
from oso_rpc.errors import from_rpc_error

from ...trafficcenter.conftest import SOURCE, STRANGER, TARGET, Center  # noqa: TID252  tests are no package
from ...trafficcenter.conftest import SYSTEMS as LAS  # noqa: TID252
from ..conftest import HeadOffice  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from oso_registry.store import Transaction

    from ..conftest import Desk  # noqa: TID252

BOARD, OTHER_BOARD = "boards/41234", "boards/41235"
SUPPLIERS_OF = {
    SOURCE: "suppliers/00000099000000901000",
    TARGET: "suppliers/00000099000000902000",
    STRANGER: "suppliers/00000099000000903000",
}


class Helpdesk:
    """The helpdesk as one desk calls it: each call with a timeout, and a request_id if needed."""

    def __init__(self, desk: Desk) -> None:
        """Take the desk."""
        self.system = f"systems/{desk.system_id}"
        self._stub: Any = desk.stub(TicketServiceStub)

    async def __call__(self, request: Any) -> Any:
        """Call the method a request belongs to."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = str(uuid.uuid4())
        method = request.DESCRIPTOR.name.removesuffix("Request")
        return await getattr(self._stub, method)(request, timeout=20)


async def refused(call: Awaitable[Any]) -> str:
    """Await a call; give the reason it was refused for, empty when it was not."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, party="OfficeHeart").name
    return ""


def settle(tx: Transaction) -> None:
    """Register two boards, three schools, and a supplier for the system of each school."""
    for board in (BOARD, OTHER_BOARD):
        tx.put(BOARDS, Board(name=board, display_name="Stichting", status=PARTY_STATUS_ACTIVE))
    for brin, name in ((SOURCE, "De Regenboog"), (TARGET, "Het College"), (STRANGER, "De Derde")):
        school = School(name=f"schools/{brin}", display_name=name, status=PARTY_STATUS_ACTIVE)
        school.board = BOARD if brin == SOURCE else OTHER_BOARD if brin == STRANGER else ""
        school.sector = SECTOR_PO if brin == SOURCE else SECTOR_VO
        tx.put(SCHOOLS, school)
        supplier = Supplier(name=SUPPLIERS_OF[brin], display_name="x", status=PARTY_STATUS_ACTIVE)
        tx.put(SUPPLIERS, supplier)
        system = System(name=f"systems/{LAS[brin]}", display_name="x", role=roles.ROLE_LAS)
        system.owner = supplier.name
        tx.put(SYSTEMS, system)
        point = DeliveryPoint(name=f"deliveryPoints/{routing_key_of(brin)}", school=school.name)
        point.system = system.name
        tx.put(DELIVERY_POINTS, point)


@dataclass
class Together:
    """A Traffic Center and an OfficeHeart that asks it.

    Attributes:
        center: The Traffic Center.
        office: The OfficeHeart.

    """

    center: Center
    office: HeadOffice
    _desks: dict[tuple[int, str], Helpdesk] = field(default_factory=dict)

    async def helpdesk(
        self, role: roles.Role.ValueType = roles.ROLE_HELPDESK, owner: str = ""
    ) -> Helpdesk:
        """Give the helpdesk as somebody calls it."""
        key = (role, owner)
        if key not in self._desks:
            self._desks[key] = Helpdesk(await self.office.desk(role, owner))
        return self._desks[key]


@pytest.fixture
async def together(tmp_path: Path, new_database: Callable[[], str]) -> AsyncIterator[Together]:
    """Run both, over mutual TLS and each on its own database."""
    landscape = Landscape(tmp_path)
    for brin, system in LAS.items():
        landscape.add_system(system)
        landscape.add_school(brin, system, primary=brin == SOURCE)
    landscape.add_system("officeheart")
    landscape.directory.systems[-1].auditor = True
    landscape.publish()
    center = Center(landscape, new_database())
    async with AsyncExitStack() as stack:
        await center.start()
        stack.push_async_callback(center.stop)
        assert center.server is not None
        settings = Settings(
            listen="127.0.0.1:0",
            listen_enrolment="127.0.0.1:0",
            certificate=landscape.certificate_file("officeheart"),
            key=landscape.key_file("officeheart"),
            authority=tmp_path / "ca",
            demo_keys=True,
            directory_key=tmp_path / "directory.key",
            public=tmp_path / "public",
            database=new_database(),
            traffic_center=f"127.0.0.1:{center.server.port}",
        )
        house, server = await stack.enter_async_context(running(tmp_path, settings))
        office = HeadOffice(tmp_path, house, server)
        stack.push_async_callback(office.close)
        await house.office.act(settle)
        yield Together(center, office)
