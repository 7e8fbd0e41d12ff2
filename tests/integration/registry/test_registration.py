"""From a board and a supplier to a delivery point in use: real calls, real certificates."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from oso.directory.v1.directory_pb2 import SECTOR_PO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import (
    audit_service_pb2,
    audit_service_pb2_grpc,
    board_service_pb2_grpc,
    delivery_point_service_pb2_grpc,
    mandate_service_pb2_grpc,
    regional_initiative_service_pb2_grpc,
    school_service_pb2_grpc,
    supplier_service_pb2_grpc,
    swv_service_pb2_grpc,
)
from oso.registry.v1 import board_service_pb2 as boards
from oso.registry.v1 import delivery_point_service_pb2 as points
from oso.registry.v1 import mandate_service_pb2 as mandates
from oso.registry.v1 import regional_initiative_service_pb2 as initiatives
from oso.registry.v1 import school_service_pb2 as schools
from oso.registry.v1 import supplier_service_pb2 as suppliers
from oso.registry.v1 import swv_service_pb2 as swvs
from oso.registry.v1.mandate_pb2 import (
    DELIVERY_POINT_STATE_ACTIVE,
    DELIVERY_POINT_STATE_MANDATE_ENDED,
    DeliveryPoint,
    Mandate,
)
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_ADMITTED,
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_CLOSED,
    Board,
    PostalAddress,
    Product,
    RegionalInitiative,
    School,
    Supplier,
    Swv,
)
from oso.registry.v1.system_pb2 import System
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_registry.parties.initial import initial_suppliers
from oso_registry.parties.resources import SUPPLIERS
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import from_rpc_error

if TYPE_CHECKING:
    from .conftest import Desk, HeadOffice

_BOARD, _SCHOOL = "boards/41234", "schools/00SS"
_SUPPLIER, _OTHER = "suppliers/00000099000000007000", "suppliers/00000099000000008000"
_PRODUCT = f"{_SUPPLIER}/products/magister-5.3"
_KEY = "0000000700000SS00001"
_POINT = f"deliveryPoints/{_KEY}"


def _id() -> str:
    return str(uuid.uuid4())


async def _refused(call: Any) -> str:
    """Await a call; give the reason it was refused for, empty when it was not."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, party="OfficeHeart").name
    return ""


class _Call:
    """The stubs of one desk; each call with a timeout, and a request_id where one is needed."""

    def __init__(self, desk: Desk) -> None:
        self._stubs = [
            desk.stub(make)
            for make in (
                board_service_pb2_grpc.BoardServiceStub,
                school_service_pb2_grpc.SchoolServiceStub,
                swv_service_pb2_grpc.SwvServiceStub,
                regional_initiative_service_pb2_grpc.RegionalInitiativeServiceStub,
                supplier_service_pb2_grpc.SupplierServiceStub,
                mandate_service_pb2_grpc.MandateServiceStub,
                delivery_point_service_pb2_grpc.DeliveryPointServiceStub,
                audit_service_pb2_grpc.AuditServiceStub,
            )
        ]

    def __call__(self, request: Any) -> Any:
        method = request.DESCRIPTOR.name.removesuffix("Request")
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = _id()
        stub = next(one for one in self._stubs if hasattr(one, method))
        return getattr(stub, method)(request, timeout=10)


async def _settled(head_office: HeadOffice) -> _Call:
    """Register a board, its school and the suppliers; give the registrar's calls."""
    await head_office.house.office.act(initial_suppliers)
    registrar = _Call(await head_office.desk())
    await registrar(
        boards.CreateBoardRequest(board_id="41234", board=Board(display_name="Stichting"))
    )
    school = School(display_name="De Regenboog", board=_BOARD, sector=SECTOR_PO)
    await registrar(schools.CreateSchoolRequest(school_id="00SS", school=school))
    system = System(name="systems/magister", display_name="x", role=roles.ROLE_LAS, owner=_SUPPLIER)
    await head_office.house.office.act(lambda tx: tx.put(SYSTEMS, system))
    return registrar


def _mandate() -> Mandate:
    made = Mandate(
        board=_BOARD, school=_SCHOOL, supplier=_SUPPLIER, kinds=[TRANSFER_KIND_OVERSTAPDOSSIER]
    )
    made.start_time.FromDatetime(datetime.now(UTC) - timedelta(days=1))
    return made


def _point(mandate: str) -> DeliveryPoint:
    return DeliveryPoint(
        school=_SCHOOL,
        vestiging="00",
        mandate=mandate,
        system="systems/magister",
        address="las.example.nl:7444",
        product=_PRODUCT,
        kinds=[TRANSFER_KIND_OVERSTAPDOSSIER],
        dossier_years=["2019.1"],
    )


async def test_from_a_mandate_to_a_delivery_point_and_back(head_office: HeadOffice) -> None:
    """The board gives, the supplier registers, the board revokes; others have no part in it."""
    registrar = await _settled(head_office)
    board = _Call(await head_office.desk(roles.ROLE_BOARD_MANAGER, _BOARD))
    stranger = _Call(await head_office.desk(roles.ROLE_BOARD_MANAGER, "boards/99999"))
    supplier = _Call(await head_office.desk(roles.ROLE_SUPPLIER, _SUPPLIER))
    other = _Call(await head_office.desk(roles.ROLE_SUPPLIER, _OTHER))
    auditor = _Call(await head_office.desk(roles.ROLE_AUDITOR))

    give = mandates.CreateMandateRequest(mandate=_mandate())
    assert ["NOT_ALLOWED"] * 3 == [
        await _refused(who(give)) for who in (stranger, supplier, auditor)
    ]
    mandate = (await board(give)).mandate
    add = points.CreateDeliveryPointRequest(
        delivery_point_id=_KEY, delivery_point=_point(mandate.name)
    )
    assert ["NOT_ALLOWED"] * 3 == [await _refused(who(add)) for who in (other, board, auditor)]
    point = (await supplier(add)).delivery_point
    assert DELIVERY_POINT_STATE_ACTIVE == point.state
    assert point == (await auditor(points.GetDeliveryPointRequest(name=_POINT))).delivery_point
    assert [[], [mandate]] == [
        list((await who(mandates.ListMandatesRequest())).mandates) for who in (other, supplier)
    ]

    await board(mandates.RevokeMandateRequest(name=mandate.name, reason="Overstap"))

    told = (await supplier(points.GetDeliveryPointRequest(name=_POINT))).delivery_point
    assert DELIVERY_POINT_STATE_MANDATE_ENDED == told.state
    trail = await auditor(audit_service_pb2.ListAuditEntriesRequest(resource=mandate.name))
    assert ["RevokeMandate", "CreateMandate"] == [one.method for one in trail.audit_entries]
    assert "" == await _refused(registrar(schools.CloseSchoolRequest(name=_SCHOOL)))


async def test_the_same_request_id_gets_the_same_answer(head_office: HeadOffice) -> None:
    """Once is enough; another request under the same id is refused."""
    registrar = await _settled(head_office)
    board = _Call(await head_office.desk(roles.ROLE_BOARD_MANAGER, _BOARD))
    give = mandates.CreateMandateRequest(request_id=_id(), mandate=_mandate())

    first, second = await board(give), await board(give)
    give.mandate.supplier = _OTHER

    assert first == second
    assert "REQUEST_ID_REUSED" == await _refused(board(give))
    assert 1 == len((await registrar(mandates.ListMandatesRequest())).mandates)


async def test_a_change_made_on_what_was_read_before_another_change_is_refused(
    head_office: HeadOffice,
) -> None:
    """The etag tells; whoever reads again goes on."""
    registrar = await _settled(head_office)
    read = (await registrar(boards.GetBoardRequest(name=_BOARD))).board
    read.display_name = "Eerst"
    changed = (await registrar(boards.UpdateBoardRequest(board=read))).board
    read.display_name = "Later"

    assert "ETAG_STALE" == await _refused(registrar(boards.UpdateBoardRequest(board=read)))
    assert "ETAG_STALE" == await _refused(
        registrar(boards.CloseBoardRequest(name=_BOARD, etag=read.etag))
    )
    read.etag = changed.etag
    assert "Later" == (await registrar(boards.UpdateBoardRequest(board=read))).board.display_name


async def test_a_mask_says_what_changes(head_office: HeadOffice) -> None:
    """An unknown path is refused, an output-only one is ignored, the others are taken."""
    registrar = await _settled(head_office)

    def update(*paths: str) -> Any:
        school = School(
            name=_SCHOOL,
            display_name="Anders",
            address=PostalAddress(town="Edam"),
            test_school=True,
        )
        school.status = PARTY_STATUS_CLOSED
        return registrar(
            schools.UpdateSchoolRequest(school=school, update_mask=FieldMask(paths=paths))
        )

    assert "REQUEST_INVALID" == await _refused(update("nonsense"))
    told = (await update("address", "status")).school
    assert ("De Regenboog", "Edam", False) == (
        told.display_name,
        told.address.town,
        told.test_school,
    )
    assert PARTY_STATUS_ACTIVE == told.status
    assert "REQUEST_INVALID" == await _refused(update("*"))  # it would lose its sector


async def test_a_list_comes_in_pages(head_office: HeadOffice) -> None:
    """Each one once, by name, also while others come."""
    registrar = await _settled(head_office)
    parent = suppliers.ListProductsRequest(parent="suppliers/-", page_size=4)
    seen = []
    while True:
        told = await registrar(parent)
        seen += [one.name for one in told.products]
        if not told.next_page_token:
            break
        parent.page_token = told.next_page_token
        await registrar(
            suppliers.CreateProductRequest(
                parent="suppliers/00000099000000001000",
                product_id=f"a-{len(seen)}",
                product=Product(display_name="x"),
            )
        )

    assert 10 == len(seen)
    assert sorted(set(seen)) == seen
    found = await registrar(suppliers.ListSuppliersRequest(text="SCHOOLMASTER"))
    assert [_SUPPLIER] == [one.name for one in found.suppliers]


async def test_swvs_and_initiatives_are_for_the_office(head_office: HeadOffice) -> None:
    """A registrar keeps them, an auditor reads them, nobody else does."""
    registrar = _Call(await head_office.desk())
    auditor = _Call(await head_office.desk(roles.ROLE_AUDITOR))
    board = _Call(await head_office.desk(roles.ROLE_BOARD_MANAGER, _BOARD))
    await registrar(swvs.CreateSwvRequest(swv_id="PO3001", swv=Swv(display_name="Passend")))
    await registrar(
        initiatives.CreateRegionalInitiativeRequest(
            regional_initiative_id="noord",
            regional_initiative=RegionalInitiative(display_name="Noord"),
        )
    )

    told = await auditor(swvs.ListSwvsRequest())
    also = await auditor(initiatives.ListRegionalInitiativesRequest())

    assert ["swvs/PO3001"] == [one.name for one in told.swvs]
    assert ["regionalInitiatives/noord"] == [one.name for one in also.regional_initiatives]
    assert "NOT_ALLOWED" == await _refused(board(swvs.ListSwvsRequest()))
    assert "NOT_ALLOWED" == await _refused(auditor(swvs.CloseSwvRequest(name="swvs/PO3001")))


async def test_a_name_that_cannot_be_is_refused_before_anything_is_done(
    head_office: HeadOffice,
) -> None:
    """Each request that names something says how it must look; a very long one does no harm."""
    registrar = await _settled(head_office)
    long = "x" * 100_000

    reasons = [
        await _refused(registrar(request))
        for request in (
            boards.GetBoardRequest(name="boards/1"),
            schools.GetSchoolRequest(name="schools/../00SS"),
            boards.CreateBoardRequest(board_id="4123", board=Board(display_name="x")),
            boards.CreateBoardRequest(board_id="41235"),
            boards.CreateBoardRequest(request_id="1", board_id="41235"),
            suppliers.ListProductsRequest(parent=""),
            suppliers.ListProductsRequest(parent="suppliers/-", page_size=-1),
            mandates.RevokeMandateRequest(name=f"mandates/{_id()}"),
            boards.UpdateBoardRequest(board=Board(name=long)),
            schools.UpdateSchoolRequest(),
        )
    ]

    assert [*["REQUEST_INVALID"] * 8, "RESOURCE_UNKNOWN", "RESOURCE_UNKNOWN"] == reasons


async def test_everything_survives_a_new_reading(head_office: HeadOffice) -> None:
    """What was answered is what is read again, to the last field."""
    registrar = await _settled(head_office)
    address = PostalAddress(street="Wal", house_number="1-a", postcode="1234AB", town="Étten")
    given = Supplier(display_name="Nieuw", address=address)
    made = (
        await registrar(
            suppliers.CreateSupplierRequest(supplier_id="00000099000000011000", supplier=given)
        )
    ).supplier

    again = (await registrar(suppliers.GetSupplierRequest(name=made.name))).supplier
    found = await registrar(suppliers.ListSuppliersRequest(text="étten"))

    assert made == again
    assert [made] == list(found.suppliers)
    stored = await head_office.house.office.act(lambda tx: tx.require(SUPPLIERS, made.name))
    assert made == stored
    assert ADMISSION_STATE_ADMITTED != stored.admission
